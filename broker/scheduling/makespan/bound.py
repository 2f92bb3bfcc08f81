"""Lower bounds on the makespan, from a relaxation of Lagrange's kind that is sharpened step by step.

For weights w of machines that sum to 1 the makespan is at least Σ w_k load_k, and that is at least what the cheapest
arcs into all jobs cost, one a job. Nothing then makes a job's arcs in and out lie on one machine, or a machine have but
one first and one last job; prices on both, and the weights, are raised by subgradients with steps after Polyak (1969).
Their limit is the linear program of assigned arcs without the constraints against cycles.
"""

import math

import numpy as np

from broker.scheduling.compiled import compiled
from broker.scheduling.makespan.arcs import BARRED, BEFORE, Arcs
from broker.scheduling.makespan.sequences import Where
from broker.scheduling.unrelated import Floats

STEPS = 300
PATIENCE = 15
"""Steps without a better bound until they are made shorter."""
SHORTER = 0.7
LEAST_GAIN = 1e-4
SLACK = 1e-9
"""Share by which sums may have been rounded."""


class Bound:
    """No plan of the arcs' jobs ends before `counts`; at first the longest of the jobs, each at its quickest."""

    def __init__(self, arcs: Arcs) -> None:
        _, machines, jobs, _ = arcs.shape
        jobs -= 1
        self.counts = int(arcs[BEFORE, :, :jobs, jobs].min(axis=0).max())
        self._arcs = arcs
        self._best = float(self.counts)
        self._steps = 0
        self._idle = 0
        self._stride = 1.0
        self._weight = np.full(machines, 1.0 / machines)
        self._price = np.zeros((machines, jobs + 1))
        """Of an arc into a job, and earned by one out of it; of job n: paid for a machine's first."""
        self._into = np.zeros(jobs, dtype=np.int32)
        """The machine of each job's cheapest arc last time."""

    def step(self, makespan: int) -> None:
        """Sharpen it once, given the least makespan known; a few hundred times, and no more."""
        if self._steps >= STEPS or self.counts >= makespan:
            return
        self._steps += 1
        load = np.zeros(len(self._weight))
        excess = np.zeros_like(self._price)
        value = _relaxed(self._arcs, self._weight, self._price, self._into, load, excess)
        self._idle = 0 if value > self._best * (1.0 + LEAST_GAIN) else self._idle + 1
        if self._idle == PATIENCE:
            self._stride, self._idle = self._stride * SHORTER, 0
        self._best = max(self._best, value)
        self.counts = max(self.counts, math.ceil(self._best * (1.0 - SLACK) - SLACK))
        self._climb(load, excess, makespan - value)

    def _climb(self, load: Floats, excess: Floats, gap: float) -> None:
        jobs = len(self._into)
        scale = max(float(load.sum()) / jobs, 1.0)
        uneven = (load - load.mean()) / scale
        length = self._stride * gap / max(float((excess**2).sum() + (uneven**2).sum()), 1.0)
        self._price += length * excess
        self._price[:, jobs] = np.maximum(self._price[:, jobs], 0.0)
        self._weight = np.maximum(self._weight + length * uneven / scale, SLACK)
        self._weight /= self._weight.sum()


@compiled
def _relaxed(arcs: Arcs, weight: Floats, price: Floats, into: Where, load: Floats, excess: Floats) -> float:
    """The relaxation's value; fills in the loads, and by how much each priced constraint is broken."""
    machines, jobs = len(weight), len(into)
    dearest = np.empty(machines)
    value = 0.0
    for machine in range(machines):
        price[machine, jobs] = -price[machine, jobs]
        last = 0
        dearest[machine] = price[machine, jobs]
        for job in range(jobs):
            dearest[machine] = max(dearest[machine], price[machine, job])
            if price[machine, job] > price[machine, last]:
                last = job
        value += price[machine, jobs]
        excess[machine, jobs] = -1.0
        if price[machine, last] > 0.0:
            value -= price[machine, last]
            excess[machine, last] -= 1.0
    for job in range(jobs):
        least, chosen, ahead = np.inf, 0, 0
        for turn in range(-1, machines):
            machine = into[job] if turn < 0 else turn
            time = arcs[BEFORE, machine, job, jobs]
            low = weight[machine] * time + price[machine, job] - dearest[machine]
            if time >= BARRED or low >= least:
                continue
            for other in range(jobs + 1):
                cost = weight[machine] * arcs[BEFORE, machine, job, other] + price[machine, job] - price[machine, other]
                if cost < least and other != job:
                    least, chosen, ahead = cost, machine, other
        value += least
        into[job] = chosen
        load[chosen] += arcs[BEFORE, chosen, job, ahead]
        excess[chosen, job] += 1.0
        excess[chosen, ahead] += 1.0 if ahead == jobs else -1.0
    for machine in range(machines):
        price[machine, jobs] = -price[machine, jobs]
    return value
