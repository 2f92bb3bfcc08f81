"""What is wrong with a network's problem is said by name and place."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from broker.scheduling.errors import NotFinite, OutOfRange, ProblemError, UnreasonedExclusion, WrongArray
from broker.scheduling.network.problem import Problem
from tests.broker.scheduling.network.problems import HOUR, floats, ints, random_problem, workshop


def changed(problem: Problem, part: str, name: str, change: Callable[[Any], Any]) -> Problem:
    own = getattr(problem, part)
    return replace(problem, **{part: replace(own, **{name: change(getattr(own, name).copy())})})


def with_first(value: float) -> Callable[[Any], Any]:
    def change(array: Any) -> Any:
        array.flat[0] = value
        return array

    return change


def rich() -> Problem:
    """With a row in every array."""
    return next(p for p in map(random_problem, range(50)) if len(p.machines.block_s) and len(p.barred.lot))


PARTS = ("lots", "classes", "machines", "workshops")
FLOATS = [
    (part, field.name)
    for part in PARTS
    for field in fields(getattr(workshop(), part))
    if getattr(getattr(workshop(), part), field.name).dtype == np.float64
]
INTS = [
    (part, field.name)
    for part in (*PARTS, "barred")
    for field in fields(getattr(workshop(), part))
    if getattr(getattr(workshop(), part), field.name).dtype == np.int64
]


@pytest.mark.parametrize(
    ("value", "error"), [(np.nan, NotFinite), (-1e300, OutOfRange), (1e300, OutOfRange), (-np.inf, NotFinite)]
)
@pytest.mark.parametrize(("part", "name"), FLOATS)
def test_a_wrong_amount_is_named(part: str, name: str, value: float, error: type[ProblemError]) -> None:
    with pytest.raises(error) as caught:
        changed(rich(), part, name, with_first(value))
    assert caught.value.field == f"{part}.{name}"
    assert "[0" in caught.value.fault


@pytest.mark.parametrize("value", [-(2**40), 2**40])
@pytest.mark.parametrize(("part", "name"), INTS)
def test_an_index_that_points_nowhere_is_named(part: str, name: str, value: int) -> None:
    with pytest.raises(OutOfRange) as caught:
        changed(rich(), part, name, with_first(value))
    assert caught.value.field == f"{part}.{name}"


@pytest.mark.parametrize(("part", "name"), [*FLOATS, *INTS])
def test_arrays_must_match(part: str, name: str) -> None:
    with pytest.raises(WrongArray):
        changed(rich(), part, name, lambda array: array[:-1].astype(np.float32))


@pytest.mark.parametrize(("part", "name"), [("lots", "quantity"), ("machines", "workshop"), ("workshops", "operators")])
def test_a_table_where_a_row_belongs_is_named(part: str, name: str) -> None:
    with pytest.raises(WrongArray, match="dimensions"):
        changed(rich(), part, name, lambda array: array[None])


@pytest.mark.parametrize(
    ("shifts", "words"),
    [
        ([[8, 8], [10, 12], [13, 14]], "no later than it begins"),
        ([[8, 11], [10, 12], [13, 14]], "merge what overlaps"),
        ([[10, 12], [8, 9], [13, 14]], "sort by workshop"),
    ],
)
def test_shifts_are_in_order(shifts: list[list[float]], words: str) -> None:
    with pytest.raises(OutOfRange, match=words):
        changed(workshop(), "workshops", "shift_s", lambda _: np.array(shifts) * HOUR)


def test_shifts_that_touch_are_two() -> None:
    touching = np.array([[8.0, 10.0], [10.0, 12.0], [13.0, 14.0]]) * HOUR
    assert changed(workshop(), "workshops", "shift_s", lambda _: touching).workshops.shift_s[1, 0] == 10 * HOUR


def test_rows_of_shifts_belong_to_workshops() -> None:
    with pytest.raises(OutOfRange, match="rise from 0 to 3"):
        changed(workshop(), "workshops", "shift_first", lambda _: ints(1, 3))


def test_blocks_are_in_order() -> None:
    blocked = replace(workshop().machines, block_machine=ints(1, 0), block_s=np.array([[0.0, 9.0], [0.0, 9.0]]))
    with pytest.raises(OutOfRange, match="sort by machine"):
        replace(workshop(), machines=blocked)


def test_what_cant_be_made_has_a_reason_and_what_can_has_none() -> None:
    problem = workshop()
    for reason, plates in ((1, 4), (0, 0)):
        lots = replace(problem.lots, reason=np.full((2, 1), reason), per_plate=np.full((2, 1), plates))
        with pytest.raises(UnreasonedExclusion, match=r"lots.reason: \[0, 0\]"):
            replace(problem, lots=lots)
    for reasons in ((), ("too small",), ("", "")):
        with pytest.raises(UnreasonedExclusion, match="reasons"):
            replace(problem, reasons=reasons)


@pytest.mark.parametrize("seconds", [0.0, np.inf])
def test_a_piece_takes_some_time(seconds: float) -> None:
    with pytest.raises(OutOfRange, match="a piece takes finite time"):
        changed(workshop(), "lots", "piece_s", with_first(seconds))


@pytest.mark.parametrize(
    ("horizon", "now", "error"), [(np.nan, 0.0, NotFinite), (-1.0, 0.0, OutOfRange), (9.0, 1e11, OutOfRange)]
)
def test_the_horizon_is_a_time(horizon: float, now: float, error: type[ProblemError]) -> None:
    with pytest.raises(error):
        replace(workshop(), horizon_s=horizon, now_s=now)


def test_what_may_be_infinite_or_past() -> None:
    problem = workshop(due_s=floats(-5.0, np.inf))
    assert problem.lots.due_s[0] == -5.0
    assert changed(problem, "machines", "ready_s", with_first(np.inf)).machines.ready_s[0] == np.inf
    assert changed(problem, "workshops", "ship_s", with_first(np.inf)).workshops.ship_s[0, 0] == np.inf


def test_nothing_at_all_is_a_problem() -> None:
    empty = random_problem(0, lots=0, machines=0, workshops=0, classes=0, families=0)
    assert len(empty.lots.quantity) == 0
