"""What each layer of one object is made of: outlines inside outlines, closed areas, and infill.

Lines are as wide as `width_mm` and have round sides: their section is a rectangle with half circles at its ends, and
neighbours overlap by what those leave empty (Slic3r's manual, "Flow math"). A place is closed if any of the layers
within `SOLID_LAYERS` above or below doesn't cover it.
"""

from dataclasses import dataclass
from math import pi
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from slicer_bridge.slicing.embedded.fill import Point, zigzags
from slicer_bridge.slicing.embedded.sections import areas_of, sections
from slicer_bridge.slicing.profile import SOLID_LAYERS, PrinterProfile, Recipe, first_layer_mm, line_width_mm

Geometries = NDArray[np.object_]
OUTERMOST_LAST = True
"""The visible outline comes after those behind it: it overhangs less, and starts where the filament runs evenly."""
_RESOLUTION_MM = 0.0125
_OVERLAP = 0.25
"""Of a line's width: how far infill reaches into the innermost outline, PrusaSlicer's `infill_overlap`."""
_SMALL_MM2 = 70.0
"""Infill of less is closed instead, PrusaSlicer's `solid_infill_below_area`."""
_GAP = 0.3
"""Of a line's width: narrower gaps between walls stay."""
_MITRE: Literal["mitre"] = "mitre"


@dataclass(frozen=True, slots=True)
class Line:
    """Section of one extruded line; mm."""

    width_mm: float
    height_mm: float

    @property
    def spacing_mm(self) -> float:
        return self.width_mm - self.height_mm * (1 - pi / 4)

    @property
    def area_mm2(self) -> float:
        return self.height_mm * self.spacing_mm


@dataclass(frozen=True, slots=True)
class Thread:
    """A round line in the air, as thick as the nozzle; the gap beside it is PrusaSlicer's BRIDGE_EXTRA_SPACING; mm."""

    width_mm: float

    @property
    def spacing_mm(self) -> float:
        return self.width_mm + 0.05

    @property
    def area_mm2(self) -> float:
        return pi * self.width_mm**2 / 4


@dataclass(frozen=True, slots=True)
class Layer:
    """Paths of one layer; loops are closed by their last point."""

    top_mm: float
    line: Line
    thread: Thread
    region: shapely.Geometry
    outlines: tuple[list[Point], ...]
    """In the order in which they are drawn, all but the outermost."""
    outermost: tuple[list[Point], ...]
    closed: tuple[list[Point], ...]
    bridges: tuple[list[Point], ...]
    """Closed areas over infill or air: threads as thick as the nozzle, which carry themselves."""
    infill: tuple[list[Point], ...]


@dataclass(frozen=True, slots=True)
class Sliced:
    layers: tuple[Layer, ...]
    thin_mm2: float
    """Of all layers together: what is narrower than a line, and left out."""
    thin_layers: int
    open_planes: int


def slice_object(facets: NDArray[np.float64], printer: PrinterProfile, recipe: Recipe) -> Sliced:
    """Facets (n, 3, 3), mm, standing on z = 0."""
    heights, tops = _levels(float(facets[:, :, 2].max()), printer, recipe)
    cut = sections(facets, tops - heights / 2)
    regions = shapely.simplify(cut.regions, _RESOLUTION_MM)
    width = line_width_mm(printer)
    lines = [Line(width, height) for height in heights.tolist()]
    walls = [_walls(region, line, recipe.perimeters) for region, line in zip(regions, lines, strict=True)]
    thin = np.array([wall.thin_mm2 for wall in walls])
    inside = _interior(np.array([wall.left for wall in walls], dtype=np.object_))
    layers = []
    below = None
    for number, line in enumerate(lines):
        solid, sparse = _split(walls[number].left, inside[number], line, recipe.infill)
        bridge: shapely.Geometry = shapely.Polygon()
        if below is not None:
            bridge = _opened(areas_of(shapely.difference(solid, below)), 2 * line.width_mm)
            solid = areas_of(shapely.difference(solid, bridge))
        below = shapely.difference(regions[number], sparse)
        areas = _Areas(solid, bridge, sparse, walls[number].gaps)
        layers.append(_layer(number, float(tops[number]), regions[number], walls[number], areas, line, printer, recipe))
    return Sliced(tuple(layers), float(thin.sum()), int((thin > 0).sum()), cut.open_planes)


def _levels(height: float, printer: PrinterProfile, recipe: Recipe) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Heights and tops of the layers whose middle is within the part."""
    first, usual = first_layer_mm(printer.nozzle_mm, recipe), recipe.layer_mm
    count = 1 + max(0, int(np.ceil((height - first) / usual - 0.5 - 1e-9)))
    heights = np.full(count, usual)
    heights[0] = first
    return heights, np.round(np.cumsum(heights), 6)


@dataclass(frozen=True, slots=True)
class _Walls:
    loops: tuple[tuple[list[Point], ...], ...]
    """Outermost first."""
    left: shapely.Geometry
    """What the walls enclose, for infill."""
    gaps: shapely.Geometry
    """Between walls, where another doesn't fit."""
    thin_mm2: float


