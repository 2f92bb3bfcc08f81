"""A lot's quantity follows from what was counted and what is on live plates."""

from collections.abc import Iterable

from broker.orders.lots import resize
from broker.orders.models import LotState
from broker.runs.book import Book


async def mismeasured(book: Book) -> set[str]:
    """Open lines with a lot whose quantity is no longer what `remeasure` would make it."""
    lines = [line.id for line, _ in await book.open_lines()]
    lots = await book.lots_of_lines(lines)
    live = await book.live_pieces([lot.id for lot in lots])
    return {
        lot.line_id
        for lot in lots
        if lot.state is not LotState.DELIVERED and lot.quantity != lot.good + live.get(lot.id, 0)
    }


async def remeasure(book: Book, line_ids: Iterable[str]) -> None:
    """Set every lot of the lines to its good pieces and those on live plates."""
    lots = await book.lots_of_lines(line_ids)
    live = await book.live_pieces([lot.id for lot in lots])
    for lot in lots:
        if lot.state is not LotState.DELIVERED:
            resize(lot, lot.good + live.get(lot.id, 0))
    await book.flush()
