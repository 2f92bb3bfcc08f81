"""Every way to lay every part on one kind of plate, and how deep any two lie in each other, as arrays."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from broker.scheduling.nesting.bed import Bed, Variant
from broker.scheduling.nesting.covers import Pieces, convex_cover, widened_cover
from broker.scheduling.nesting.reach import Bytes, Floats, Ints, fill_windows
from broker.scheduling.rotation import turned

EXACT_MM = 1e-5
"""Rounding that is let pass where a part just fits: more than `rotation.FIT_TOLERANCE_MM`, nothing to a machine."""
CELL_MM = 1.0
COARSER = 1.25
MOST_BYTES = 300_000_000
THREADS = 2


class Ways(NamedTuple):
    """V variants of T types, in order of type."""

    first: Ints
    """[T + 1] type t has variants `first[t]` to `first[t + 1]`."""
    places: Ints
    """[V, 2] rows and columns of the grid on which the low corner of a variant may lie."""
    far: Ints
    """[V, 2] cells from the low corner to the far edges, rounded up: along rows, along columns."""
    window: Ints
    """[V, V, 9] as in `reach.fill_windows`."""
    pool: Bytes
    """Depths, cells."""
    blocked: Bytes
    """Places, row by row, at which a variant would lie in a forbidden zone, are 1."""
    blocked_from: Ints
    """[V] where in `blocked` a variant's places start; -1: none is blocked."""
    size: NDArray[np.float32]
    """[T] fourth root of the area over their mean: how much an overlap of this type weighs."""


def ways(outlines: Sequence[Sequence[Floats]], variants: Sequence[Sequence[Variant]], bed: Bed) -> tuple[Ways, float]:
    """The arrays, and the cell they are in, mm: the finest that memory allows.

    `outlines[t]` holds the poses of type t, [k, 2] float64 mm; `variants[t]` are the ways to lay it, at least one.
    """
    flat = [(kind, variant) for kind, some in enumerate(variants) for variant in some]
    size = np.array([variant.size_mm for _, variant in flat])[:, ::-1]
    cell_mm = CELL_MM
    while True:
        room = np.array([bed.depth_mm, bed.width_mm]) - size + EXACT_MM
        places = np.floor(room / cell_mm).astype(np.int64) + 1
        window, length = _windows(size, places, bed.spacing_mm, cell_mm)
        if length <= MOST_BYTES:
            break
        cell_mm *= COARSER
    pool = np.empty(length, dtype=np.uint8)
    poses = sorted({(kind, variant.pose) for kind, variant in flat})
    thin = {(kind, pose): convex_cover(outlines[kind][pose]) for kind, pose in poses}
    fat = {(kind, pose): widened_cover(outlines[kind][pose], bed.spacing_mm) for kind, pose in poses}
    pairs = np.stack(np.triu_indices(len(flat)), axis=1).astype(np.int64)
    fixed, moved = _laid(flat, fat), _laid(flat, thin)
    with ThreadPoolExecutor(THREADS) as threads:
        shares = [np.ascontiguousarray(pairs[k::THREADS]) for k in range(THREADS)]
        list(threads.map(lambda share: fill_windows(share, *fixed, *moved, window, pool, cell_mm), shares))
    blocked, blocked_from = blocked_places(flat, thin, places, bed, cell_mm)
    area = np.array([shapely.Polygon(outlines[k][some[0].pose]).area for k, some in enumerate(variants)]) ** 0.25
    first = np.cumsum([0, *(len(some) for some in variants)]).astype(np.int64)
    far = np.ceil(size / cell_mm - EXACT_MM).astype(np.int64)
    return Ways(
        first, places, far, window, pool, blocked, blocked_from, (area / area.mean()).astype(np.float32)
    ), cell_mm


def _windows(size: Floats, places: Ints, spacing_mm: float, cell_mm: float) -> tuple[Ints, int]:
    """Bounds of the offsets of each (fixed, moved) that clash and that the bed allows; bytes for all."""
    low = np.ceil((-spacing_mm - size[None, :]) / cell_mm).astype(np.int64) + np.zeros_like(places)[:, None]
    high = np.floor((spacing_mm + size[:, None]) / cell_mm).astype(np.int64) + np.zeros_like(places)[None, :]
    least = np.maximum(low, 1 - places[:, None])
    most = np.minimum(high, places[None, :] - 1)
    extent = np.maximum(most - least + 1, 0)
    cells = extent.prod(axis=2)
    window = np.zeros((len(places), len(places), 9), dtype=np.int64)
    window[..., 0:2], window[..., 2:4] = least, extent
    window[..., 4] = np.cumsum(cells).reshape(cells.shape) - cells
    window[..., 5], window[..., 6] = least[..., 0] == low[..., 0], most[..., 0] == high[..., 0]
    window[..., 7], window[..., 8] = least[..., 1] == low[..., 1], most[..., 1] == high[..., 1]
    return window, int(cells.sum())


def _laid(flat: list[tuple[int, Variant]], covers: dict[tuple[int, int], Pieces]) -> tuple[Floats, Ints, Ints]:
    """Corners, first corner of each piece, first piece of each variant."""
    corners = [turned(piece, v.angle_deg) - v.low_mm for kind, v in flat for piece in covers[kind, v.pose]]
    starts = np.cumsum([0, *(len(piece) for piece in corners)]).astype(np.int64)
    firsts = np.cumsum([0, *(len(covers[kind, v.pose]) for kind, v in flat)]).astype(np.int64)
    return np.ascontiguousarray(np.concatenate(corners)), starts, firsts


def blocked_places(
    flat: list[tuple[int, Variant]], thin: dict[tuple[int, int], Pieces], places: Ints, bed: Bed, cell_mm: float
) -> tuple[Bytes, Ints]:
    """Where no-fit regions of the bed's zones bar each variant: `blocked`, `blocked_from` of `Ways`.

    `thin[type, pose]` are convex covers; `places[V, 2]` as in `Ways`.
    """
    if not bed.forbidden:
        return np.zeros(1, dtype=np.uint8), np.full(len(flat), -1, dtype=np.int64)
    zones = [piece for zone in bed.forbidden for piece in convex_cover(np.array(zone))]
    size = places.prod(axis=1)
    start = (np.cumsum(size) - size).astype(np.int64)
    blocked = np.empty(int(size.sum()), dtype=np.uint8)
    # The zones are one more way, fixed at the origin, so that the offset of a part from it is the part's place.
    count = len(flat)
    window = np.zeros((count + 1, count + 1, 9), dtype=np.int64)
    window[count, :count, 2:4], window[count, :count, 4] = places, start
    corners = np.ascontiguousarray(np.concatenate(zones))
    starts = np.cumsum([0, *(len(zone) for zone in zones)]).astype(np.int64)
    firsts = np.zeros(count + 2, dtype=np.int64)
    firsts[count + 1] = len(zones)
    pairs = np.stack([np.full(count, count), np.arange(count)], axis=1).astype(np.int64)
    fill_windows(pairs, corners, starts, firsts, *_laid(flat, thin), window, blocked, cell_mm)
    return np.minimum(blocked, 1), start
