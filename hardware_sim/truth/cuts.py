"""Counting cut pieces from the ways that a turning tool took through a sheet.

The tool is a flat end mill: under its disc everything above its tip is gone. A piece is a region of stock that
is parted from the rest: at least 75 % of its border is cut through, and the rest thin enough to count as a
holding tab. An unfinished last pass leaves a floor all round, so it makes no pieces.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from shapely import MultiPolygon, Polygon

from hardware_sim.truth.expected import Count, Expected, PieceTruth, Verdict
from hardware_sim.truth.raster import CELL_MM, Floats, Grid, Mask, cross, samples

THROUGH_MM = 0.05
"""Material left thinner than this is through."""
TAB_SHARE = 0.6
"""Material left thinner than this share of the thickness may be a tab."""
THROUGH_SHARE = 0.75
"""Share of a piece's border that must be cut through."""
COVER = 0.85


@dataclass(frozen=True, slots=True)
class SheetOnTable:
    """Lower left corner, top and size in machine coordinates, and the tool; mm."""

    x: float
    y: float
    z_top: float
    width: float
    depth: float
    thickness: float
    tool_diameter: float


@dataclass(frozen=True, slots=True)
class _Stock:
    """What is left of the sheet; arrays (rows, columns)."""

    grid: Grid
    through: Mask
    touched: Mask
    cut: Mask
    """Cut through, or down to a tab's thickness."""
    labels: NDArray[np.integer]
    """Regions of stock between the cuts; 0 on cut cells."""


@dataclass(frozen=True, slots=True)
class _Finding:
    """The region that holds a piece's material (0: none), or why there is no such piece."""

    region: int
    planned: int
    """Cells of the outline."""
    verdict: Verdict = Verdict.GOOD
    reason: str = ""


def count_cut(cuts: NDArray[np.float32], sheet: SheetOnTable, expected: Sequence[Expected]) -> Count:
    """`cuts`: (n, 6) x0 y0 z0 x1 y1 z1, mm, machine coordinates; outlines from the sheet's lower left corner."""
    remaining = _remaining(cuts.astype(np.float64), sheet)
    cut = remaining <= TAB_SHARE * sheet.thickness
    labels, _ = ndimage.label(~cut)
    stock = _Stock(_grid(sheet), remaining <= THROUGH_MM, remaining < sheet.thickness - THROUGH_MM, cut, labels)
    findings = [_find(stock, piece, sheet.tool_diameter) for piece in expected]
    pieces = [_judge(stock, piece, finding, findings) for piece, finding in zip(expected, findings, strict=True)]
    whole = {
        finding.region
        for piece, finding in zip(pieces, findings, strict=True)
        if piece.verdict in (Verdict.GOOD, Verdict.JOINED)
    }
    return Count(tuple(pieces), len(whole))


def _remaining(cuts: Floats, sheet: SheetOnTable) -> Floats:
    """Thickness left in each cell of the sheet, mm, (rows, columns)."""
    grid = _grid(sheet)
    reach = int(np.ceil(sheet.tool_diameter / 2 / CELL_MM)) + 1
    tip = np.full((grid.rows + 2 * reach, grid.columns + 2 * reach), np.inf)
    corner = np.array([sheet.x, sheet.y]) - reach * CELL_MM
    for _, points in samples(cuts[:, :3], cuts[:, 3:]):
        cells = np.floor((points[:, :2] - corner) / CELL_MM).astype(np.intp)
        near = (
            (points[:, 2] < sheet.z_top)
            & (cells >= 0).all(axis=1)
            & (cells[:, 0] < tip.shape[1])
            & (cells[:, 1] < tip.shape[0])
        )
        np.minimum.at(tip, (cells[near, 1], cells[near, 0]), points[near, 2])
    rows, columns = np.nonzero(tip < np.inf)
    depth = tip[rows, columns]
    floor = np.full((tip.shape[0] + 2 * reach, tip.shape[1] + 2 * reach), sheet.z_top)
    radius = sheet.tool_diameter / 2 / CELL_MM
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if dx * dx + dy * dy <= radius * radius:
                at = (rows + dy + reach, columns + dx + reach)
                floor[at] = np.minimum(floor[at], depth)
    inside = floor[2 * reach : 2 * reach + grid.rows, 2 * reach : 2 * reach + grid.columns]
    return np.clip(inside - (sheet.z_top - sheet.thickness), 0.0, sheet.thickness)


def _grid(sheet: SheetOnTable) -> Grid:
    """The sheet's cells, in coordinates from its own corner."""
    return Grid(0.0, 0.0, round(sheet.width / CELL_MM), round(sheet.depth / CELL_MM))


def _find(stock: _Stock, piece: Expected, tool_mm: float) -> _Finding:
    window, inside = stock.grid.inside(piece.outline)
    planned = int(inside.sum())
    if not planned:
        return _Finding(0, 0, verdict=Verdict.MISSING, reason="outside the sheet")
    around, ring = stock.grid.inside(_around(piece.outline, tool_mm))
    if stock.touched[around][ring].mean() < 0.02:
        return _Finding(0, planned, verdict=Verdict.MISSING, reason="nothing was cut here")
    held = np.bincount(stock.labels[window][inside], minlength=1)
    held[0] = 0
    region = int(held.argmax())
    edge = 0.5 * piece.outline.length / CELL_MM
    if held[region] < COVER * planned - edge:
        reason = f"only {held[region] / planned:.0%} of its area is left in one region"
        return _Finding(0, planned, verdict=Verdict.INCOMPLETE, reason=reason)
    return _Finding(region, planned)


def _around(outline: Polygon, width_mm: float) -> Polygon | MultiPolygon:
    ring = outline.buffer(width_mm).difference(outline)
    return ring if isinstance(ring, (Polygon, MultiPolygon)) else outline


def _judge(stock: _Stock, piece: Expected, mine: _Finding, findings: Sequence[_Finding]) -> PieceTruth:
    if not mine.region:
        return PieceTruth(piece.label, mine.verdict, mine.reason)
    sharing = [finding.planned for finding in findings if finding.region == mine.region]
    region = stock.labels == mine.region
    edge = piece.outline.length / CELL_MM
    if region.sum() > sum(sharing) / COVER + len(sharing) * edge:
        return PieceTruth(piece.label, Verdict.INCOMPLETE, "not parted from the sheet")
    rim = cross(region) & ~region
    share = float(stock.through[rim].mean()) if rim.any() else 0.0
    if share < THROUGH_SHARE:
        return PieceTruth(piece.label, Verdict.INCOMPLETE, f"only {share:.0%} of its border is cut through")
    if len(sharing) > 1:
        return PieceTruth(piece.label, Verdict.JOINED, f"one region with {len(sharing) - 1} other pieces")
    if uncut := _uncut_holes(region, stock.grid, piece):
        return PieceTruth(piece.label, Verdict.INCOMPLETE, f"{uncut} of its holes not cut")
    return PieceTruth(piece.label, Verdict.GOOD)


def _uncut_holes(region: Mask, grid: Grid, piece: Expected) -> int:
    """Holes of the outline that are still mostly filled with the piece's own material."""
    uncut = 0
    for ring in piece.outline.interiors:
        window, hole = grid.inside(Polygon(ring))
        uncut += bool(hole.any() and region[window][hole].mean() > 0.5)
    return uncut
