"""Synthetic toolpaths with known truth: printed boxes and rings, cut outlines with tabs."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from shapely import Polygon, box

from hardware_sim.truth.cuts import SheetOnTable
from hardware_sim.truth.expected import Expected

LINE_MM = 0.45
LAYER_MM = 0.2
SHEET = SheetOnTable(-500.0, -350.0, -60.0, 200.0, 150.0, 6.0, 3.175)

Rows = NDArray[np.float32]


def with_hole(outline: Polygon, hole: Polygon) -> Polygon:
    return Polygon(outline.exterior.coords, [hole.exterior.coords])


def _lines(points: Sequence[tuple[float, ...]], z: float) -> list[tuple[float, ...]]:
    return [(*a, *b, z, 0.05) for a, b in pairwise(points)]


def printed_box(x: float, y: float, width: float, depth: float, height: float, *, floor: float = 0.0) -> Rows:
    """Two perimeters and sparse infill in each layer from `floor` to `height`, mm."""
    rows: list[tuple[float, ...]] = []
    for layer in range(round(floor / LAYER_MM), round(height / LAYER_MM)):
        z = (layer + 1) * LAYER_MM
        for inset in (LINE_MM / 2, 1.5 * LINE_MM):
            ring = box(x + inset, y + inset, x + width - inset, y + depth - inset)
            rows += _lines(list(ring.exterior.coords), z)
        inset = 2 * LINE_MM - 0.1
        for at in np.arange(x + inset + 0.5, x + width - inset, 2.5):
            rows += _lines([(float(at), y + inset), (float(at), y + depth - inset)], z)
    return np.array(rows, dtype=np.float32)


def skirt(x0: float, y0: float, x1: float, y1: float) -> Rows:
    """A loop around everything, first layer only."""
    return np.array(_lines(list(box(x0, y0, x1, y1).exterior.coords), LAYER_MM), dtype=np.float32)


def box_expected(label: str, x: float, y: float, width: float, depth: float, height: float) -> Expected:
    return Expected(label, box(x, y, x + width, y + depth), height)


def cut_along(outline: Polygon, depths: Sequence[float], *, tabs: int = 0, tab_mm: float = 5.0) -> Rows:
    """Round each ring of the outline, outside the piece, once a depth (mm below the top), machine coordinates.

    `tabs` bridges of 2 mm are left on the outer ring below that height.
    """
    rows: list[tuple[float, ...]] = []
    radius = SHEET.tool_diameter / 2
    path = outline.exterior.parallel_offset(radius, "left" if outline.exterior.is_ccw is False else "right")
    rings = [(path, tabs)] + [(Polygon(hole).buffer(-radius).exterior, 0) for hole in outline.interiors]
    for ring, bridges in rings:
        steps = np.linspace(0.0, ring.length, 400)
        points = np.array([ring.interpolate(at).coords[0] for at in steps])
        for depth in depths:
            lifted = np.zeros(len(points), dtype=np.bool_)
            for bridge in range(bridges):
                centre = ring.length * (bridge + 0.5) / bridges
                lifted |= np.abs(steps - centre) < (tab_mm + SHEET.tool_diameter) / 2
            z = np.where(lifted, -min(depth, SHEET.thickness - 2.0), -depth) + SHEET.z_top
            whole = np.column_stack((points[:, 0] + SHEET.x, points[:, 1] + SHEET.y, z))
            rows += [(*a, *b) for a, b in pairwise(whole)]
    return np.array(rows, dtype=np.float32)
