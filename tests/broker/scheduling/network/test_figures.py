"""Figures by hand on one workshop; and the same from the check's own reckoning on random plans."""

from dataclasses import replace

import numpy as np
import pytest

from broker.scheduling.network.check import check, require_feasible
from broker.scheduling.network.figures import arrivals, available_s, figures
from broker.scheduling.network.problem import Bounds, Plan, Problem, Result, Unplanned
from tests.broker.scheduling.network.plans import Run, plan, random_plan
from tests.broker.scheduling.network.problems import DAY, HOUR, floats, ints, random_problem, workshop

NO_BOUNDS = Bounds(0.0, 0.0, 1.0, 10**6)


def two_runs() -> Plan:
    """Lot 0 whole, four hours on machine 0; a piece of lot 1 on machine 1, begun when the person is free."""
    eight = 8 * HOUR
    return plan(
        [
            Run(0, eight, eight + 300, eight + 900 + 4 * HOUR, ((0, 4),)),
            Run(1, eight + 300, eight + 600, eight + 1200 + HOUR, ((1, 1),)),
        ]
    )


def test_by_hand() -> None:
    problem = workshop(due_s=floats(10 * HOUR, 0))
    found = figures(problem, two_runs())
    assert check(problem, two_runs()) == ()
    arrival = 8 * HOUR + 900 + 4 * HOUR + 3 * HOUR
    assert arrivals(problem, two_runs()).tolist() == [arrival, 8 * HOUR + 1200 + HOUR + 3 * HOUR]
    assert found.tardiness == arrival - 10 * HOUR
    assert found.rejected == 3 * DAY
    machines = (900 + 4 * HOUR + 900 + HOUR) * 0.01
    assert found.cost == pytest.approx(machines + 600 * 0.02 + 2 * 500)
    assert found.makespan_s == 8 * HOUR + 900 + 4 * HOUR
    assert found.lots_done == 1
    assert found.machine_use == pytest.approx((5 * HOUR + 1200) / (6 * DAY))
    assert found.earned_use == pytest.approx(5 * HOUR / (6 * DAY))
    assert found.plate_fill == 0.0
    assert found.change_s == 600


def test_what_lies_beyond_the_horizon_earns_nothing() -> None:
    problem = replace(workshop(), horizon_s=10 * HOUR)
    found = figures(problem, two_runs())
    running = (2 * HOUR - 300) + (HOUR + 600)
    earned = (2 * HOUR - 900) + HOUR
    assert found.machine_use == pytest.approx(running / (20 * HOUR))
    assert found.earned_use == pytest.approx(earned / (20 * HOUR))


def test_one_parcel_for_an_order() -> None:
    problem = workshop()
    together = replace(problem, lots=replace(problem.lots, order=ints(7, 7)))
    assert figures(problem, two_runs()).cost - figures(together, two_runs()).cost == pytest.approx(500)


def test_plates_that_aren_t_the_last_count_as_filled() -> None:
    problem = workshop(quantity=ints(7))
    runs = [
        Run(0, 8 * HOUR, 8 * HOUR + 300, 8 * HOUR + 900 + 3 * HOUR, ((0, 3),)),
        Run(0, 12 * HOUR, 12 * HOUR + 300, 12 * HOUR + 900 + 4 * HOUR, ((0, 4),)),
    ]
    assert figures(problem, plan(runs)).plate_fill == 0.75


def test_hours_in_which_machines_may_run() -> None:
    problem = workshop(machines=2, unattended=np.zeros(1, dtype=np.bool_))
    assert available_s(problem).tolist() == [24 * HOUR, 24 * HOUR]
    taken = replace(
        problem.machines,
        ready_s=floats(12 * HOUR, np.inf),
        block_machine=ints(0),
        block_s=np.array([[15 * HOUR, DAY + 9 * HOUR]]),
    )
    assert available_s(replace(problem, machines=taken)).tolist() == [(4 - 1 + 8 - 1 + 8) * HOUR, 0.0]
    unattended = replace(
        problem, machines=taken, classes=replace(problem.classes, unattended=np.ones(1, dtype=np.bool_))
    )
    assert available_s(unattended).tolist() == [(60 - 18) * HOUR, 0.0]


def result(problem: Problem, made: Plan) -> Result:
    pieces = np.bincount(made.entry_lot, made.entry_pieces, len(problem.lots.quantity)).astype(np.int64)
    left = problem.lots.quantity - pieces
    unplanned = tuple(Unplanned(lot, int(left[lot]), "chance") for lot in np.flatnonzero(left).tolist())
    return Result(made, unplanned, figures(problem, made), NO_BOUNDS, ())


@pytest.mark.parametrize("seed", range(60))
def test_figures_are_what_the_check_reckons(seed: int) -> None:
    problem = random_problem(seed)
    require_feasible(problem, result(problem, random_plan(problem, seed)))


def test_nothing_made_is_worth_nothing() -> None:
    problem = random_problem(0, lots=0, machines=0, workshops=0, classes=0, families=0)
    found = figures(problem, plan([]))
    assert (found.makespan_s, found.machine_use, found.lots_done, found.cost) == (0.0, 0.0, 0, 0.0)
