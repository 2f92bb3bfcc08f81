"""Integers of minor units out of exact fractions; rounding is half up and the same every time."""

from collections.abc import Sequence
from fractions import Fraction

from broker.wire.money import as_text

__all__ = ["apportion", "as_text", "to_minor"]


def to_minor(amount: Fraction) -> int:
    """Half up; `amount` is not negative."""
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)


def apportion(total: int, weights: Sequence[Fraction]) -> tuple[int, ...]:
    """Split `total` by weight so that the shares add up to it exactly: the largest remainders get the odd units.

    Weights are not negative and not all zero; equal remainders go to the earlier share.
    """
    whole = sum(weights, Fraction(0))
    exact = [total * weight / whole for weight in weights]
    shares = [share.numerator // share.denominator for share in exact]
    order = sorted(range(len(weights)), key=lambda index: (shares[index] - exact[index], index))
    for index in order[: total - sum(shares)]:
        shares[index] += 1
    return tuple(shares)
