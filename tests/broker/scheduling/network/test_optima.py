"""Small instances of the benchmark's recipe whose optimum CP-SAT proves: `tests.benchmarks.scheduling.small`."""

import pytest

from broker.scheduling.network.check import require_feasible
from broker.scheduling.network.solve import solve
from broker.scheduling.stopping import AfterIterations
from tests.benchmarks.scheduling.small import MINUTE_S, instance, posed

OPTIMA_MIN = {4: 1407, 6: 7331, 9: 2221, 11: 3790, 16: 1236, 19: 6312, 25: 8744}
"""Weighted tardiness and rejections by the instance's seed; no rule finds any of them."""


@pytest.mark.parametrize(("seed", "optimum_min"), OPTIMA_MIN.items())
def test_the_optimum_is_reached(seed: int, optimum_min: int) -> None:
    problem = posed(instance(seed))
    found = solve(problem, AfterIterations(200), 1, bounded=False)
    require_feasible(problem, found)
    assert (found.figures.tardiness + found.figures.rejected) / MINUTE_S == pytest.approx(optimum_min)
