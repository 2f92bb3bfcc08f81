"""Selects and updates of leases. Time is the database's, so that no process's clock matters."""

from datetime import timedelta

from sqlalchemy import ColumnElement, Interval, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from broker.processes.models import Lead


def _until(life: timedelta) -> ColumnElement[object]:
    return func.clock_timestamp() + literal(life, Interval())


async def holder(session: AsyncSession, name: str) -> str | None:
    """Who leads; None if nobody does."""
    return await session.scalar(select(Lead.holder).where(Lead.name == name, Lead.until > func.clock_timestamp()))


async def token(session: AsyncSession, name: str) -> int | None:
    return await session.scalar(select(Lead.token).where(Lead.name == name))


async def take(session: AsyncSession, name: str, process: str, life: timedelta) -> int | None:
    """The new leader's token; None while another leads."""
    query = insert(Lead).values(name=name, holder=process, token=1, until=_until(life))
    query = query.on_conflict_do_update(
        index_elements=[Lead.name],
        set_={"holder": process, "token": Lead.token + 1, "until": _until(life)},
        where=Lead.until <= func.clock_timestamp(),
    )
    return await session.scalar(query.returning(Lead.token))


async def renew(connection: AsyncConnection, name: str, held: int, life: timedelta) -> bool:
    """False if another has led since. A life of 0 gives the lead up."""
    query = update(Lead).where(Lead.name == name, Lead.token == held).values(until=_until(life))
    return (await connection.execute(query)).rowcount == 1
