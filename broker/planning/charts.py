"""A network's plan as a chart: which runs are drawn where, and which miss what they were promised for."""

from collections.abc import Sequence

import numpy as np

from broker.drawing.bars import Runs
from broker.drawing.network import Chart
from broker.scheduling.network.problem import Bools, Ints, Plan, Problem

_ROUNDING_S = 1e-6


def chart(
    problem: Problem,
    plan: Plan,
    *,
    machine_names: Sequence[str] = (),
    workshop_names: Sequence[str] = (),
    family_names: Sequence[str] = (),
) -> Chart:
    """Of a plan that holds. A run is late where a lot on it arrives at its place after it is due."""
    workshops = problem.workshops
    entries = np.diff(plan.entry_first)
    family = problem.lots.family[plan.entry_lot[plan.entry_first[:-1]]]
    return Chart(
        machine_workshop=problem.machines.workshop,
        runs=Runs(plan.machine, plan.begin_s, plan.start_s, plan.end_s, family, _late(problem, plan, entries)),
        shift_workshop=np.repeat(np.arange(len(workshops.operators)), np.diff(workshops.shift_first)),
        shift_s=workshops.shift_s,
        block_machine=problem.machines.block_machine,
        block_s=problem.machines.block_s,
        machine_names=machine_names,
        workshop_names=workshop_names,
        family_names=family_names,
        now_s=problem.now_s if problem.now_s > 0 else None,
    )


def _late(problem: Problem, plan: Plan, entries: Ints) -> Bools:
    run = np.repeat(np.arange(len(plan.machine)), entries)
    workshop = problem.machines.workshop[plan.machine[run]]
    arrives_s = plan.end_s[run] + problem.workshops.ship_s[problem.lots.place[plan.entry_lot], workshop]
    missed = arrives_s > problem.lots.due_s[plan.entry_lot] + _ROUNDING_S
    return np.bincount(run[missed], minlength=len(plan.machine)) > 0
