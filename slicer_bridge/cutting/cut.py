"""Drawings to GRBL programs: copies at given places on a sheet, profiled inside and outside with an end mill.

Work coordinates: zero at the sheet's low corner, Z 0 at its upper surface.
"""

import hashlib
from dataclasses import dataclass
from functools import partial
from math import hypot
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.feeds import CutTool
from slicer_bridge.cutting.toolpath import GrblWriter, Ring, cut_ring
from slicer_bridge.drawings.contours import Contour, join
from slicer_bridge.errors import CutRefused
from slicer_bridge.plates.plate import PlacedPart, placed
from slicer_bridge.reading.dxf import read_dxf
from slicer_bridge.reading.flat_path import FlatPath

CUTTER = "llagar cut 1"
"""Changes whenever the same drawing would give another program."""
THROUGH_MM = 0.2
"""The cut goes this far into the spoil board."""
SAFE_MM = 5.0
SPIN_UP_S = 3.0
SLUG_MM = 150.0
"""Holes with a longer path get tabs too: a large loose slug jams the cutter."""
_FIT_MM = 0.01
"""A hole may be this much narrower than the tool."""


@dataclass(frozen=True, slots=True)
class Sheet:
    size_mm: tuple[float, float]
    thickness_mm: float


@dataclass(frozen=True, slots=True)
class CutResult:
    """`cut_length_mm` is the way of the cutter in the material, all passes; `estimate_s` is without acceleration."""

    program: Path
    sha256: str
    lines: int
    estimate_s: float
    cut_length_mm: float
    copies: int
    made_by: str


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """One part's rings, deepest first, and the area (mm) its pieces cover; low corner at the origin."""

    part: PlacedPart
    rings: list[Ring]
    cover: BaseGeometry


@dataclass(frozen=True, slots=True, eq=False)
class _OnSheet:
    rings: list[Ring]
    cover: BaseGeometry
    name: str


def cut_sheet(parts: tuple[PlacedPart, ...], tool: CutTool, sheet: Sheet, out: Path) -> CutResult:
    """Write the program `out`; the same sheet gives the same bytes. Nothing is written on failure.

    Raises CutRefused (open or crossing contours and features smaller than the tool by entity handle; copies off the
    sheet or in each other's cut), BadFile.
    """
    if not 0.1 <= sheet.thickness_mm <= 200 or tool.diameter_mm <= 0 or tool.pass_mm <= 0:
        raise CutRefused(f"a sheet of {sheet.thickness_mm:g} mm with a tool of {tool.diameter_mm:g} mm: check both")
    copies = [copy for part in parts for copy in _copies(_draw(part, tool))]
    if not copies:
        raise CutRefused("the sheet holds no part")
    _check_places(copies, tool, sheet)
    writer = GrblWriter(tool, SAFE_MM, ["G21 G90 G94 G17 G54"])
    writer.lift()
    writer.lines += [f"M3 S{tool.spindle_rpm:.0f}", f"G4 P{SPIN_UP_S:g}"]
    for copy in _nearest_first(copies):
        for ring in copy.rings:
            writer.rapid(float(ring.points[0, 0]), float(ring.points[0, 1]))
            for step in cut_ring(ring, tool, sheet.thickness_mm, THROUGH_MM):
                writer.cut(step)
    writer.lift()
    writer.lines += ["M5", "G0 X0 Y0", "M30"]
    text = "\n".join(writer.lines) + "\n"
    out.write_text(text, encoding="ascii")
    return CutResult(
        program=out,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        lines=len(writer.lines),
        estimate_s=writer.seconds + SPIN_UP_S,
        cut_length_mm=writer.cut_mm,
        copies=len(copies),
        made_by=f"{CUTTER} with shapely {shapely.__version__}",
    )


