"""Assignments of tiny problems against every one there is, and what holds for any."""

from itertools import product

import numpy as np
import pytest

from broker.scheduling.assignment.dual import prices
from broker.scheduling.assignment.solve import solve
from broker.scheduling.errors import OutOfRange
from broker.scheduling.stopping import AfterIterations
from broker.scheduling.unrelated import Sequences, UnrelatedMachines, makespan


def problem(jobs: int, machines: int, seed: int, *, whole: bool = True, unable: float = 0.0) -> UnrelatedMachines:
    random = np.random.default_rng(seed)
    time = random.uniform(1.0, 30.0, (jobs, machines))
    time = np.round(time) if whole else time
    time[random.random(time.shape) < unable] = np.inf
    return UnrelatedMachines(time)


def shortest(given: UnrelatedMachines) -> float:
    """By trying every assignment."""
    jobs, machines = given.time.shape
    lengths = []
    for chosen in product(range(machines), repeat=jobs):
        load = [0.0] * machines
        for job, machine in enumerate(chosen):
            load[machine] += given.time[job, machine]
        lengths.append(max(load))
    return min(lengths)


def solved(given: UnrelatedMachines, rounds: int = 6, seed: int = 1, threads: int = 1) -> Sequences:
    """Checked as every plan must be."""
    found = solve(given, AfterIterations(rounds), seed, threads=threads)
    assert sorted([*(job for jobs in found.jobs for job in jobs), *found.left_out]) == list(range(len(given.time)))
    assert len(found.jobs) == given.time.shape[1]
    assert found.makespan == makespan(given, found.jobs) >= found.bound
    return found


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("unable", [0.0, 0.3])
@pytest.mark.parametrize(("jobs", "machines"), [(1, 3), (4, 4), (6, 3), (8, 2)])
def test_tiny_plans_are_the_shortest_and_no_bound_is_above_them(
    jobs: int, machines: int, unable: float, whole: bool
) -> None:
    given = problem(jobs, machines, 10 * jobs + machines, whole=whole, unable=unable)
    given.time[np.isinf(given.time).all(axis=1), 0] = 7.0
    best = shortest(given)
    found = solved(given)
    assert found.makespan == pytest.approx(best, rel=1e-9)
    assert found.bound <= best * (1.0 + 1e-12)


def test_the_bound_meets_what_the_linear_relaxation_says() -> None:
    """Three jobs at home on one machine each, a fourth alike on both: a part of it on each levels the loads."""
    time = np.array([[1.0, 9.0], [1.0, 9.0], [9.0, 3.1], [2.0, 2.0]])
    assert prices(time, AfterIterations(100)).bound == pytest.approx(3.55, rel=1e-3)


def test_whole_times_round_the_bound_up_and_end_the_search() -> None:
    given = UnrelatedMachines(np.full((7, 2), 3.0))
    asked = 0

    def count() -> bool:
        nonlocal asked
        asked += 1
        return asked > 500

    found = solve(given, count, 1)
    assert (found.makespan, found.bound) == (12.0, 12.0)
    assert asked < 50


def test_a_larger_plan_comes_near_its_bound() -> None:
    found = solved(problem(120, 8, 3), rounds=12)
    assert found.gap <= 0.03
    assert [length for _, length in found.trace] == sorted({length for _, length in found.trace}, reverse=True)
    assert found.trace[-1][1] == found.makespan


def test_stopped_at_once_it_still_answers() -> None:
    found = solved(problem(60, 5, 4, unable=0.2), rounds=0)
    assert found.makespan < 3.0 * found.bound


def test_jobs_that_no_machine_can_make_are_left_out() -> None:
    given = problem(9, 3, 5)
    given.time[[2, 6]] = np.inf
    assert solved(given).left_out == (2, 6)
    nothing = solved(UnrelatedMachines(np.full((2, 3), np.inf)))
    assert (nothing.jobs, nothing.makespan, nothing.bound, nothing.left_out) == (((), (), ()), 0.0, 0.0, (0, 1))


@pytest.mark.parametrize("shape", [(0, 3), (0, 0), (2, 0)])
def test_nothing_to_make(shape: tuple[int, int]) -> None:
    found = solved(UnrelatedMachines(np.zeros(shape)))
    assert (found.makespan, found.gap) == (0.0, 0.0)


def test_one_machine_makes_all() -> None:
    given = problem(12, 1, 6, whole=False)
    assert solved(given).makespan == pytest.approx(given.time.sum())


def test_no_time_at_all() -> None:
    assert solved(UnrelatedMachines(np.zeros((5, 2)))).makespan == 0.0


def test_times_of_every_size_stay_numbers() -> None:
    random = np.random.default_rng(7)
    given = UnrelatedMachines(10.0 ** random.uniform(-9.0, 12.0, (30, 4)))
    found = solved(given)
    assert 0.0 < found.bound <= found.makespan < np.inf


def test_the_same_seed_gives_the_same_plan_with_threads_or_without() -> None:
    given = problem(80, 6, 8, whole=False)
    alone, together, again = (solved(given, seed=3, threads=threads) for threads in (1, 2, 2))
    assert alone == together == again
    assert solved(given, seed=4).trace != alone.trace


def test_setups_are_refused() -> None:
    with pytest.raises(OutOfRange, match="setup"):
        solve(UnrelatedMachines(np.ones((2, 1)), np.ones((1, 2, 2))), AfterIterations(1), 1)
