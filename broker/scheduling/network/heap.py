"""Binary heaps of numbers, least key first, within a stretch of two arrays: items, and the key of each beside it."""

import numpy as np

from broker.scheduling.compiled import inlined
from broker.scheduling.network.problem import Floats, Ints


@inlined
def push(heap: Ints, keys: Floats, first: int, size: int, item: int, key: float) -> None:
    """Into `heap[first : first + size]`, which grows by one."""
    at = size
    while at > 0:
        parent = (at - 1) // 2
        if keys[first + parent] <= key:
            break
        heap[first + at], keys[first + at] = heap[first + parent], keys[first + parent]
        at = parent
    heap[first + at], keys[first + at] = item, key


@inlined
def pop(heap: Ints, keys: Floats, first: int, size: int) -> int:
    """The least, out of `heap[first : first + size]`, which shrinks by one."""
    least, left = heap[first], size - 1
    item, key = heap[first + left], keys[first + left]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= left:
            break
        if child + 1 < left and keys[first + child + 1] < keys[first + child]:
            child += 1
        if key <= keys[first + child]:
            break
        heap[first + at], keys[first + at] = heap[first + child], keys[first + child]
        at = child
    heap[first + at], keys[first + at] = item, key
    return np.int64(least)  # type: ignore[return-value]
