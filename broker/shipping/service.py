"""Lots out of the door; when the last one is, the order is delivered and everybody is paid."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from broker.errors import Conflict
from broker.ledger.service import release
from broker.orders import lot_repository, lots
from broker.orders.models import Line, Lot, LotState, Order, OrderState
from broker.quotes import repository as quotes


async def hand_over(session: AsyncSession, lot: Lot, now: datetime) -> None:
    """Deliver a lot whose line is complete; the order's last one releases its money. Raises Conflict."""
    line = await lot_repository.line(session, lot.line_id)
    good = (await lot_repository.good_by_line(session, [line.id]))[line.id]
    if lot.state is not LotState.MADE or good != line.quantity:
        raise Conflict(
            f"lot {lot.id} is {lot.state}: {good} of the line's {line.quantity} pieces are counted good",
            where="lot",
            fix="hand it over once the broker says that it is ready",
        )
    lots.hand_over(lot, now)
    await session.flush()
    order = await lot_repository.locked_order(session, line.order_id)
    lines = await lot_repository.lines_of_order(session, order.id)
    made = await lot_repository.lots_of_order(session, order.id)
    if order.state is OrderState.ACCEPTED and is_delivered(lines, made):
        await _deliver(session, order, lines, made, now)


def is_delivered(lines: Sequence[Line], made: Sequence[Lot]) -> bool:
    """Every line's good pieces are what was ordered, and all of them have gone."""
    gone: dict[str, int] = defaultdict(int)
    for lot in made:
        if lot.state is LotState.DELIVERED:
            gone[lot.line_id] += lot.good
    return all(gone[line.id] == line.quantity for line in lines)


def payouts(lines: Sequence[Line], made: Sequence[Lot]) -> dict[str, int]:
    """What each workshop (by id) earns: every line's amount over its lots, by good pieces, to the last cent."""
    earned: dict[str, int] = defaultdict(int)
    for line in lines:
        shares = [lot for lot in made if lot.line_id == line.id and lot.good]
        amounts = lots.split(line.amount, [lot.good for lot in shares])
        for lot, amount in zip(shares, amounts, strict=True):
            earned[lot.workshop_id] += amount
    return dict(earned)


async def _deliver(
    session: AsyncSession, order: Order, lines: Sequence[Line], made: Sequence[Lot], now: datetime
) -> None:
    order.state = OrderState.DELIVERED
    order.delivered_at = now
    quote, terms = (await quotes.settled(session, [order.quote_id]))[order.quote_id]
    fee = terms.total - sum(line.amount for line in lines)
    await release(session, order.id, payouts(lines, made), fee, quote.currency, now)
