"""Facts and findings of a drawing."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from slicer_bridge.drawings.circles import Circle, inside_corners
from slicer_bridge.drawings.contours import Contour, Outlines, join
from slicer_bridge.errors import BadFile
from slicer_bridge.facts import ClosedContour, DrawingFacts, Finding, Polygon, Severity
from slicer_bridge.outline import covering_outline
from slicer_bridge.reading.dxf_out import OutLine
from slicer_bridge.reading.flat_path import FlatPath

_NAMED = 8
"""Handles named in one message."""


@dataclass(frozen=True, slots=True)
class MeasuredDrawing:
    """`lines`: what is to be written, with the outermost contours' low corner at the origin."""

    lines: list[OutLine]
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
    inside = [inside_corners(one.corners, is_hole=one.is_hole) for one in found.contours]
    facts = DrawingFacts(
        size_mm=(float(high_x - low_x), float(high_y - low_y)),
        outline=covering_outline(cover, float(high_x - low_x), float(high_y - low_y)),
        holes=tuple(_corners(one, low) for one in found.contours if one.is_hole),
        area_mm2=sum(one.area_mm2 * (-1 if one.is_hole else 1) for one in found.contours),
        cut_length_mm=sum(one.length_mm for one in found.contours),
        contours=len(found.contours),
        open_contours=len(found.open_paths),
        smallest_inside_radius_mm=min((one.radius_mm for one in inside if one.radius_mm is not None), default=None),
        sharp_inside_corners=sum(one.sharp for one in inside),
        closed=tuple(_closed(one, low) for one in found.contours),
    )
    lines = [_line_of(one, low) for one in (*found.contours, *found.crossing)]
    lines += [
        OutLine(path.moved(-low).corners, path.handles[0], closed=False, layer=path.layer) for path in found.open_paths
    ]
    return MeasuredDrawing(lines, facts, tuple(findings))


def _closed(contour: Contour, low: NDArray[np.float64]) -> ClosedContour:
    return ClosedContour(
        depth=contour.depth,
        length_mm=contour.length_mm,
        area_mm2=contour.area_mm2,
        circle=_moved(contour.circle, low),
        handles=contour.handles[:_NAMED],
    )


def _moved(circle: Circle | None, low: NDArray[np.float64]) -> Circle | None:
    return (circle[0] - float(low[0]), circle[1] - float(low[1]), circle[2]) if circle else None


def _line_of(contour: Contour, low: NDArray[np.float64]) -> OutLine:
    """A circle of arcs is written as a circle; one of straight ways stays as it was drawn."""
    drawn_round = bool(contour.corners[:-1, 2].all())
    circle = _moved(contour.circle, low) if drawn_round else None
    return OutLine(contour.corners - [*low, 0.0], contour.handles[0], closed=True, circle=circle, layer=contour.layer)


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
        text = f"{len(found.duplicates)} lines are drawn twice; each is cut once: {_names(list(found.duplicates))}"
        findings.append(Finding("duplicate-contour", Severity.NOTE, text, float(len(found.duplicates)), 0.0))
    pieces = sum(not contour.is_hole for contour in found.contours)
    if pieces > 1:
        text = f"the drawing holds {pieces} separate pieces: they are counted as one part"
        findings.append(Finding("several-pieces", Severity.REVIEW, text, float(pieces), 1.0))
    if ignored:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(ignored.items()))
        findings.append(Finding("not-cut", Severity.NOTE, f"what is no line, or hidden, was left out: {kinds}"))
    return findings


def _names(handles: list[tuple[str, ...]]) -> str:
    shown = [f"entity {one[0]}" if len(one) == 1 else f"entities {one[0]} to {one[-1]}" for one in handles[:_NAMED]]
    return ", ".join(shown) + (" and more" if len(handles) > _NAMED else "")
