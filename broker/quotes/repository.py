from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from broker.quotes.market import Market, Shop
from broker.quotes.models import Quote, QuoteItem, QuoteLine, QuoteTier
from broker.wire.shop import Inventory
from broker.wire.tiers import Tier
from broker.workshops.models import Workshop


async def market(session: AsyncSession) -> Market:
    """Workshops whose agent has said what they have, by name."""
    rows = await session.scalars(select(Workshop).where(Workshop.inventory.is_not(None)).order_by(Workshop.name))
    return Market(
        tuple(Shop(row.id, row.name, Inventory.model_validate_json(row.inventory)) for row in rows if row.inventory)
    )


async def quote(session: AsyncSession, quote_id: str, *, lock: bool = False) -> Quote | None:
    query = select(Quote).where(Quote.id == quote_id)
    return (await session.scalars(query.with_for_update() if lock else query)).one_or_none()


async def quotes_by_id(session: AsyncSession, ids: Iterable[str]) -> dict[str, Quote]:
    return {row.id: row for row in await session.scalars(select(Quote).where(Quote.id.in_(set(ids))))}


async def items(session: AsyncSession, quote_id: str) -> list[QuoteItem]:
    return list(
        await session.scalars(select(QuoteItem).where(QuoteItem.quote_id == quote_id).order_by(QuoteItem.position))
    )


async def tiers(session: AsyncSession, quote_id: str) -> dict[Tier, QuoteTier]:
    """What the quote offers, the soonest first."""
    rows = await session.scalars(select(QuoteTier).where(QuoteTier.quote_id == quote_id))
    found = {row.tier: row for row in rows}
    return {tier: found[tier] for tier in Tier if tier in found}


async def lines(session: AsyncSession, quote_id: str) -> list[QuoteLine]:
    """Of every tier, each in its order."""
    return list(
        await session.scalars(select(QuoteLine).where(QuoteLine.quote_id == quote_id).order_by(QuoteLine.position))
    )


async def settled(session: AsyncSession, quote_ids: Iterable[str]) -> dict[str, tuple[Quote, QuoteTier]]:
    """Quotes by id, with the terms of the tier that each stands at."""
    query = (
        select(Quote, QuoteTier)
        .join(QuoteTier, (QuoteTier.quote_id == Quote.id) & (QuoteTier.tier == Quote.tier))
        .where(Quote.id.in_(list(quote_ids)))
    )
    return {quote.id: (quote, terms) for quote, terms in await session.execute(query)}
