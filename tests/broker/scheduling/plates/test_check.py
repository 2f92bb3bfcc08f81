"""Layouts that hold, and faults planted in them that are found."""

from dataclasses import replace

import numpy as np
import pytest

from broker.scheduling.errors import Infeasible, NestingFault
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.plates.check import check_layouts, require_laid_out
from broker.scheduling.plates.geometry import Geometry
from broker.scheduling.plates.layout import Lying, laid_out, layout
from broker.scheduling.plates.placed import Layout, Placed
from tests.broker.scheduling.plates.town import LARGE, Part, box, geometry, plan_of, problem, with_zone

PARTS = (
    Part(box(100, 80), 4),
    Part(box(30, 20), 6),
    Part(box(30, 20), 6, family=1),
    Part(box(30, 20), 6, share=-1),
    Part(box(90, 60), 6, family=2),
    Part(box(90, 60), 6, family=3),
    Part(box(30, 20, 500), 2),
)
PROBLEM = problem(PARTS)
GEOMETRY = geometry(PARTS)
NESTER = Nester(GEOMETRY.shapes)
PLAN = plan_of(0, (0, 2), (1, 3))


@pytest.fixture(scope="module")
def good() -> Layout:
    (found,), failed = laid_out(PROBLEM, GEOMETRY, NESTER, PLAN)
    assert failed == {}
    require_laid_out(PROBLEM, GEOMETRY, PLAN, (found,))
    return found


def assert_found(layout: Layout, words: str, shapes: Geometry = GEOMETRY) -> None:
    found = check_layouts(PROBLEM, shapes, PLAN, (layout,))
    assert any(words in violation for violation in found), found
    with pytest.raises(Infeasible):
        require_laid_out(PROBLEM, shapes, PLAN, (layout,))


def moved(layout: Layout, lot: int, row: int, by: tuple[float, float, float]) -> Layout:
    at = layout[lot].at.copy()
    at[row] += by
    return (*layout[:lot], replace(layout[lot], at=at), *layout[lot + 1 :])


def test_lots_of_two_orders_lie_on_one_plate(good: Layout) -> None:
    assert [(placed.lot, len(placed.at)) for placed in good] == [(0, 2), (1, 3)]
    low = np.concatenate([placed.at for placed in good])[:, :2].min(axis=0)
    assert low.tolist() == [3.0, 3.0]


def test_pieces_that_overlap_lie_too_close_or_off_the_table(good: Layout) -> None:
    onto = good[0].at[0] - good[0].at[1]
    assert_found(moved(good, 0, 1, tuple(onto.tolist())), "lie closer than 6 mm")
    assert_found(moved(good, 0, 0, (-0.01, 0.0, 0.0)), "1 pieces lie off the usable area")
    assert_found(moved(good, 0, 0, (0.0, 0.0, 180.0)), "off the usable area")


def test_pieces_under_a_clamp(good: Layout) -> None:
    assert_found(good, "reach into the forbidden", with_zone(GEOMETRY, LARGE, (0.0, 0.0, 10.0, 10.0)))


def test_pieces_too_few_and_pieces_of_nobody(good: Layout) -> None:
    short = (replace(good[0], at=good[0].at[:1]), good[1])
    assert_found(short, "1 pieces of lot 0 are laid out, 2 planned")
    assert_found((*good, Placed(3, 0, np.array([[200.0, 200.0, 0.0]]))), "1 pieces of lot 3 are laid out, 0 planned")


def test_company_that_must_not_be(good: Layout) -> None:
    far = np.array([[210.0, 180.0, 0.0]])
    assert_found((*good, Placed(2, 0, far)), "lots of families [0, 1] lie together")
    assert_found((*good, Placed(3, 0, far)), "lots [0, 1, 3] lie together, and may not")
    assert_found((*good, Placed(4, 0, far)), "its lots lie on tables [-1, 0]")
    assert_found((*good, Placed(6, 0, far)), "lot 6 is 500 mm tall")


def test_names_that_mean_nothing(good: Layout) -> None:
    assert_found((), "is empty")
    assert_found((Placed(9, 0, good[0].at),), "holds lot 9")
    assert_found((Placed(0, 1, good[0].at),), "in pose 1")
    assert_found((Placed(0, 0, good[0].at * np.nan),), "no rows of finite")
    assert_found((Placed(0, 0, good[0].at[:0]),), "holds no piece")
    assert check_layouts(PROBLEM, GEOMETRY, PLAN, ()) == ("1 runs have 0 layouts",)


def test_what_does_not_lie_together() -> None:
    lies = Lying(PROBLEM, GEOMETRY, NESTER)
    assert lies(0, ((0, 2), (1, 3)))
    assert not lies(0, ((0, 4), (1, 30)))
    assert not lies(3, ((4, 1), (5, 1)))
    alone = Lying(PROBLEM, replace(GEOMETRY, alone=np.array([True, False, False, False])), NESTER)
    assert [alone(0, ((0, 2), (1, 3))), alone(0, ((0, 2),)), alone(1, ((0, 2), (1, 3)))] == [False, True, True]
    with pytest.raises(NestingFault, match="doesn't lie on its table"):
        layout(GEOMETRY, NESTER, LARGE, ((0, 5),))


def test_lots_of_one_shape_share_its_places() -> None:
    twins = replace(GEOMETRY, lot_shape=np.array([0, 1, 1, 1, 4, 5, 6], dtype=np.int64))
    one, other = layout(twins, Nester(twins.shapes), LARGE, ((1, 2), (2, 3)))
    places = np.concatenate([one.at, other.at])
    assert len(np.unique(places, axis=0)) == 5
