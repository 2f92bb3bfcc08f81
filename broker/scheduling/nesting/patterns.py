"""What is known to lie on a bed together, and what isn't: whoever holds more holds less."""

from collections import Counter

import numpy as np

from broker.scheduling.nesting.nest import Nest

Wanted = tuple[tuple[int, int], ...]
"""Sorted (shape, pieces)."""


class Patterns:
    """Of one bed."""

    def __init__(self) -> None:
        self._holding: list[tuple[dict[int, int], Nest]] = []
        self._failing: list[Wanted] = []

    def learn(self, wanted: Wanted, nest: Nest, *, last: bool) -> None:
        """What a search for `wanted` laid down: all of it or a part, than which the `last` search finds no more."""
        laid = Counter(nest.shape)
        if not any(_within(laid, known) for known, _ in self._holding):
            self._holding.append((laid, nest))
        if len(wanted) == 1:
            [(shape, pieces)] = wanted
            wanted = ((shape, min(pieces, laid[shape] + 1)),)
        if last and any(laid[shape] < pieces for shape, pieces in wanted) and not self.fail(wanted):
            self._failing.append(wanted)

    def fail(self, wanted: Wanted) -> bool:
        """Whether less than this was sought in vain."""
        pieces = dict(wanted)
        return any(all(pieces.get(shape, 0) >= number for shape, number in less) for less in self._failing)

    def holding(self, wanted: Wanted) -> Nest | None:
        """All that is wanted out of a nest of at least that."""
        found = next((nest for known, nest in self._holding if _within(dict(wanted), known)), None)
        return None if found is None else _cut(found, wanted)


def _within(some: dict[int, int], more: dict[int, int]) -> bool:
    return all(more.get(shape, 0) >= number for shape, number in some.items())


def _cut(nest: Nest, wanted: Wanted) -> Nest:
    left, rows = dict(wanted), []
    for row, shape in enumerate(nest.shape):
        if left.get(shape, 0):
            left[shape] -= 1
            rows.append(row)
    shapes, poses = tuple(nest.shape[row] for row in rows), tuple(nest.pose[row] for row in rows)
    return Nest(shapes, poses, nest.at[np.array(rows, dtype=np.int64)], nest.used_mm)
