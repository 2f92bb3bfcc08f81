"""The check finds what is wrong with a packing."""

from dataclasses import replace

import numpy as np
import pytest

from broker.scheduling.errors import Infeasible
from broker.scheduling.rectangles.check import check
from broker.scheduling.rectangles.problem import Bins
from tests.broker.scheduling.rectangles.packings import rectangles

PROBLEM = rectangles([(40.0, 20.0), (30.0, 60.0)], (100.0, 60.0), spacing=5.0)
SOUND = Bins(
    item=np.array([0, 1]),
    bin=np.array([0, 0]),
    x=np.array([0.0, 45.0]),
    y=np.array([40.0, 0.0]),
    turned=np.array([False, False]),
    number=1,
    bound=1,
    left_out=np.zeros(0, dtype=np.int64),
)


def test_a_sound_packing_passes() -> None:
    check(PROBLEM, SOUND)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (replace(SOUND, x=np.array([0.0, 44.99])), "too close"),
        (replace(SOUND, x=np.array([0.0, 70.01])), "off bin 0"),
        (replace(SOUND, y=np.array([-0.01, 0.0])), "off bin 0"),
        (replace(SOUND, item=np.array([0, 0])), "kind 0: 2 pieces of 1; kind 1: 0 pieces of 1"),
        (replace(SOUND, item=np.array([0, 2])), "a kind that isn't there"),
        (replace(SOUND, bin=np.array([0, 2])), "bins aren't 0 to 0"),
        (replace(SOUND, number=2), "bins aren't 0 to 1"),
        (replace(SOUND, turned=np.array([True, False])), "turned pieces where none may be"),
        (replace(SOUND, x=np.array([0.0])), "differ in length"),
    ],
)
def test_a_fault_is_named(wrong: Bins, said: str) -> None:
    with pytest.raises(Infeasible, match=said):
        check(PROBLEM, wrong)


def test_a_kind_that_fits_may_not_be_left_out() -> None:
    problem = rectangles([(40.0, 20.0)], (100.0, 60.0))
    none = np.zeros(0, dtype=np.int64)
    nothing = Bins(none, none, np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.bool_), 0, 0, np.array([0]))
    with pytest.raises(Infeasible, match="fits a bin and was left out"):
        check(problem, nothing)
