"""A drawing's lines as they are to be worked: by rule, with arcs, nested; refused by entity where they can't be."""

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from slicer_bridge.cutting.fitting import exact
from slicer_bridge.cutting.layers import Operation, Rule, rule_of
from slicer_bridge.cutting.options import CutOptions
from slicer_bridge.cutting.way import Way, circle_way
from slicer_bridge.drawings.contours import Contour, Outlines, join
from slicer_bridge.errors import CutRefused
from slicer_bridge.plates.plate import PlacedPart
from slicer_bridge.reading.dxf import read_dxf
from slicer_bridge.reading.flat_path import FLATTEN_MM, FlatPath

_CHORD_MM = 1.3 * FLATTEN_MM
"""How far a flattened curve's chords may lie from it."""
_NAMED = 8


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One closed line of a drawing, its part's low corner at the origin; `shape` is without holes."""

    shape: Polygon
    way: Way
    handles: tuple[str, ...]
    rule: Rule
    depth: int
    """Number of lines of the same rule around it."""
    circle: tuple[float, float, float] | None
    """Centre and diameter, mm."""

    @property
    def is_hole(self) -> bool:
        if self.rule.operation is Operation.PROFILE:
            return self.depth % 2 == 1
        return self.rule.operation is not Operation.OUTSIDE


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Closed lines, outermost and largest first, and lines to engrave along."""

    shapes: tuple[Shape, ...]
    lines: tuple[tuple[Way, tuple[str, ...], Rule], ...]


def drawn(part: PlacedPart, options: CutOptions) -> Drawn:
    """Raises CutRefused (open or crossing contours, by entity; layers that can't be read), BadFile."""
    groups: dict[Rule, list[FlatPath]] = {}
    for path in read_dxf(part.path).paths:
        # Lines with and without tabs lie in one another all the same.
        groups.setdefault(replace(rule_of(path.layer, options.layers), tabs=True), []).append(path)
    closed: list[tuple[Rule, Contour]] = []
    along: list[tuple[Rule, FlatPath | Contour]] = []
    for rule, paths in sorted(groups.items(), key=lambda pair: (pair[0].operation, pair[0].depth_mm or 0.0)):
        if rule.operation is Operation.IGNORE:
            continue
        found = join(paths)
        if rule.operation is Operation.ENGRAVE:
            along += [(rule, one) for one in (*found.contours, *found.crossing)]
            along += [(rule, path) for path in found.open_paths]
            continue
        _refuse_tangles(part.name, found)
        closed += [(rule_of(contour.layer, options.layers), contour) for contour in found.contours]
    if not closed and not along:
        raise CutRefused(f"{part.name}: no closed contour to cut")
    low = _low_corner([contour.polygon for _, contour in closed], [one.corners for _, one in along])
    shapes = [_shape(rule, contour, low) for rule, contour in closed]
    lines = [(_way(one.corners - low, closed=False), one.handles, rule) for rule, one in along]
    return Drawn(tuple(shapes), tuple(lines))


def named(things: list[tuple[str, ...]]) -> str:
    """Contours by the handles of their entities."""
    shown = [f"entity {'/'.join(handles[:3])}" for handles in things[:_NAMED]]
    return ", ".join(shown) + (f" and {len(things) - _NAMED} more" if len(things) > _NAMED else "")


def _refuse_tangles(name: str, found: Outlines) -> None:
    if found.open_paths:
        handles = [path.handles for path in found.open_paths]
        raise CutRefused(f"{name}: open contours at {named(handles)}: join their ends, or put them on a layer ENGRAVE")
    if found.crossing:
        raise CutRefused(f"{name}: contours that cross at {named([c.handles for c in found.crossing])}: separate them")


def _low_corner(shapes: list[Polygon], lines: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """(3,): as facts of a drawing have it, of what is closed; of its lines alone where nothing is."""
    low = shapely.total_bounds(shapes)[:2] if shapes else np.concatenate(lines)[:, :2].min(axis=0)
    return np.append(low, 0.0)


def _way(corners: NDArray[np.float64], *, closed: bool) -> Way:
    return exact(corners, closed=closed, chord_mm=_CHORD_MM)


def _shape(rule: Rule, contour: Contour, low: NDArray[np.float64]) -> Shape:
    circle = contour.circle
    if circle is not None:
        x, y, diameter = circle
        circle = (x - float(low[0]), y - float(low[1]), diameter)
        way = circle_way((circle[0], circle[1]), diameter / 2, clockwise=False)
    else:
        way = _way(contour.corners - low, closed=True)
    return Shape(Polygon(way.flat()), way, contour.handles, rule, contour.depth, circle)
