"""Planned runs go to their machines, and come back from machines that can't take them."""

from collections.abc import Collection
from datetime import datetime

from broker.orders.models import LotState
from broker.runs.book import Book
from broker.runs.lifecycle.events import Offer, TakeBack
from broker.runs.models import Run
from broker.runs.moves import happen
from broker.runs.quantities import remeasure
from broker.wire.messages import Availability
from broker.wire.states import LIVE, UNSETTLED, RunState
from broker.wire.tracking import Link
from broker.workshops.liveness import link

_PENDING = frozenset({RunState.PLANNED, RunState.OFFERED})
_HAS_MACHINE = LIVE - UNSETTLED - {RunState.PLANNED}
"""A machine that is free again has been cleared, whether or not its last pieces were counted."""


async def ready_to_offer(book: Book, now: datetime) -> list[str]:
    """Ids of planned runs whose machine is free, whose lots are accepted and whose agent listens; one a machine."""
    planned = await book.runs_in({RunState.PLANNED})
    if not planned:
        return []
    taken = {run.machine_id for run in await book.runs_in(_HAS_MACHINE)}
    accepted = await _accepted_plates(book, planned)
    agents = {agent.workshop_id: agent for agent in await book.agents()}
    chosen = []
    for run in planned:
        agent = agents.get(run.workshop_id)
        if run.machine_id in taken or run.plate_id not in accepted or agent is None:
            continue
        machine = await book.machine(run.machine_id)
        listens = link(agent.last_seen_at, now) is Link.CONNECTED
        if machine.availability is Availability.FREE and machine.retired_at is None and listens:
            chosen.append(run.id)
            taken.add(run.machine_id)
    return chosen


async def offer(book: Book, now: datetime) -> int:
    """Offer what can be offered; returns how many runs were."""
    chosen = await ready_to_offer(book, now)
    for run_id in chosen:
        run = await book.locked_run(run_id)
        if run is not None and run.state is RunState.PLANNED:
            await happen(book, run, Offer(), now)
    return len(chosen)


async def waiting_on_retired(book: Book) -> set[str]:
    """Machines that their shop no longer names, and that still have runs which they haven't claimed."""
    waiting = {run.machine_id for run in await book.runs_in(_PENDING)}
    return await book.retired(waiting) if waiting else set()


async def withdraw_from(book: Book, machine_ids: Collection[str], reason: str, now: datetime) -> int:
    """Take back what these machines haven't claimed; what it held is planned anew. Returns how many runs."""
    plates = []
    for waiting in await book.runs_in(_PENDING):
        if waiting.machine_id not in machine_ids:
            continue
        run = await book.locked_run(waiting.id)
        if run is not None and run.state in _PENDING:
            await happen(book, run, TakeBack(reason), now)
            plates.append(run.plate_id)
    await remeasure(book, await lines_on(book, plates))
    return len(plates)


async def lines_on(book: Book, plate_ids: Collection[str]) -> set[str]:
    held = await book.plate_lots(plate_ids)
    lines = await book.lines_of_lots([row.lot_id for rows in held.values() for row in rows])
    return {line.id for line in lines.values()}


async def _accepted_plates(book: Book, planned: Collection[Run]) -> set[str]:
    held = await book.plate_lots([run.plate_id for run in planned])
    lots = await book.lots_by_id([row.lot_id for rows in held.values() for row in rows])
    return {
        plate_id for plate_id, rows in held.items() if all(lots[row.lot_id].state is LotState.ACCEPTED for row in rows)
    }
