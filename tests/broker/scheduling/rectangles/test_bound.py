"""Lower bounds known by hand."""

import pytest

from broker.scheduling.rectangles.bound import bins_needed
from broker.scheduling.rectangles.grid import on_grid
from tests.broker.scheduling.rectangles.packings import rectangles

SQUARE = (100.0, 100.0)


@pytest.mark.parametrize(
    ("sizes", "quantity", "rotate", "least"),
    [
        ([(50.0, 50.0)], 5, True, 2),
        ([(51.0, 51.0)], 3, True, 3),
        ([(51.0, 10.0)], 11, False, 2),
        ([(60.0, 60.0), (41.0, 41.0)], 2, True, 3),
        ([(34.0, 34.0)], 9, True, 3),
        ([(100.0, 1.0), (99.0, 99.0)], 1, True, 1),
    ],
)
def test_bound(sizes: list[tuple[float, float]], quantity: int, rotate: bool, least: int) -> None:
    pieces, _, _ = on_grid(rectangles(sizes, SQUARE, quantity=quantity, rotate=rotate))
    assert bins_needed(pieces) == least


def test_a_piece_counts_the_less_of_the_ways_it_fits() -> None:
    pieces, _, _ = on_grid(rectangles([(60.0, 20.0)], (100.0, 60.0), quantity=2, rotate=True))
    assert bins_needed(pieces) == 1
    tall, _, _ = on_grid(rectangles([(60.0, 100.0)], (100.0, 60.0), quantity=2, rotate=True))
    assert bins_needed(tall) == 2
