"""The check finds what is wrong."""

from dataclasses import replace

import numpy as np
import pytest

from broker.scheduling.errors import Infeasible
from broker.scheduling.sheets.check import check, violations
from broker.scheduling.sheets.problem import GRAIN_ALONG_X, Figures, LeftOut, Pattern, Problem, Result
from tests.broker.scheduling.sheets.stockroom import box, lots, problem, stock

ASKED = problem(
    lots((box(100, 50), 3), grained=(True,)),
    stock((box(1000, 600), 1, 600.0), grain=GRAIN_ALONG_X, clamps=((box(50, 50, 950, 0),),)),
)
GOOD = Pattern(
    stock=0,
    copies=1,
    lot=np.array([0, 0]),
    at=np.array([[10.0, 10.0, 0.0], [218.0, 60.0, 180.0]]),
    offcuts=np.array([[0.0, 68.0, 1000.0, 600.0]]),
)
LEFT = (LeftOut(0, 1, "because"),)


def told(pattern: Pattern = GOOD, left: tuple[LeftOut, ...] = LEFT) -> Result:
    kept = float(
        ((pattern.offcuts[:, 2] - pattern.offcuts[:, 0]) * (pattern.offcuts[:, 3] - pattern.offcuts[:, 1])).sum()
    )
    copies = pattern.copies
    cost = copies * (600.0 - 0.8 * 600.0 * kept / 600_000)
    figures = Figures(1.0, cost, copies, 5000.0 * len(pattern.lot) * copies, copies * (600_000 - kept))
    return Result((pattern,), left, figures, 0.0)


def moved(x: float, y: float, angle: float = 0.0) -> Result:
    at = GOOD.at.copy()
    at[0] = x, y, angle
    return told(replace(GOOD, at=at, offcuts=np.zeros((0, 4))))


def kept(*boxes: tuple[float, float, float, float]) -> Result:
    return told(replace(GOOD, offcuts=np.array(boxes)))


def test_a_good_plan_passes() -> None:
    check(ASKED, told())


@pytest.mark.parametrize(
    ("result", "fault"),
    [
        (moved(115, 10), "apart"),
        (moved(11, 10), "7.0000 mm apart"),
        (moved(500, 9), "9.0000 mm from the edge"),
        (moved(-200, 10), "off the sheet"),
        (moved(845, 30), "clamp 0"),
        (moved(500, 300, 90), "off the grain by 90"),
        (moved(500, 300, 1), "off the grain by 1"),
        (kept((0, 67, 1000, 600)), "too near to a piece"),
        (kept((0, 68, 1000, 601)), "off the sheet"),
        (kept((0, 68, 1000, 200)), "1000 × 132"),
        (kept((0, 68, 1000, 300), (0, 305, 1000, 600)), "too near to another"),
        (told(replace(GOOD, copies=2), ()), "2 sheets opened, 1 there"),
        (told(left=()), "2 pieces accounted for, 3 wanted"),
        (told(left=(LeftOut(0, 1, ""),)), "left out for ''"),
        (replace(told(), bound=1e9), "bound"),
        (replace(told(), figures=replace(told().figures, cost=1.0)), "cost is"),
    ],
)
def test_each_fault_is_named(result: Result, fault: str) -> None:
    assert any(fault in found for found in violations(ASKED, result)), violations(ASKED, result)
    with pytest.raises(Infeasible):
        check(ASKED, result)


def test_another_material_is_no_stock() -> None:
    other = Problem(replace(ASKED.lots, material=np.array([1])), ASKED.stock, ASKED.cutting)
    assert any("another material" in found for found in violations(other, told()))
