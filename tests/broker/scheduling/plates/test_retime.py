"""Runs in their order as a plan."""

from dataclasses import replace

import numpy as np

from broker.scheduling.network.check import check
from broker.scheduling.network.problem import Problem
from broker.scheduling.plates.retime import retimed
from broker.scheduling.plates.runs import Planned
from tests.broker.scheduling.plates.town import DAY_S, Part, box, problem


def with_hours(asked: Problem, *shifts: tuple[float, float]) -> Problem:
    rows = np.array(shifts * 2, dtype=np.float64)
    first = np.array([0, len(shifts), 2 * len(shifts)], dtype=np.int64)
    return replace(asked, workshops=replace(asked.workshops, shift_first=first, shift_s=rows))


def test_runs_wait_for_machines_people_shifts_and_blocks() -> None:
    parts = (Part(box(30, 20), 9), Part(box(90, 60), 9, family=2, piece_s=3000))
    asked = with_hours(problem(parts), (0.0, 7200.0), (DAY_S, DAY_S + 7200.0))
    blocked = replace(asked.machines, block_machine=np.array([1]), block_s=np.array([[500.0, 2000.0]]))
    asked = replace(asked, machines=blocked)
    runs = [Planned(0, ((0, 2),)), Planned(1, ((0, 2),)), Planned(3, ((1, 1),)), Planned(3, ((1, 1),))]
    plan, late = retimed(asked, runs)
    # The second waits for the person (660 s), then for its machine; the router's second piece for tomorrow.
    assert plan.machine.tolist() == [0, 3, 1, 3]
    assert plan.begin_s.tolist() == [0.0, 0.0, 2000.0, DAY_S]
    assert late == ()
    assert check(asked, plan) == ()


def test_what_has_no_time_is_given_back() -> None:
    pair = (Part(box(30, 20), 3, piece_s=60), Part(box(25, 25), 2, piece_s=60))
    asked = with_hours(problem(pair), (0.0, 600.0))
    plan, late = retimed(asked, [Planned(0, ((0, 1),)), Planned(0, ((1, 1),))])
    assert (len(plan.machine), [run.entries for run in late]) == (0, [((0, 1),), ((1, 1),)])
    nobody = replace(asked, workshops=replace(asked.workshops, operators=np.zeros(2, dtype=np.int64)))
    assert len(retimed(nobody, [Planned(0, ((0, 1),))])[1]) == 1
