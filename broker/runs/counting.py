"""What a person counted on a plate."""

from collections.abc import Sequence
from datetime import datetime

from broker.orders.lots import count as count_lot
from broker.runs.book import Book
from broker.runs.errors import NotApplied
from broker.runs.models import Count, Run, ScrapCount
from broker.runs.quantities import remeasure
from broker.wire.messages import LotCount, ScrapReason


async def check_counts(book: Book, run: Run, counts: Sequence[LotCount], *, whole: bool) -> None:
    """Raises NotApplied unless the counts are of the plate's lots, and add up.

    `whole`: good + scrap = the plate's pieces, for every lot; else at most that, and a lot may be left out.
    """
    plate = {row.lot_id: row.pieces for row in (await book.plate_lots([run.plate_id]))[run.plate_id]}
    named = [counted.lot for counted in counts]
    if len(set(named)) != len(named) or not set(named) <= set(plate):
        raise NotApplied(f"the plate holds the lots {', '.join(plate)}, each once; counted were {', '.join(named)}")
    totals = dict.fromkeys(plate, 0) | {counted.lot: counted.good + scrapped(counted) for counted in counts}
    for lot, pieces in plate.items():
        if totals[lot] > pieces or (whole and totals[lot] != pieces):
            raise NotApplied(f"the plate holds {pieces} pieces of {lot}; good and scrap add up to {totals[lot]}")


async def write_counts(book: Book, run: Run, counts: Sequence[LotCount], operator: str, now: datetime) -> None:
    """Keep the counts and add them to their lots; call it after the run's own step."""
    lines = set()
    for counted in counts:
        row = Count(run_id=run.id, lot_id=counted.lot, good=counted.good, operator=operator, at=now)
        book.add(row)
        await book.flush()
        for reason, pieces in by_reason(counted).items():
            book.add(ScrapCount(count_id=row.id, reason=reason, pieces=pieces))
        lot = await book.locked_lot(counted.lot)
        assert lot is not None  # the plate names it
        line = await book.line(lot.line_id)
        room = line.quantity - (await book.good_by_line([line.id]))[line.id]
        count_lot(lot, counted.good, scrapped(counted), max(0, room))
        await book.flush()
        lines.add(line.id)
    await book.flush()
    await remeasure(book, lines)


def scrapped(counted: LotCount) -> int:
    return sum(scrap.pieces for scrap in counted.scrap)


def by_reason(counted: LotCount) -> dict[ScrapReason, int]:
    total: dict[ScrapReason, int] = {}
    for scrap in counted.scrap:
        total[scrap.reason] = total.get(scrap.reason, 0) + scrap.pieces
    return total
