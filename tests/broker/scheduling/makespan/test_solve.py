"""Unrelated machines with setups: answers that hold, repeat, and are optimal where all plans can be tried."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.scheduling.makespan.solve import solve
from broker.scheduling.stopping import AfterIterations
from broker.scheduling.unrelated import Sequences, UnrelatedMachines, makespan
from tests.broker.scheduling.makespan.instances import drawn, plans

INSTANCES = Path(__file__).parents[5] / "shared" / "data" / "instances" / "setups"


def require_true(problem: UnrelatedMachines, found: Sequences) -> None:
    assert makespan(problem, found.jobs) == found.makespan
    assert sorted([*(job for row in found.jobs for job in row), *found.left_out]) == list(range(len(problem.time)))
    assert found.bound <= found.makespan
    assert [made for made, _ in found.trace] == sorted({made for made, _ in found.trace})
    assert [value for _, value in found.trace] == sorted((value for _, value in found.trace), reverse=True)


@pytest.mark.parametrize("seed", range(6))
def test_finds_the_optimum_of_six_jobs_on_two_machines(seed: int) -> None:
    problem = drawn(6, 2, 60, seed)
    found = solve(problem, AfterIterations(5), seed)
    require_true(problem, found)
    assert found.makespan == min(makespan(problem, jobs) for jobs in plans(6, 2))


def test_with_threads_or_without_the_same_plan() -> None:
    problem = drawn(60, 6, 50)
    alone = solve(problem, AfterIterations(12), 3, threads=1)
    assert alone == solve(problem, AfterIterations(12), 3, threads=2)
    assert alone != solve(problem, AfterIterations(12), 4, threads=2)


def test_longer_is_better_and_cut_at_once_holds() -> None:
    problem = drawn(120, 8, 124)
    found = [solve(problem, AfterIterations(limit), 1) for limit in (0, 1, 40)]
    for each in found:
        require_true(problem, each)
    assert found[0].makespan > found[1].makespan > found[2].makespan


def test_a_stop_that_knows_no_share_is_searched_until_it_says_so() -> None:
    problem, asked = drawn(40, 4, 50), iter(range(80))
    found = solve(problem, lambda: next(asked, None) is None, 1)
    require_true(problem, found)
    assert found.makespan < solve(problem, AfterIterations(0), 1).makespan


def test_a_proven_optimum_ends_the_search() -> None:
    problem = UnrelatedMachines(np.array([[5.0, 9.0], [9.0, 5.0]]), np.full((2, 2, 2), 3.0))
    found = solve(problem, lambda: False, 1)
    assert (found.jobs, found.makespan, found.bound) == (((0,), (1,)), 5.0, 5.0)


def test_jobs_that_no_machine_can_make_are_left_out_and_barred_machines_stay_empty() -> None:
    problem = drawn(30, 4, 20)
    problem.time[:, 3] = np.inf
    problem.time[7] = np.inf
    problem.time[:10, 1] = np.inf
    found = solve(problem, AfterIterations(20), 1)
    require_true(problem, found)
    assert found.left_out == (7,)
    assert found.jobs[3] == ()
    assert min(found.jobs[1]) >= 10


@pytest.mark.parametrize("shape", [(0, 3), (4, 0), (0, 0)])
def test_nothing_to_make_or_nobody_to_make_it(shape: tuple[int, int]) -> None:
    jobs, machines = shape
    problem = UnrelatedMachines(np.zeros(shape), np.zeros((machines, jobs, jobs)))
    found = solve(problem, AfterIterations(1), 1)
    assert (found.jobs, found.left_out) == (((),) * machines, tuple(range(jobs)))
    assert (found.makespan, found.bound, found.gap) == (0.0, 0.0, 0.0)


def test_times_of_nothing_end_at_once() -> None:
    problem = UnrelatedMachines(np.zeros((5, 2)), np.zeros((2, 5, 5)))
    assert solve(problem, lambda: False, 1).makespan == 0.0


def test_without_setups() -> None:
    problem = UnrelatedMachines(drawn(40, 5, 1).time)
    found = solve(problem, AfterIterations(40), 1)
    require_true(problem, found)
    assert found.gap < 0.1


@settings(deadline=None, max_examples=40)
@given(
    jobs=st.integers(1, 9),
    machines=st.integers(1, 4),
    seed=st.integers(0, 1000),
    factor=st.sampled_from([1.0, 0.37, 1e-6, 1e9]),
    data=st.data(),
)
def test_any_times_give_a_true_plan(jobs: int, machines: int, seed: int, factor: float, data: st.DataObject) -> None:
    problem = drawn(jobs, machines, 90, seed)
    barred = data.draw(st.lists(st.booleans(), min_size=jobs * machines, max_size=jobs * machines))
    time = np.where(np.reshape(barred, (jobs, machines)), np.inf, problem.time * factor)
    assert problem.setup is not None
    problem = UnrelatedMachines(time, problem.setup * factor)
    require_true(problem, solve(problem, AfterIterations(2), seed))


def test_a_second_comes_close_to_the_reference_of_a_published_recipe() -> None:
    if not INSTANCES.exists():
        pytest.skip("no shared instances here")
    with np.load(INSTANCES / "setups_100x10_s49.npz") as arrays:
        problem = UnrelatedMachines(arrays["p"].astype(np.float64), arrays["s"].astype(np.float64))
    found = solve(problem, AfterIterations(100), 1)
    require_true(problem, found)
    assert found.makespan <= 1.06 * 150
    assert found.gap < 0.3
