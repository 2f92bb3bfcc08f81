"""Where one part may not stand beside another on a grid, kept for each pair of ways to lay them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.nesting.bed import Bed, Variant, Zone
from broker.scheduling.nesting.covers import Pieces, convex_cover, widened_cover
from broker.scheduling.nesting.reach import Ints, fill_windows
from broker.scheduling.rotation import turned
from broker.scheduling.shapes import Floats, Pose

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Clash:
    """Offsets, in cells, from one part's low corner to another's at which they come too close."""

    mask: Mask
    """[rows, columns]: y, x."""
    first_row: int
    first_column: int


class NoFit:
    """No-fit regions between poses, kept."""

    def __init__(self, poses: Mapping[tuple[int, int], Pose]) -> None:
        """`poses[shape, pose]`."""
        self._poses = poses
        self._covers: dict[tuple[int, int, float], Pieces] = {}
        self._clashes: dict[tuple[Variant, Variant, Bed], Clash] = {}
        self._zones: dict[tuple[Zone, Variant, Bed], Clash] = {}

    def clash(self, fixed: Variant, moved: Variant, bed: Bed) -> Clash:
        """Offsets of `moved` from `fixed` on a bed at which they lie closer than its spacing, or overlap."""
        key = (fixed, moved, bed)
        if key not in self._clashes:
            mirrored = self._clashes.get((moved, fixed, bed))
            self._clashes[key] = _mirror(mirrored) if mirrored else self._compared(*key)
        return self._clashes[key]

    def zone(self, zone: Zone, moved: Variant, bed: Bed) -> Clash:
        """Places of `moved` on the bed at which it overlaps a forbidden zone."""
        key = (zone, moved, bed)
        if key not in self._zones:
            corners = np.array(zone)
            low, size = corners.min(axis=0), np.ptp(corners, axis=0)
            pieces = list(convex_cover(corners))
            self._zones[key] = _filled(pieces, low, size, self._laid(moved, 0.0), moved, bed, 0.0)
        return self._zones[key]

    def _compared(self, fixed: Variant, moved: Variant, bed: Bed) -> Clash:
        pieces = self._laid(fixed, bed.spacing_mm)
        size = np.array(fixed.size_mm)
        return _filled(pieces, np.zeros(2), size, self._laid(moved, 0.0), moved, bed, bed.spacing_mm)

    def _laid(self, way: Variant, widened_mm: float) -> list[Floats]:
        """Convex pieces of a turned outline, its low corner at the origin."""
        key = (way.shape, way.pose, widened_mm)
        if key not in self._covers:
            outline = self._poses[key[:2]].outline
            self._covers[key] = widened_cover(outline, widened_mm) if widened_mm else convex_cover(outline)
        return [turned(piece, way.angle_deg) - way.low_mm for piece in self._covers[key]]


def _filled(
    fixed: list[Floats], low: Floats, size: Floats, pieces: list[Floats], moved: Variant, bed: Bed, spacing_mm: float
) -> Clash:
    """`low`, `size` of what is fixed, x and y."""
    # No offset beyond what the bed leaves to both parts is ever asked for; a cell more, for rounding.
    room = np.array([bed.width_mm, bed.depth_mm]) + bed.cell_mm
    least = np.maximum(low - spacing_mm - moved.size_mm, low + size - room)
    most = np.minimum(low + size + spacing_mm, low + room - moved.size_mm)
    first = np.ceil(least / bed.cell_mm).astype(np.int64)
    columns, rows = np.maximum(np.floor(most / bed.cell_mm).astype(np.int64) - first + 1, 0).tolist()
    window = np.zeros((2, 2, 9), dtype=np.int64)
    window[0, 1, :4] = first[1], first[0], rows, columns
    pool = np.zeros(rows * columns, dtype=np.uint8)
    pair = np.array([[0, 1]], dtype=np.int64)
    fill_windows(pair, *_joined(fixed, 0), *_joined(pieces, 1), window, pool, bed.cell_mm)
    return Clash(pool.reshape(rows, columns) > 0, int(first[1]), int(first[0]))


def _joined(pieces: list[Floats], number: int) -> tuple[Floats, Ints, Ints]:
    """Corners, first corner of each piece, first piece of each of two ways, of which only `number` has any."""
    starts = np.cumsum([0, *(len(piece) for piece in pieces)]).astype(np.int64)
    firsts = np.array([0, 0 if number else len(pieces), len(pieces)], dtype=np.int64)
    return np.ascontiguousarray(np.concatenate(pieces)), starts, firsts


def _mirror(clash: Clash) -> Clash:
    rows, columns = clash.mask.shape
    return Clash(clash.mask[::-1, ::-1], 1 - clash.first_row - rows, 1 - clash.first_column - columns)
