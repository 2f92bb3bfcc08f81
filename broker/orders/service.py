from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from broker.accounts.models import Role
from broker.accounts.service import Caller
from broker.database import new_id
from broker.errors import Conflict, Forbidden, NotFound
from broker.ledger.service import hold
from broker.orders import repository
from broker.orders.models import Line, Order, OrderState
from broker.quotes import repository as quotes
from broker.quotes.models import Quote, QuoteItem, QuoteState
from broker.quotes.service import quote_of, state_at


async def accept(session: AsyncSession, caller: Caller, quote_id: str, now: datetime) -> Order:
    """Turn a quote into an order and hold its price; of an accepted quote, its order once more.

    Raises NotFound, Forbidden for somebody else's money, Conflict if the quote has expired, InsufficientFunds.
    """
    quote = await quote_of(session, caller, quote_id, lock=True)
    if quote.account_id != caller.id:
        raise Forbidden("only whom the quote was made for may accept it", where="quote", fix="ask for your own")
    match state_at(quote, now):
        case QuoteState.ACCEPTED:
            return await _order_of(session, quote)
        case QuoteState.EXPIRED:
            raise Conflict(
                f"the quote expired at {quote.expires_at:%Y-%m-%d %H:%M} UTC", where="quote", fix="ask for a new price"
            )
        case QuoteState.OPEN:
            return await _place(session, quote, now)


async def _order_of(session: AsyncSession, quote: Quote) -> Order:
    order = await repository.order_of_quote(session, quote.id)
    if order is None:
        raise Conflict(f"quote {quote.id} is accepted and has no order", where="quote", fix="ask for a new price")
    return order


async def _place(session: AsyncSession, quote: Quote, now: datetime) -> Order:
    quote.state = QuoteState.ACCEPTED
    order = Order(
        id=new_id("ord"),
        account_id=quote.account_id,
        quote_id=quote.id,
        state=OrderState.ACCEPTED,
        created_at=now,
        # The plan behind the price counts from whenever somebody says yes to it.
        due_at=quote.due_at and now + (quote.due_at - quote.created_at),
    )
    session.add(order)
    await session.flush()
    await hold(session, order.id, quote.account_id, quote.total, quote.currency, now)
    prices = await quotes.lines(session, quote.id)
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
