from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from broker.orders.models import Line, Lot, Order
from broker.workshops.models import Workshop


async def order(session: AsyncSession, order_id: str) -> Order | None:
    return await session.get(Order, order_id)


async def order_of_quote(session: AsyncSession, quote_id: str) -> Order | None:
    return (await session.scalars(select(Order).where(Order.quote_id == quote_id))).one_or_none()


async def orders_of(session: AsyncSession, account_id: str | None, most: int) -> list[Order]:
    """Newest first; None is everybody's."""
    query = select(Order).order_by(Order.created_at.desc(), Order.id).limit(most)
    if account_id is not None:
        query = query.where(Order.account_id == account_id)
    return list(await session.scalars(query))


async def lines_of(session: AsyncSession, order_ids: Iterable[str]) -> list[Line]:
    query = select(Line).where(Line.order_id.in_(list(order_ids))).order_by(Line.order_id, Line.position)
    return list(await session.scalars(query))


async def lots_of(session: AsyncSession, lines: Sequence[Line]) -> list[tuple[Lot, str]]:
    """Lots with their workshop's name."""
    query = (
        select(Lot, Workshop.name)
        .join(Workshop, Workshop.id == Lot.workshop_id)
        .where(Lot.line_id.in_([line.id for line in lines]))
        .order_by(Workshop.name, Lot.id)
    )
    return [(lot, name) for lot, name in await session.execute(query)]
