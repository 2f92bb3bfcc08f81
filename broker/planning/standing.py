"""The plan as it stands, posed for one order: its own lines, and in time every run that machines have before them.

What others ordered is one lot for each family: whose it is shows nowhere.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from broker.orders import lot_repository
from broker.orders.models import Line, Order
from broker.parts.repository import parts_by_id
from broker.planning.live import pieces_of
from broker.planning.posing import Posed, pose
from broker.planning.projection import Held, projected
from broker.planning.situation import OpenLine, Situation
from broker.planning.snapshot import barred_workshops, open_line, refusals, stations
from broker.runs import repository as runs
from broker.scheduling.network.problem import Plan
from broker.wire.states import LIVE
from broker.wire.tiers import Tier

_Pieces = Mapping[str, Mapping[str, int]]
"""By run and line."""


@dataclass(frozen=True, slots=True)
class Standing:
    posed: Posed
    plan: Plan
    own: int
    """The problem's first lots are the order's lines."""
    taken_at: datetime


async def standing(session: AsyncSession, order: Order, now: datetime) -> Standing | None:
    """None where nothing of the order is left to make, or there are no machines."""
    live = await runs.runs_in(session, LIVE)
    pieces, lines = await pieces_of(session, live)
    own = await _own(session, order, pieces, now)
    known = {line.id: line for line in lines.values() if line.order_id != order.id}
    others, stands_for = await _others(session, order, known, pieces)
    posed = pose(Situation(now, own + others, await stations(session, queued=()))) if own else None
    if posed is None:
        return None
    numbers = {line.id: number for number, line in enumerate(posed.lines)}
    work = [Held(run, _by_lot(pieces[run.id], numbers, stands_for)) for run in live]
    return Standing(posed, projected(posed, [one for one in work if one.pieces], now), len(own), now)


def _by_lot(pieces: Mapping[str, int], numbers: Mapping[str, int], stands_for: Mapping[str, str]) -> dict[int, int]:
    found: Counter[int] = Counter()
    for line, number in pieces.items():
        lot = numbers.get(stands_for.get(line, line))
        if lot is not None:
            found[lot] += number
    return dict(found)


async def _own(session: AsyncSession, order: Order, pieces: _Pieces, now: datetime) -> tuple[OpenLine, ...]:
    """Lines of the order with what isn't good yet, planned or not."""
    lines = await lot_repository.lines_of_order(session, order.id)
    lots = await lot_repository.lots_of_lines(session, [line.id for line in lines])
    parts = await parts_by_id(session, [line.part_id for line in lines])
    refused = await refusals(session, now)
    good = Counter({line.id: 0 for line in lines})
    for lot in lots:
        good[lot.line_id] += lot.good
    on_plates = _total(pieces.values())
    left = {line.id: max(line.quantity - good[line.id], on_plates[line.id]) for line in lines}
    return tuple(
        open_line(line, order, parts[line.part_id], left[line.id], barred_workshops(line.id, lots), refused)
        for line in lines
        if left[line.id] > 0
    )


async def _others(
    session: AsyncSession, order: Order, lines: Mapping[str, Line], pieces: _Pieces
) -> tuple[tuple[OpenLine, ...], dict[str, str]]:
    """One line for each family that is on plates, and by which of them each line is stood for."""
    first: dict[tuple[object, ...], Line] = {}
    stands_for = {}
    for line in lines.values():
        stands_for[line.id] = first.setdefault((line.process, line.material.casefold(), line.recipe), line).id
    on_plates = _total(pieces.values())
    counts: Counter[str] = Counter()
    for line_id, of in stands_for.items():
        counts[of] += on_plates[line_id]
    parts = await parts_by_id(session, [line.part_id for line in first.values()])
    posed = (open_line(line, order, parts[line.part_id], counts[line.id], {}, {}) for line in first.values())
    return tuple(replace(line, order_id="", due_at=None, tier=Tier.STANDARD) for line in posed), stands_for


def _total(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return total
