"""What a person counted on a plate becomes rows, and adds to lots."""

from collections.abc import Sequence
from datetime import datetime

from broker.orders.lots import count as count_lot
from broker.runs.book import Book
from broker.runs.models import Count, Run, ScrapCount
from broker.runs.quantities import remeasure
from broker.wire.messages import LotCount, ScrapReason


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
        count_lot(lot, counted.good, scrapped(counted))
        lines.add(lot.line_id)
    await book.flush()
    await remeasure(book, lines)


def scrapped(counted: LotCount) -> int:
    return sum(scrap.pieces for scrap in counted.scrap)


def by_reason(counted: LotCount) -> dict[ScrapReason, int]:
    total: dict[ScrapReason, int] = {}
    for scrap in counted.scrap:
        total[scrap.reason] = total.get(scrap.reason, 0) + scrap.pieces
    return total
