"""Every machine's jobs in order, in arrays that compiled loops change in place.

Their types stand here once: n jobs, m machines, and job n on both sides of each sequence.
"""

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.compiled import inlined

Orders = NDArray[np.int32]
"""[m, n + 3] a machine's jobs from place 1 on, job n ahead of them and behind."""
Where = NDArray[np.int32]
"""[n, 2] each job's machine and place."""
Ends = NDArray[np.int64]
"""[m, 2] how many jobs each machine has, and when it ends, in counts."""
MACHINE, PLACE = 0, 1
LENGTH, LOAD = 0, 1


@inlined
def put(orders: Orders, where: Where, ends: Ends, machine: int, place: int, job: int) -> None:
    """Stand the job there; what stood there and behind it moves back by one. The load stays as it is."""
    order, length = orders[machine], ends[machine, LENGTH] + 1
    for at in range(length, place, -1):
        moved = order[at - 1]
        order[at] = moved
        where[moved, PLACE] = at
    order[place] = job
    order[length + 1] = len(where)
    where[job, MACHINE], where[job, PLACE] = machine, place
    ends[machine, LENGTH] = length


@inlined
def take(orders: Orders, where: Where, ends: Ends, machine: int, place: int, count: int) -> None:
    """Remove so many jobs from that place on; what stood behind them moves up. The load stays as it is."""
    order, length = orders[machine], ends[machine, LENGTH] - count
    for at in range(place, length + 1):
        moved = order[at + count]
        order[at] = moved
        where[moved, PLACE] = at
    order[length + 1] = len(where)
    ends[machine, LENGTH] = length


@inlined
def longest(ends: Ends) -> int:
    """The makespan, in counts."""
    found = int(ends[0, LOAD])
    for machine in range(1, len(ends)):
        found = max(found, int(ends[machine, LOAD]))
    return found
