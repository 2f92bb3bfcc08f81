"""Straight infill: parallel lines clipped to a region, joined to zigzags where their ends are near."""

from math import cos, hypot, radians, sin

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Point = tuple[float, float]


def zigzags(region: shapely.Geometry, spacing_mm: float, angle_deg: float, beyond_mm: float = 0.0) -> list[list[Point]]:
    """Lines `spacing_mm` apart at `angle_deg`, each longer than nothing; chains of points, mm.

    Lines lie on a grid through the origin, so that those of different layers are above each other. What joins two of
    them leaves the region by no more than `beyond_mm`: else it would cross a wall, or the air.
    """
    turn = radians(angle_deg)
    rings = [ring for ring in shapely.get_parts(shapely.boundary(region)) if ring.length > 0]
    if not rings:
        return []
    along, across = _edges(rings, cos(turn), sin(turn))
    rows, at = _crossings(along, across, spacing_mm)
    chains = _chained(rows, at, spacing_mm)
    chains = [[_back(x, y, cos(turn), sin(turn)) for x, y in chain] for chain in chains]
    return _parted(chains, shapely.buffer(region, beyond_mm + 1e-6))


def _edges(rings: list[shapely.Geometry], cos_: float, sin_: float) -> tuple[Floats, Floats]:
    """Coordinates of all edges' ends along and across the lines, (e, 2) each."""
    along, across = [], []
    for ring in rings:
        x, y = shapely.get_coordinates(ring).T
        along.append(x * cos_ + y * sin_)
        across.append(y * cos_ - x * sin_)
    return (
        np.concatenate([np.stack([one[:-1], one[1:]], axis=1) for one in along]),
        np.concatenate([np.stack([one[:-1], one[1:]], axis=1) for one in across]),
    )


def _crossings(along: Floats, across: Floats, spacing: float) -> tuple[NDArray[np.int64], Floats]:
    """Row numbers (k,) and pairs of ends along the row (k, 2), sorted; an end on a row counts as above it."""
    rows = across / spacing
    first = np.floor(rows.min(axis=1)).astype(np.int64) + 1
    count = np.floor(rows.max(axis=1)).astype(np.int64) - first + 1
    edge = np.repeat(np.arange(len(rows)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    share = (row - rows[edge, 0]) / (rows[edge, 1] - rows[edge, 0])
    at = along[edge, 0] + share * (along[edge, 1] - along[edge, 0])
    order = np.lexsort((at, row))
    whole = len(order) // 2 * 2  # closed rings cross each row an even number of times
    return row[order][:whole:2], at[order][:whole].reshape(-1, 2)


def _chained(rows: NDArray[np.int64], at: Floats, spacing: float) -> list[list[Point]]:
    """Row by row, to and fro; a chain goes on where the next line's end is near its own."""
    reach = 2.5 * spacing
    open_ends: list[tuple[int, list[Point]]] = []
    done: list[list[Point]] = []
    for row, (left, right) in zip(rows.tolist(), at.tolist(), strict=True):
        y = row * spacing
        forward = row % 2 == 0
        start, end = ((left, y), (right, y)) if forward else ((right, y), (left, y))
        best = None
        for number, (before, chain) in enumerate(open_ends):
            x = chain[-1][0]
            if before == row - 1 and hypot(start[0] - x, spacing) <= reach:
                best = number
                break
        if best is None:
            chain = [start, end]
        else:
            chain = open_ends.pop(best)[1]
            chain += [start, end]
        still = [one for one in open_ends if one[0] >= row - 1]
        done += [chain for before, chain in open_ends if before < row - 1]
        open_ends = [*still, (row, chain)]
    return done + [chain for _, chain in open_ends]


def _parted(chains: list[list[Point]], room: shapely.Geometry) -> list[list[Point]]:
    """Chains cut where two lines are joined outside of `room`."""
    joints = [joint for chain in chains for joint in zip(chain[1:-1:2], chain[2::2], strict=True)]
    if not joints:
        return chains
    shapely.prepare(room)
    inside = iter(shapely.covers(room, shapely.linestrings(joints)).tolist())
    out: list[list[Point]] = []
    for chain in chains:
        begin = 0
        for at in range(2, len(chain), 2):
            if not next(inside):
                out.append(chain[begin:at])
                begin = at
        out.append(chain[begin:])
    return out


def _back(along: float, across: float, cos_: float, sin_: float) -> Point:
    return along * cos_ - across * sin_, along * sin_ + across * cos_
