from concurrent.futures import ThreadPoolExecutor

import numpy as np

from broker.scheduling.network.check import require_feasible
from broker.scheduling.network.dispatch import dispatch
from broker.scheduling.network.halves import halves
from broker.scheduling.network.load import drop_unmade, load, rows_of
from broker.scheduling.network.problem import Plan, Problem
from broker.scheduling.network.search import SMALL
from broker.scheduling.network.solve import RULES, solve
from broker.scheduling.network.state import empty_state
from broker.scheduling.network.world import world
from broker.scheduling.stopping import AfterIterations
from tests.broker.scheduling.network.problems import random_problem


def _large() -> Problem:
    return random_problem(3, lots=320, machines=40, workshops=8, days=12)


def test_two_threads_give_the_same_plan_twice() -> None:
    problem = random_problem(5, lots=20)
    one, other = (solve(problem, AfterIterations(170), 7, bounded=False) for _ in range(2))
    _require_same(one.plan, other.plan)


def test_a_large_plan_sought_in_halves_is_feasible_better_and_the_same_twice() -> None:
    problem = _large()
    assert problem.lots.quantity.sum() > SMALL
    first = solve(problem, lambda: True, 1, bounded=False)
    found, again = (solve(problem, AfterIterations(170), 1, bounded=False) for _ in range(2))
    require_feasible(problem, found)
    assert found.figures.tardiness + found.figures.rejected < first.figures.tardiness + first.figures.rejected
    _require_same(found.plan, again.plan)


def test_rows_of_a_plan_make_the_same_plan() -> None:
    laid = world(_large())
    rows = dispatch(laid, RULES[0], np.ones(len(laid.lots), dtype=np.int64))
    states = [empty_state(laid, 5_000, 1) for _ in range(2)]
    load(laid, states[0], rows)
    drop_unmade(laid, states[0])
    load(laid, states[1], rows_of(states[0]))
    assert np.array_equal(rows_of(states[0]), rows_of(states[1]))
    assert states[1].head[0]["worth"] == states[0].head[0]["worth"]


def test_halves_hold_every_row_and_each_lot_that_is_not_made_once() -> None:
    laid = world(_large())
    rows = dispatch(laid, RULES[0], np.ones(len(laid.lots), dtype=np.int64))
    state = empty_state(laid, 5_000, 1)
    load(laid, state, rows)
    drop_unmade(laid, state)
    kept = rows_of(state)
    with ThreadPoolExecutor(2) as pool:
        parts = halves(laid, kept, np.random.default_rng(1), 0, pool)
    joined = np.concatenate([part.rows() for part in parts])
    assert sorted(map(tuple, joined.tolist())) == sorted(map(tuple, kept.tolist()))


def _require_same(one: Plan, other: Plan) -> None:
    for name in ("machine", "begin_s", "entry_lot", "entry_pieces"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
