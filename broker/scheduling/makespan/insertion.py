"""What jobs cost at the places of one machine: its order, its arcs, and their rows of one job are handed in."""

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.compiled import inlined
from broker.scheduling.makespan.arcs import BARRED

Order = NDArray[np.int32]
"""[n + 3] one machine's row of `Orders`."""
Costs = NDArray[np.int32]
"""[n + 1, n + 1] one machine's part of `Arcs`, AFTER."""
Row = NDArray[np.int32]
"""[n + 1] one job's part of it."""


@inlined
def saved(order: Order, after: Costs, low: int, high: int) -> int:
    """What the machine saves without the jobs at low to high, but for the arcs between them."""
    ahead, behind = order[low - 1], order[high + 1]
    return int(after[ahead, order[low]] + after[order[high], behind] - after[ahead, behind])


@inlined
def cheapest(order: Order, length: int, after: Costs, into: Row, out: Row, low: int, high: int) -> tuple[int, int]:
    """What jobs add at least, but for the arcs between them, and before which place.

    `into[i]` is the arc from job i to the first of them, `out[i]` that from the last of them to i. As if the jobs at
    low to high weren't there, and never between the two that would then be neighbours; place 0: there is nowhere else.
    With low = length + 2 and high = length + 1 none is missing.
    """
    least, place = BARRED, 0
    ahead = order[0]
    for at in range(1, low):
        behind = order[at]
        cost = int(into[ahead] + out[behind] - after[ahead, behind])
        if cost < least:
            least, place = cost, at
        ahead = behind
    ahead = order[high + 1]
    for at in range(high + 2, length + 2):
        behind = order[at]
        cost = int(into[ahead] + out[behind] - after[ahead, behind])
        if cost < least:
            least, place = cost, at
        ahead = behind
    return least, place


@inlined
def exchanged(order: Order, length: int, after: Costs, into: Row, out: Row, gone: int) -> tuple[int, int]:
    """What a job adds where it costs least, once the one at place `gone` has left, and that place."""
    cost, place = cheapest(order, length, after, into, out, gone, gone)
    if place > gone:
        place -= 1
    ahead, behind = order[gone - 1], order[gone + 1]
    inside = int(into[ahead] + out[behind] - after[ahead, behind])
    if place == 0 or inside <= cost:
        return inside, gone
    return cost, place
