from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from broker.ledger.service import release
from broker.orders.models import Order
from broker.quotes import repository as quotes


async def pay_out(session: AsyncSession, order: Order, earned: Mapping[str, int], now: datetime) -> None:
    """Give the order's held money to those who earned it (minor units by workshop); the rest is the fee."""
    quote, terms = (await quotes.settled(session, [order.quote_id]))[order.quote_id]
    await release(session, order.id, earned, terms.total - sum(earned.values()), quote.currency, now)
