from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from broker.ledger.models import Entry, Purse, Transfer


async def in_purse(session: AsyncSession, purse: Purse, owner: str) -> int:
    query = select(func.coalesce(func.sum(Entry.amount), 0)).where(Entry.purse == purse, Entry.owner == owner)
    return int((await session.scalars(query)).one())


async def moved(session: AsyncSession, order_id: str, kind: str | None = None, purse: Purse | None = None) -> int:
    """Sum of an order's entries, of one kind of transfer and purse where given."""
    query = select(func.coalesce(func.sum(Entry.amount), 0)).join(Transfer, Transfer.id == Entry.transfer_id)
    query = query.where(Transfer.order_id == order_id)
    if kind is not None:
        query = query.where(Transfer.kind == kind)
    if purse is not None:
        query = query.where(Entry.purse == purse)
    return int((await session.scalars(query)).one())


async def everything(session: AsyncSession) -> int:
    return int((await session.scalars(select(func.coalesce(func.sum(Entry.amount), 0)))).one())
