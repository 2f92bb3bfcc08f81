"""Rows → `Situation`: what was ordered, less what is good, less what is on plates that are still alive."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncSession

from broker.orders import lot_repository
from broker.orders.models import Line, Lot, Order
from broker.parts.models import Part
from broker.parts.repository import parts_by_id
from broker.planning import repository
from broker.planning.situation import OpenLine, Situation, Station
from broker.runs import repository as runs
from broker.runs.models import Run, RunStep
from broker.wire.messages import Availability
from broker.wire.plates import Plate, Recipe
from broker.wire.shop import Inventory, MachineSpec
from broker.wire.states import LIVE, Actor, RunState
from broker.workshops.models import Machine, Workshop
from broker.workshops.service import is_working
from slicer_bridge.facts_json import facts_from_json

SITS_OUT = timedelta(seconds=15)
"""A machine whose agent refused a line's plate is left out of that line for so long; four times as long each time."""
SITS_OUT_MOST = timedelta(hours=1)
_REMEMBERED = timedelta(days=1)
_PERSON_S = 300.0
"""Allowed for a person to look at a machine that has done its part."""
_OWN_WORK_S = 3600.0

facts_of = lru_cache(maxsize=1024)(facts_from_json)


async def take(session: AsyncSession, now: datetime, *, queued: Collection[RunState] = LIVE) -> Situation:
    """Lines with something left to plan, and every machine; for `queued` see `stations`."""
    rows = await lot_repository.open_lines(session)
    lots = await lot_repository.lots_of_lines(session, [line.id for line, _ in rows])
    left = await _left(session, rows, lots)
    wanted = [(line, order) for line, order in rows if left[line.id] > 0]
    parts = await parts_by_id(session, [line.part_id for line, _ in wanted])
    refused = await refusals(session, now) if wanted else {}
    lines = tuple(
        open_line(line, order, parts[line.part_id], left[line.id], barred_workshops(line.id, lots), refused)
        for line, order in wanted
    )
    return Situation(now, lines, await stations(session, queued=queued))


async def _left(session: AsyncSession, rows: Sequence[tuple[Line, Order]], lots: Sequence[Lot]) -> dict[str, int]:
    live = await runs.live_pieces(session, [lot.id for lot in lots])
    left = {line.id: line.quantity for line, _ in rows}
    for lot in lots:
        left[lot.line_id] -= lot.good + live.get(lot.id, 0)
    return left


def open_line(
    line: Line,
    order: Order,
    part: Part,
    pieces: int,
    barred: Mapping[str, str],
    refused: Mapping[tuple[str, str], str],
) -> OpenLine:
    return OpenLine(
        id=line.id,
        order_id=order.id,
        name=part.name,
        facts=facts_of(part.facts),
        pieces=pieces,
        process=line.process,
        material=line.material,
        recipe=Recipe.model_validate_json(line.recipe),
        share=line.share,
        tier=order.tier,
        due_at=order.due_at,
        barred_workshops=barred,
        barred_machines={machine: reason for (of, machine), reason in refused.items() if of == line.id},
    )


def barred_workshops(line_id: str, lots: Iterable[Lot]) -> dict[str, str]:
    """Shops that make no more of the line, and why."""
    barred = {}
    for lot in lots:
        if lot.line_id != line_id:
            continue
        if lot.reason:
            barred[lot.workshop_id] = f"the shop declined: {lot.reason}"
    return barred


async def refusals(session: AsyncSession, now: datetime) -> dict[tuple[str, str], str]:
    """Reason by (line id, machine id), where an agent refused or gave back the line's plates lately."""
    steps = [
        (step, run)
        for step, run in await runs.steps_into(session, {RunState.REJECTED, RunState.RELEASED}, now - _REMEMBERED)
        if step.actor is Actor.AGENT
    ]
    held = await runs.plate_lots(session, [run.plate_id for _, run in steps])
    lines = await runs.lines_of_lots(session, [row.lot_id for rows in held.values() for row in rows])
    refused: dict[tuple[str, str], list[RunStep]] = defaultdict(list)
    for step, run in steps:
        for line in {lines[row.lot_id].id for row in held[run.plate_id]}:
            refused[line, run.machine_id].append(step)
    return {
        key: f"the shop's agent refused such a plate: {found[-1].note}"
        for key, found in refused.items()
        if now - found[-1].at < sits_out(len(found))
    }


def sits_out(refusals: int) -> timedelta:
    """After so many refusals in a row; what has passed by itself is tried again soon, what stays ever more rarely."""
    return min(SITS_OUT * 4.0 ** min(refusals - 1, 10), SITS_OUT_MOST)


async def stations(session: AsyncSession, *, queued: Collection[RunState] = LIVE) -> tuple[Station, ...]:
    """Ready when their runs in one of the states are over; others count for nothing."""
    rows = await repository.stations(session)
    loaded = await repository.loaded_plates(session, [machine.id for machine, _ in rows])
    queues: dict[str, list[Run]] = defaultdict(list)
    for run in await runs.runs_in(session, queued) if queued else ():
        queues[run.machine_id].append(run)
    return tuple(_station(machine, workshop, queues[machine.id], loaded.get(machine.id)) for machine, workshop in rows)


def _station(machine: Machine, workshop: Workshop, queued: Sequence[Run], loaded: str | None) -> Station:
    own_work_s = _OWN_WORK_S if machine.availability is Availability.OWN_WORK else 0.0
    return Station(
        machine_id=machine.id,
        workshop_id=workshop.id,
        workshop=workshop.name,
        spec=MachineSpec.model_validate_json(machine.spec),
        inventory=Inventory.model_validate_json(workshop.inventory or ""),
        ready_s=own_work_s + sum(remaining_s(run) for run in queued),
        loaded=Plate.model_validate_json(loaded).material if loaded else None,
        idle_because=_idle_because(machine),
    )


def _idle_because(machine: Machine) -> str:
    if is_working(machine):
        return ""
    return f"machine is {machine.availability}" + (f": {machine.reason}" if machine.reason else "")


def remaining_s(run: Run) -> float:
    """Machine seconds until a live run is over."""
    if run.state in (RunState.FINISHED, RunState.FAULTED, RunState.STOPPED, RunState.UNKNOWN):
        return _PERSON_S
    planned_s = (run.planned_end - run.planned_start).total_seconds()
    done = run.lines_done / run.lines_total if run.lines_total else 0.0
    return (run.estimate_s or planned_s) * (1.0 - min(1.0, done))
