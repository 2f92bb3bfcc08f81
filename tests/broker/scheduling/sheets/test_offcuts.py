"""What goes back to stock: strips first, then what lies between parts."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from broker.scheduling.sheets.offcuts import offcuts
from broker.scheduling.sheets.problem import Cutting
from broker.scheduling.sheets.rectangles import largest_rectangle

CUTTING = Cutting(kerf_mm=6.0, gap_mm=2.0, least_mm=(200.0, 300.0))
SHEET = shapely.box(0, 0, 1000, 600)


def cut(*parts: shapely.Polygon, sheet: shapely.Polygon = SHEET) -> list[list[float]]:
    return [list(map(float, row)) for row in offcuts(sheet, np.array(parts, dtype=object), CUTTING)]


def test_the_largest_strip_first_then_the_rest_of_what_is_left() -> None:
    assert cut(shapely.box(10, 10, 300, 480)) == [[308, 0, 1000, 600]]
    # 308 to the kerf's other side is 302 wide: long enough for a second.
    assert cut(shapely.box(10, 10, 300, 200)) == [[308, 0, 1000, 600], [0, 208, 302, 600]]


def test_nothing_smaller_than_the_least_is_kept() -> None:
    assert cut(shapely.box(10, 10, 810, 500)) == []
    assert cut(shapely.box(10, 10, 780, 500)) == [[788, 0, 1000, 600]]


def test_a_rectangle_between_parts_is_kept() -> None:
    frame = [shapely.box(10, 10, 990, 40), shapely.box(10, 560, 990, 590), shapely.box(10, 50, 40, 550)]
    ((x0, y0, x1, y1),) = cut(*frame, shapely.box(960, 50, 990, 550))
    assert (x0, y0, x1, y1) == pytest.approx((48, 48, 952, 552), abs=1e-6)


def test_of_an_odd_sheet_the_largest_rectangle_is_kept() -> None:
    odd = shapely.Polygon([(0, 0), (1000, 0), (1000, 500), (400, 500), (400, 900), (0, 900)])
    ((x0, y0, x1, y1),) = cut(shapely.box(10, 600, 300, 890), sheet=odd)
    assert (x0, y0, x1, y1) == pytest.approx((0, 0, 1000, 500), abs=1e-6)


def test_an_empty_sheet_has_no_offcut() -> None:
    assert cut() == []


@settings(max_examples=40, deadline=None)
@given(
    holes=st.lists(st.tuples(st.integers(0, 18), st.integers(0, 12), st.integers(1, 6), st.integers(1, 6)), max_size=5)
)
def test_the_largest_rectangle_is_as_large_as_any_on_whole_tens(holes: list[tuple[int, int, int, int]]) -> None:
    """Against every rectangle with whole corners: obstacles lie on them too."""
    blocked = np.zeros((13, 19), dtype=np.int64)
    free: BaseGeometry = shapely.box(0, 0, 190, 130)
    for x, y, w, d in holes:
        blocked[y : y + d, x : x + w] = 1
        free = free.difference(shapely.box(10 * x, 10 * y, 10 * (x + w), 10 * (y + d)))
    sums = np.pad(blocked.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    best = max(
        (
            (y1 - y0) * (x1 - x0)
            for y0 in range(13)
            for y1 in range(y0 + 2, 14)
            for x0 in range(19)
            for x1 in range(x0 + 2, 20)
            if not sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]
        ),
        default=0,
    )
    found = largest_rectangle(free, (20.0, 20.0))
    assert (found.area if found else 0.0) == pytest.approx(100 * best, rel=0.03)
    if found:
        assert found.polygon.difference(free).area < 1e-3