def _draw(part: PlacedPart, tool: CutTool) -> _Drawn:
    found = join(list(read_dxf(part.path).paths))
    if found.open_paths:
        raise CutRefused(f"{part.name}: open contours at {_named(found.open_paths)}: join their ends")
    if found.crossing:
        raise CutRefused(f"{part.name}: contours that cross at {_named(found.crossing)}: separate them")
    if not found.contours:
        raise CutRefused(f"{part.name}: no closed contour to cut")
    rings: list[Ring] = []
    small: list[Contour] = []
    for contour in sorted(found.contours, key=lambda one: (-one.depth, one.polygon.area)):
        ways = _ways(contour, tool.diameter_mm / 2)
        small += [] if ways else [contour]
        rings += ways
    if small:
        raise CutRefused(
            f"{part.name}: the tool of {tool.diameter_mm:g} mm doesn't fit into {_named(tuple(small))}: "
            "take a smaller tool, or leave these to a drill"
        )
    outer = shapely.union_all([contour.polygon for contour in found.contours if contour.depth == 0])
    low = np.array(outer.bounds[:2])
    rings = [Ring(ring.points - low, ring.tabs) for ring in rings]
    return _Drawn(part, rings, shapely.transform(outer, lambda points: points - low))


def _ways(contour: Contour, radius: float) -> list[Ring]:
    """Ways of the cutter's centre along one contour; none if the tool doesn't fit."""
    offset = -(radius - _FIT_MM) if contour.is_hole else radius
    area: BaseGeometry = contour.polygon.buffer(offset, quad_segs=16)
    pieces = list(area.geoms) if isinstance(area, MultiPolygon) else [area]
    rings = []
    for piece in pieces:
        if not isinstance(piece, Polygon) or piece.is_empty:
            continue
        points = shapely.get_coordinates(piece.exterior.simplify(0.003))
        # Climb milling with a spindle turning clockwise: outsides clockwise, holes counter-clockwise.
        if shapely.is_ccw(piece.exterior) != contour.is_hole:
            points = points[::-1]
        length = float(piece.exterior.length)
        rings.append(Ring(points, tabs=not contour.is_hole or length > SLUG_MM))
    return rings


def _named(things: tuple[FlatPath, ...] | tuple[Contour, ...]) -> str:
    shown = [f"entity {'/'.join(thing.handles[:3])}" for thing in things[:8]]
    return ", ".join(shown) + (f" and {len(things) - 8} more" if len(things) > 8 else "")


def _copies(drawn: _Drawn) -> list[_OnSheet]:
    return [
        _OnSheet(
            [Ring(placed(ring.points, place), ring.tabs) for ring in drawn.rings],
            shapely.transform(drawn.cover, partial(placed, placement=place)),
            drawn.part.name,
        )
        for place in drawn.part.placements
    ]


def _check_places(copies: list[_OnSheet], tool: CutTool, sheet: Sheet) -> None:
    table = shapely.box(-1e-3, -1e-3, sheet.size_mm[0] + 1e-3, sheet.size_mm[1] + 1e-3)
    for copy in copies:
        if not table.covers(copy.cover):
            corners = ", ".join(f"{value:.1f}" for value in copy.cover.bounds)
            raise CutRefused(
                f"{copy.name}: a copy at {corners} mm is not on the sheet "
                f"of {sheet.size_mm[0]:g} × {sheet.size_mm[1]:g} mm"
            )
    covers = [copy.cover for copy in copies]
    near = shapely.STRtree(covers).query(covers, predicate="dwithin", distance=tool.diameter_mm - 1e-3)
    for one, other in zip(*near.tolist(), strict=True):
        if one < other:
            gap = covers[one].distance(covers[other])
            raise CutRefused(
                f"{copies[one].name} and {copies[other].name} lie {gap:.2f} mm apart; "
                f"the tool takes {tool.diameter_mm:g} mm between them"
            )


def _nearest_first(copies: list[_OnSheet]) -> list[_OnSheet]:
    """Copy by copy, always the nearest one next; inside a copy the rings stay deepest first."""
    left, ordered = list(copies), []
    x = y = 0.0
    while left:
        nearest = min(left, key=lambda copy: _gap(copy.rings[0].points[0], x, y))
        left.remove(nearest)
        ordered.append(nearest)
        x, y = (float(value) for value in nearest.rings[-1].points[-1])
    return ordered


def _gap(point: NDArray[np.float64], x: float, y: float) -> float:
    return hypot(float(point[0]) - x, float(point[1]) - y)
