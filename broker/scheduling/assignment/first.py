"""Where a job may go, and an assignment to begin with."""

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.assignment.anneal import Ways
from broker.scheduling.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

_NEAR = 8
_LEAST_WEIGHT = 0.05
"""Of the mean weight: a machine that few need must not be filled beyond the target for nothing."""


def promising(time: Floats, weight: Floats) -> Ways:
    """Each job's cheapest machines; where it has fewer, the first again, as dear as can be.

    Parameters
    ----------
    time
        [n, m] float64, inf where a machine can't make a job, and no row all inf.
    weight
        [m] float64 of sum 1.
    """
    price = weight * time
    near = np.argsort(price, axis=1, kind="stable")[:, :_NEAR]
    cheapest = np.take_along_axis(price, near, axis=1)
    dearer = cheapest - cheapest[:, :1]
    near = np.where(np.isfinite(dearer), near, near[:, :1])
    return Ways(
        time,
        np.maximum(weight, _LEAST_WEIGHT / len(weight)),
        np.ascontiguousarray(near, dtype=np.int32),
        np.ascontiguousarray(np.take_along_axis(time, near, axis=1)),
        np.ascontiguousarray(dearer),
    )


def first(ways: Ways) -> tuple[Ints, float]:
    """[n] the machine of each job, and the makespan: long jobs first, each where it ends the soonest."""
    order = np.argsort(-ways.time.min(axis=1), kind="stable")
    chosen = np.empty(len(ways.time), np.int32)
    return chosen, float(_list_schedule(ways.time, ways.near, order, chosen))


@compiled
def _list_schedule(time: Floats, near: Ints, order: NDArray[np.int64], chosen: Ints) -> float:
    load = np.zeros(time.shape[1])
    for job in order:
        soonest = np.inf
        for machine in near[job]:
            if load[machine] + time[job, machine] < soonest:
                soonest = load[machine] + time[job, machine]
                chosen[job] = machine
        load[chosen[job]] = soonest
    return float(load.max())
