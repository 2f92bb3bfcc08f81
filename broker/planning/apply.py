"""A plan → rows: lots, plates and runs, wherever what the plan stood on still holds."""

import hashlib
from dataclasses import dataclass
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
from broker.scheduling.plates.placed import Layout
from broker.scheduling.plates.solve import Plated
from broker.wire.states import Actor, RunState


@dataclass(frozen=True, slots=True)
class _Planned:
    """One run, with moments for seconds."""

    machine: int
    layout: Layout
    start: datetime
    end: datetime


async def apply(session: AsyncSession, posed: Posed, plated: Plated, taken_at: datetime, now: datetime) -> int:
    """Write what still fits; returns the number of runs planned. What doesn't is planned anew by the next tick."""
    there = _There(await take(session, now))
    lines: set[str] = set()
    number = 0
    for planned in _planned(plated, taken_at):
        pieces = pieces_by_line(posed, planned.layout)
        station = posed.stations[planned.machine]
        if not there.takes(station.machine_id, station.workshop_id, pieces):
            continue
        await _write(session, posed, planned, pieces, now)
        lines |= set(pieces)
        number += 1
    await session.flush()
    await remeasure(session, lines)
    return number


def _planned(plated: Plated, taken_at: datetime) -> list[_Planned]:
    """In order of begin."""
    plan = plated.result.plan
    rows = zip(plan.machine.tolist(), plated.layouts, plan.start_s.tolist(), plan.end_s.tolist(), strict=True)
    return [
        _Planned(machine, layout, taken_at + timedelta(seconds=start_s), taken_at + timedelta(seconds=end_s))
        for machine, layout, start_s, end_s in rows
    ]


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


async def _write(session: AsyncSession, posed: Posed, planned: _Planned, pieces: dict[str, int], now: datetime) -> None:
    station = posed.stations[planned.machine]
    lots = {line: (await open_lot(session, line, station.workshop_id)).id for line in pieces}
    text = document(posed, planned.machine, planned.layout, lots).model_dump_json()
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
        planned_start=planned.start,
        planned_end=planned.end,
    )
    session.add(run)
    await session.flush()
    session.add(RunStep(run_id=run.id, version=1, state=RunState.PLANNED, actor=Actor.PLANNER, at=now, note=""))
