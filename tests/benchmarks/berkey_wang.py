"""The ten classes of two-dimensional bin packing: Berkey and Wang (1987), Martello and Vigo (1998)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

PIECES = (20, 40, 60, 80, 100)
_UNIFORM = ((10, 10), (10, 30), (35, 40), (35, 100), (100, 100), (100, 300))
"""Longest side, bin's side of classes 1 to 6."""
_SIDE = 100
_LONG, _HALF, _SHORT = (67, 100), (50, 100), (1, 50)
_KINDS = ((_LONG, _SHORT), (_SHORT, _LONG), (_HALF, _HALF), (_SHORT, _SHORT))
"""Ranges of width and depth; classes 7 to 10 draw 7 of 10 pieces from one each, and the rest from the others."""


@dataclass(frozen=True, slots=True)
class Instance:
    name: str
    bin: tuple[int, int]
    items: list[list[int]]


def instances(seed: int) -> Iterator[Instance]:
    """One of each class and number of pieces."""
    rng = np.random.default_rng(seed)
    for number in range(1, 11):
        for pieces in PIECES:
            side = _UNIFORM[number - 1][1] if number <= 6 else _SIDE
            items = [_item(number, rng) for _ in range(pieces)]
            yield Instance(f"class {number}, {pieces} pieces, seed {seed}", (side, side), items)


def _item(number: int, rng: np.random.Generator) -> list[int]:
    if number <= 6:
        return [int(length) for length in rng.integers(1, _UNIFORM[number - 1][0] + 1, 2)]
    share = np.full(4, 0.1)
    share[number - 7] = 0.7
    return [int(rng.integers(low, high + 1)) for low, high in _KINDS[rng.choice(4, p=share)]]