def _walls(region: shapely.Geometry, line: Line, count: int) -> _Walls:
    loops, gaps = [], []
    thin, width, spacing = 0.0, line.width_mm, line.spacing_mm
    room: shapely.Geometry = region
    for number in range(count):
        centre = _inset(region, width / 2 + number * spacing)
        if number == 0:
            thin = _thin(region, centre, line)
        else:
            gaps.append(_opened(areas_of(shapely.difference(room, _inset(centre, -0.55 * spacing))), _GAP * width))
        if shapely.is_empty(centre):
            room = shapely.Polygon()
            break
        loops.append(rings_of(centre))
        room = _inset(region, width / 2 + (number + 0.5) * spacing)
    return _Walls(tuple(loops), room, shapely.union_all(gaps), thin)


def _thin(region: shapely.Geometry, centre: shapely.Geometry, line: Line) -> float:
    """Area of pieces that no line of this width can reach, corners aside; mm²."""
    reached = shapely.buffer(centre, line.width_mm / 2 * 1.1, join_style=_MITRE)
    lost = shapely.get_parts(shapely.difference(region, reached))
    areas = shapely.area(lost)
    return float(areas[areas > line.width_mm**2 / 4].sum())


def _interior(regions: Geometries) -> Geometries:
    """What all layers within reach above and below cover."""
    nothing = shapely.Polygon()
    inside = regions.copy()
    for step in range(1, SOLID_LAYERS + 1):
        for shift in (step, -step):
            other = np.full(len(regions), nothing, dtype=np.object_)
            if shift < len(regions) and -shift < len(regions):
                target = slice(max(shift, 0), len(regions) + min(shift, 0))
                source = slice(max(-shift, 0), len(regions) + min(-shift, 0))
                other[target] = regions[source]
            inside = shapely.intersection(inside, other)
    return inside


@dataclass(frozen=True, slots=True)
class _Areas:
    solid: shapely.Geometry
    bridge: shapely.Geometry
    sparse: shapely.Geometry
    gaps: shapely.Geometry


def _layer(
    number: int,
    top: float,
    region: shapely.Geometry,
    walls: _Walls,
    areas: _Areas,
    line: Line,
    printer: PrinterProfile,
    recipe: Recipe,
) -> Layer:
    angle = 45.0 if number % 2 == 0 else -45.0
    spacing = line.spacing_mm
    loops = walls.loops[1:][::-1] if OUTERMOST_LAST else walls.loops[1:]
    thread = Thread(printer.nozzle_mm)
    solid = zigzags(_reached(areas.solid, line), spacing, angle, line.width_mm) + zigzags(areas.gaps, spacing, angle)
    sparse: list[list[Point]] = []
    if recipe.infill:
        sparse = zigzags(_reached(areas.sparse, line), spacing / recipe.infill, angle, line.width_mm)
    return Layer(
        top_mm=top,
        line=line,
        thread=thread,
        region=region,
        outlines=tuple(loop for loops_ in loops for loop in loops_),
        outermost=walls.loops[0] if walls.loops else (),
        closed=tuple(solid),
        bridges=tuple(zigzags(_reached(areas.bridge, line), thread.spacing_mm, angle, line.width_mm)),
        infill=tuple(sparse),
    )


def _split(
    left: shapely.Geometry, inside: shapely.Geometry, line: Line, infill: float
) -> tuple[shapely.Geometry, shapely.Geometry]:
    """Closed areas and infill."""
    if infill >= 1.0:
        return left, shapely.Polygon()
    sparse = _opened(areas_of(shapely.intersection(left, inside)), line.width_mm)
    if infill:
        parts = shapely.get_parts(sparse)
        sparse = shapely.union_all(parts[shapely.area(parts) >= _SMALL_MM2])
    return _opened(areas_of(shapely.difference(left, sparse)), line.spacing_mm / 4), sparse


def _opened(shape: shapely.Geometry, width: float) -> shapely.Geometry:
    """Without slivers narrower than `width`."""
    return shapely.buffer(_inset(shape, width / 2), width / 2, join_style=_MITRE)


def _reached(shape: shapely.Geometry, line: Line) -> shapely.Geometry:
    """Where the middles of infill lines go: their ends reach a little into what is around."""
    return _inset(shape, line.spacing_mm / 2 - _OVERLAP * line.width_mm)


def _inset(shape: shapely.Geometry, distance: float) -> shapely.Geometry:
    return shapely.buffer(shape, -distance, join_style=_MITRE)


def rings_of(shape: shapely.Geometry) -> tuple[list[Point], ...]:
    """Outlines and holes as loops that end where they begin."""
    rings = shapely.get_parts(shapely.boundary(shape))
    return tuple([(x, y) for x, y in shapely.get_coordinates(ring).tolist()] for ring in rings if ring.length > 0)
