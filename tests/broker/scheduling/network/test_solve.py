import numpy as np
import pytest

from broker.scheduling.network.check import require_feasible
from broker.scheduling.network.problem import Result
from broker.scheduling.network.solve import solve
from broker.scheduling.stopping import AfterIterations
from tests.broker.scheduling.network.problems import DAY, ints, random_problem, workshop

SEEDS = range(40)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plan_is_feasible_cut_off_at_once_or_searched_which_never_makes_it_worse(seed: int) -> None:
    problem = random_problem(seed)
    first, found = solve(problem, lambda: True, seed), solve(problem, AfterIterations(25), seed)
    for result in (first, found):
        require_feasible(problem, result)
        # No lot is made in part.
        assert all(left.pieces == problem.lots.quantity[left.lot] for left in result.unplanned)
    assert _key(found) <= _key(first)


def test_the_same_seed_and_iterations_give_the_same_plan() -> None:
    problem = random_problem(5, lots=20)
    one, other = (solve(problem, AfterIterations(25), 7) for _ in range(2))
    for name in ("machine", "begin_s", "entry_lot", "entry_pieces"):
        assert np.array_equal(getattr(one.plan, name), getattr(other.plan, name))


def _key(result: Result) -> tuple[float, float]:
    return round(result.figures.tardiness + result.figures.rejected, 3), round(result.figures.cost, 3)


def test_what_nobody_needs_hurry_for_is_made() -> None:
    result = solve(workshop(quantity=ints(4, 4, 9)), AfterIterations(4), 1)
    assert result.unplanned == ()
    assert result.figures.tardiness == 0
    assert result.figures.makespan_s < 3 * DAY


def test_nothing_to_make_is_an_empty_plan() -> None:
    result = solve(workshop(quantity=np.zeros(0, dtype=np.int64)), AfterIterations(4), 1)
    assert len(result.plan.machine) == 0
    assert result.plan.entry_first.tolist() == [0]
