"""Room inside a part: closed cavities, those with too narrow an opening, and cups, on a grid of cubes.

A cube is solid if the column through its middle has entered the mesh more often than left it (so overlapping bodies
count once). What a ball of a given diameter reaches from outside follows from the distance to the nearest solid cube.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.compiled import AVAILABLE, compiled
from slicer_bridge.features import Cavity, Place
from slicer_bridge.meshes.holes import place
from slicer_bridge.meshes.mesh import Facets, Topology, body_labels, volume_mm3

CUBES = 1_000_000 if AVAILABLE else 100_000
"""Of the grid; coarser grids see no fine openings."""
_OPENINGS_MM = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0)
_CUBES_IN_AN_OPENING = 3
_LEAST_MM3 = 30.0
"""Of what a ball reaches not: smaller rooms are the rounding of corners."""
_FINEST_MM = 0.05
_THINNEST_CUBES = 1.5
_MOST = 30

Cubes = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Voids:
    cavities: tuple[Cavity, ...]
    known_from_mm: float | None
    cups_mm3: float
    cup: Place | None


@dataclass(frozen=True, slots=True)
class _Grid:
    """`solid` (i, j, k) bool; the middle of cube 0 lies at `low`, in the turned frame."""

    solid: Cubes
    pitch: float
    low: NDArray[np.float64]
    turn: NDArray[np.float64]

    def at(self, cube: NDArray[np.float64]) -> Place:
        return place((self.low + cube * self.pitch) @ self.turn)


def voids(shape: Topology, turn: NDArray[np.float64]) -> Voids:
    """Of a closed mesh, laid on the bed by `turn` (3, 3)."""
    shells = _shells(shape)
    grid = _grid(shape.facets, turn)
    level = next((one for one in _OPENINGS_MM if one >= _CUBES_IN_AN_OPENING * grid.pitch), _OPENINGS_MM[-1])
    narrow = [cavity for cavity in _narrow(grid, level) if not any(_inside(cavity, shell) for shell in shells)]
    cups, cup = _cups(grid)
    closed = [shell.cavity for shell in shells]
    found = sorted([*closed, *narrow], key=lambda one: -one.volume_mm3)[:_MOST]
    return Voids(tuple(found), level, cups, cup)


@dataclass(frozen=True, slots=True)
class _Shell:
    """A closed surface that looks inwards."""

    cavity: Cavity
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def _shells(shape: Topology) -> list[_Shell]:
    """Bodies with a negative volume: each bounds a cavity, and its volume is exact."""
    bodies, label = body_labels(shape)
    if bodies == 1:
        return []
    order = np.argsort(label, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    found = []
    for faces in groups:
        facets = shape.vertices[shape.faces[faces]]
        volume = volume_mm3(facets)
        if volume < 0:
            corners = facets.reshape(-1, 3)
            low, high = corners.min(axis=0), corners.max(axis=0)
            found.append(_Shell(Cavity(place((low + high) / 2), round(-volume, 4), 0.0), low, high))
    return found


def _inside(cavity: Cavity, shell: _Shell) -> bool:
    return bool((shell.low <= cavity.place).all() and (shell.high >= cavity.place).all())


def _grid(facets: Facets, turn: NDArray[np.float64]) -> _Grid:
    turned = facets @ turn.T
    low, high = turned.reshape(-1, 3).min(axis=0), turned.reshape(-1, 3).max(axis=0)
    pitch = max(float(np.prod(np.maximum(high - low, 0.5)) / CUBES) ** (1 / 3), _FINEST_MM)
    while True:
        border = int(np.ceil(_OPENINGS_MM[-1] / 2 / pitch)) + 2
        size = np.ceil((high - low) / pitch).astype(np.int64) + 2 * border
        if np.prod(size) <= CUBES:
            break
        pitch *= 1.05
    # the middles of the cubes stand off the coordinates that drawings use: no column runs along an edge
    start = low - border * pitch + pitch * np.array([0.5137, 0.5219, 0.5])
    changes = np.zeros(tuple(int(value) + (axis == 2) for axis, value in enumerate(size)), np.int16)
    fill_columns(np.ascontiguousarray(turned), start, pitch, changes)
    return _Grid(np.cumsum(changes, axis=2, dtype=np.int16)[:, :, :-1] > 0, pitch, start, turn)


@compiled
def fill_columns(
    facets: NDArray[np.float64], start: NDArray[np.float64], pitch: float, changes: NDArray[np.int16]
) -> None:
    """Adds to `changes`, at the first cube above each facet in each column, +1 where it looks down, -1 where up."""
    for facet in range(len(facets)):
        ax, ay, az = facets[facet, 0, 0], facets[facet, 0, 1], facets[facet, 0, 2]
        ux, uy, uz = facets[facet, 1, 0] - ax, facets[facet, 1, 1] - ay, facets[facet, 1, 2] - az
        vx, vy, vz = facets[facet, 2, 0] - ax, facets[facet, 2, 1] - ay, facets[facet, 2, 2] - az
        det = ux * vy - uy * vx
        if det == 0.0:
            continue
        sign = 1 if det < 0 else -1
        first_i = int(np.ceil((ax + min(0.0, ux, vx) - start[0]) / pitch))
        last_i = int(np.floor((ax + max(0.0, ux, vx) - start[0]) / pitch))
        first_j = int(np.ceil((ay + min(0.0, uy, vy) - start[1]) / pitch))
        last_j = int(np.floor((ay + max(0.0, uy, vy) - start[1]) / pitch))
        for i in range(first_i, last_i + 1):
            x = start[0] + i * pitch - ax
            for j in range(first_j, last_j + 1):
                y = start[1] + j * pitch - ay
                one, other = (x * vy - y * vx) / det, (ux * y - uy * x) / det
                if one >= 0.0 and other >= 0.0 and one + other <= 1.0:
                    height = az + one * uz + other * vz
                    k = int(np.ceil((height - start[2]) / pitch))
                    changes[i, j, min(max(k, 0), changes.shape[2] - 1)] += sign


def _narrow(grid: _Grid, finest_mm: float) -> list[Cavity]:
    """Rooms that a ball fills but can't leave, each with the widest ball that can."""
    from scipy.ndimage import distance_transform_edt

    room = distance_transform_edt(~grid.solid, sampling=grid.pitch)
    found: list[Cavity] = []
    for opening in (0.0, *(one for one in _OPENINGS_MM if one >= finest_mm)):
        # the distance is to the middle of a cube: its side is half a cube nearer
        found += _shut_in(grid, room, opening, found)
    return found


