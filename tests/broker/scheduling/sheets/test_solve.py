"""Plans keep every rule, and open the sheets that cost least."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.scheduling.sheets.check import violations
from broker.scheduling.sheets.problem import GRAIN_ALONG_X, GRAIN_ALONG_Y, Result
from broker.scheduling.sheets.reasons import NO_MATERIAL, TOO_FEW
from broker.scheduling.sheets.solve import solve
from broker.scheduling.stopping import AfterIterations
from tests.broker.scheduling.sheets.stockroom import CUTTING, box, corner, lots, problem, stock

WHOLE = (box(1000, 600), 5, 1000.0)


def opened(result: Result) -> list[tuple[int, int]]:
    return [(pattern.stock, pattern.copies) for pattern in result.patterns]


def test_what_fits_an_offcut_opens_no_sheet() -> None:
    asked = problem(lots((box(150, 100), 4)), stock(WHOLE, (box(400, 300), 1, 150.0)))
    result = solve(asked, AfterIterations(20), 1)
    assert violations(asked, result) == []
    assert opened(result) == [(1, 1)]
    assert result.left_out == ()
    assert result.bound <= result.figures.cost <= 150.0


def test_a_small_sheet_is_opened_where_a_large_one_would_be_wasted() -> None:
    sizes = stock((box(2000, 1000), 3, 4000.0), (box(500, 500), 3, 450.0))
    asked = problem(lots((box(220, 200), 4)), sizes, replace(CUTTING, kept_value=0.5))
    result = solve(asked, AfterIterations(20), 1)
    assert violations(asked, result) == []
    assert opened(result) == [(1, 1)]


def test_a_sheet_is_cut_so_that_a_strip_of_its_full_width_is_kept() -> None:
    asked = problem(lots((box(180, 130), 5)), stock(WHOLE))
    result = solve(asked, AfterIterations(20), 1)
    assert violations(asked, result) == []
    x0, y0, x1, y1 = result.patterns[0].offcuts[0].tolist()
    assert (x0, x1, y1) == (0.0, 1000.0, 600.0) or (y0, y1, x1) == (0.0, 600.0, 1000.0)
    assert (x1 - x0) * (y1 - y0) > 0.6 * 600_000
    assert result.figures.taken_mm2 < 0.4 * 600_000
    assert result.figures.use == pytest.approx(5 * 180 * 130 / result.figures.taken_mm2)


def test_parts_bound_to_the_grain_lie_along_it() -> None:
    # Of one sheet two lie along x, three along y.
    long = lots((box(580, 380), 6), grained=(True,))
    for grain, sheets in ((GRAIN_ALONG_X, 3), (GRAIN_ALONG_Y, 2)):
        asked = problem(long, stock((box(1200, 600), 4, 1000.0), grain=grain))
        result = solve(asked, AfterIterations(15), 1)
        assert violations(asked, result) == []
        assert result.left_out == ()
        angles = {angle % 180 for pattern in result.patterns for angle in pattern.at[:, 2].tolist()}
        assert angles == {90.0 if grain == GRAIN_ALONG_Y else 0.0}
        assert result.figures.sheets == sheets


def test_a_part_that_fits_across_the_grain_only_is_left_out() -> None:
    sheet = (box(1000, 300), 4, 500.0)
    for grained in (True, False):
        asked = problem(lots((box(800, 200), 2), grained=(grained,)), stock(sheet, grain=GRAIN_ALONG_Y))
        result = solve(asked, AfterIterations(10), 1)
        assert violations(asked, result) == []
        assert [one.pieces for one in result.left_out] == ([2] if grained else [])
        assert all("bound to the grain" in one.reason for one in result.left_out)


def test_nothing_lies_in_a_clamp() -> None:
    clamps = ((box(80, 80), box(80, 80, 920, 520), box(60, 60, 470, 270)),)
    asked = problem(lots((box(150, 120), 12), (corner(200, 150), 3)), stock((box(1000, 600), 2, 900.0), clamps=clamps))
    result = solve(asked, AfterIterations(10), 1)
    assert violations(asked, result) == []
    assert sum(len(pattern.lot) * pattern.copies for pattern in result.patterns) >= 12


def test_an_offcut_of_any_shape_is_used() -> None:
    asked = problem(lots((box(250, 180), 3)), stock((corner(700, 700), 1, 100.0), WHOLE))
    result = solve(asked, AfterIterations(20), 1)
    assert violations(asked, result) == []
    assert opened(result) == [(0, 1)]


def test_what_is_worth_least_is_left_out() -> None:
    asked = problem(lots((box(460, 560), 2), (box(450, 550), 2), worth=(1.0, 9.0)), stock((box(1000, 600), 1, 500.0)))
    result = solve(asked, AfterIterations(30), 1)
    assert violations(asked, result) == []
    assert [(one.lot, one.pieces, one.reason) for one in result.left_out] == [(0, 2, TOO_FEW)]


def test_each_lot_that_is_left_out_says_why() -> None:
    three = lots((box(5000, 10), 1), (box(100, 100), 1), (box(100, 100), 7))
    three = replace(three, material=np.array([0, 1, 0], dtype=np.int64))
    asked = problem(three, stock((box(130, 130), 3, 100.0)))
    result = solve(asked, AfterIterations(30), 1)
    assert violations(asked, result) == []
    reasons = [one.reason for one in result.left_out]
    assert "5000 × 10 mm, fits no sheet of its material: the largest leaves 110 × 110 mm" in reasons[0]
    assert reasons[1:] == [NO_MATERIAL, TOO_FEW]
    assert [one.pieces for one in result.left_out] == [1, 1, 4]


def test_many_equal_sheets_are_one_pattern() -> None:
    asked = problem(lots((box(480, 280), 400_000)), stock((box(1000, 600), 10**6, 700.0)))
    result = solve(asked, AfterIterations(6), 1)
    assert opened(result) == [(0, 100_000)]
    assert violations(asked, result) == []


def test_cut_off_at_once_it_says_so() -> None:
    asked = problem(lots((box(100, 100), 3)), stock(WHOLE))
    result = solve(asked, AfterIterations(0), 1)
    assert violations(asked, result) == []
    assert result.patterns == ()
    assert "ended" in result.left_out[0].reason


def test_nothing_asked_or_nothing_there() -> None:
    for asked in (problem(lots(), stock(WHOLE)), problem(lots((box(10, 10), 0)), stock()), problem(lots(), stock())):
        result = solve(asked, AfterIterations(5), 1)
        assert violations(asked, result) == []
        assert (result.patterns, result.left_out, result.figures.cost, result.figures.use) == ((), (), 0.0, 1.0)


def test_the_same_seed_gives_the_same_result() -> None:
    parts = lots((box(310, 170), 5), (corner(220, 180), 6), (box(140, 90), 9))
    asked = problem(parts, stock(WHOLE, (box(500, 400), 2, 320.0)))
    one, other = (solve(asked, AfterIterations(12), 7) for _ in range(2))
    assert one.figures == other.figures
    for left, right in zip(one.patterns, other.patterns, strict=True):
        assert np.array_equal(left.at, right.at)
        assert np.array_equal(left.offcuts, right.offcuts)


def test_more_search_never_costs_more() -> None:
    parts = lots((box(310, 170), 5), (corner(220, 180), 6), (box(140, 90), 9))
    asked = problem(parts, stock(WHOLE, (box(500, 400), 2, 320.0), (box(420, 260), 1, 100.0)))
    costs = [solve(asked, AfterIterations(limit), 3).figures.cost for limit in (8, 20)]
    assert costs[1] <= costs[0]


@settings(max_examples=12, deadline=None)
@given(
    parts=st.lists(st.tuples(st.integers(60, 400), st.integers(60, 400), st.integers(1, 4), st.booleans()), max_size=4),
    grain=st.integers(0, 2),
    clamp=st.integers(0, 500),
)
def test_whatever_is_asked_the_rules_are_kept(parts: list[tuple[int, int, int, bool]], grain: int, clamp: int) -> None:
    wanted = lots(
        *((corner(w, d) if n % 2 else box(w, d), n) for w, d, n, _ in parts), grained=tuple(g for *_, g in parts)
    )
    sheets = stock(
        (box(800, 500), 2, 500.0), (corner(600, 600), 1, 99.0), grain=grain, clamps=((box(50, 50, clamp),), ())
    )
    asked = problem(wanted, sheets)
    assert violations(asked, solve(asked, AfterIterations(8), 1)) == []
