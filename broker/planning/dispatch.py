"""Planned runs go to their machines, and come back from machines that can't take them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from broker.orders import lot_repository
from broker.orders.models import LotState
from broker.planning import repository
from broker.runs import repository as runs
from broker.runs.lifecycle import Step
from broker.runs.models import Run
from broker.runs.moves import move
from broker.runs.quantities import remeasure
from broker.wire.messages import Availability
from broker.wire.states import LIVE, Actor, RunState
from broker.wire.tracking import Link
from broker.workshops.liveness import link
from broker.workshops.models import Machine

_PENDING = frozenset({RunState.PLANNED, RunState.OFFERED})


async def ready_to_offer(session: AsyncSession, now: datetime) -> list[str]:
    """Ids of planned runs whose machine is free, whose lots are accepted and whose agent listens; one a machine."""
    planned = await runs.runs_in(session, {RunState.PLANNED})
    if not planned:
        return []
    taken = {run.machine_id for run in await runs.runs_in(session, LIVE - {RunState.PLANNED})}
    accepted = await _accepted_plates(session, planned)
    agents = await repository.agents_by_workshop(session)
    chosen = []
    for run in planned:
        agent = agents.get(run.workshop_id)
        if run.machine_id in taken or run.plate_id not in accepted or agent is None:
            continue
        machine = await session.get_one(Machine, run.machine_id)
        listens = link(agent.last_seen_at, now) is Link.CONNECTED
        if machine.availability is Availability.FREE and machine.retired_at is None and listens:
            chosen.append(run.id)
            taken.add(run.machine_id)
    return chosen


async def offer(session: AsyncSession, now: datetime) -> int:
    """Offer what can be offered; returns how many runs were."""
    chosen = await ready_to_offer(session, now)
    for run_id in chosen:
        run = await runs.locked_run(session, run_id)
        if run is not None and run.state is RunState.PLANNED:
            await move(session, run, Step(RunState.OFFERED, Actor.PLANNER), now)
    return len(chosen)


async def waiting_on_retired(session: AsyncSession) -> set[str]:
    """Machines that their shop no longer names, and that still have runs which they haven't claimed."""
    waiting = {run.machine_id for run in await runs.runs_in(session, _PENDING)}
    return await repository.retired(session, waiting) if waiting else set()


async def withdraw_from(session: AsyncSession, machine_ids: Collection[str], reason: str, now: datetime) -> int:
    """Take back what these machines haven't claimed; what it held is planned anew. Returns how many runs."""
    plates = []
    for waiting in await runs.runs_in(session, _PENDING):
        if waiting.machine_id not in machine_ids:
            continue
        run = await runs.locked_run(session, waiting.id)
        if run is not None and run.state in _PENDING:
            await move(session, run, Step(RunState.WITHDRAWN, Actor.BROKER), now, reason)
            plates.append(run.plate_id)
    await remeasure(session, await lines_on(session, plates))
    return len(plates)


async def lines_on(session: AsyncSession, plate_ids: Collection[str]) -> set[str]:
    held = await runs.plate_lots(session, plate_ids)
    lines = await runs.lines_of_lots(session, [row.lot_id for rows in held.values() for row in rows])
    return {line.id for line in lines.values()}


async def _accepted_plates(session: AsyncSession, planned: Collection[Run]) -> set[str]:
    held = await runs.plate_lots(session, [run.plate_id for run in planned])
    lots = await lot_repository.lots_by_id(session, [row.lot_id for rows in held.values() for row in rows])
    return {
        plate_id for plate_id, rows in held.items() if all(lots[row.lot_id].state is LotState.ACCEPTED for row in rows)
    }
