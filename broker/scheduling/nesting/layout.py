"""Pieces on plates as the compiled searches hold them: where each lies, what overlaps, where it would overlap least."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.nesting.reach import Ints
from broker.scheduling.nesting.ways import Ways

Weights = NDArray[np.float32]
BARRED = np.float32(1e30)


class Layout(NamedTuple):
    """n pieces on at most P plates; arrays are changed in place."""

    kind: Ints
    """[n] type of each piece."""
    place: Ints
    """[n, 4] plate (-1: none), variant, row, column."""
    on: Ints
    """[P, n] the pieces of each plate, in no order."""
    load: Ints
    """[P] pieces of each plate."""
    heavy: Weights
    """[n, n] what a cell of overlap between two pieces weighs."""
    field: Weights
    """Scratch: weighted depth at every place of a variant."""
    state: NDArray[np.uint64]
    """[1] of the random numbers, not 0."""


def empty_layout(ways: Ways, kind: Ints, plates: int, seed: int) -> Layout:
    """No piece lies anywhere yet."""
    n = len(kind)
    size = ways.size[kind]
    return Layout(
        kind=kind,
        place=np.full((n, 4), -1, dtype=np.int64),
        on=np.zeros((plates, n), dtype=np.int64),
        load=np.zeros(plates, dtype=np.int64),
        heavy=size[:, None] * size[None, :],
        field=np.zeros(int(ways.places.prod(axis=1).max()), dtype=np.float32),
        state=np.random.default_rng(seed).integers(1, 2**63, 1).astype(np.uint64),
    )


def copied(layout: Layout, seed: int) -> Layout:
    """The same pieces at the same places, with other random numbers."""
    state = np.random.default_rng(seed).integers(1, 2**63, 1).astype(np.uint64)
    return Layout(
        layout.kind,
        layout.place.copy(),
        layout.on.copy(),
        layout.load.copy(),
        layout.heavy.copy(),
        layout.field.copy(),
        state,
    )


def put_back(layout: Layout, place: Ints) -> None:
    """All pieces to `place[n, 4]`."""
    layout.place[:] = place
    layout.load[:] = 0
    for piece, plate in enumerate(place[:, 0].tolist()):
        layout.on[plate, layout.load[plate]] = piece
        layout.load[plate] += 1


@inlined
def below(state: NDArray[np.uint64], limit: int) -> int:
    """Uniform in 0 to limit − 1: xorshift (Marsaglia 2003)."""
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    return np.int64((x >> np.uint64(11)) % np.uint64(limit))  # type: ignore[return-value]


@inlined
def depth(ways: Ways, layout: Layout, i: int, j: int) -> int:
    """How deep piece j lies in piece i of the same plate."""
    place = layout.place
    here = ways.window[place[i, 1], place[j, 1]]
    row = place[j, 2] - place[i, 2] - here[0]
    column = place[j, 3] - place[i, 3] - here[1]
    if row < 0 or row >= here[2] or column < 0 or column >= here[3]:
        return 0
    return int(ways.pool[here[4] + row * here[3] + column])


@compiled
def lightest(
    ways: Ways, layout: Layout, piece: int, plate: int, variant: int, backwards: bool
) -> tuple[float, int, int]:
    """Least weighted depth of a piece on a plate, and the first or last row and column that have it."""
    rows, columns = ways.places[variant, 0], ways.places[variant, 1]
    field = layout.field[: rows * columns]
    _bar(ways, variant, field)
    for m in range(layout.load[plate]):
        j = layout.on[plate, m]
        if j != piece:
            _weigh(ways, layout, piece, j, variant, field)
    # Floats that aren't negative are in the order of their bits, and integers compare in parallel.
    bits = field.view(np.int32)
    least = bits[0]
    for k in range(len(bits)):
        least = min(least, bits[k])
    where = 0
    if backwards:
        where = len(bits) - 1
        while bits[where] != least:
            where -= 1
    else:
        while bits[where] != least:
            where += 1
    return float(field[where]), where // columns, where % columns


@inlined
def _bar(ways: Ways, variant: int, field: Weights) -> None:
    start = ways.blocked_from[variant]
    if start < 0:
        field[:] = 0
        return
    blocked = ways.blocked[start : start + len(field)]
    for k in range(len(field)):
        field[k] = np.float32(blocked[k]) * BARRED


@inlined
def _weigh(ways: Ways, layout: Layout, piece: int, j: int, variant: int, field: Weights) -> None:
    """Add what an overlap with piece j weighs, wherever there is one."""
    rows, columns = ways.places[variant, 0], ways.places[variant, 1]
    here = ways.window[layout.place[j, 1], variant]
    top, left = layout.place[j, 2] + here[0], layout.place[j, 3] + here[1]
    start, end = max(left, 0), min(left + here[3], columns)
    weight = layout.heavy[piece, j]
    if start >= end:
        return
    for row in range(max(top, 0), min(top + here[2], rows)):
        source = here[4] + (row - top) * here[3] + start - left
        depths = ways.pool[source : source + end - start]
        target = field[row * columns + start : row * columns + end]
        for k in range(end - start):
            target[k] += weight * np.float32(depths[k])


@compiled
def settle(layout: Layout, piece: int, plate: int, variant: int, row: int, column: int) -> None:
    """Move a piece there."""
    place, on, load = layout.place, layout.on, layout.load
    old = place[piece, 0]
    if old != plate:
        if old >= 0:
            m = 0
            while on[old, m] != piece:
                m += 1
            load[old] -= 1
            on[old, m] = on[old, load[old]]
        on[plate, load[plate]] = piece
        load[plate] += 1
    place[piece, 0], place[piece, 1], place[piece, 2], place[piece, 3] = plate, variant, row, column
