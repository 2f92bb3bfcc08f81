"""Moves of the plan → rows: lots, plates and runs, wherever what the plan stood on still holds."""

import hashlib
import logging
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from broker.orders.lots import open_lot
from broker.planning.live import PlannedRun
from broker.planning.moving import Leaving, Moves, NewRun, Shifted
from broker.planning.plates import document
from broker.planning.posing import Posed, barred_because
from broker.planning.situation import OpenLine, Situation, Station
from broker.planning.snapshot import take
from broker.runs.book import Book
from broker.runs.lifecycle.events import TakeBack
from broker.runs.models import PlateLot, PlateRow, Run, RunStep
from broker.runs.moves import happen
from broker.runs.quantities import remeasure
from broker.runs.sql_book import SqlBook
from broker.wire.states import Actor, RunState

_log = logging.getLogger(__name__)


class Overtaken(Exception):
    """Something that was to move has moved by itself meanwhile."""


async def apply(session: AsyncSession, posed: Posed, moves: Moves, now: datetime) -> int:
    """Write what still fits; returns how many runs were planned or shifted. The rest is planned anew by the next tick.

    Raises
    ------
    Overtaken
        Where runs were to give way and not all of it fits any more: nothing of it may stay then.
    """
    book = SqlBook(session)
    lines = {line for one in moves.leaving for line in one.run.pieces}
    for leaving in moves.leaving:
        await _take_back(book, leaving, now)
    for shifted in moves.shifted:
        await _shift(book, shifted)
    there = _There(await take(session, now))
    number = len(moves.shifted)
    for new in moves.new:
        if there.takes(posed.stations[new.machine], new):
            await _write(book, posed, new, now)
            lines |= set(new.pieces)
            number += 1
        elif moves.whole:
            raise Overtaken
    await book.flush()
    await remeasure(book, lines)
    return number


async def _pending(book: Book, planned: PlannedRun) -> Run:
    run = await book.locked_run(planned.id)
    if run is None or run.state is not RunState.PLANNED:
        raise Overtaken
    return run


async def _take_back(book: Book, leaving: Leaving, now: datetime) -> None:
    run = await _pending(book, leaving.run)
    await happen(book, run, TakeBack(leaving.why), now)
    _log.info("run %s goes: %s", run.id, leaving.why)


async def _shift(book: Book, shifted: Shifted) -> None:
    run = await _pending(book, shifted.run)
    run.planned_start, run.planned_end = shifted.start, shifted.end
    if shifted.note:
        run.note = shifted.note
        _log.info("run %s %s", run.id, shifted.note)


class _There:
    """What is left to plan as the rows are now; it shrinks with every plate that is taken."""

    def __init__(self, situation: Situation) -> None:
        self._left = {line.id: line.pieces for line in situation.lines}
        self._lines: dict[str, OpenLine] = {line.id: line for line in situation.lines}
        self._working = {station.machine_id for station in situation.stations if not station.idle_because}

    def takes(self, station: Station, new: NewRun) -> bool:
        if station.machine_id not in self._working:
            return False
        if any(self._left.get(line, 0) < number for line, number in new.pieces.items()):
            return False
        if any(barred_because(self._lines[line], station) for line in new.pieces):
            return False
        for line, number in new.pieces.items():
            self._left[line] -= number
        return True


async def _write(book: Book, posed: Posed, new: NewRun, now: datetime) -> None:
    station = posed.stations[new.machine]
    lots = {line: (await open_lot(book, line, station.workshop_id)).id for line in new.pieces}
    text = document(posed, new.machine, new.layout, lots).model_dump_json()
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    row = PlateRow(id=book.new_id("plt"), sha256=sha256, document=text, created_at=now)
    book.add(row)
    await book.flush()
    for line, number in new.pieces.items():
        book.add(PlateLot(plate_id=row.id, lot_id=lots[line], pieces=number))
    run = Run(
        id=book.new_id("run"),
        plate_id=row.id,
        machine_id=station.machine_id,
        workshop_id=station.workshop_id,
        state=RunState.PLANNED,
        version=1,
        fence=0,
        planned_start=new.start,
        planned_end=new.end,
        note=new.note,
    )
    book.add(run)
    await book.flush()
    book.add(RunStep(run_id=run.id, version=1, state=RunState.PLANNED, actor=Actor.PLANNER, at=now, note=new.note))
    if new.note:
        _log.info("run %s %s", run.id, new.note)
