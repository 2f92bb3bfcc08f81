"""Binary heaps of numbers, least key first, within a stretch of an array."""

import numpy as np

from broker.scheduling.compiled import inlined
from broker.scheduling.network.problem import Floats, Ints


@inlined
def push(heap: Ints, first: int, size: int, key: Floats, item: int) -> None:
    """Into `heap[first : first + size]`, which grows by one."""
    at = size
    while at > 0:
        parent = (at - 1) // 2
        if key[heap[first + parent]] <= key[item]:
            break
        heap[first + at] = heap[first + parent]
        at = parent
    heap[first + at] = item


@inlined
def pop(heap: Ints, first: int, size: int, key: Floats) -> int:
    """The least, out of `heap[first : first + size]`, which shrinks by one."""
    least, item, left = heap[first], heap[first + size - 1], size - 1
    at = 0
    while True:
        child = 2 * at + 1
        if child >= left:
            break
        if child + 1 < left and key[heap[first + child + 1]] < key[heap[first + child]]:
            child += 1
        if key[item] <= key[heap[first + child]]:
            break
        heap[first + at] = heap[first + child]
        at = child
    heap[first + at] = item
    return np.int64(least)  # type: ignore[return-value]
