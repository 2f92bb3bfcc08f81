"""What is wrong with a problem is said by name."""

from dataclasses import replace

import numpy as np
import pytest

from broker.scheduling.errors import BadOutline, NotFinite, OutOfRange, ProblemError, UnreasonedExclusion, WrongArray
from broker.scheduling.problem import Floats, Ints, Pose, Problem, Shape
from tests.broker.scheduling.workshops import DEMO, problem


@pytest.fixture(scope="module")
def good() -> Problem:
    return problem(DEMO)


def with_first(array: Floats, value: float) -> Floats:
    changed = array.copy()
    changed.flat[0] = value
    return changed


def with_first_index(array: Ints, value: int) -> Ints:
    changed = array.copy()
    changed[0] = value
    return changed


AMOUNTS = ["line_release_s", "machine_height_mm", "machine_spacing_mm", "plate_s", "change_s", "clear_s", "ship_s"]


@pytest.mark.parametrize(
    ("value", "error"), [(np.nan, NotFinite), (np.inf, NotFinite), (-1, OutOfRange), (1e300, OutOfRange)]
)
@pytest.mark.parametrize("field", AMOUNTS)
def test_a_wrong_amount_is_named(good: Problem, field: str, value: float, error: type[ProblemError]) -> None:
    arrays: dict[str, Floats] = {
        "line_release_s": good.line_release_s,
        "machine_height_mm": good.machine_height_mm,
        "machine_spacing_mm": good.machine_spacing_mm,
        "plate_s": good.plate_s,
        "change_s": good.change_s,
        "clear_s": good.clear_s,
        "ship_s": good.ship_s,
    }
    with pytest.raises(error) as caught:
        replace(good, **{field: with_first(arrays[field], value)})  # type: ignore[arg-type]
    assert caught.value.field == field


def test_an_index_beyond_its_table_is_named(good: Problem) -> None:
    with pytest.raises(OutOfRange, match="line_shape"):
        replace(good, line_shape=with_first_index(good.line_shape, 3))
    with pytest.raises(OutOfRange, match="machine_workshop"):
        replace(good, machine_workshop=with_first_index(good.machine_workshop, 3))
    with pytest.raises(OutOfRange, match="line_quantity"):
        replace(good, line_quantity=with_first_index(good.line_quantity, -1))


def test_arrays_must_match(good: Problem) -> None:
    with pytest.raises(WrongArray, match="line_due_s"):
        replace(good, line_due_s=good.line_due_s[:-1])
    with pytest.raises(WrongArray, match="piece_s"):
        replace(good, piece_s=good.piece_s.T.copy())
    with pytest.raises(WrongArray, match="int64"):
        replace(good, line_family=good.line_family.astype(np.int32))
    with pytest.raises(WrongArray, match="exclusion"):
        replace(good, exclusion=good.exclusion[:-1])


def test_a_machine_is_left_out_with_a_reason_only(good: Problem) -> None:
    with pytest.raises(UnreasonedExclusion):
        replace(good, piece_s=with_first(good.piece_s, np.inf))
    with pytest.raises(UnreasonedExclusion):
        replace(good, piece_s=np.where(np.isinf(good.piece_s), 1.0, good.piece_s))


@pytest.mark.parametrize(
    ("outline", "error", "words"),
    [
        ([[0, 0], [2, 2], [2, 0], [0, 2]], BadOutline, "simple"),
        ([[0, 0], [1, 1], [2, 2]], BadOutline, "area 0"),
        ([[0, 0], [1, 0]], BadOutline, "corners"),
        ([[5, 5], [6, 5], [6, 6]], BadOutline, "low corner"),
        ([[0, 0], [np.nan, 0], [1, 1]], NotFinite, "NaN"),
        ([[0, 0], [1e9, 0], [1, 1]], OutOfRange, "reaches"),
    ],
)
def test_a_bad_outline_is_named(
    good: Problem, outline: list[list[float]], error: type[ProblemError], words: str
) -> None:
    bad = Shape((Pose(np.array(outline, dtype=np.float64), 5.0),))
    with pytest.raises(error, match=words) as caught:
        replace(good, shapes=(*good.shapes, bad))
    assert caught.value.field == "shapes[3].poses[0]"


def test_a_bed_needs_an_area(good: Problem) -> None:
    with pytest.raises(OutOfRange, match="no area"):
        replace(good, machine_usable_mm=good.machine_usable_mm[:, [2, 1, 0, 3]])


def test_due_dates_may_be_infinite_or_past(good: Problem) -> None:
    assert replace(good, line_due_s=np.array([-100.0, 0.0, np.inf])).line_due_s[0] == -100.0
