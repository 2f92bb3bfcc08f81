"""Counting printed pieces from what was deposited.

Each layer's lines, drawn as wide as they are (about 0.5 mm), form regions; regions that lie upon one another
are one body. A body is a piece if it stands on the bed, reaches the full height, and spans its outline. Bodies
that fill more than one outline are joined: parts closer than about half a millimetre. What lies outside all
outlines in the first layer (skirt, purge line, brim) is not looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hardware_sim.truth.expected import Count, Expected, PieceTruth, Verdict
from hardware_sim.truth.raster import CELL_MM, Cells, Floats, Grid, Mask, cross, owners, samples
from hardware_sim.truth.unions import Unions

LAYER_STEP_MM = 0.02
"""Heights closer than this are one layer."""
LINK_MM = 0.75
"""Layers further apart than this don't hold together."""
ON_BED_MM = 0.7
SPAN = 0.85
"""Share of the outline's width and depth that a whole piece spans."""
SHARE = 0.3
"""Share of the material within an outline that makes a body this piece's."""
GROW_MM = 0.25
_EIGHT = np.ones((3, 3), dtype=np.int8)


@dataclass(slots=True)
class _Bodies:
    """Per body: lowest and highest z (mm), box in cells (rows, columns), and cells per outline; (n, …)."""

    low: Floats
    high: Floats
    box: NDArray[np.int64]
    volume: NDArray[np.float64]


def count_printed(deposits: NDArray[np.float32], expected: Sequence[Expected]) -> Count:
    """`deposits`: (n, 6) x0 y0 x1 y1 z e, mm, bed coordinates."""
    laid = deposits[deposits[:, 5] > 0]
    if not len(laid):
        return Count(tuple(PieceTruth(piece.label, Verdict.MISSING, "nothing was printed") for piece in expected), 0)
    rows = laid.astype(np.float64)
    grid = Grid.around(
        min(rows[:, 0].min(), rows[:, 2].min()),
        min(rows[:, 1].min(), rows[:, 3].min()),
        max(rows[:, 0].max(), rows[:, 2].max()),
        max(rows[:, 1].max(), rows[:, 3].max()),
    )
    owner = owners(grid, [piece.outline for piece in expected], GROW_MM)
    bodies, layer_mm = _bodies(rows, grid, owner, len(expected))
    return _judge(bodies, layer_mm, grid, expected)


def _layers(rows: Floats) -> tuple[Floats, Cells, Cells]:
    """Layer heights (k,), the order of rows by layer (n,), and where each layer begins in it (k + 1,)."""
    step = np.round(rows[:, 4] / LAYER_STEP_MM).astype(np.int64)
    heights, layer = np.unique(step, return_inverse=True)
    order = np.argsort(layer, kind="stable")
    begins = np.searchsorted(layer[order], np.arange(len(heights) + 1))
    return heights.astype(np.float64) * LAYER_STEP_MM, order, begins


def _layer_mask(rows: Floats, grid: Grid) -> tuple[tuple[slice, slice], Mask]:
    """The cells that this layer's lines cover, and the window of the grid that they lie in."""
    ends = np.concatenate((rows[:, 0:2], rows[:, 2:4]))
    low = ((ends.min(axis=0) - (grid.x, grid.y)) / CELL_MM).astype(np.intp) - 2
    high = ((ends.max(axis=0) - (grid.x, grid.y)) / CELL_MM).astype(np.intp) + 3
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), dtype=np.bool_)
    for _, points in samples(rows[:, 0:2], rows[:, 2:4]):
        cells = ((points - (grid.x, grid.y)) / CELL_MM).astype(np.intp) - low
        mask[cells[:, 1], cells[:, 0]] = True
    window = (slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0])))
    return window, cross(mask)


def _bodies(rows: Floats, grid: Grid, owner: NDArray[np.int32], outlines: int) -> tuple[_Bodies, float]:
    heights, order, begins = _layers(rows)
    unions = Unions()
    top = np.full((grid.rows, grid.columns), -1, dtype=np.int64)
    top_z = np.full((grid.rows, grid.columns), -np.inf, dtype=np.float32)
    lows, boxes, volumes = [], [], []
    for index, height in enumerate(heights):
        window, mask = _layer_mask(rows[order[begins[index] : begins[index + 1]]], grid)
        mine = owner[window]
        if index == 0 and outlines:
            mask &= mine > 0
        labels, number = ndimage.label(mask, structure=_EIGHT)
        if not number:
            continue
        first = unions.add(number)
        near = mask & (height - top_z[window] <= LINK_MM)
        unions.join(_pairs(top[window][near], labels[near] + (first - 1)))
        top[window][mask] = labels[mask] + (first - 1)
        top_z[window][mask] = height
        lows.append(np.full(number, height))
        boxes.append(_boxes(labels, window))
        tally = np.bincount((labels[mask] - 1) * (outlines + 1) + mine[mask], minlength=number * (outlines + 1))
        volumes.append(tally.reshape(number, outlines + 1)[:, 1:])
    steps = np.diff(heights)
    layer_mm = float(np.median(steps[steps < LINK_MM])) if np.any(steps < LINK_MM) else 0.3
    if not lows:
        nothing = np.zeros(0)
        return _Bodies(nothing, nothing, np.zeros((0, 4), np.int64), np.zeros((0, outlines))), layer_mm
    return _merge(unions, np.concatenate(lows), np.concatenate(boxes), np.concatenate(volumes)), layer_mm


