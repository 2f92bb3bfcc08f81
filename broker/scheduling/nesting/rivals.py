"""Types no two pieces of which share a plate: where a search for fewer plates is in vain."""

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.nesting.reach import Ints
from broker.scheduling.nesting.ways import Ways

Mask = NDArray[np.bool_]


def rival_plates(ways: Ways, numbers: Ints) -> int:
    """Plates that `numbers[T]` pieces take at least, laid in these ways on this grid: a large clique of rivals.

    The clique is grown greedily from each type in turn, so it may not be the largest.
    """
    rivals = _rivals(ways)
    # Of a type that may lie beside itself, a clique has one piece.
    worth = np.where(np.diagonal(rivals), numbers, np.minimum(numbers, 1))
    return max((_grown(rivals, worth, start) for start in range(len(numbers))), default=0)


def _grown(rivals: Mask, worth: Ints, start: int) -> int:
    total, open_to = int(worth[start]), rivals[start].copy()
    open_to[start] = False
    while (worth * open_to).any():
        # Whoever leaves most worth open goes first.
        left = np.where(open_to & (worth > 0), worth + (rivals & open_to) @ worth, -1)
        one = int(np.argmax(left))
        total += int(worth[one])
        open_to &= rivals[one]
        open_to[one] = False
    return total


def _rivals(ways: Ways) -> Mask:
    """[T, T] whether no offset keeps two types apart."""
    types = len(ways.first) - 1
    rivals = np.ones((types, types), dtype=np.bool_)
    for one in range(types):
        for other in range(one, types):
            pairs = ways.window[ways.first[one] : ways.first[one + 1], ways.first[other] : ways.first[other + 1]]
            rivals[one, other] = rivals[other, one] = all(_clash(ways, pair) for pair in pairs.reshape(-1, 9))
    return rivals


def _clash(ways: Ways, window: Ints) -> bool:
    """Whether a pair clashes at every offset that the bed allows."""
    whole = not window[5:9].any()
    return whole and bool(ways.pool[window[4] : window[4] + window[2] * window[3]].all())
