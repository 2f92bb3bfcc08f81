"""`Result` → rows: lots, plates and runs, wherever what the plan stood on still holds."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from broker.database import new_id
from broker.orders.lots import open_lot
from broker.planning.plates import document, pieces_by_line
from broker.planning.posing import Posed
from broker.planning.situation import OpenLine, Situation
from broker.planning.snapshot import take
from broker.runs.models import PlateLot, PlateRow, Run, RunStep
from broker.runs.quantities import remeasure
from broker.scheduling.problem import PlannedPlate, Result
from broker.wire.states import Actor, RunState


async def apply(session: AsyncSession, posed: Posed, result: Result, taken_at: datetime, now: datetime) -> int:
    """Write what still fits; returns the number of runs planned. What doesn't is planned anew by the next tick."""
    there = _There(await take(session, now))
    lines: set[str] = set()
    planned = 0
    for plate, delay_s in in_turn(posed, result):
        pieces = pieces_by_line(posed, plate)
        column = posed.columns[plate.machine]
        if not there.takes(column.station.machine_id, column.station.workshop_id, pieces):
            continue
        await _write(session, posed, plate, pieces, taken_at + timedelta(seconds=delay_s), now)
        lines |= set(pieces)
        planned += 1
    await session.flush()
    await remeasure(session, lines)
    return planned


class _There:
    """What is left to plan as the rows are now; it shrinks with every plate that is taken."""

    def __init__(self, situation: Situation) -> None:
        self._left = {line.id: line.pieces for line in situation.lines}
        self._lines: dict[str, OpenLine] = {line.id: line for line in situation.lines}
        self._working = {station.machine_id for station in situation.stations if not station.idle_because}

    def takes(self, machine_id: str, workshop_id: str, pieces: dict[str, int]) -> bool:
        if machine_id not in self._working or any(self._left.get(line, 0) < n for line, n in pieces.items()):
            return False
        for line in pieces:
            known = self._lines[line]
            if workshop_id in known.barred_workshops or machine_id in known.barred_machines:
                return False
        for line, number in pieces.items():
            self._left[line] -= number
        return True


def in_turn(posed: Posed, result: Result) -> Iterator[tuple[PlannedPlate, float]]:
    """Plates in order of start, each with its start in seconds from the plan's zero, one at a time on a machine."""
    free: dict[str, float] = defaultdict(float)
    for plate in result.plates:
        machine = posed.columns[plate.machine].station.machine_id
        start_s = max(plate.start_s, free[machine])
        free[machine] = start_s + plate.end_s - plate.start_s
        yield plate, start_s


async def _write(
    session: AsyncSession, posed: Posed, plate: PlannedPlate, pieces: dict[str, int], start: datetime, now: datetime
) -> None:
    station = posed.columns[plate.machine].station
    lots = {line: (await open_lot(session, line, station.workshop_id)).id for line in pieces}
    text = document(posed, plate, lots).model_dump_json()
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    row = PlateRow(id=new_id("plt"), sha256=sha256, document=text, created_at=now)
    session.add(row)
    await session.flush()
    session.add_all(PlateLot(plate_id=row.id, lot_id=lots[line], pieces=number) for line, number in pieces.items())
    run = Run(
        id=new_id("run"),
        plate_id=row.id,
        machine_id=station.machine_id,
        workshop_id=station.workshop_id,
        state=RunState.PLANNED,
        version=1,
        fence=0,
        planned_start=start,
        planned_end=start + timedelta(seconds=plate.end_s - plate.start_s),
    )
    session.add(run)
    await session.flush()
    session.add(RunStep(run_id=run.id, version=1, state=RunState.PLANNED, actor=Actor.PLANNER, at=now, note=""))
