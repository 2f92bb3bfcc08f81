"""Walks side by side, in threads or one after the other."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")


class Everyone(Protocol):
    def __call__(self, step: Callable[[T], None], walks: list[T], /) -> None:
        """Every walk does the same; raises what one of them raises."""


@contextmanager
def together(threads: int) -> Iterator[Everyone]:
    """Compiled steps run at once; what comes of them doesn't depend on it as long as walks share nothing they write."""
    if threads < 2:
        yield lambda step, walks: deque(map(step, walks), 0).clear()
        return
    with ThreadPoolExecutor(threads) as pool:
        yield lambda step, walks: deque(pool.map(step, walks), 0).clear()
