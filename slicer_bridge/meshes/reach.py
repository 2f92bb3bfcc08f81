"""What an upright cutter reaches from each of six sides, and how narrow and deep its pockets are.

A sampled point is reached from a side if it doesn't face away from it and nothing stands between. The cutter's own
diameter is judged apart: by the width of slots and the radius of inside corners.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.compiled import AVAILABLE
from slicer_bridge.features import Hole, Milling, Place, Spot
from slicer_bridge.meshes.crossings import Caster
from slicer_bridge.meshes.holes import place
from slicer_bridge.meshes.walls import Measured, Points, Samples, spots

SIDES = ("+z", "-z", "+x", "-x", "+y", "-y")
_WAYS = np.array([[0, 0, 1], [0, 0, -1], [1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]], dtype=np.float64)
_UPRIGHT = 0.02
"""Cosine: some 1° off the vertical still counts as upright."""
_LEVEL = 0.9998
_CLEAR_MM = 0.01
_UNDER_MM = 0.05
_FEWEST = 4
"""Samples: fewer are an edge that a line grazed."""
_EVERY = 2 if AVAILABLE else 4
_WIDEST_MM = 100.0
_CELLS = 12


@dataclass(frozen=True, slots=True)
class _Reached:
    """`by` (6, n): which side reaches which sample."""

    samples: Samples
    by: NDArray[np.bool_]

    def area(self, chosen: NDArray[np.bool_]) -> float:
        return float(self.samples.areas[chosen].sum()) if chosen.sum() >= _FEWEST else 0.0

    def places(self, chosen: NDArray[np.bool_], apart_mm: float) -> tuple[Place, ...]:
        if chosen.sum() < _FEWEST:
            return ()
        nothing = np.where(chosen, 0.0, np.inf)
        return tuple(spot.place for spot in spots(self.samples.points, nothing, apart_mm, 0.0))


def milling(rays: Caster, measured: Measured, holes: tuple[Hole, ...]) -> Milling | None:
    """From the best of six sides; None without a sample that stands for an area."""
    chosen = measured.samples.areas > 0
    chosen &= np.cumsum(chosen) % _EVERY == 0
    samples, gaps = measured.samples.only(chosen), measured.outside[chosen]
    if not len(samples.points):
        return None
    samples = Samples(samples.points, samples.normals, samples.areas * _EVERY)
    reached = _Reached(samples, np.stack([_reached(rays, samples, way) for way in _WAYS]))
    hidden = [reached.area(~row) for row in reached.by]
    best = int(np.argmin(np.round(hidden, 1)))
    never: NDArray[np.bool_] = np.logical_not(reached.by.any(axis=0))
    slope = np.abs(samples.normals @ _WAYS[best])
    narrowest, deepest = _pockets(rays, reached, gaps, best, holes)
    apart = float(np.linalg.norm(rays.shape * rays.pitch)) / _CELLS
    return Milling(
        side=SIDES[best],
        hidden_mm2=round(hidden[best], 2),
        hidden=reached.places(~reached.by[best], apart),
        unreachable_mm2=round(reached.area(never), 2),
        unreachable=reached.places(never, apart),
        sloped_mm2=round(reached.area((slope > _UPRIGHT) & (slope < _LEVEL)), 2),
        narrowest=narrowest,
        deepest=deepest,
    )


def _reached(rays: Caster, samples: Samples, way: Points) -> NDArray[np.bool_]:
    height, facing = samples.points @ way, samples.normals @ way
    under = (height < height.min() + _UNDER_MM) & (facing < -0.99)
    open_to = facing > -_UPRIGHT
    origins = samples.points[open_to] + _CLEAR_MM * samples.normals[open_to]
    lines = rays.cross(origins, np.broadcast_to(way, origins.shape))
    free = ~((lines.at > 1e-4) & np.isfinite(lines.at)).any(axis=1)
    seen: NDArray[np.bool_] = under.copy()
    seen[open_to] |= free
    return seen


def _pockets(
    rays: Caster, reached: _Reached, gaps: NDArray[np.float64], side: int, holes: tuple[Hole, ...]
) -> tuple[Spot | None, Spot | None]:
    """The narrowest slot, and the largest ratio of depth to width; round holes are drilled and left out."""
    samples, way = reached.samples, _WAYS[side]
    upright = np.abs(samples.normals @ way) < _UPRIGHT
    chosen = upright & reached.by[side] & (gaps < _WIDEST_MM) & ~_in_holes(samples, way, holes)
    if chosen.sum() < _FEWEST:
        return None, None
    walls, widths = samples.only(chosen), gaps[chosen]
    ways = np.broadcast_to(way, walls.points.shape)
    within = rays.cross(walls.points - _UNDER_MM * walls.normals, ways)
    up = _nearest(within.at, (within.at > 1e-4) & (within.facing > 0))
    beside = rays.cross(walls.points + _UNDER_MM * walls.normals, -ways)
    down = _nearest(beside.at, (beside.at > 1e-4) & (beside.facing < 0))
    height = walls.points @ way
    down = np.where(np.isfinite(down), down, height - float((samples.points @ way).min()))
    depth = np.where(np.isfinite(up), up, 0.0) + down
    ratio = depth / widths
    narrow, deep = int(widths.argmin()), int(ratio.argmax())
    return (
        Spot(place(walls.points[narrow]), round(float(widths[narrow]), 4)),
        Spot(place(walls.points[deep]), round(float(ratio[deep]), 3)),
    )


def _nearest(at: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    nearest: NDArray[np.float64] = np.where(chosen, at, np.inf).min(axis=1)
    return nearest


def _in_holes(samples: Samples, way: Points, holes: tuple[Hole, ...]) -> NDArray[np.bool_]:
    inside = np.zeros(len(samples.points), np.bool_)
    for hole in holes:
        axis = np.array(hole.axis)
        if hole.round and abs(float(axis @ way)) > 0.999:
            away = samples.points - hole.place
            along = away @ axis
            aside = np.linalg.norm(away - along[:, None] * axis, axis=1)
            radius = hole.diameter_mm / 2
            inside |= (np.abs(aside - radius) < 0.1 * radius) & (np.abs(along) < hole.depth_mm / 2 + 0.1)
    return inside
