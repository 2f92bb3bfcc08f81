"""The rules of lots: what one shop makes of one line, and what it is paid for that.

A lot's quantity is its good pieces and those on plates that are still alive; so the quantities of a line's lots never
add up to more than was ordered. A shop that declined keeps what it has made; its `reason` bars it from more.
"""

from collections.abc import Sequence
from datetime import datetime

from broker.orders.book import OrderBook
from broker.orders.models import Lot, LotState


def split(amount: int, weights: Sequence[int]) -> tuple[int, ...]:
    """`amount` in shares by weight that sum to it exactly; what rounding leaves goes to the largest remainders."""
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("there is nothing to split by")
    shares = [amount * weight // whole for weight in weights]
    remainders = sorted(range(len(weights)), key=lambda k: (-(amount * weights[k] % whole), k))
    for k in remainders[: amount - sum(shares)]:
        shares[k] += 1
    return tuple(shares)


def payout(line_amount: int, line_quantity: int, pieces: int) -> int:
    """What a shop earns for so many pieces of a line; exact sums over lots are made when the order is delivered."""
    return split(line_amount, (pieces, line_quantity - pieces))[0]


def state_of(lot: Lot) -> LotState:
    """The state that the lot's numbers give it."""
    if lot.state is LotState.DELIVERED:
        return LotState.DELIVERED
    if lot.quantity == 0:
        return LotState.DECLINED if lot.reason else LotState.WITHDRAWN
    if lot.good == lot.quantity:
        return LotState.MADE
    return LotState.ACCEPTED if lot.accepted_quantity >= lot.quantity else LotState.OFFERED


def resize(lot: Lot, quantity: int) -> None:
    """A lot that grows beyond what was accepted is offered again."""
    lot.quantity = quantity
    lot.state = state_of(lot)


async def open_lot(book: OrderBook, line_id: str, workshop_id: str) -> Lot:
    """The workshop's lot of the line, made if there is none that hasn't gone."""
    lot = await book.lot_of(line_id, workshop_id)
    if lot is None:
        lot = Lot(
            id=book.new_id("lot"), line_id=line_id, workshop_id=workshop_id, quantity=0, good=0, accepted_quantity=0
        )
        lot.state, lot.reason = LotState.WITHDRAWN, ""
        book.add(lot)
        await book.flush()
    return lot


def accept(lot: Lot, quantity: int) -> None:
    """The shop takes `quantity` pieces in all; if the lot has grown beyond that it stays offered.

    A lot that has shrunk meanwhile may grow again: what was accepted once isn't asked for twice.
    """
    lot.accepted_quantity = max(lot.accepted_quantity, quantity)
    lot.state = state_of(lot)


def decline(lot: Lot, reason: str, committed: int) -> None:
    """The shop makes no more than it has made and the `committed` pieces that it has claimed."""
    lot.reason = reason or "declined without a reason"
    lot.accepted_quantity = lot.good + committed
    resize(lot, lot.good + committed)


def count(lot: Lot, good: int, scrap: int) -> None:
    """What was made; `share_out` says how much of it counts."""
    lot.surplus += good
    lot.scrap += scrap


def recount(lot: Lot, good: int, scrap: int) -> None:
    """So many more, or fewer than was known; what is less is taken from the surplus first."""
    spare = min(lot.surplus, max(0, -good))
    lot.good += min(good, 0) + spare
    count(lot, max(good, 0) - spare, scrap)


def share_out(lots: Sequence[Lot], ordered: int, *, gone_too: bool = False) -> None:
    """Of a line's good pieces so many count as were ordered; what counted before goes on counting.

    `gone_too`: what was counted now may have gone before, as part of a lot that is delivered.
    """
    left = ordered - sum(lot.good for lot in lots)
    for lot in sorted(lots, key=lambda lot: lot.id):
        if gone_too or lot.state is not LotState.DELIVERED:
            counts = max(0, min(left, lot.surplus))
            lot.good += counts
            lot.surplus -= counts
            left -= counts
            lot.state = state_of(lot)


def hand_over(lot: Lot, now: datetime) -> None:
    """Whatever was still to be made of it is no part of it any more."""
    lot.quantity = lot.good
    lot.state = LotState.DELIVERED
    lot.delivered_at = now
