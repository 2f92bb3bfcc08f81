"""Where straight lines cross a mesh: a uniform grid walked cell by cell (Amanatides and Woo, 1987).

Each crossing is tested as Möller and Trumbore (1997) do. Compiled by numba where it is installed; elsewhere numpy
tests every line against every facet, which gives the same answer and takes longer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.compiled import AVAILABLE, compiled
from slicer_bridge.meshes.mesh import Facets

MOST = 64
"""Crossings kept for one line; a line with more is told by `Crossings.lost`."""
_CELLS_PER_FACET = 2.0
_MOST_CELLS = 4_000_000
_MOST_ENTRIES = 40_000_000
_SLACK = 1e-9
"""Of a facet's side: a line through an edge crosses both facets rather than none."""
_CHUNK = 4_000_000


@dataclass(frozen=True, slots=True)
class Crossings:
    """Of n lines, each sorted along its direction; unused places hold +inf.

    `at` (n, MOST) float64: distance from the line's origin, mm, both ways.
    `facing` (n, MOST) float64: cosine between the line and the facet's normal: negative where it enters.
    `lost` (n,) bool: there were more.
    """

    at: NDArray[np.float64]
    facing: NDArray[np.float64]
    lost: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Caster:
    """A mesh made ready for lines; `first` (cells + 1,) and `entries` list the facets of each cell."""

    facets: Facets
    normals: NDArray[np.float64]
    low: NDArray[np.float64]
    pitch: float
    shape: NDArray[np.int64]
    first: NDArray[np.int64]
    entries: NDArray[np.int32]

    def cross(self, origins: NDArray[np.float64], directions: NDArray[np.float64]) -> Crossings:
        """Lines through `origins` (n, 3), mm, along unit `directions` (n, 3)."""
        if not AVAILABLE:
            return every_facet(self.facets, self.normals, origins, directions)
        found = _none(len(origins))
        _walk(
            self.facets,
            self.normals,
            self.low,
            self.pitch,
            self.shape,
            self.first,
            self.entries,
            np.ascontiguousarray(origins, np.float64),
            np.ascontiguousarray(directions, np.float64),
            found.at,
            found.facing,
            found.lost,
        )
        return _sorted(found)


def _none(lines: int) -> Crossings:
    return Crossings(np.full((lines, MOST), np.inf), np.zeros((lines, MOST)), np.zeros(lines, np.bool_))


def _sorted(found: Crossings) -> Crossings:
    order = np.argsort(found.at, axis=1, kind="stable")
    return Crossings(np.take_along_axis(found.at, order, 1), np.take_along_axis(found.facing, order, 1), found.lost)


def caster(facets: Facets, normals: NDArray[np.float64]) -> Caster:
    """Of facets (n, 3, 3), mm, with unit normals (n, 3). The grid has about two cells a facet, or fewer."""
    facets = np.ascontiguousarray(facets)
    low, high = facets.reshape(-1, 3).min(axis=0), facets.reshape(-1, 3).max(axis=0)
    room = np.maximum(high - low, 1e-3 * float((high - low).max()) + 1e-6)
    low = low - 1e-6 * room
    wanted = min(_CELLS_PER_FACET * len(facets), _MOST_CELLS) if AVAILABLE else 1.0
    pitch = float(np.prod(room) / max(wanted, 1.0)) ** (1 / 3)
    while True:
        shape = np.maximum(np.ceil(room * (1 + 2e-6) / pitch), 1).astype(np.int64)
        lows = np.clip(((facets.min(axis=1) - low) / pitch).astype(np.int64), 0, shape - 1)
        highs = np.clip(((facets.max(axis=1) - low) / pitch).astype(np.int64), 0, shape - 1)
        entries = int(np.prod(highs - lows + 1, axis=1).sum())
        if (entries <= _MOST_ENTRIES and int(np.prod(shape)) <= 2 * _MOST_CELLS) or int(shape.max()) == 1:
            break
        pitch *= 2
    first, listed = _listed(lows, highs, shape, entries)
    return Caster(facets, np.ascontiguousarray(normals), low, pitch, shape, first, listed)


