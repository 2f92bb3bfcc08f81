"""Which jobs each machine holds, as linked lists, and how long it takes for them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.compiled import compiled, inlined

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


class Held(NamedTuple):
    """An assignment. -1 ends a list."""

    chosen: Ints
    """[n] the machine of each job."""
    load: Floats
    """[m]"""
    first: Ints
    """[m] some job of the machine."""
    after: Ints
    """[n] the next job of the same machine."""
    before: Ints
    """[n] the one before."""


@compiled
def held(time: Floats, chosen: Ints) -> Held:
    """`chosen` itself is held, and changed by `put`."""
    jobs, machines = time.shape
    has = Held(
        chosen,
        np.zeros(machines),
        np.full(machines, -1, np.int32),
        np.full(jobs, -1, np.int32),
        np.full(jobs, -1, np.int32),
    )
    for job in range(jobs):
        _enter(has, time, job, chosen[job])
    return has


@inlined
def put(has: Held, time: Floats, job: int, machine: int) -> None:
    """The job goes from its machine to another."""
    old = has.chosen[job]
    last, later = has.before[job], has.after[job]
    if last >= 0:
        has.after[last] = later
    else:
        has.first[old] = later
    if later >= 0:
        has.before[later] = last
    has.load[old] -= time[job, old]
    _enter(has, time, job, machine)


@inlined
def _enter(has: Held, time: Floats, job: int, machine: int) -> None:
    has.chosen[job] = machine
    has.load[machine] += time[job, machine]
    later = has.first[machine]
    has.before[job], has.after[job] = -1, later
    if later >= 0:
        has.before[later] = job
    has.first[machine] = job