def _pairs(below: NDArray[np.int64], above: NDArray[np.integer]) -> list[tuple[int, int]]:
    """Each pair once. Neighbouring cells mostly repeat theirs, so that sorting sees few."""
    changes = np.ones(len(below), dtype=np.bool_)
    changes[1:] = (below[1:] != below[:-1]) | (above[1:] != above[:-1])
    return sorted(set(zip(below[changes].tolist(), above[changes].tolist(), strict=True)))


def _boxes(labels: NDArray[np.integer], window: tuple[slice, slice]) -> NDArray[np.int64]:
    """Row and column spans of each label in the whole grid, (n, 4): row0, row1, column0, column1."""
    spans = [(box[0].start, box[0].stop, box[1].start, box[1].stop) for box in ndimage.find_objects(labels)]
    row, column = window[0].start, window[1].start
    boxes: NDArray[np.int64] = np.array(spans, dtype=np.int64) + np.array([row, row, column, column], dtype=np.int64)
    return boxes


def _merge(unions: Unions, z: Floats, box: NDArray[np.int64], volume: NDArray[np.int64]) -> _Bodies:
    """From regions of layers to bodies."""
    _, body = np.unique(unions.roots(), return_inverse=True)
    number = int(body.max()) + 1
    low, high = np.full(number, np.inf), np.full(number, -np.inf)
    np.minimum.at(low, body, z)
    np.maximum.at(high, body, z)
    spans = np.tile(np.array([2**40, -1, 2**40, -1], dtype=np.int64), (number, 1))
    for column, merge in ((0, np.minimum), (1, np.maximum), (2, np.minimum), (3, np.maximum)):
        merge.at(spans[:, column], body, box[:, column])
    total = np.zeros((number, volume.shape[1]))
    np.add.at(total, body, volume)
    return _Bodies(low, high, spans, total)


def _judge(bodies: _Bodies, layer_mm: float, grid: Grid, expected: Sequence[Expected]) -> Count:
    material = bodies.volume.sum(axis=0)
    fills = (bodies.volume >= SHARE * material) & (bodies.volume > 0)
    pieces, whole_bodies = [], set()
    for index, piece in enumerate(expected):
        verdict, reason = Verdict.MISSING, "no material within the outline"
        planned = piece.outline.area / CELL_MM**2 * piece.height_mm / layer_mm
        if material[index] > 0.01 * planned:
            verdict, reason = Verdict.INCOMPLETE, "no connected body of this piece"
        for body in np.flatnonzero(fills[:, index]):
            if verdict is Verdict.MISSING or verdict is Verdict.GOOD:
                break
            problem = _problem(bodies, int(body), piece, layer_mm, grid)
            if problem:
                reason = problem
                continue
            whole_bodies.add(int(body))
            others = int(fills[body].sum()) - 1
            verdict = Verdict.JOINED if others else Verdict.GOOD
            reason = f"one body with {others} other pieces" if others else ""
        pieces.append(PieceTruth(piece.label, verdict, reason))
    return Count(tuple(pieces), len(whole_bodies))


def _problem(bodies: _Bodies, body: int, piece: Expected, layer_mm: float, grid: Grid) -> str:
    """Why this body is not the whole piece; empty if it is."""
    if bodies.low[body] > ON_BED_MM:
        return f"hangs in the air from {bodies.low[body]:.2f} mm up"
    if bodies.high[body] < piece.height_mm - 1.05 * layer_mm - 0.05:
        return f"ends at {bodies.high[body]:.2f} mm of {piece.height_mm:.2f} mm"
    row0, row1, column0, column1 = bodies.box[body]
    x0, y0, x1, y1 = piece.outline.bounds
    wide = min(x1, grid.x + column1 * CELL_MM) - max(x0, grid.x + column0 * CELL_MM)
    deep = min(y1, grid.y + row1 * CELL_MM) - max(y0, grid.y + row0 * CELL_MM)
    if wide < SPAN * (x1 - x0) - CELL_MM or deep < SPAN * (y1 - y0) - CELL_MM:
        return f"spans {wide:.1f} x {deep:.1f} mm of {x1 - x0:.1f} x {y1 - y0:.1f} mm"
    return ""
