"""Union-find over numbered nodes."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


class Unions:
    def __init__(self) -> None:
        self._parent: list[int] = []

    def add(self, count: int) -> int:
        """New nodes, each on its own; returns the number of the first."""
        first = len(self._parent)
        self._parent.extend(range(first, first + count))
        return first

    def find(self, node: int) -> int:
        parent = self._parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def join(self, pairs: Iterable[tuple[int, int]]) -> None:
        for a, b in pairs:
            self._parent[self.find(a)] = self.find(b)

    def roots(self) -> NDArray[np.intp]:
        """The root of every node, shape (nodes,)."""
        return np.array([self.find(node) for node in range(len(self._parent))], dtype=np.intp)
