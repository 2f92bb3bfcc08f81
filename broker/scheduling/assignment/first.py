"""Where a job may go, and an assignment to begin with."""

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

_NEAR = 8


def promising(price: Floats) -> Ints:
    """[n, k] each job's cheapest machines, cheapest first; where it has fewer, the first again.

    Parameters
    ----------
    price
        [n, m] float64, the machine's weight times the job's time there; inf where it can't be made.
    """
    near = np.argsort(price, axis=1, kind="stable")[:, :_NEAR]
    can = np.isfinite(np.take_along_axis(price, near, axis=1))
    return np.ascontiguousarray(np.where(can, near, near[:, :1]), dtype=np.int32)


def first(time: Floats, near: Ints) -> tuple[Ints, float]:
    """[n] the machine of each job, and the makespan: long jobs first, each where it ends the soonest."""
    order = np.argsort(-time.min(axis=1), kind="stable")
    chosen = np.empty(len(time), np.int32)
    return chosen, float(_list_schedule(time, near, order, chosen))


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
