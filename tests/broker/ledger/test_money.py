from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.ledger.money import apportion, as_text, to_minor


@given(st.integers(0, 10**12), st.lists(st.fractions(0, 10**6), min_size=1).filter(any))
@settings(deadline=None, max_examples=60)
def test_shares_add_up_and_stay_within_one_unit(total: int, weights: list[Fraction]) -> None:
    shares = apportion(total, weights)
    whole = sum(weights)
    assert sum(shares) == total
    assert all(abs(share - total * weight / whole) < 1 for share, weight in zip(shares, weights, strict=True))


def test_equal_weights_favour_the_earlier_share() -> None:
    assert apportion(100, [Fraction(1)] * 3) == (34, 33, 33)


@pytest.mark.parametrize(("exact", "minor"), [("0.5", 1), ("1.5", 2), ("2.4999", 2), ("0", 0), ("1e9", 10**9)])
def test_rounding_is_half_up(exact: str, minor: int) -> None:
    assert to_minor(Fraction(exact)) == minor


def test_text_has_the_currencys_digits() -> None:
    assert [as_text(1230, "EUR"), as_text(-5, "EUR"), as_text(7, "JPY")] == ["12.30 EUR", "-0.05 EUR", "7 JPY"]
