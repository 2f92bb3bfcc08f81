"""Prices of the machines' time, and the bound that they prove.

Weights w >= 0 of sum 1 on the machines give a bound on every plan: its longest load is at least the weighted mean of
the loads, thus at least the sum over the jobs of min_i w_i p_ij. The best weights are the dual of the assignment's
linear relaxation (Lenstra, Shmoys and Tardos 1990, doi:10.1007/BF01585745); they are found by multiplicative steps
along the subgradient, the loads, with steps halved where they gain nothing.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.compiled import compiled
from broker.scheduling.stopping import Stop

Floats = NDArray[np.float64]

_CHUNK_CELLS = 4_000_000
_FIRST_STEP = 0.5
_SMALLEST_STEP = 1e-5
_PATIENCE = 20
_SAFE = 1e-9
"""Share of a bound given up for the rounding of its sum."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Weights and what they prove."""

    weight: Floats
    """[m] of sum 1."""
    bound: float
    """No plan is shorter; in the unit of the times."""


def prices(time: Floats, stop: Stop) -> Prices:
    """Weights near the best, or the best so far when stopped.

    Parameters
    ----------
    time
        [n, m] float64, n >= 1, inf where a machine can't make a job, and no row all inf.
    """
    jobs, machines = time.shape
    weight = np.full(machines, 1.0 / machines)
    best = weight.copy()
    state = np.array([0.0, _FIRST_STEP, 0.0])
    steps = max(1, _CHUNK_CELLS // (jobs * machines))
    while state[1] > _SMALLEST_STEP and not stop():
        _ascend(time, weight, best, state, steps)
    return Prices(best, _bound(time, float(state[0])))


def _bound(time: Floats, proven: float) -> float:
    """The best of the prices' bound, the longest of the jobs' shortest times and the crowd's; whole where times are."""
    bound = max(proven * (1.0 - _SAFE), float(time.min(axis=1).max()), _crowded(time) * (1.0 - _SAFE))
    finite = time[np.isfinite(time)]
    whole = bool((finite == np.floor(finite)).all())
    return float(math.ceil(bound - _SAFE * bound)) if whole else bound


def _crowded(time: Floats) -> float:
    """Some machine makes no fewer jobs than the mean, rounded up."""
    jobs, machines = time.shape
    least = -(-jobs // machines)
    return float(np.partition(time, least - 1, axis=0)[:least].sum(axis=0).min())


@compiled
def _ascend(time: Floats, weight: Floats, best: Floats, state: Floats, steps: int) -> None:
    """`state`: the best value, the size of a step, steps since the last gain."""
    load = np.empty(weight.size)
    for _ in range(steps):
        value = _price_jobs(time, weight, load)
        if value > state[0] * (1.0 + 1e-9):
            state[2] = 0.0 if value > state[0] * (1.0 + 0.02 * state[1]) else state[2] + 1.0
            state[0] = value
            best[:] = weight
        else:
            state[2] += 1.0
        if state[2] >= _PATIENCE:
            state[1] *= 0.5
            state[2] = 0.0
            weight[:] = best
            _price_jobs(time, weight, load)
            if state[1] <= _SMALLEST_STEP:
                return
        _step(weight, load, state[1], max(value, 1e-300))


@compiled
def _price_jobs(time: Floats, weight: Floats, load: Floats) -> float:
    """Each job on the machine where it is cheapest: the sum of the prices, and the loads."""
    load[:] = 0.0
    value = 0.0
    for job in range(time.shape[0]):
        cheapest, chosen = np.inf, 0
        for machine in range(time.shape[1]):
            price = weight[machine] * time[job, machine]
            if price < cheapest:
                cheapest, chosen = price, machine
        value += cheapest
        load[chosen] += time[job, chosen]
    return value


@compiled
def _step(weight: Floats, load: Floats, size: float, mean: float) -> None:
    total = 0.0
    for machine in range(weight.size):
        far = min(max((load[machine] - mean) / mean, -1.0), 4.0)
        # Never zero: zero times inf, a machine that can't make the job, would be no number.
        weight[machine] = max(weight[machine] * math.exp(size * far), 1e-12)
        total += weight[machine]
    for machine in range(weight.size):
        weight[machine] /= total
