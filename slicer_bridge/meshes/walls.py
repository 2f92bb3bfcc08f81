"""How thick walls are and how wide gaps: straight lines through sampled points of the surface, along its normal.

A wall is counted where the line leaves through a surface that is nearly parallel to the one it came in by: so the
tip of a wedge, a chamfer or a fillet is no thin wall. Bodies that overlap or touch count as one: a line is inside
as long as it has entered more often than left.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.compiled import AVAILABLE
from slicer_bridge.features import STEP_MM, Spot, Widths
from slicer_bridge.meshes.crossings import Caster, Crossings
from slicer_bridge.meshes.mesh import Facets

SAMPLES = 8000
_CENTRES = 12000
"""Facets that also get a line through their centre: small features have small facets."""
_SLOWLY = 20_000_000
"""Lines times facets that are tested without a grid."""
WIDEST_MM = 5.0
_PARALLEL = float(np.cos(np.radians(30.0)))
_SAME_MM = 5e-3
"""Surfaces closer than this are one: exports leave slivers."""
_SPOTS = 200
_CELLS = 24
"""Spots are at least the part's length over this apart."""

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Samples:
    """Points (n, 3) on the surface, mm, outward unit normals (n, 3), and the area that each stands for (n,), mm²."""

    points: Points
    normals: Points
    areas: NDArray[np.float64]

    def only(self, chosen: NDArray[np.bool_]) -> "Samples":
        return Samples(self.points[chosen], self.normals[chosen], self.areas[chosen])


@dataclass(frozen=True, slots=True)
class Measured:
    """`inside`, `outside` (n,), mm: width of wall and gap at each sample, inf where there is none."""

    samples: Samples
    inside: NDArray[np.float64]
    outside: NDArray[np.float64]
    walls: Widths
    gaps: Widths


