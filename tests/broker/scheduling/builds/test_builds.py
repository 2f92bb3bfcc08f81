"""Boxes into builds: never an overlap, never outside, none forgotten; as few and as low as cases made by hand allow."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.scheduling.builds.check import check
from broker.scheduling.builds.problem import Boxes, Builds
from broker.scheduling.builds.solve import pack
from broker.scheduling.errors import Infeasible, NotFinite, OutOfRange, ProblemError, WrongArray
from broker.scheduling.stopping import AfterIterations

Size = tuple[float, float, float]
SIDE = st.floats(1.0, 60.0)


def boxes(
    kinds: list[list[Size]],
    volume: Size,
    *,
    quantity: int = 1,
    spacing: float = 0.0,
    spacing_z: float = 0.0,
    rotate: bool = False,
) -> Boxes:
    """One list of poses a kind."""
    pose = np.array([pose for poses in kinds for pose in poses], dtype=np.float64).reshape(-1, 3)
    kind = np.repeat(np.arange(len(kinds)), [len(poses) for poses in kinds])
    return Boxes(pose, kind, np.full(len(kinds), quantity), volume, spacing, spacing_z, rotate)


def assert_sound(problem: Boxes, builds: Builds) -> None:
    """Each part once and inside, and from every other apart along x, y or z; to two nanometres."""
    wanted = problem.quantity.copy()
    wanted[builds.left_out] = 0
    assert np.array_equal(np.bincount(builds.item, minlength=len(wanted)), wanted)
    assert np.array_equal(problem.kind[builds.pose], builds.item)
    assert problem.rotate or not builds.turned.any()
    gaps = (problem.spacing, problem.spacing, problem.spacing_z)
    placed: list[tuple[int, list[float], list[float]]] = []
    for pose, build, low, turned in zip(builds.pose, builds.build, builds.at, builds.turned, strict=True):
        w, d, h = problem.pose[pose]
        high = low + np.array([d, w, h] if turned else [w, d, h])
        assert (low >= 0).all()
        assert (high <= np.array(problem.volume) + 2e-6).all()
        for other_build, other_low, other_high in placed:
            apart = [max(other_low[k] - high[k], low[k] - other_high[k]) >= gaps[k] - 2e-6 for k in range(3)]
            assert build != other_build or any(apart)
        placed.append((build, low.tolist(), high.tolist()))
    tops = [max(high[2] for at, _, high in placed if at == build) for build in range(builds.number)]
    assert builds.height == pytest.approx(sum(tops), abs=1e-4)
    assert builds.bound <= builds.number
    assert builds.bound_height <= builds.height + 1e-4


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.tuples(SIDE, SIDE, SIDE), min_size=1, max_size=3), min_size=1, max_size=12),
    st.tuples(st.floats(40.0, 90.0), st.floats(40.0, 90.0), st.floats(40.0, 120.0)),
    st.floats(0.0, 5.0),
    st.floats(0.0, 5.0),
    st.booleans(),
    st.integers(0, 3),
    st.integers(0, 30),
)
def test_parts_never_overlap_and_never_leave_the_build(
    kinds: list[list[Size]],
    volume: Size,
    spacing: float,
    spacing_z: float,
    rotate: bool,
    quantity: int,
    questions: int,
) -> None:
    problem = boxes(kinds, volume, quantity=quantity, spacing=spacing, spacing_z=spacing_z, rotate=rotate)
    assert_sound(problem, pack(problem, AfterIterations(questions), seed=1))


def test_cubes_fill_a_build_to_its_walls() -> None:
    problem = boxes([[(30.0, 30.0, 30.0)]], (95.0, 95.0, 64.0), quantity=18, spacing=2.5, spacing_z=4.0)
    builds = pack(problem, AfterIterations(10), seed=1)
    assert (builds.number, builds.bound) == (1, 1)
    assert builds.height == 64.0
    assert_sound(problem, builds)
    one_more = pack(
        boxes([[(30.0, 30.0, 30.0)]], (95.0, 95.0, 64.0), quantity=19, spacing=2.5, spacing_z=4.0),
        AfterIterations(10),
        1,
    )
    assert (one_more.number, one_more.bound) == (2, 2)
    assert one_more.height == 94.0


def test_a_part_is_laid_down_where_that_saves_height() -> None:
    problem = boxes([[(10.0, 10.0, 80.0), (80.0, 10.0, 10.0)]], (80.0, 80.0, 100.0), quantity=8)
    builds = pack(problem, AfterIterations(50), seed=1)
    assert builds.height == 10.0
    assert builds.bound_height == pytest.approx(10.0)


def test_low_parts_fill_what_high_ones_leave_over() -> None:
    problem = boxes([[(60.0, 100.0, 50.0)], [(40.0, 50.0, 20.0)]], (100.0, 100.0, 50.0), quantity=1)
    assert pack(problem, AfterIterations(50), seed=1).height == 50.0


def test_a_neighbour_of_the_first_plans_is_lower() -> None:
    sizes = np.random.default_rng(7).uniform(10, 60, (40, 3))
    problem = boxes([[(w, d, h), (h, d, w)] for w, d, h in sizes.tolist()], (150.0, 150.0, 400.0), spacing=2.0)
    first, later = pack(problem, AfterIterations(0), 1), pack(problem, AfterIterations(400), 1)
    assert later.height < first.height
    assert np.array_equal(later.at, pack(problem, AfterIterations(400), 1).at)


def test_what_no_build_holds_is_left_out() -> None:
    problem = boxes([[(10.0, 10.0, 10.0)], [(10.0, 10.0, 90.0), (90.0, 10.0, 10.0)]], (50.0, 50.0, 50.0))
    builds = pack(problem, AfterIterations(10), seed=1)
    assert builds.left_out.tolist() == [1]
    assert builds.item.tolist() == [0]


def test_nothing_needs_no_build() -> None:
    builds = pack(boxes([[(10.0, 10.0, 10.0)]], (50.0, 50.0, 50.0), quantity=0), AfterIterations(10), seed=1)
    assert (builds.number, builds.height, len(builds.item)) == (0, 0.0, 0)


POSE = np.array([[10.0, 20.0, 30.0]])
FIRST = np.array([0])


@pytest.mark.parametrize(
    ("problem", "error"),
    [
        (lambda: Boxes(POSE[:, :2], FIRST, FIRST, (1.0, 1.0, 1.0)), WrongArray),
        (lambda: Boxes(POSE, np.array([0, 0]), FIRST, (1.0, 1.0, 1.0)), WrongArray),
        (lambda: Boxes(POSE, FIRST, np.array([1.0]), (1.0, 1.0, 1.0)), WrongArray),
        (lambda: Boxes(POSE * np.nan, FIRST, FIRST, (1.0, 1.0, 1.0)), NotFinite),
        (lambda: Boxes(-POSE, FIRST, FIRST, (1.0, 1.0, 1.0)), OutOfRange),
        (lambda: Boxes(POSE, FIRST + 1, FIRST, (1.0, 1.0, 1.0)), OutOfRange),
        (lambda: Boxes(POSE, FIRST, FIRST - 1, (1.0, 1.0, 1.0)), OutOfRange),
        (lambda: Boxes(POSE, FIRST, FIRST, (1.0, 0.0, 1.0)), OutOfRange),
        (lambda: Boxes(POSE, FIRST, FIRST, (1.0, 1.0, 1.0), -1.0), OutOfRange),
    ],
)
def test_what_is_wrong_is_refused(problem: Callable[[], Boxes], error: type[ProblemError]) -> None:
    with pytest.raises(error):
        problem()


def test_the_check_finds_faults() -> None:
    problem = boxes([[(10.0, 10.0, 10.0)]], (50.0, 50.0, 50.0), quantity=2, spacing=2.0, spacing_z=3.0)
    sound = pack(problem, AfterIterations(5), seed=1)
    low = sound.at[0]
    for beside in ((11.9, 0.0, 0.0), (0.0, 11.9, 0.0), (0.0, 0.0, 12.9)):
        with pytest.raises(Infeasible, match="too close"):
            check(problem, replace(sound, at=np.array([low, low + beside])))
    with pytest.raises(Infeasible, match="outside"):
        check(problem, replace(sound, at=sound.at + 45.0))
    with pytest.raises(Infeasible, match="mm high"):
        check(problem, replace(sound, height=5.0))
    with pytest.raises(Infeasible, match="kind 0: 1 parts of 2"):
        check(problem, replace(sound, item=sound.item[:1]))
