"""Facts and findings of a drawing."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from slicer_bridge.drawings.contours import Contour, Outlines, join
from slicer_bridge.errors import BadFile
from slicer_bridge.facts import DrawingFacts, Finding, Polygon, Severity
from slicer_bridge.outline import covering_outline
from slicer_bridge.reading.flat_path import FlatPath

_NAMED = 8
"""Handles named in one message."""


@dataclass(frozen=True, slots=True)
class MeasuredDrawing:
    """`closed` and `opened`: points (n, 2) mm with the outermost contours' low corner at the origin."""

    closed: list[NDArray[np.float64]]
    opened: list[NDArray[np.float64]]
    facts: DrawingFacts
    findings: tuple[Finding, ...]


def measure_drawing(paths: list[FlatPath], ignored: dict[str, int], name: str) -> MeasuredDrawing:
    """Facts of flat paths in mm. Raises BadFile if nothing is closed."""
    found = join(paths)
    findings = _findings(found, ignored)
    if not found.contours:
        raise BadFile(
            f"{name} has no closed contour: {'; '.join(f.message for f in findings)}; join the ends and export again"
        )
    outer = [contour for contour in found.contours if contour.depth == 0]
    low_x, low_y, high_x, high_y = shapely.total_bounds([contour.polygon for contour in outer])
    low = np.array([low_x, low_y])
    cover = shapely.transform(shapely.union_all([contour.polygon for contour in outer]), lambda points: points - low)
    radii = [one.radius_mm for one in found.contours if one.is_hole and one.radius_mm is not None]
    facts = DrawingFacts(
        size_mm=(float(high_x - low_x), float(high_y - low_y)),
        outline=covering_outline(cover, float(high_x - low_x), float(high_y - low_y)),
        holes=tuple(_corners(one, low) for one in found.contours if one.is_hole),
        area_mm2=sum(one.polygon.area * (-1 if one.is_hole else 1) for one in found.contours),
        cut_length_mm=sum(one.polygon.length for one in found.contours),
        contours=len(found.contours),
        open_contours=len(found.open_paths),
        smallest_inside_radius_mm=min(radii, default=None),
    )
    closed = [shapely.get_coordinates(one.polygon.exterior)[:-1] - low for one in found.contours]
    return MeasuredDrawing(closed, [path.points - low for path in found.open_paths], facts, tuple(findings))


def _corners(contour: Contour, low: NDArray[np.float64]) -> Polygon:
    ring = shapely.orient_polygons(contour.polygon, exterior_cw=False).exterior
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in shapely.get_coordinates(ring)[:-1] - low)


def _findings(found: Outlines, ignored: dict[str, int]) -> list[Finding]:
    findings = []
    if found.open_paths:
        text = f"{len(found.open_paths)} open contours: {_names([path.handles for path in found.open_paths])}"
        findings.append(Finding("open-contour", Severity.REVIEW, text, float(len(found.open_paths)), 0.0))
    if found.crossing:
        text = (
            f"{len(found.crossing)} contours cross themselves or others: {_names([c.handles for c in found.crossing])}"
        )
        findings.append(Finding("crossing-contour", Severity.REVIEW, text, float(len(found.crossing)), 0.0))
    if found.duplicates:
        text = f"{found.duplicates} contours are drawn twice; each is cut once"
        findings.append(Finding("duplicate-contour", Severity.NOTE, text, float(found.duplicates), 0.0))
    pieces = sum(not contour.is_hole for contour in found.contours)
    if pieces > 1:
        text = f"the drawing holds {pieces} separate pieces: they are counted as one part"
        findings.append(Finding("several-pieces", Severity.REVIEW, text, float(pieces), 1.0))
    if ignored:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(ignored.items()))
        findings.append(Finding("not-cut", Severity.NOTE, f"entities that are no lines were left out: {kinds}"))
    return findings


def _names(handles: list[tuple[str, ...]]) -> str:
    shown = [f"entity {one[0]}" if len(one) == 1 else f"entities {one[0]} to {one[-1]}" for one in handles[:_NAMED]]
    return ", ".join(shown) + (" and more" if len(handles) > _NAMED else "")
