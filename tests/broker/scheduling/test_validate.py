"""What is wrong with a part is said by name."""

import pickle

import numpy as np
import pytest

from broker.scheduling.errors import BadOutline, Infeasible, NotFinite, OutOfRange, ProblemError, WrongArray
from broker.scheduling.shapes import Pose, Shape
from broker.scheduling.validate import check_shape


@pytest.mark.parametrize(
    ("outline", "error", "words"),
    [
        ([[0, 0], [2, 2], [2, 0], [0, 2]], BadOutline, "simple"),
        ([[0, 0], [1, 1], [2, 2]], BadOutline, "area 0"),
        ([[0, 0], [1, 0]], BadOutline, "corners"),
        ([[5, 5], [6, 5], [6, 6]], BadOutline, "low corner"),
        ([[0, 0], [np.nan, 0], [1, 1]], NotFinite, "NaN"),
        ([[0, 0], [1e9, 0], [1, 1]], OutOfRange, "reaches"),
        ([[0, 0, 0], [1, 0, 0], [1, 1, 0]], WrongArray, "shape"),
    ],
)
def test_a_bad_outline_is_named(outline: list[list[float]], error: type[ProblemError], words: str) -> None:
    bad = Shape((Pose(np.array(outline, dtype=np.float64), 5.0),))
    with pytest.raises(error, match=words) as caught:
        check_shape("shapes[3]", bad)
    assert caught.value.field == "shapes[3].poses[0]"


@pytest.mark.parametrize(("height", "error"), [(np.nan, NotFinite), (0.0, OutOfRange), (1e9, OutOfRange)])
def test_a_bad_height_is_named(height: float, error: type[ProblemError]) -> None:
    bad = Shape((Pose(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]), height),))
    with pytest.raises(error):
        check_shape("part", bad)


def test_errors_travel_between_processes() -> None:
    wrong = pickle.loads(pickle.dumps(OutOfRange("lots.due_s", "[3] is 1e+30")))
    assert (type(wrong), str(wrong), wrong.field) == (OutOfRange, "lots.due_s: [3] is 1e+30", "lots.due_s")
    assert pickle.loads(pickle.dumps(Infeasible(("one", "other")))).violations == ("one", "other")


def test_a_part_lies_somehow() -> None:
    with pytest.raises(BadOutline, match="no pose"):
        check_shape("part", Shape(()))
