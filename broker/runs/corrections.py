"""A count put right by a person: the lots follow, and what it was before is kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from broker.orders import lots
from broker.orders.models import Lot, LotState
from broker.runs.book import Book
from broker.runs.counting import by_reason, share_out, written
from broker.runs.errors import NotApplied
from broker.runs.lifecycle.events import TakeBack
from broker.runs.models import Correction, Count, Run, ScrapCount
from broker.runs.moves import happen
from broker.runs.quantities import remeasure
from broker.wire.messages import Corrected, LotCount, ScrapReason
from broker.wire.states import Actor, RunState

_PENDING = frozenset({RunState.PLANNED, RunState.OFFERED})


@dataclass(frozen=True, slots=True)
class _Before:
    """What a lot's count said until now."""

    row: Count | None
    scrap: Sequence[ScrapCount]

    @property
    def good(self) -> int:
        return self.row.good if self.row is not None else 0

    @property
    def reasons(self) -> dict[ScrapReason, int]:
        return {one.reason: one.pieces for one in self.scrap if one.pieces}


async def correct(book: Book, run: Run, body: Corrected, now: datetime) -> None:
    """Raises NotApplied where nothing would change, or a lot that would was handed over; call it with sums checked."""
    held = (await book.plate_lots([run.plate_id]))[run.plate_id]
    told = {counted.lot: counted for counted in body.counts}
    counted = {row.lot_id: row for row in await book.counts(run.id)}
    lines = set()
    for lot_id in [row.lot_id for row in held]:
        row = counted.get(lot_id)
        before = _Before(row, await book.scrap_counts([row.id]) if row is not None else ())
        after = told.get(lot_id) or LotCount(lot=lot_id, good=0)
        if (before.good, before.reasons) != (after.good, by_reason(after)):
            lines.add((await _change(book, run, before, after, body, now)).line_id)
    if not lines:
        raise NotApplied("these are the counts as they are")
    await share_out(book, lines)
    await _take_back_needless(book, lines, now)
    await remeasure(book, lines)


async def accounts_for_all(book: Book, run: Run) -> bool:
    """It was counted after its machine had finished it; else a person settled what was left of it."""
    steps = (await book.steps([run.id])).get(run.id, ())
    return any(step.state is RunState.FINISHED and step.actor is Actor.AGENT for step in steps)


async def _change(book: Book, run: Run, before: _Before, after: LotCount, body: Corrected, now: datetime) -> Lot:
    lot = await book.locked_lot(after.lot)
    assert lot is not None  # the plate names it
    if lot.state is LotState.DELIVERED:
        raise NotApplied(f"lot {lot.id} was handed over: its count stands")
    scrap = by_reason(after)
    lots.recount(lot, after.good - before.good, sum(scrap.values()) - sum(before.reasons.values()))
    book.add(
        Correction(
            run_id=run.id,
            version=run.version,
            lot_id=lot.id,
            operator=body.operator,
            note=body.note,
            at=now,
            good_before=before.good,
            good_after=after.good,
            scrap_before=sum(before.reasons.values()),
            scrap_after=sum(scrap.values()),
        )
    )
    await _rewrite(book, run, before, after, body.operator, now)
    return lot


async def _rewrite(book: Book, run: Run, before: _Before, after: LotCount, operator: str, now: datetime) -> None:
    """Reasons that no longer hold stay, with no pieces."""
    if before.row is None:
        await written(book, run, after, operator, now)
        return
    before.row.good = after.good
    scrap = by_reason(after)
    for one in before.scrap:
        one.pieces = scrap.pop(one.reason, 0)
    for reason, pieces in scrap.items():
        book.add(ScrapCount(count_id=before.row.id, reason=reason, pieces=pieces))


async def _take_back_needless(book: Book, line_ids: Iterable[str], now: datetime) -> None:
    """More pieces are good than was known: what nobody has claimed yet of these lines is planned anew."""
    for line_id in line_ids:
        line = await book.line(line_id)
        of_line = [lot for lot in await book.lots_of_lines([line_id]) if lot.good or lot.quantity]
        live = await book.live_pieces([lot.id for lot in of_line])
        if sum(lot.good for lot in of_line) + sum(live.values()) <= line.quantity:
            continue
        for lot in of_line:
            for run in await book.live_runs_with_lot(lot.id):
                if run.state in _PENDING:
                    await happen(book, run, TakeBack("a corrected count leaves less to make"), now)
                    await _remeasure_others(book, run, line_id)


async def _remeasure_others(book: Book, run: Run, line_id: str) -> None:
    held = (await book.plate_lots([run.plate_id]))[run.plate_id]
    lines = await book.lines_of_lots([row.lot_id for row in held])
    await remeasure(book, {line.id for line in lines.values()} - {line_id})
