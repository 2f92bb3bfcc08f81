"""What a person counted on a plate."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from broker.orders import lots
from broker.runs.book import Book
from broker.runs.errors import NotApplied
from broker.runs.models import Count, Run, ScrapCount, Skip
from broker.runs.quantities import remeasure
from broker.wire.messages import LotCount, ScrapReason, Skipped


async def check_counts(book: Book, run: Run, counts: Sequence[LotCount], *, whole: bool) -> None:
    """Raises NotApplied unless the counts are of the plate's lots, and add up.

    `whole`: good + scrap = the plate's pieces but for those that were skipped, for every lot; else at most that, and
    a lot may be left out.
    """
    plate = await to_account_for(book, run)
    named = [counted.lot for counted in counts]
    if len(set(named)) != len(named) or not set(named) <= set(plate):
        raise NotApplied(f"the plate holds the lots {', '.join(plate)}, each once; counted were {', '.join(named)}")
    totals = dict.fromkeys(plate, 0) | {counted.lot: counted.good + scrapped(counted) for counted in counts}
    for lot, pieces in plate.items():
        if totals[lot] > pieces or (whole and totals[lot] != pieces):
            raise NotApplied(f"the plate holds {pieces} pieces of {lot}; good and scrap add up to {totals[lot]}")


async def to_account_for(book: Book, run: Run) -> dict[str, int]:
    """Pieces of each lot on the plate that were not skipped."""
    plate = {row.lot_id: row.pieces for row in (await book.plate_lots([run.plate_id]))[run.plate_id]}
    for skipped in await book.skips(run.id):
        plate[skipped.lot_id] -= 1
    return plate


async def skip(book: Book, run: Run, body: Skipped, now: datetime) -> None:
    """One piece is scrap at once, and planned again. Raises NotApplied if it isn't there to be skipped."""
    left = await to_account_for(book, run)
    if not left.get(body.lot):
        raise NotApplied(f"no piece of lot {body.lot!r} is left on the plate")
    if any(one.object == body.object for one in await book.skips(run.id)):
        raise NotApplied(f"{body.object} was skipped before")
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
    await share_out(book, lines)
    await remeasure(book, lines)


async def written(book: Book, run: Run, counted: LotCount, operator: str, now: datetime) -> None:
    """The count of one lot as it was told."""
    row = Count(run_id=run.id, lot_id=counted.lot, good=counted.good, operator=operator, at=now)
    book.add(row)
    await book.flush()
    for reason, pieces in by_reason(counted).items():
        book.add(ScrapCount(count_id=row.id, reason=reason, pieces=pieces))


async def share_out(book: Book, line_ids: Iterable[str]) -> None:
    """Good pieces over what was ordered of a line are surplus."""
    await book.flush()
    for line_id in line_ids:
        line = await book.line(line_id)
        lots.share_out(await book.lots_of_lines([line_id]), line.quantity)
    await book.flush()


def scrapped(counted: LotCount) -> int:
    return sum(scrap.pieces for scrap in counted.scrap)


def by_reason(counted: LotCount) -> dict[ScrapReason, int]:
    total: dict[ScrapReason, int] = {}
    for scrap in counted.scrap:
        total[scrap.reason] = total.get(scrap.reason, 0) + scrap.pieces
    return total
