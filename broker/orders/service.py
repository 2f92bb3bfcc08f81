from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from broker.accounts.models import Role
from broker.accounts.service import Caller
from broker.database import new_id
from broker.errors import Conflict, Forbidden, NotFound, Unprocessable
from broker.ledger.service import hold
from broker.orders import repository
from broker.orders.models import Line, Order, OrderState
from broker.quotes import repository as quotes
from broker.quotes.models import Quote, QuoteItem, QuoteState, QuoteTier
from broker.quotes.service import quote_of
from broker.quotes.views import state_at
from broker.wire.tiers import Tier


async def accept(session: AsyncSession, caller: Caller, quote_id: str, tier: Tier, now: datetime) -> Order:
    """Turn a quote into an order at a tier's terms and hold its price; of a quote accepted so, its order once more.

    Raises NotFound, Forbidden for somebody else's money, Conflict if the quote has expired or was accepted at
    another tier, Unprocessable for a tier that it doesn't offer, InsufficientFunds.
    """
    quote = await quote_of(session, caller, quote_id, lock=True)
    if quote.account_id != caller.id:
        raise Forbidden("only whom the quote was made for may accept it", where="quote", fix="ask for your own")
    match state_at(quote, now):
        case QuoteState.ACCEPTED:
            return await _order_of(session, quote, tier)
        case QuoteState.EXPIRED:
            raise Conflict(
                f"the quote expired at {quote.expires_at:%Y-%m-%d %H:%M} UTC", where="quote", fix="ask for a new price"
            )
        case QuoteState.OPEN:
            return await _place(session, quote, await _terms(session, quote, tier), now)


async def _order_of(session: AsyncSession, quote: Quote, tier: Tier) -> Order:
    order = await repository.order_of_quote(session, quote.id)
    if order is None:
        raise Conflict(f"quote {quote.id} is accepted and has no order", where="quote", fix="ask for a new price")
    if order.tier is not tier:
        raise Conflict(
            f"the quote was accepted as {order.tier}: {order.id}",
            where="tier",
            fix=f"ask for a new price to order as {tier} too",
        )
    return order


async def _terms(session: AsyncSession, quote: Quote, tier: Tier) -> QuoteTier:
    offered = await quotes.tiers(session, quote.id)
    if tier not in offered:
        raise Unprocessable(f"the quote offers no {tier}", where="tier", fix=f"take {' or '.join(offered)}")
    return offered[tier]


async def _place(session: AsyncSession, quote: Quote, terms: QuoteTier, now: datetime) -> Order:
    quote.state, quote.tier = QuoteState.ACCEPTED, terms.tier
    order = Order(
        id=new_id("ord"),
        account_id=quote.account_id,
        quote_id=quote.id,
        tier=terms.tier,
        state=OrderState.ACCEPTED,
        created_at=now,
        # The plan behind the price counts from whenever somebody says yes to it.
        due_at=terms.due_at and now + (terms.due_at - quote.created_at),
    )
    session.add(order)
    await session.flush()
    await hold(session, order.id, quote.account_id, terms.total, quote.currency, now)
    prices = [line for line in await quotes.lines(session, quote.id) if line.tier is terms.tier]
    for item in await quotes.items(session, quote.id):
        amount = sum(line.amount for line in prices if line.item_id == item.id)
        session.add(_line(order, item, amount))
    await session.flush()
    return order


def _line(order: Order, item: QuoteItem, amount: int) -> Line:
    return Line(
        id=new_id("lin"),
        order_id=order.id,
        quote_item_id=item.id,
        position=item.position,
        part_id=item.part_id,
        quantity=item.quantity,
        process=item.process,
        material=item.material,
        recipe=item.recipe,
        share=item.share,
        machine_s=item.machine_s,
        amount=amount,
    )


async def order_of(session: AsyncSession, caller: Caller, order_id: str) -> Order:
    """Raises NotFound, also for an order of somebody else."""
    order = await repository.order(session, order_id)
    if order is None or (order.account_id != caller.id and caller.role is not Role.ADMIN):
        raise NotFound(f"there is no order {order_id!r} of yours", where="order", fix="`llagar orders` lists yours")
    return order


async def orders_for(session: AsyncSession, caller: Caller, most: int) -> Sequence[Order]:
    return await repository.orders_of(session, None if caller.role is Role.ADMIN else caller.id, most)
