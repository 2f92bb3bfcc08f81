"""Selects on lots and on the lines and orders that they belong to."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from broker.database import Workshops
from broker.orders.models import Line, Lot, LotState, Order, OrderState


async def locked_lot(session: AsyncSession, lot_id: str) -> Lot | None:
    """The lot as it is now, held until the transaction's end."""
    return await session.get(Lot, lot_id, with_for_update=True, populate_existing=True)


async def lots_of_lines(session: AsyncSession, line_ids: Iterable[str]) -> Sequence[Lot]:
    return (await session.scalars(select(Lot).where(Lot.line_id.in_(set(line_ids))))).all()


async def lots_by_id(session: AsyncSession, ids: Iterable[str]) -> dict[str, Lot]:
    return {lot.id: lot for lot in await session.scalars(select(Lot).where(Lot.id.in_(set(ids))))}


async def lot_of(session: AsyncSession, line_id: str, workshop_id: str) -> Lot | None:
    """The one that hasn't gone."""
    query = select(Lot).where(Lot.line_id == line_id, Lot.workshop_id == workshop_id, Lot.state != LotState.DELIVERED)
    return (await session.scalars(query)).one_or_none()


async def lots_of_order(session: AsyncSession, order_id: str) -> Sequence[Lot]:
    query = select(Lot).join(Line, Line.id == Lot.line_id).where(Line.order_id == order_id)
    return (await session.scalars(query.order_by(Line.position, Lot.id))).all()


async def lines_of_order(session: AsyncSession, order_id: str) -> Sequence[Line]:
    return (await session.scalars(select(Line).where(Line.order_id == order_id).order_by(Line.position))).all()


async def find_line(session: AsyncSession, line_id: str) -> Line | None:
    return await session.get(Line, line_id)


async def line(session: AsyncSession, line_id: str) -> Line:
    return await session.get_one(Line, line_id)


async def order(session: AsyncSession, order_id: str) -> Order | None:
    return await session.get(Order, order_id)


async def locked_order(session: AsyncSession, order_id: str) -> Order:
    return await session.get_one(Order, order_id, with_for_update=True, populate_existing=True)


async def open_lines(session: AsyncSession) -> Sequence[tuple[Line, Order]]:
    """Lines of orders that are being made, the oldest order first."""
    query = (
        select(Line, Order)
        .join(Order, Order.id == Line.order_id)
        .where(Order.state == OrderState.ACCEPTED)
        .order_by(Order.created_at, Order.id, Line.position)
    )
    return [(line, order) for line, order in await session.execute(query)]


async def good_by_line(session: AsyncSession, line_ids: Iterable[str]) -> dict[str, int]:
    query = select(Lot.line_id, func.sum(Lot.good)).where(Lot.line_id.in_(set(line_ids))).group_by(Lot.line_id)
    return {line_id: int(good) for line_id, good in await session.execute(query)}


async def lots_in_state(session: AsyncSession, among: Workshops, state: LotState) -> Sequence[tuple[Lot, Line, Order]]:
    """Of orders that are being made."""
    query = (
        select(Lot, Line, Order)
        .join(Line, Line.id == Lot.line_id)
        .join(Order, Order.id == Line.order_id)
        .where(Lot.state == state, Order.state == OrderState.ACCEPTED)
        .order_by(Lot.id)
    )
    if among is not None:
        query = query.where(Lot.workshop_id.in_(set(among)))
    return [(lot, line, order) for lot, line, order in await session.execute(query)]
