"""Bounds, beside the best of all plans of small problems."""

import numpy as np
import pytest

from broker.scheduling.makespan.arcs import arcs
from broker.scheduling.makespan.bound import STEPS, Bound
from broker.scheduling.makespan.solve import solve
from broker.scheduling.stopping import AfterIterations
from broker.scheduling.unrelated import UnrelatedMachines, makespan
from tests.broker.scheduling.makespan.instances import drawn, plans


@pytest.mark.parametrize(("jobs", "machines"), [(1, 1), (1, 3), (2, 1), (5, 1), (5, 2), (5, 3), (6, 2)])
@pytest.mark.parametrize("seed", range(3))
def test_no_plan_ends_before_it(jobs: int, machines: int, seed: int) -> None:
    problem = drawn(jobs, machines, 60, seed)
    best = int(min(makespan(problem, every) for every in plans(jobs, machines)))
    bound = Bound(arcs(problem)[0])
    for _ in range(STEPS):
        before = bound.counts
        bound.step(best + 1)
        assert before <= bound.counts <= best


def test_steps_sharpen_it() -> None:
    problem = drawn(60, 5, 60)
    best = int(solve(problem, AfterIterations(60), 1).makespan)
    bound = Bound(arcs(problem)[0])
    bound.step(best)
    first = bound.counts
    for _ in range(STEPS):
        bound.step(best)
    assert first < 0.9 * bound.counts
    assert 0.85 * best < bound.counts <= best


def test_times_that_are_no_whole_numbers_are_bounded_too() -> None:
    whole = drawn(5, 2, 60, 4)
    assert whole.setup is not None
    problem = UnrelatedMachines(whole.time * np.pi, whole.setup * np.pi)
    best = min(makespan(problem, every) for every in plans(5, 2))
    found = solve(problem, AfterIterations(20), 1)
    assert found.makespan == pytest.approx(best)
    assert 0.5 * best < found.bound <= best
