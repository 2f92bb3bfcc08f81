"""Rectangles into bins: never an overlap, never off, none forgotten, and as few bins as trying everything finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.scheduling.rectangles.problem import Rectangles
from broker.scheduling.rectangles.solve import pack
from broker.scheduling.stopping import AfterIterations
from tests.broker.scheduling.rectangles.packings import assert_sound, least_bins, rectangles

SIDE = st.floats(0.5, 120.0)
SMALL = st.tuples(st.integers(1, 4), st.integers(1, 4))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(SIDE, SIDE), min_size=1, max_size=25),
    st.tuples(st.floats(60.0, 200.0), st.floats(60.0, 200.0)),
    st.floats(0.0, 9.0),
    st.booleans(),
    st.integers(0, 3),
    st.integers(0, 4),
)
def test_pieces_never_overlap_and_never_leave_the_bin(
    sizes: list[tuple[float, float]],
    bin_mm: tuple[float, float],
    spacing: float,
    rotate: bool,
    quantity: int,
    questions: int,
) -> None:
    problem = rectangles(sizes, bin_mm, quantity=quantity, spacing=spacing, rotate=rotate)
    assert_sound(problem, pack(problem, AfterIterations(questions), seed=1))


@settings(max_examples=40, deadline=None)
@given(st.lists(SMALL, min_size=1, max_size=5), st.booleans())
def test_few_small_pieces_take_no_more_bins_than_they_must(boxes: list[tuple[int, int]], rotate: bool) -> None:
    least = least_bins(boxes, (4, 5), rotate)
    bins = pack(rectangles([(float(w), float(d)) for w, d in boxes], (4.0, 5.0), rotate=rotate), AfterIterations(3), 1)
    assert bins.number == least
    assert bins.bound <= least


def test_lengths_that_binary_numbers_miss_still_fill_the_bin() -> None:
    problem = rectangles([(0.1, 0.7)], (0.3, 0.7), quantity=3)
    bins = pack(problem, AfterIterations(0), seed=1)
    assert bins.number == 1
    assert_sound(problem, bins)


def test_spacing_lies_between_pieces_but_not_at_the_edge() -> None:
    problem = rectangles([(100.0, 100.0)], (205.0, 205.0), quantity=4, spacing=5.0)
    bins = pack(problem, AfterIterations(0), seed=1)
    assert bins.number == 1
    assert sorted(zip(bins.x.tolist(), bins.y.tolist(), strict=True)) == [(0, 0), (0, 105), (105, 0), (105, 105)]
    closer = rectangles([(100.0, 100.0)], (205.0, 204.99999), quantity=4, spacing=5.0)
    assert pack(closer, AfterIterations(0), seed=1).number == 2


def test_a_quarter_turn_is_taken_where_it_is_allowed_and_needed() -> None:
    standing = [(30.0, 100.0)]
    assert pack(rectangles(standing, (100.0, 60.0), quantity=2, rotate=True), AfterIterations(0), 1).turned.all()
    refused = pack(rectangles(standing, (100.0, 60.0), quantity=2), AfterIterations(0), 1)
    assert refused.left_out.tolist() == [0]
    assert (refused.number, len(refused.item)) == (0, 0)


def test_what_no_bin_holds_is_left_out_and_the_rest_is_placed() -> None:
    problem = rectangles([(10.0, 10.0), (90.0, 10.0), (10.0, 10.0)], (50.0, 50.0), quantity=2, rotate=True)
    bins = pack(problem, AfterIterations(0), seed=1)
    assert bins.left_out.tolist() == [1]
    assert bins.item.tolist() == [0, 0, 2, 2]


def test_nothing_needs_no_bin() -> None:
    empty = Rectangles(np.zeros((0, 2)), np.zeros(0, dtype=np.int64), (10.0, 10.0))
    assert pack(empty, AfterIterations(5), seed=1).number == 0
    assert pack(rectangles([(5.0, 5.0)], (10.0, 10.0), quantity=0), AfterIterations(5), seed=1).number == 0


@pytest.fixture(scope="module")
def crowd() -> Rectangles:
    """Pieces that first fit packs in a bin more than the bound, and the search doesn't."""
    sizes = np.random.default_rng(1).integers(10, 51, (60, 2)).astype(np.float64)
    return Rectangles(sizes, np.ones(60, dtype=np.int64), (100.0, 100.0))


def test_the_same_seed_and_questions_give_the_same_bins(crowd: Rectangles) -> None:
    one, two = (pack(crowd, AfterIterations(10), seed=3) for _ in range(2))
    assert np.array_equal(one.bin, two.bin)
    assert np.array_equal(one.x, two.x)
    assert np.array_equal(one.y, two.y)


def test_the_search_empties_a_bin_that_first_fit_needs(crowd: Rectangles) -> None:
    assert pack(crowd, AfterIterations(1), seed=3).number == 7
    assert pack(crowd, AfterIterations(60), seed=3).number == 6


def test_very_many_pieces_are_packed_well_when_cut_off_early() -> None:
    problem = rectangles([(7.0, 3.0), (5.0, 5.0), (2.0, 9.0)], (300.0, 300.0), quantity=70_000)
    bins = pack(problem, AfterIterations(3), seed=1)
    assert bins.number <= 1.05 * bins.bound
