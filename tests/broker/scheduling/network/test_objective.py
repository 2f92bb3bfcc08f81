"""Each objective's plan is the best by its own measure: better than the others' and than any rule's."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from broker.scheduling.network.check import require_feasible
from broker.scheduling.network.course import Course
from broker.scheduling.network.dispatch import dispatch
from broker.scheduling.network.export import plan_of
from broker.scheduling.network.figures import figures
from broker.scheduling.network.load import drop_unmade, load
from broker.scheduling.network.objective import Objective
from broker.scheduling.network.problem import Figures, Problem, Result
from broker.scheduling.network.search import SMALL
from broker.scheduling.network.solve import RULES, solve
from broker.scheduling.network.state import empty_state
from broker.scheduling.network.world import world
from broker.scheduling.stopping import AfterIterations
from tests.broker.scheduling.network.problems import HOUR, floats, ints, random_problem, workshop

MEASURES: dict[Objective, Callable[[Figures], tuple[float, ...]]] = {
    Objective.TARDINESS: lambda said: (said.tardiness + said.rejected,),
    Objective.MAKESPAN: lambda said: (said.rejected, said.makespan_s),
    Objective.UTILISATION: lambda said: (-said.earned_use,),
}
PROBLEMS: dict[str, Callable[[], Problem]] = {
    "roomy": lambda: random_problem(11, lots=6, machines=6, days=8),
    "plain": lambda: random_problem(12, lots=6, machines=4, days=4, plain=True),
    "full": lambda: random_problem(13, lots=8, machines=2, days=2),
    "spare": lambda: random_problem(14, lots=5, machines=4, days=6, plain=True),
}
ITERATIONS = 60


@cache
def _problem(name: str) -> Problem:
    return PROBLEMS[name]()


@cache
def _planned(name: str, objective: Objective) -> Result:
    problem = _problem(name)
    return solve(problem, AfterIterations(ITERATIONS), 1, objective=objective)


def _by_rules(problem: Problem) -> list[Figures]:
    laid, found = world(problem), []
    for rule in RULES:
        rows = dispatch(laid, rule, np.ones(len(laid.lots), dtype=np.int64))
        state = empty_state(laid, 20_000, 1)
        load(laid, state, rows)
        drop_unmade(laid, state)
        found.append(figures(problem, plan_of(state)))
    return found


def _no_worse(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """But for rounding."""
    for mine, theirs in zip(one, other, strict=True):
        if abs(mine - theirs) > 1e-9 * max(1.0, abs(theirs)):
            return mine < theirs
    return True


@pytest.mark.parametrize("objective", Objective)
@pytest.mark.parametrize("name", PROBLEMS)
def test_each_is_best_by_its_own_measure(name: str, objective: Objective) -> None:
    measure, result = MEASURES[objective], _planned(name, objective)
    require_feasible(_problem(name), result)
    assert result.objective is objective
    others = [_planned(name, other).figures for other in Objective if other is not objective]
    for figure in others + _by_rules(_problem(name)):
        assert _no_worse(measure(result.figures), measure(figure))


@pytest.mark.parametrize("objective", Objective)
def test_each_is_strictly_better_somewhere(objective: Objective) -> None:
    measure = MEASURES[objective]
    others = [other for other in Objective if other is not objective]
    pairs = [
        (_planned(name, objective).figures, _planned(name, other).figures) for name in PROBLEMS for other in others
    ]
    assert any(not _no_worse(measure(theirs), measure(ours)) for ours, theirs in pairs)


@pytest.mark.parametrize("objective", [Objective.MAKESPAN, Objective.UTILISATION])
def test_a_large_plan_sought_in_halves_is_the_same_twice_and_no_worse_than_any_rule_s(objective: Objective) -> None:
    problem = random_problem(3, lots=320, machines=40, workshops=8, days=12)
    assert problem.lots.quantity.sum() > SMALL
    one, other = (solve(problem, AfterIterations(12), 7, objective=objective) for _ in range(2))
    for array in ("machine", "begin_s", "entry_lot", "entry_pieces"):
        assert np.array_equal(getattr(one.plan, array), getattr(other.plan, array))
    require_feasible(problem, one)
    measure = MEASURES[objective]
    assert all(_no_worse(measure(one.figures), measure(figure)) for figure in _by_rules(problem))


def test_the_same_seed_and_iterations_give_the_same_small_plan() -> None:
    one, other = (solve(_problem("full"), AfterIterations(40), 7, objective=Objective.MAKESPAN) for _ in range(2))
    assert np.array_equal(one.plan.begin_s, other.plan.begin_s)


def test_an_early_end_comes_before_an_early_arrival() -> None:
    """Two printers, one person: eight hours each, whoever is wanted first."""
    problem = workshop(quantity=ints(4, 4, 4, 4), due_s=floats(20 * HOUR, 20 * HOUR, 40 * HOUR, 40 * HOUR))
    result = solve(problem, AfterIterations(40), 1, objective=Objective.MAKESPAN)
    assert result.gap is not None
    assert result.unplanned == ()
    assert result.figures.makespan_s <= solve(problem, AfterIterations(40), 1).figures.makespan_s


def test_the_trace_says_what_was_sought() -> None:
    for objective, value in (
        (Objective.MAKESPAN, lambda said: said.makespan_s),
        (Objective.TARDINESS, lambda said: None),
    ):
        result = _planned("plain", objective)
        assert result.trace[-1].sought == value(result.figures)


def test_a_course_goes_by_drafts_where_nobody_knows_the_budget() -> None:
    course = Course(world(_problem("plain")), Objective.UTILISATION, 0.0, lambda: None)
    found = (-1.0, 0.0, 0.0)
    turns = [course.turn(found, drafts, 0) for drafts in (0, 10, 9_010, 9_020, 18_010)]
    assert turns == [True, False, True, False, True]
