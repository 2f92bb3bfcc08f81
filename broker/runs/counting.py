"""What a person counted on a plate becomes rows, and adds to lots."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from broker.orders import lots
from broker.runs.book import Book
from broker.runs.lifecycle.events import Counts, Pieces
from broker.runs.models import Count, Run, ScrapCount, Skip
from broker.runs.quantities import remeasure
from broker.wire.messages import Corrected, Counted, LotCount, ScrapReason, Settled, Skipped


async def skip(book: Book, run: Run, body: Skipped, now: datetime) -> None:
    """One piece is scrap at once, and planned again."""
    row = Skip(run_id=run.id, object=body.object, lot_id=body.lot, reason=body.reason, operator=body.operator, at=now)
    book.add(row)
    lot = await book.locked_lot(body.lot)
    assert lot is not None  # the plate names it
    lots.count(lot, 0, 1)
    await book.flush()
    await remeasure(book, {lot.line_id})


async def write_counts(book: Book, run: Run, counts: Sequence[LotCount], operator: str, now: datetime) -> None:
    """Keep the counts and add them to their lots; call it after the run's own step."""
    held = (await book.plate_lots([run.plate_id]))[run.plate_id]
    lines = {line.id for line in (await book.lines_of_lots([row.lot_id for row in held])).values()}
    for counted in counts:
        await written(book, run, counted, operator, now)
        lot = await book.locked_lot(counted.lot)
        assert lot is not None  # the plate names it
        lots.count(lot, counted.good, scrapped(counted))
    await share_out(book, lines, gone_too=run.restored)
    await remeasure(book, lines)


async def written(book: Book, run: Run, counted: LotCount, operator: str, now: datetime) -> None:
    """The count of one lot as it was told."""
    row = Count(run_id=run.id, lot_id=counted.lot, good=counted.good, operator=operator, at=now)
    book.add(row)
    await book.flush()
    for reason, pieces in by_reason(counted).items():
        book.add(ScrapCount(count_id=row.id, reason=reason, pieces=pieces))


async def share_out(book: Book, line_ids: Iterable[str], *, gone_too: bool = False) -> None:
    """Good pieces over what was ordered of a line are surplus."""
    await book.flush()
    for line_id in line_ids:
        line = await book.line(line_id)
        lots.share_out(await book.lots_of_lines([line_id]), line.quantity, gone_too=gone_too)
    await book.flush()


def told_counts(body: Counted | Settled | Corrected, *, whole: bool) -> Counts:
    """As the rules want them."""
    lots = tuple(Pieces(counted.lot, counted.good, scrapped(counted)) for counted in body.counts)
    return Counts(body.operator, lots, whole)


def scrapped(counted: LotCount) -> int:
    return sum(scrap.pieces for scrap in counted.scrap)


def by_reason(counted: LotCount) -> dict[ScrapReason, int]:
    total: dict[ScrapReason, int] = {}
    for scrap in counted.scrap:
        total[scrap.reason] = total.get(scrap.reason, 0) + scrap.pieces
    return total
