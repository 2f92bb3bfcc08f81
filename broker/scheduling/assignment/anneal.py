"""Annealing of an assignment by ejection: a job goes to another machine, and one of the jobs there makes room.

What falls is no maximum but a smooth sum: the loads above the target, priced by the machines' weights, and their
squares. At equal loads a move costs what the linear relaxation says that it does; the squares keep the loads level.
The job that goes is drawn; whether another one leaves its new machine, which one, and for where, is what raises the sum
the least, as in the ejection chains of Yagiura, Ibaraki and Glover (2004).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.assignment.held import Held, held, put
from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.draws import State, below, uniform

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

TARGET, SPREAD, SHARPNESS, HEAT, BEST = range(5)
"""Places in `scale`: what loads aim at and how far from it a square counts as much as its load, in the unit of the
times; half the inverse of the latter; the temperature; the makespan to beat."""

_LESS = 1.0 - 1e-9
"""By less a makespan is no better: sums of the same times differ by that much."""
_WORTH_IT = 4.0
"""In temperatures: what is dearer than that by its price is hardly ever accepted, and not looked at."""


class Ways(NamedTuple):
    """Where jobs may go."""

    time: Floats
    """[n, m]"""
    weight: Floats
    """[m] as `dual` gives them."""
    near: Ints
    """[n, k] a job's machines, the cheapest first."""
    near_time: Floats
    """[n, k] its times there."""
    dearer: Floats
    """[n, k] its prices there, less the least."""


@compiled
def anneal(ways: Ways, chosen: Ints, best: Ints, scale: Floats, state: State, looks: int) -> None:
    """Move jobs until so many machines were looked at for them; `chosen`, `best`, `scale` and `state` are changed.

    Parameters
    ----------
    chosen, best
        [n] the machine of each job: now, and at the shortest makespan so far, `scale[BEST]`.
    scale
        [5] see above.
    """
    has = held(ways.time, chosen)
    strained = _strained(ways.weight, has.load, scale)
    reach = _reach(ways.dearer, _WORTH_IT * scale[HEAT])
    _keep(has, best, scale)
    while looks > 0:
        looks -= 1
        job = below(state, len(chosen))
        way = below(state, reach[job])
        here, there = chosen[job], ways.near[job, way]
        if there == here:
            continue
        most = -scale[HEAT] * math.log(1.0 - uniform(state))
        other, third, looked = _ejected(ways, has, strained, reach, scale, job, way, most)
        looks -= looked
        if third < 0:
            continue
        put(has, ways.time, job, there)
        if other >= 0:
            put(has, ways.time, other, third)
        strained[here] += _rise(here, has.load[here], strained, ways.weight, scale)
        strained[there] += _rise(there, has.load[there], strained, ways.weight, scale)
        strained[third] += _rise(third, has.load[third], strained, ways.weight, scale)
        _keep(has, best, scale)


@inlined
def _ejected(
    ways: Ways, has: Held, strained: Floats, reach: Ints, scale: Floats, job: int, way: int, most: float
) -> tuple[int, int, int]:
    """Which job best leaves the machine that `job` goes to (-1: none), where to, and looks.

    Where none leaves it is said to go where `job` comes from; -1 where the sum would rise by more than `most`.
    """
    here, there = has.chosen[job], ways.near[job, way]
    here_load, there_load = has.load[here] - ways.time[job, here], has.load[there] + ways.near_time[job, way]
    left = _rise(here, here_load, strained, ways.weight, scale)
    best, other, third, looks = most, -1, -1, 0
    alone = left + _rise(there, there_load, strained, ways.weight, scale)
    if alone <= most:
        best, third = alone, here
    one = has.first[there]
    while one >= 0:
        looks += 1
        made = _rise(there, there_load - ways.time[one, there], strained, ways.weight, scale)
        # Wherever it goes, nothing falls by it.
        if left + made < best:
            looks += reach[one]
            for k in range(reach[one]):
                machine, more = ways.near[one, k], ways.near_time[one, k]
                if machine == here:
                    rise = made + _rise(here, here_load + more, strained, ways.weight, scale)
                elif machine != there:
                    rise = left + made + _rise(machine, has.load[machine] + more, strained, ways.weight, scale)
                else:
                    continue
                if rise < best:
                    best, other, third = rise, one, machine
        one = has.after[one]
    return other, third, looks


@inlined
def _strain(load: float, scale: Floats) -> float:
    over = max(load - scale[TARGET], -scale[SPREAD])
    return float(over + over * over * scale[SHARPNESS])


@inlined
def _rise(machine: int, load: float, strained: Floats, weight: Floats, scale: Floats) -> float:
    """Of the sum, were the machine's load so much."""
    return float(weight[machine] * _strain(load, scale) - strained[machine])


@inlined
def _strained(weight: Floats, load: Floats, scale: Floats) -> Floats:
    """[m] what each machine adds to the sum."""
    strained = np.empty(load.size)
    for machine in range(load.size):
        strained[machine] = weight[machine] * _strain(load[machine], scale)
    return strained


@inlined
def _reach(dearer: Floats, most: float) -> Ints:
    """[n] how many of a job's machines are no dearer than that, or the first alone."""
    jobs, width = dearer.shape
    reach = np.ones(jobs, np.int32)
    for job in range(jobs):
        while reach[job] < width and dearer[job, reach[job]] <= most:
            reach[job] += 1
    return reach


@inlined
def _keep(has: Held, best: Ints, scale: Floats) -> None:
    longest = has.load.max()
    if longest < scale[BEST] * _LESS:
        best[:] = has.chosen
        scale[BEST] = longest