def sample(facets: Facets, normals: Points, areas: NDArray[np.float64]) -> Samples:
    """Evenly by area, and through the centres of facets (of every n-th of many); the centres stand for no area."""
    ends = np.cumsum(areas)
    total = float(ends[-1])
    most = _CENTRES if AVAILABLE else min(600, max(50, _SLOWLY // len(facets)))
    count = min(SAMPLES, most)
    of = np.searchsorted(ends, (np.arange(count) + 0.5) / count * total).clip(0, len(facets) - 1)
    # Points that fill the unit square evenly: Roberts (2018), the plastic number's powers.
    u, v = np.modf(np.arange(1, count + 1)[:, None] * [0.7548776662466927, 0.5698402909980532])[0].T
    fold = u + v > 1
    u, v = np.where(fold, 1 - u, u), np.where(fold, 1 - v, v)
    corner = facets[of]
    spread = corner[:, 0] + u[:, None] * (corner[:, 1] - corner[:, 0]) + v[:, None] * (corner[:, 2] - corner[:, 0])
    centred = np.flatnonzero(areas > 0)
    centred = centred[:: max(1, -(-len(centred) // most))]
    return Samples(
        np.concatenate([spread, facets[centred].mean(axis=1)]),
        np.concatenate([normals[of], normals[centred]]),
        np.concatenate([np.full(count, total / count), np.zeros(len(centred))]),
    )


def measure_walls(rays: Caster, samples: Samples, *, closed: bool) -> Measured:
    """Widths at all samples; those within the solid are left out (`closed` meshes only: open ones have no inside)."""
    lines = rays.cross(samples.points, -samples.normals)
    reach = float(np.linalg.norm(rays.shape * rays.pitch))
    same = _SAME_MM + 1e-7 * reach
    winding = _winding(lines, same)
    usable = ~lines.lost
    if closed:
        usable &= _before(lines, winding, -same) <= 0
    samples, lines, winding = samples.only(usable), _only(lines, usable), winding[usable]
    inside = _leaves(lines, winding, same, closed)
    outside = _meets(lines, same)
    return Measured(samples, inside, outside, _widths(samples, inside, reach), _widths(samples, outside, reach))


def _only(lines: Crossings, chosen: NDArray[np.bool_]) -> Crossings:
    return Crossings(lines.at[chosen], lines.facing[chosen], lines.lost[chosen])


def _winding(lines: Crossings, same: float) -> NDArray[np.int64]:
    """How often the line is inside after each crossing, (n, MOST); a crossing of an edge, told twice, counts once."""
    signs = -np.sign(lines.facing).astype(np.int64)
    signs[~np.isfinite(lines.at)] = 0
    with np.errstate(invalid="ignore"):
        twin = (np.diff(lines.at, axis=1) < same) & (signs[:, 1:] == signs[:, :-1])
    signs[:, 1:][twin] = 0
    return np.cumsum(signs, axis=1)


def _before(lines: Crossings, winding: NDArray[np.int64], at: float) -> NDArray[np.int64]:
    """Winding of each line just before `at`."""
    count = (lines.at < at).sum(axis=1)
    last = np.take_along_axis(winding, np.maximum(count - 1, 0)[:, None], axis=1)[:, 0]
    return np.where(count > 0, last, 0)


def _leaves(lines: Crossings, winding: NDArray[np.int64], same: float, closed: bool) -> NDArray[np.float64]:
    """Distance to the far side of the wall, inf if that is not parallel to the near one or not there."""
    out = (lines.at > same) & np.isfinite(lines.at) & (lines.facing > 0)
    if closed:
        settled = winding.copy()
        with np.errstate(invalid="ignore"):
            touching = np.diff(lines.at, axis=1) < same
        for column in range(winding.shape[1] - 2, -1, -1):  # bodies that touch: what counts is the winding beyond
            settled[:, column] = np.where(touching[:, column], settled[:, column + 1], winding[:, column])
        out &= settled <= 0
    return _first(lines, out)


def _meets(lines: Crossings, same: float) -> NDArray[np.float64]:
    """Distance outwards to the next wall that faces this one."""
    back = Crossings(-lines.at[:, ::-1], lines.facing[:, ::-1], lines.lost)
    ahead = (back.at > same) & np.isfinite(back.at)
    first = ahead & (np.cumsum(ahead, axis=1) == 1)
    return _first(back, first & (back.facing > 0))


def _first(lines: Crossings, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    where = chosen.argmax(axis=1)[:, None]
    at = np.take_along_axis(lines.at, where, axis=1)[:, 0]
    facing = np.take_along_axis(lines.facing, where, axis=1)[:, 0]
    return np.where(chosen.any(axis=1) & (facing >= _PARALLEL), at, np.inf)


def _widths(samples: Samples, width: NDArray[np.float64], reach: float) -> Widths:
    known = np.isfinite(width)
    total = float(samples.areas.sum()) or 1.0
    steps = np.arange(1, round(WIDEST_MM / STEP_MM) + 1) * STEP_MM
    counted, _ = np.histogram(width[known], np.concatenate([[0.0], steps]), weights=samples.areas[known])
    return Widths(
        smallest_mm=float(width[known].min()) if known.any() else None,
        shares=tuple(round(float(share), 6) for share in np.cumsum(counted) / total),
        spots=spots(samples.points, width, reach / _CELLS, WIDEST_MM),
    )


def spots(points: Points, values: NDArray[np.float64], apart_mm: float, highest: float) -> tuple[Spot, ...]:
    """The smallest value of each cell of a grid, smallest first; at most 200."""
    few = np.flatnonzero(values <= highest)
    few = few[np.argsort(values[few], kind="stable")]
    _, first = np.unique(np.floor(points[few] / apart_mm).astype(np.int64), axis=0, return_index=True)
    return tuple(
        Spot((round(float(x), 3), round(float(y), 3), round(float(z), 3)), round(float(value), 4))
        for (x, y, z), value in ((points[i], values[i]) for i in few[np.sort(first)][:_SPOTS])
    )
