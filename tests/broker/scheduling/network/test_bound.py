"""No plan betters a bound: neither the best of all plans of tiny networks, nor random ones of small ones."""

from dataclasses import replace

import numpy as np
import pytest

from broker.scheduling.network.bound import bounds
from broker.scheduling.network.capacity import demand, offers
from broker.scheduling.network.check_worth import wrong_worth
from broker.scheduling.network.dual import Stakes, bound_loss
from broker.scheduling.network.earliest import earliest_arrival_s
from broker.scheduling.network.figures import arrivals, figures
from broker.scheduling.network.problem import Bounds, Plan, Problem, Result
from tests.broker.scheduling.network.plans import every_plan, random_plan
from tests.broker.scheduling.network.problems import DAY, HOUR, floats, ints, random_problem, workshop


def assert_unbeaten(problem: Problem, made: Plan, found: Bounds) -> None:
    result = Result(made, (), figures(problem, made), found, ())
    assert list(wrong_worth(problem, result)) == []


def tiny(seed: int) -> Problem:
    problem = random_problem(seed, lots=2, machines=2, classes=2, days=2, plain=True)
    return replace(problem, lots=replace(problem.lots, quantity=np.minimum(problem.lots.quantity, 2)))


@pytest.mark.parametrize("seed", range(12))
def test_the_best_of_all_plans_of_a_tiny_network(seed: int) -> None:
    problem = tiny(seed)
    found = bounds(problem)
    worth = [figures(problem, made) for made in every_plan(problem)]
    assert found.tardiness <= min(f.tardiness + f.rejected for f in worth) + 1e-3
    assert found.lots_done >= max(f.lots_done for f in worth)
    assert found.earned_use >= max(f.earned_use for f in worth) - 1e-9
    whole = [f.makespan_s for f in worth if f.lots_done == np.count_nonzero(problem.lots.quantity)]
    assert found.makespan_s <= min(whole, default=np.inf) + 1e-3


@pytest.mark.parametrize("seed", range(40))
def test_random_plans_of_small_networks(seed: int) -> None:
    problem = random_problem(seed, lots=12, plain=seed % 2 == 0)
    found = bounds(problem)
    for other in range(3):
        assert_unbeaten(problem, random_plan(problem, other, tries=100), found)


@pytest.mark.parametrize("seed", range(20))
def test_no_lot_arrives_before_it_could_alone(seed: int) -> None:
    problem = random_problem(seed)
    made = random_plan(problem, seed)
    whole = np.bincount(made.entry_lot, made.entry_pieces, len(problem.lots.quantity)) == problem.lots.quantity
    assert (arrivals(problem, made)[whole] >= earliest_arrival_s(problem)[whole] - 1e-3).all()


def test_a_lot_alone_is_made_as_soon_as_the_bound_says() -> None:
    """Two machines, four pieces each: begun as the shop opens, the second as the person is free."""
    problem = workshop(quantity=ints(1), due_s=floats(0.0))
    arrival = 8 * HOUR + 300 + 600 + HOUR + 3 * HOUR
    assert earliest_arrival_s(problem).tolist() == [arrival]
    assert bounds(problem).tardiness == pytest.approx(arrival)
    eight = workshop(quantity=ints(8), due_s=floats(0.0))
    assert earliest_arrival_s(eight)[0] == pytest.approx(8 * HOUR + 300 + 600 + 4 * HOUR + 3 * HOUR)


def test_what_nobody_can_make_is_rejected() -> None:
    problem = workshop()
    nobody = replace(problem.lots, per_plate=np.array([[4], [0]]), reason=np.array([[0], [1]]))
    found = bounds(replace(problem, lots=nobody))
    assert (found.tardiness, found.lots_done) == (3 * DAY, 1)
    closed = replace(problem, workshops=replace(problem.workshops, operators=ints(0)))
    assert bounds(closed).lots_done == 0
    late = replace(problem, lots=replace(problem.lots, deadline_s=floats(HOUR, np.inf)))
    assert bounds(late).lots_done == 1
    short = replace(
        problem,
        lots=replace(problem.lots, material=ints(0, -1), use=floats(2, 0)),
        workshops=replace(problem.workshops, stock=np.full((1, 1), 7.0)),
    )
    assert bounds(short).lots_done == 1


def test_many_lots_for_few_machines_can_t_all_be_done() -> None:
    """Three shifts of 8 h, a machine; a plate of 8 h before each night: six plates of four pieces, no more."""
    crowded = workshop(quantity=np.full(40, 4, dtype=np.int64), machines=1)
    slow = replace(crowded, lots=replace(crowded.lots, piece_s=np.full((40, 1), 2 * HOUR)))
    found = bounds(slow)
    assert 6 <= found.lots_done <= 8
    assert found.tardiness >= 32 * 3 * DAY
    assert found.earned_use < 0.75


def test_more_steps_never_lower_the_bound() -> None:
    problem = workshop(quantity=np.full(30, 4, dtype=np.int64), machines=1)
    number = len(problem.lots.quantity)
    stakes = Stakes(
        rejection=np.ones(number),
        alone=np.zeros(number),
        weight=np.zeros(number),
        grace_s=np.zeros((number, 1)),
        limit_s=np.full((number, 1), np.inf),
        from_s=np.zeros(number),
    )
    supply = offers(problem, 8, within=False)
    found = [bound_loss(stakes, supply, demand(problem), steps) for steps in (1, 40)]
    assert found[0] == 0.0
    assert found[1] > 10.0


def test_bounds_of_nothing() -> None:
    found = bounds(random_problem(0, lots=0, machines=0, workshops=0, classes=0, families=0))
    assert found == Bounds(0.0, 0.0, 0.0, 0)