def _shut_in(grid: _Grid, room: NDArray[np.float64], opening: float, known: list[Cavity]) -> list[Cavity]:
    """What a ball of this diameter fills but can't leave, and smaller ones could."""
    from scipy.ndimage import find_objects, label

    labels, _ = label(room - grid.pitch / 2 > opening / 2)
    outside = int(labels[0, 0, 0])
    counts = np.bincount(labels.ravel())
    boxes = find_objects(labels)
    found = []
    for region in np.argsort(-counts, kind="stable"):
        volume = float(counts[region]) * grid.pitch**3
        if volume < _LEAST_MM3 or counts[region] < 8:
            break
        if region in (0, outside):
            continue
        box = boxes[int(region) - 1]
        inside = np.where(labels[box] == region, room[box], -1.0)
        if inside.max() < _THINNEST_CUBES * grid.pitch:
            continue  # a gap that is finer than the grid, in pieces
        deepest = np.unravel_index(int(inside.argmax()), inside.shape)
        cube = np.array([float(axis.start + at) for axis, at in zip(box, deepest, strict=True)])
        where = grid.at(cube)
        if any(np.linalg.norm(np.subtract(where, one.place)) < 2 * grid.pitch for one in known):
            continue
        fits = [one for one in (0.0, *_OPENINGS_MM) if one < opening]
        found.append(Cavity(where, round(volume, 2), fits[-1] if fits else 0.0))
    return found


def _cups(grid: _Grid) -> tuple[float, Place | None]:
    """Room that nothing drains downwards or sideways from: its volume, and a place in it."""
    from scipy.ndimage import label

    rooms, _ = label(~grid.solid)
    outside = rooms == rooms[0, 0, 0]  # the rest is closed, and no cup
    shut = np.zeros_like(grid.solid)
    drained = np.ones(grid.solid.shape[:2], np.bool_)
    for k in range(grid.solid.shape[2]):
        labels, count = label(~grid.solid[:, :, k])
        free = np.zeros(count + 1, np.bool_)
        free[labels[drained]] = True
        free[labels[0, 0]] = True
        free[0] = False
        drained = free[labels]
        shut[:, :, k] = outside[:, :, k] & ~drained
    volume = float(shut.sum()) * grid.pitch**3
    if volume < _LEAST_MM3:
        return 0.0, None
    labels, count = label(shut)
    largest = int(np.bincount(labels.ravel())[1:].argmax()) + 1
    cubes = np.argwhere(labels == largest)
    middle = cubes[np.linalg.norm(cubes - cubes.mean(axis=0), axis=1).argmin()]
    return round(volume, 2), grid.at(middle.astype(np.float64))
