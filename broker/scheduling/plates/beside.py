"""Some lots of a problem planned beside runs of the others, which keep machine, turn and time."""

from dataclasses import fields, replace
from operator import attrgetter

import numpy as np

from broker.scheduling.network.problem import Barred, Ints, Lots, Plan, Problem
from broker.scheduling.plates.geometry import Geometry
from broker.scheduling.plates.placed import Layout, Placed
from broker.scheduling.plates.runs import Planned, runs_of

_columns = attrgetter(*(field.name for field in fields(Lots)))


def some(problem: Problem, geometry: Geometry, lots: Ints) -> tuple[Problem, Geometry]:
    """These lots alone, numbered from 0 on in the order given, which rises."""
    barred = problem.barred
    ours = np.isin(barred.lot, lots)
    return (
        replace(
            problem,
            lots=Lots(*(np.ascontiguousarray(column[lots]) for column in _columns(problem.lots))),
            barred=Barred(np.searchsorted(lots, barred.lot[ours]), barred.machine[ours], barred.reason[ours]),
        ),
        replace(geometry, lot_shape=geometry.lot_shape[lots], lot_table=geometry.lot_table[lots]),
    )


def beside(problem: Problem, geometry: Geometry, queue: Plan, first: int) -> tuple[Problem, Geometry]:
    """The lots from `first` on alone, on machines that are ready, and loaded, as their queue leaves them."""
    ready, family = problem.machines.ready_s.copy(), problem.machines.family.copy()
    for run, machine in enumerate(queue.machine.tolist()):
        if queue.end_s[run] >= ready[machine]:
            ready[machine] = queue.end_s[run]
            family[machine] = problem.lots.family[queue.entry_lot[queue.entry_first[run]]]
    ours, shapes = some(problem, geometry, np.arange(first, len(problem.lots.quantity)))
    return replace(ours, machines=replace(ours.machines, ready_s=ready, family=family)), shapes


def renumbered(plan: Plan, layouts: tuple[Layout, ...], first: int) -> tuple[list[Planned], tuple[Layout, ...]]:
    """Runs and layouts of what was planned beside others, in numbers of the whole problem's lots."""
    runs = [replace(run, entries=tuple((lot + first, pieces) for lot, pieces in run.entries)) for run in runs_of(plan)]
    return runs, tuple(tuple(Placed(one.lot + first, one.pose, one.at) for one in layout) for layout in layouts)