def _listed(
    lows: NDArray[np.int64], highs: NDArray[np.int64], shape: NDArray[np.int64], entries: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    first = np.zeros(int(np.prod(shape)) + 1, np.int64)
    listed = np.zeros(entries, np.int32)
    if AVAILABLE:
        _list_cells(lows, highs, shape, first, listed)
    return first, listed


@compiled
def _list_cells(
    lows: NDArray[np.int64],
    highs: NDArray[np.int64],
    shape: NDArray[np.int64],
    first: NDArray[np.int64],
    listed: NDArray[np.int32],
) -> None:
    for facet in range(len(lows)):
        for i in range(lows[facet, 0], highs[facet, 0] + 1):
            for j in range(lows[facet, 1], highs[facet, 1] + 1):
                for k in range(lows[facet, 2], highs[facet, 2] + 1):
                    first[(i * shape[1] + j) * shape[2] + k + 1] += 1
    for cell in range(len(first) - 1):
        first[cell + 1] += first[cell]
    fill = first[:-1].copy()
    for facet in range(len(lows)):
        for i in range(lows[facet, 0], highs[facet, 0] + 1):
            for j in range(lows[facet, 1], highs[facet, 1] + 1):
                for k in range(lows[facet, 2], highs[facet, 2] + 1):
                    cell = (i * shape[1] + j) * shape[2] + k
                    listed[fill[cell]] = facet
                    fill[cell] += 1


@compiled
def _hit(facet: NDArray[np.float64], origin: NDArray[np.float64], way: NDArray[np.float64]) -> float:
    """Distance along the line, or NaN."""
    ax, ay, az = facet[0, 0], facet[0, 1], facet[0, 2]
    ux, uy, uz = facet[1, 0] - ax, facet[1, 1] - ay, facet[1, 2] - az
    vx, vy, vz = facet[2, 0] - ax, facet[2, 1] - ay, facet[2, 2] - az
    px, py, pz = way[1] * vz - way[2] * vy, way[2] * vx - way[0] * vz, way[0] * vy - way[1] * vx
    det = ux * px + uy * py + uz * pz
    size = (ux * ux + uy * uy + uz * uz + 1e-300) ** 0.5 * (vx * vx + vy * vy + vz * vz + 1e-300) ** 0.5
    if abs(det) <= 1e-12 * size:
        return np.nan
    tx, ty, tz = origin[0] - ax, origin[1] - ay, origin[2] - az
    u = (tx * px + ty * py + tz * pz) / det
    if u < -_SLACK or u > 1 + _SLACK:
        return np.nan
    qx, qy, qz = ty * uz - tz * uy, tz * ux - tx * uz, tx * uy - ty * ux
    v = (way[0] * qx + way[1] * qy + way[2] * qz) / det
    if v < -_SLACK or u + v > 1 + _SLACK:
        return np.nan
    return float((vx * qx + vy * qy + vz * qz) / det)


@compiled
def _clip(
    low: NDArray[np.float64], high: NDArray[np.float64], origin: NDArray[np.float64], way: NDArray[np.float64]
) -> tuple[float, float]:
    """Where the line enters and leaves the grid; entering after leaving: it doesn't."""
    enter, leave = -np.inf, np.inf
    for axis in range(3):
        if abs(way[axis]) < 1e-300:
            if origin[axis] < low[axis] or origin[axis] > high[axis]:
                return np.inf, -np.inf
        else:
            one = (low[axis] - origin[axis]) / way[axis]
            other = (high[axis] - origin[axis]) / way[axis]
            enter = max(enter, min(one, other))
            leave = min(leave, max(one, other))
    return enter, leave


@compiled
def _walk(
    facets: NDArray[np.float64],
    normals: NDArray[np.float64],
    low: NDArray[np.float64],
    pitch: float,
    shape: NDArray[np.int64],
    first: NDArray[np.int64],
    entries: NDArray[np.int32],
    origins: NDArray[np.float64],
    ways: NDArray[np.float64],
    at: NDArray[np.float64],
    facing: NDArray[np.float64],
    lost: NDArray[np.bool_],
) -> None:
    high = low + shape * pitch
    cell, step = np.zeros(3, np.int64), np.zeros(3, np.int64)
    following, stride = np.zeros(3), np.zeros(3)
    seen = np.zeros(MOST, np.int64)
    for line in range(len(origins)):
        origin, way = origins[line], ways[line]
        enter, leave = _clip(low, high, origin, way)
        if enter > leave:
            continue
        _start(origin, way, enter, low, pitch, shape, cell, step, following, stride)
        found = 0
        while found >= 0:
            index = (cell[0] * shape[1] + cell[1]) * shape[2] + cell[2]
            here = entries[first[index] : first[index + 1]]
            found = _cross_cell(facets, normals, here, origin, way, seen, found, at[line], facing[line])
            lost[line] = found < 0
            axis = int(np.argmin(following))
            cell[axis] += step[axis]
            if step[axis] == 0 or cell[axis] < 0 or cell[axis] >= shape[axis]:
                break
            following[axis] += stride[axis]


@compiled
def _start(
    origin: NDArray[np.float64],
    way: NDArray[np.float64],
    enter: float,
    low: NDArray[np.float64],
    pitch: float,
    shape: NDArray[np.int64],
    cell: NDArray[np.int64],
    step: NDArray[np.int64],
    following: NDArray[np.float64],
    stride: NDArray[np.float64],
) -> None:
    """The first cell, and along each axis: which way, where the next cell begins, and how long a cell is."""
    for axis in range(3):
        where = (origin[axis] + enter * way[axis] - low[axis]) / pitch
        cell[axis] = min(max(int(np.floor(where)), 0), shape[axis] - 1)
        following[axis], stride[axis], step[axis] = np.inf, np.inf, 0
        if abs(way[axis]) > 1e-300:
            step[axis] = 1 if way[axis] > 0 else -1
            side = low[axis] + (cell[axis] + (1 if way[axis] > 0 else 0)) * pitch
            following[axis] = (side - origin[axis]) / way[axis]
            stride[axis] = pitch / abs(way[axis])


@compiled
def _cross_cell(
    facets: NDArray[np.float64],
    normals: NDArray[np.float64],
    here: NDArray[np.int32],
    origin: NDArray[np.float64],
    way: NDArray[np.float64],
    seen: NDArray[np.int64],
    found: int,
    at: NDArray[np.float64],
    facing: NDArray[np.float64],
) -> int:
    """How many crossings are known after those with the facets `here`; -1: too many."""
    for facet in here:
        known = False
        for before in range(found):
            known = known or seen[before] == facet
        distance = np.nan if known else _hit(facets[facet], origin, way)
        if np.isnan(distance):
            continue
        if found == MOST:
            return -1
        normal = normals[facet]
        seen[found] = facet
        at[found] = distance
        facing[found] = way[0] * normal[0] + way[1] * normal[1] + way[2] * normal[2]
        found += 1
    return found


def every_facet(
    facets: Facets, normals: NDArray[np.float64], origins: NDArray[np.float64], ways: NDArray[np.float64]
) -> Crossings:
    """As `Caster.cross`, without a grid: each line against each facet."""
    found = _none(len(origins))
    corner = facets[:, 0]
    one, other = facets[:, 1] - corner, facets[:, 2] - corner
    size = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    for start in range(0, len(origins), max(1, _CHUNK // len(facets))):
        part = slice(start, start + max(1, _CHUNK // len(facets)))
        way = ways[part][:, None]
        p = np.cross(way, other[None])
        det = np.einsum("fk,nfk->nf", one, p)
        flat = np.abs(det) <= 1e-12 * size
        det[flat] = 1.0
        away = origins[part][:, None] - corner[None]
        u = np.einsum("nfk,nfk->nf", away, p) / det
        q = np.cross(away, one[None])
        v = np.einsum("nfk,nfk->nf", np.broadcast_to(way, q.shape), q) / det
        meets = ~flat & (u >= -_SLACK) & (u <= 1 + _SLACK) & (v >= -_SLACK) & (u + v <= 1 + _SLACK)
        distance = np.einsum("fk,nfk->nf", other, q) / det
        for row, hits in enumerate(meets):
            chosen = np.flatnonzero(hits)
            found.lost[start + row] = len(chosen) > MOST
            chosen = chosen[:MOST]
            found.at[start + row, : len(chosen)] = distance[row, chosen]
            found.facing[start + row, : len(chosen)] = normals[chosen] @ ways[start + row]
    return _sorted(found)
