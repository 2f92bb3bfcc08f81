"""A lot's quantity follows from what was counted and what is on live plates."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from broker.orders import lot_repository
from broker.orders.lots import resize
from broker.orders.models import LotState
from broker.runs import repository


async def mismeasured(session: AsyncSession) -> set[str]:
    """Open lines with a lot whose quantity is no longer what `remeasure` would make it."""
    lines = [line.id for line, _ in await lot_repository.open_lines(session)]
    lots = await lot_repository.lots_of_lines(session, lines)
    live = await repository.live_pieces(session, [lot.id for lot in lots])
    return {
        lot.line_id
        for lot in lots
        if lot.state is not LotState.DELIVERED and lot.quantity != lot.good + live.get(lot.id, 0)
    }


async def remeasure(session: AsyncSession, line_ids: Iterable[str]) -> None:
    """Set every lot of the lines to its good pieces and those on live plates."""
    lots = await lot_repository.lots_of_lines(session, line_ids)
    live = await repository.live_pieces(session, [lot.id for lot in lots])
    for lot in lots:
        if lot.state is not LotState.DELIVERED:
            resize(lot, lot.good + live.get(lot.id, 0))
    await session.flush()
