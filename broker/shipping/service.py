"""Lots out of the door; when the last one is, the order is delivered and everybody is paid."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from broker.orders import lots
from broker.orders.models import Line, Lot, LotState, Order, OrderState
from broker.runs.book import Book


async def hand_over(book: Book, lot: Lot, now: datetime) -> None:
    """The lot has gone; the order's last one releases its money.

    A shop packs a lot once it is told to, and then another shop may have corrected a count: the parcel is on its way
    nevertheless, and what the line lacks now is made in other lots.
    """
    lots.hand_over(lot, now)
    await book.flush()
    line = await book.line(lot.line_id)
    await close(book, line.order_id, now)


async def close(book: Book, order_id: str, now: datetime) -> None:
    """Deliver the order and release its money, if all of it has gone."""
    order = await book.locked_order(order_id)
    lines = await book.lines_of_order(order.id)
    made = await book.lots_of_order(order.id)
    if order.state is OrderState.ACCEPTED and is_delivered(lines, made):
        await _deliver(book, order, lines, made, now)


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


async def _deliver(book: Book, order: Order, lines: Sequence[Line], made: Sequence[Lot], now: datetime) -> None:
    order.state = OrderState.DELIVERED
    order.delivered_at = now
    await book.pay_out(order, payouts(lines, made), now)
