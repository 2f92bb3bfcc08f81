"""Where a search stands: every machine's jobs in order, and the best order it has seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.compiled import compiled
from broker.scheduling.makespan.annealing import anneal
from broker.scheduling.makespan.arcs import AFTER, BARRED, BEFORE, Arcs
from broker.scheduling.makespan.dice import Dice, dice
from broker.scheduling.makespan.insertion import cheapest
from broker.scheduling.makespan.sequences import LENGTH, LOAD, Ends, Orders, Where, put
from broker.scheduling.unrelated import Floats

DRAWS = 64
"""Machines in a job's table: to draw one is one look into it."""
REACH = 0.35
"""How much longer a job must take on a machine, in mean times of a job with its setup, to try it e times less often."""


@dataclass(slots=True)
class Walk:
    """One search of n jobs on m machines."""

    arcs: Arcs
    orders: Orders
    where: Where
    ends: Ends
    choice: Where
    """[n, DRAWS] machines to try a job on."""
    dice: Dice
    best: Orders
    makespan: int
    """Of the best, in counts."""

    def anneal(self, temperature: float, moves: int) -> None:
        """At a temperature in counts of a machine's load. Runs without Python's lock."""
        self.makespan = anneal(
            self.arcs,
            self.orders,
            self.where,
            self.ends,
            self.best,
            self.makespan,
            self.choice,
            self.dice,
            temperature,
            moves,
        )

    def sequences(self) -> list[list[int]]:
        """The best: each machine's jobs in order."""
        end = len(self.where)
        return [row[1 : 1 + row[1:].index(end)] for row in self.best.tolist()]


def begin(arcs: Arcs, random: np.random.Generator) -> Walk:
    """The longest job first, each where it ends the machine earliest."""
    _, machines, jobs, _ = arcs.shape
    jobs -= 1
    time = arcs[AFTER, :, jobs, :jobs].T
    orders = np.full((machines, jobs + 3), jobs, dtype=np.int32)
    where = np.zeros((jobs, 2), dtype=np.int32)
    ends = np.zeros((machines, 2), dtype=np.int64)
    _insert(arcs, orders, where, ends, np.argsort(-time.min(axis=1), kind="stable"))
    load = ends[:, LOAD]
    choice = _choice(time.astype(np.float64), REACH * float(load.sum()) / jobs)
    return Walk(arcs, orders, where, ends, choice, dice(random), orders.copy(), int(load.max()))


def _choice(time: Floats, reach: float) -> Where:
    """[n, DRAWS] machines of each job of time[n, m], the quicker the oftener."""
    slower = np.where(time < BARRED, time - time.min(axis=1, keepdims=True), np.inf)
    weight = np.exp(-slower / max(reach, 1.0))
    share = np.cumsum(weight, axis=1) / weight.sum(axis=1, keepdims=True)
    drawn = [np.searchsorted(row, (np.arange(DRAWS) + 0.5) / DRAWS) for row in share]
    return np.array(drawn, dtype=np.int32)


@compiled
def _insert(arcs: Arcs, orders: Orders, where: Where, ends: Ends, jobs: NDArray[np.int64]) -> None:
    for job in jobs:
        least, chosen, before = np.int64(1) << 62, 0, 0
        for machine in range(len(ends)):
            after, length = arcs[AFTER, machine], ends[machine, LENGTH]
            if after[len(where), job] >= BARRED:
                continue
            cost, place = cheapest(
                orders[machine], length, after, arcs[BEFORE, machine, job], after[job], length + 2, length + 1
            )
            if ends[machine, LOAD] + cost < least:
                least, chosen, before = ends[machine, LOAD] + cost, machine, place
        put(orders, where, ends, chosen, before, job)
        ends[chosen, LOAD] = least
