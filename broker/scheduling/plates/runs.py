"""A plan's runs without their times: what each makes, and where."""

from dataclasses import dataclass

import numpy as np

from broker.scheduling.network.problem import Ints, Plan
from broker.scheduling.plates.layout import Entries, entries_of


@dataclass(frozen=True, slots=True)
class Planned:
    machine: int
    entries: Entries


def runs_of(plan: Plan) -> list[Planned]:
    """In the plan's order."""
    return [Planned(machine, entries_of(plan, run)) for run, machine in enumerate(plan.machine.tolist())]


def rows_of(plan: Plan) -> Ints:
    """[E, 3] machine (-1: that of the row before), lot, pieces, as `network.load` takes them."""
    machine = np.full(len(plan.entry_lot), -1, dtype=np.int64)
    machine[plan.entry_first[:-1]] = plan.machine
    return np.stack([machine, plan.entry_lot, plan.entry_pieces], axis=1)
