"""Annealing of an assignment: one job goes to another machine, or two jobs of two or three machines do at once.

What falls is no maximum but a smooth sum: the loads above the target, priced by the machines' weights, and their
squares. At equal loads a move costs what the linear relaxation says that it does; the squares keep the loads level.
"""

import math

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.compiled import compiled, inlined

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Bits = NDArray[np.uint64]

TARGET, SPREAD, HEAT, COOLING, BEST = range(5)
"""Places in `scale`: what loads aim at and how far from it a square counts as much as its load, in the unit of the
times; the temperature and its factor a move; the makespan to beat."""

_ALONE, _SWAPPED = 0.3, 0.65
"""Shares of the moves: up to the first one job alone, up to the second two that change places, then a chain."""
_LESS = 1.0 - 1e-9
"""By less a makespan is no better: sums of the same times differ by that much."""


@inlined
def _random(bits: Bits) -> float:
    """xorshift64*, in [0, 1)."""
    x = bits[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    bits[0] = x
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@inlined
def _strain(load: float, scale: Floats) -> float:
    over = max(load - scale[TARGET], -scale[SPREAD])
    return float(over + over * over / (2.0 * scale[SPREAD]))


@inlined
def _rise(machine: int, more: float, load: Floats, weight: Floats, scale: Floats) -> float:
    return float(weight[machine] * (_strain(load[machine] + more, scale) - _strain(load[machine], scale)))


@inlined
def _add(machine: int, more: float, load: Floats, limit: float) -> int:
    """Whether one more load reaches the limit than before; -1: one less."""
    before = load[machine] >= limit
    load[machine] += more
    return int(load[machine] >= limit) - int(before)


@inlined
def _put(job: int, machine: int, chosen: Ints, place: Ints, held: Ints, count: Ints) -> None:
    """Move a job from its machine's list to that of another."""
    old = chosen[job]
    count[old] -= 1
    last = held[old, count[old]]
    held[old, place[job]] = last
    place[last] = place[job]
    held[machine, count[machine]] = job
    place[job] = count[machine]
    count[machine] += 1
    chosen[job] = machine


@compiled
def anneal(
    time: Floats, weight: Floats, near: Ints, chosen: Ints, best: Ints, scale: Floats, bits: Bits, moves: int
) -> None:
    """Try so many moves; `chosen`, `best`, `scale` and `bits` are changed.

    Parameters
    ----------
    time, weight
        [n, m] and [m] as `dual` takes and gives them.
    near
        [n, k] the machines that a job may go to.
    chosen, best
        [n] the machine of each job: now, and at the shortest makespan so far, `scale[BEST]`.
    scale
        [5] see above.
    bits
        [1] uint64, never 0.
    """
    jobs, width = near.shape
    load, count, held, place = _hold(time, chosen)
    limit = scale[BEST] * _LESS
    over = _count_over(load, limit)
    for _ in range(moves):
        if over == 0:
            best[:] = chosen
            scale[BEST] = load.max()
            limit = scale[BEST] * _LESS
            over = _count_over(load, limit)
        scale[HEAT] *= scale[COOLING]
        job = int(_random(bits) * jobs)
        here, there = chosen[job], near[job, int(_random(bits) * width)]
        if there == here:
            continue
        here_more, there_more = -time[job, here], time[job, there]
        other, third, rise = -1, here, 0.0
        kind = _random(bits)
        if kind > _ALONE and count[there] > 0:
            other = held[there, int(_random(bits) * count[there])]
            if kind > _SWAPPED:
                third = near[other, int(_random(bits) * width)]
            if third == there or time[other, third] == np.inf:
                continue
            there_more -= time[other, there]
            if third == here:
                here_more += time[other, here]
            else:
                rise = _rise(third, time[other, third], load, weight, scale)
        rise += _rise(here, here_more, load, weight, scale) + _rise(there, there_more, load, weight, scale)
        if rise > 0.0 and _random(bits) >= math.exp(-rise / scale[HEAT]):
            continue
        over += _add(here, here_more, load, limit) + _add(there, there_more, load, limit)
        _put(job, there, chosen, place, held, count)
        if other >= 0:
            _put(other, third, chosen, place, held, count)
            if third != here:
                over += _add(third, time[other, third], load, limit)
    if over == 0:
        best[:] = chosen
        scale[BEST] = load.max()


@compiled
def _hold(time: Floats, chosen: Ints) -> tuple[Floats, Ints, Ints, Ints]:
    """Each machine's load, its number of jobs, its jobs, and each job's place among these."""
    jobs, machines = time.shape
    load = np.zeros(machines)
    count = np.zeros(machines, np.int32)
    held = np.empty((machines, jobs), np.int32)
    place = np.empty(jobs, np.int32)
    for job in range(jobs):
        machine = chosen[job]
        load[machine] += time[job, machine]
        held[machine, count[machine]] = job
        place[job] = count[machine]
        count[machine] += 1
    return load, count, held, place


@compiled
def _count_over(load: Floats, limit: float) -> int:
    over = 0
    for machine in range(load.size):
        over += load[machine] >= limit
    return over
