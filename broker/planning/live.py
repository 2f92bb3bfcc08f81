"""Rows → the plan as it stands: what is open, what is planned and may still move, and what stays as it is."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from broker.orders import lot_repository
from broker.orders.models import Line, Order
from broker.parts.repository import parts_by_id
from broker.planning.situation import OpenLine, Situation
from broker.planning.snapshot import barred_workshops, open_line, refusals, take
from broker.runs import repository as runs
from broker.runs.models import Run
from broker.wire.shop import Inventory
from broker.wire.states import LIVE, RunState

FROZEN = LIVE - {RunState.PLANNED}
"""What a shop has been offered, or has in hand, stays where it is."""


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A run that nobody was offered yet."""

    id: str
    machine_id: str
    start: datetime
    end: datetime
    pieces: Mapping[str, int]
    """By line."""

    @property
    def lasts_s(self) -> float:
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Live:
    situation: Situation
    """Open lines; machines that are ready when what is frozen there is over."""
    lines: tuple[OpenLine, ...]
    """With pieces in planned runs: so many."""
    runs: tuple[PlannedRun, ...]
    """By planned start."""
    frozen: frozenset[str]
    """Ids of all other runs that are alive."""

    @property
    def mark(self) -> tuple[object, ...]:
        """Equal for plans to which the same can be done."""
        return (
            *self.situation.mark,
            *((run.id, run.machine_id, run.start) for run in self.runs),
            *sorted(self.frozen),
            *self.shops.items(),
        )

    @property
    def shops(self) -> dict[str, Inventory]:
        """What each workshop says of itself, by its id."""
        return {station.workshop_id: station.inventory for station in self.situation.stations}


async def take_live(session: AsyncSession, now: datetime) -> Live:
    """What machines that are no more should make, or nobody waits for any more, counts as frozen."""
    situation = await take(session, now, queued=FROZEN)
    rows = {line.id: (line, order) for line, order in await lot_repository.open_lines(session)}
    machines = {station.machine_id for station in situation.stations}
    alive = await runs.runs_in(session, LIVE)
    pieces, _ = await pieces_of(session, [run for run in alive if run.state is RunState.PLANNED])
    planned = tuple(
        PlannedRun(run.id, run.machine_id, run.planned_start, run.planned_end, pieces[run.id])
        for run in alive
        if pieces.get(run.id) and rows.keys() >= pieces[run.id].keys() and run.machine_id in machines
    )
    lines = await _lines(session, rows, planned, now)
    return Live(situation, lines, planned, frozenset(run.id for run in alive) - {run.id for run in planned})


async def pieces_of(session: AsyncSession, rows: Sequence[Run]) -> tuple[dict[str, Counter[str]], dict[str, Line]]:
    """Pieces by run and line; and the lines."""
    held = await runs.plate_lots(session, [run.plate_id for run in rows])
    lines = await runs.lines_of_lots(session, [row.lot_id for of in held.values() for row in of])
    pieces: dict[str, Counter[str]] = {run.id: Counter() for run in rows}
    for run in rows:
        for row in held.get(run.plate_id, ()):
            pieces[run.id][lines[row.lot_id].id] += row.pieces
    return pieces, {line.id: line for line in lines.values()}


async def _lines(
    session: AsyncSession, rows: Mapping[str, tuple[Line, Order]], planned: Sequence[PlannedRun], now: datetime
) -> tuple[OpenLine, ...]:
    if not planned:
        return ()
    on_plates = _total(planned)
    found = [rows[line] for line in on_plates]
    parts = await parts_by_id(session, [line.part_id for line, _ in found])
    lots = await lot_repository.lots_of_lines(session, list(on_plates))
    refused = await refusals(session, now)
    return tuple(
        open_line(line, order, parts[line.part_id], on_plates[line.id], barred_workshops(line.id, lots), refused)
        for line, order in found
    )


def _total(planned: Collection[PlannedRun]) -> Counter[str]:
    total: Counter[str] = Counter()
    for run in planned:
        total.update(run.pieces)
    return total


def without(live: Live, leave: Callable[[PlannedRun], bool], *, reopened: bool) -> Live:
    """Without some of its planned runs; their pieces are open, or of no account."""
    gone = [run for run in live.runs if leave(run)]
    if not gone:
        return live
    pieces = _total(gone)
    lines = tuple(replace(line, pieces=line.pieces - pieces[line.id]) for line in live.lines)
    left = replace(
        live,
        lines=tuple(line for line in lines if line.pieces > 0),
        runs=tuple(run for run in live.runs if not leave(run)),
    )
    return replace(left, situation=_with_open(left.situation, live.lines, pieces)) if reopened else left


def _with_open(situation: Situation, known: Sequence[OpenLine], pieces: Mapping[str, int]) -> Situation:
    more: dict[str, int] = defaultdict(int, pieces)
    lines = [replace(line, pieces=line.pieces + more.pop(line.id, 0)) for line in situation.lines]
    lines += [replace(line, pieces=more[line.id]) for line in known if line.id in more]
    return replace(situation, lines=tuple(lines))
