import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.orders.lots import accept, count, decline, payout, resize, share_out, split
from broker.orders.models import Line, Lot, LotState
from broker.shipping.service import is_delivered, payouts


def _lot(workshop: str = "w1", **changes: int) -> Lot:
    lot = Lot(id=f"lot_{workshop}", line_id="l1", workshop_id=workshop, quantity=10, accepted_quantity=0, good=0)
    lot.scrap, lot.surplus, lot.reason, lot.state = 0, 0, "", LotState.OFFERED
    for name, value in changes.items():
        setattr(lot, name, value)
    return lot


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=9).filter(any))
def test_shares_sum_to_the_amount_and_differ_from_their_due_by_less_than_a_cent(
    amount: int, weights: list[int]
) -> None:
    shares = split(amount, weights)
    assert sum(shares) == amount
    assert all(abs(share * sum(weights) - amount * w) < sum(weights) for share, w in zip(shares, weights, strict=True))


def test_nothing_to_split_by_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing to split by"):
        split(100, (0, 0))


def test_every_cent_of_a_line_goes_to_those_who_made_it() -> None:
    line = Line(id="l1", quantity=3, amount=1000)
    made = [_lot("w1", good=1, quantity=1), _lot("w2", good=2, quantity=2), _lot("w3", quantity=0)]
    assert payouts([line], made) == {"w1": 333, "w2": 667}
    assert payout(1000, 3, 1) == 333


def test_an_order_is_delivered_when_all_its_pieces_have_gone() -> None:
    line = Line(id="l1", quantity=3, amount=1000)
    one, two = _lot("w1", good=1, quantity=1), _lot("w2", good=2, quantity=2)
    one.state = LotState.DELIVERED
    assert not is_delivered([line], [one, two])
    two.state = LotState.DELIVERED
    assert is_delivered([line], [one, two])


def test_a_lot_that_grows_is_offered_again_and_one_that_shrinks_is_not() -> None:
    lot = _lot()
    accept(lot, 10)
    states = []
    for quantity in (10, 8, 12, 10, 0):
        resize(lot, quantity)
        states.append(lot.state)
    assert states == [
        LotState.ACCEPTED,
        LotState.ACCEPTED,
        LotState.OFFERED,
        LotState.ACCEPTED,
        LotState.WITHDRAWN,
    ]


def test_an_answer_to_an_older_offer_is_not_enough() -> None:
    lot = _lot()
    accept(lot, 8)
    assert (lot.state, lot.accepted_quantity) == (LotState.OFFERED, 8)
    accept(lot, 10)
    assert (lot.state, lot.accepted_quantity) == (LotState.ACCEPTED, 10)


def test_what_was_accepted_holds_for_a_lot_that_shrinks_and_grows_again() -> None:
    lot = _lot()
    resize(lot, 0)
    accept(lot, 10)
    resize(lot, 10)
    assert lot.state is LotState.ACCEPTED


def test_good_pieces_beyond_what_was_ordered_are_surplus() -> None:
    lot = _lot(good=3, accepted_quantity=6)
    count(lot, 5, 1)
    share_out([lot], 7)
    assert (lot.good, lot.surplus, lot.scrap) == (7, 1, 1)


def test_who_declines_keeps_what_was_made_and_claimed() -> None:
    lot = _lot(good=3, accepted_quantity=6)
    decline(lot, "no time", committed=2)
    assert (lot.state, lot.quantity, lot.reason) == (LotState.ACCEPTED, 5, "no time")
    count(lot, 2, 0)
    share_out([lot], 5)
    assert lot.state is LotState.MADE
    other = _lot()
    decline(other, "", committed=0)
    assert (other.state, other.reason) == (LotState.DECLINED, "declined without a reason")
