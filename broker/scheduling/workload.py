"""The problem as the search wants it: plain numbers, who can make what, and how much a bed holds."""

from dataclasses import dataclass

import numpy as np

from broker.scheduling.eligibility import eligibility
from broker.scheduling.nesting.bed import Bed
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.problem import Excluded, Problem, Unplanned

Batch = tuple[tuple[int, int], ...]
"""What is made on one plate: sorted (line, pieces)."""
Queues = tuple[tuple[Batch, ...], ...]
"""[M] each machine's plates in order."""

PATIENCE = 60.0
"""Machine seconds that may be paid for one second of earlier arrival: how much a split or a parcel more may cost."""
PLATES_PER_LINE = 2000
"""More than this is no batch for a network of small workshops, and no plan of it would hold."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Lists by line, machine or workshop as in `Problem`."""

    quantity: list[int]
    """[L] pieces to plan: what can be made."""
    shape: list[int]
    family: list[int]
    order: list[int]
    release_s: list[float]
    due_s: list[float]
    weight: list[float]
    piece_s: list[list[float]]
    machines: list[list[int]]
    """[L] eligible machines."""
    capacity: list[list[int]]
    """[L][M] copies of the line that fill the bed; 0 where not eligible."""
    beds: list[Bed]
    workshop: list[int]
    ready_s: list[float]
    loaded: list[int]
    plate_s: list[float]
    change_s: list[float]
    clear_s: list[float]
    cost_per_s: list[float]
    ship_s: list[float]
    ship_cost: list[float]
    seconds_per_cost: float
    """What a minor unit is worth in seconds of the buyer's waiting; 0 where machines cost nothing."""
    nester: Nester

    def fits(self, machine: int, batch: Batch) -> bool:
        """Whether the batch lies on the machine's bed."""
        if len(batch) == 1:
            return batch[0][1] <= self.capacity[batch[0][0]][machine]
        if any(pieces > self.capacity[line][machine] for line, pieces in batch):
            return False
        return self.nester.nest(self.beds[machine], self.pieces(batch)) is not None

    def pieces(self, batch: Batch) -> tuple[tuple[int, int], ...]:
        """The batch by shape."""
        total: dict[int, int] = {}
        for line, pieces in batch:
            total[self.shape[line]] = total.get(self.shape[line], 0) + pieces
        return tuple(sorted(total.items()))


def workload(problem: Problem) -> tuple[Workload, tuple[Excluded, ...], tuple[Unplanned, ...]]:
    """What can be planned, which machines are left out of which line, and what can't be made at all."""
    judged = eligibility(problem)
    nester = Nester(problem.shapes)
    beds = [_bed(problem, machine) for machine in range(len(problem.machine_ready_s))]
    capacity = [
        [nester.capacity(bed, int(problem.line_shape[line])) if row[m] else 0 for m, bed in enumerate(beds)]
        for line, row in enumerate(judged.poses)
    ]
    quantity, unplanned = _plannable(problem, capacity, judged.excluded)
    cost = float(problem.machine_cost_per_s.mean()) if beds else 0.0
    order = problem.line_order if problem.line_order is not None else np.zeros_like(problem.line_shape)
    load = Workload(
        quantity=quantity,
        shape=problem.line_shape.tolist(),
        family=problem.line_family.tolist(),
        order=order.tolist(),
        release_s=problem.line_release_s.tolist(),
        due_s=problem.line_due_s.tolist(),
        weight=problem.line_weight.tolist(),
        piece_s=problem.piece_s.tolist(),
        machines=[[m for m, held in enumerate(row) if held] for row in capacity],
        capacity=capacity,
        beds=beds,
        workshop=problem.machine_workshop.tolist(),
        ready_s=problem.machine_ready_s.tolist(),
        loaded=problem.machine_family.tolist(),
        plate_s=problem.plate_s.tolist(),
        change_s=problem.change_s.tolist(),
        clear_s=problem.clear_s.tolist(),
        cost_per_s=problem.machine_cost_per_s.tolist(),
        ship_s=problem.ship_s.tolist(),
        ship_cost=problem.ship_cost.tolist(),
        seconds_per_cost=1.0 / (PATIENCE * cost) if cost > 0 else 0.0,
        nester=nester,
    )
    return load, judged.excluded, unplanned


def _bed(problem: Problem, machine: int) -> Bed:
    x0, y0, x1, y1 = problem.machine_usable_mm[machine].tolist()
    return Bed(x1 - x0, y1 - y0, float(problem.machine_height_mm[machine]), float(problem.machine_spacing_mm[machine]))


def _plannable(
    problem: Problem, capacity: list[list[int]], excluded: tuple[Excluded, ...]
) -> tuple[list[int], tuple[Unplanned, ...]]:
    quantity = []
    unplanned = []
    for line, wanted in enumerate(problem.line_quantity.tolist()):
        most = max(capacity[line], default=0) * PLATES_PER_LINE
        quantity.append(min(wanted, most))
        if wanted > most:
            reasons = dict.fromkeys(e.reason for e in excluded if e.line == line)
            reason = f"more than {most} pieces of it at once aren't planned" if most else _nobody(list(reasons))
            unplanned.append(Unplanned(line, wanted - quantity[-1], reason))
    return quantity, tuple(unplanned)


def _nobody(reasons: list[str]) -> str:
    return "no machine can make it: " + "; or ".join(reasons) if reasons else "there is no machine"
