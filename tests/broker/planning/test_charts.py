"""A plan's arrays become a chart's."""

from dataclasses import replace

import numpy as np

from broker.drawing.network import network_svg
from broker.planning.charts import chart
from broker.scheduling.network.problem import Plan
from tests.broker.scheduling.network.problems import HOUR, random_problem

PROBLEM = random_problem(1)
PLAN = Plan(
    machine=np.array([0, 1]),
    begin_s=np.array([8.0, 9.0]) * HOUR,
    start_s=np.array([9.0, 10.0]) * HOUR,
    end_s=np.array([12.0, 14.0]) * HOUR,
    entry_first=np.array([0, 2, 3]),
    entry_lot=np.array([1, 0, 2]),
    entry_pieces=np.array([1, 1, 1]),
)


def arrival_s(run: int, lot: int) -> float:
    workshop = PROBLEM.machines.workshop[PLAN.machine[run]]
    return float(PLAN.end_s[run] + PROBLEM.workshops.ship_s[PROBLEM.lots.place[lot], workshop])


def test_a_run_is_late_where_any_of_its_lots_is() -> None:
    due = np.full(len(PROBLEM.lots.quantity), np.inf)
    for first, expected in ((arrival_s(0, 0), [False, False]), (arrival_s(0, 0) - 1, [True, False])):
        due[0] = first
        asked = replace(PROBLEM, lots=replace(PROBLEM.lots, due_s=due.copy()))
        assert chart(asked, PLAN).runs.late.tolist() == expected


def test_families_shifts_and_blocks_are_the_problems() -> None:
    drawn = chart(PROBLEM, PLAN, family_names=("a", "b", "c"))
    assert drawn.runs.family.tolist() == PROBLEM.lots.family[[1, 2]].tolist()
    assert np.bincount(drawn.shift_workshop).tolist() == np.diff(PROBLEM.workshops.shift_first).tolist()
    assert drawn.block_s is PROBLEM.machines.block_s
    assert "<svg" in network_svg(drawn)


def test_an_empty_plan_has_a_chart() -> None:
    none = np.zeros(0, dtype=np.int64)
    empty = Plan(none, np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(1, dtype=np.int64), none, none)
    assert chart(PROBLEM, empty).runs.late.shape == (0,)
