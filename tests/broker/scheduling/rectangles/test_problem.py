"""Rectangles that can't be packed are refused by name."""

import numpy as np
import pytest

from broker.scheduling.errors import NotFinite, OutOfRange, ProblemError, WrongArray
from broker.scheduling.rectangles.problem import Floats, Ints, Rectangles

SIZE = np.array([[10.0, 20.0]])
ONE = np.array([1])
BIN = (100.0, 100.0)


@pytest.mark.parametrize(
    ("size", "quantity", "bin_mm", "spacing", "error"),
    [
        (SIZE.astype(np.float32), ONE, BIN, 0.0, WrongArray),
        (SIZE.ravel(), ONE, BIN, 0.0, WrongArray),
        (SIZE, np.array([1, 2]), BIN, 0.0, WrongArray),
        (SIZE, np.array([1.0]), BIN, 0.0, WrongArray),
        (np.array([[10.0, np.nan]]), ONE, BIN, 0.0, NotFinite),
        (SIZE, ONE, (np.inf, 10.0), 0.0, NotFinite),
        (SIZE, ONE, BIN, np.nan, NotFinite),
        (SIZE * 0.0, ONE, BIN, 0.0, OutOfRange),
        (-SIZE, ONE, BIN, 0.0, OutOfRange),
        (SIZE * 1e6, ONE, BIN, 0.0, OutOfRange),
        (SIZE, ONE, (0.0, 10.0), 0.0, OutOfRange),
        (SIZE, ONE, BIN, -1.0, OutOfRange),
        (SIZE, -ONE, BIN, 0.0, OutOfRange),
        (SIZE, ONE * 2**62, BIN, 0.0, OutOfRange),
    ],
)
def test_what_is_wrong_is_refused(
    size: Floats, quantity: Ints, bin_mm: tuple[float, float], spacing: float, error: type[ProblemError]
) -> None:
    with pytest.raises(error):
        Rectangles(size, quantity, bin_mm, spacing)


def test_many_kinds_of_very_many_pieces_are_refused_together() -> None:
    with pytest.raises(OutOfRange, match="pieces, more than"):
        Rectangles(np.repeat(SIZE, 3, axis=0), np.full(3, 5_000_000), BIN)
