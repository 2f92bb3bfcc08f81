"""All measured features of a drawing: what is too narrow, too sharp, open, crossing or drawn twice, by entity."""

import re
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from slicer_bridge.drawings.contours import Contour, Outlines, join
from slicer_bridge.features import DrawingFeatures, Drawn, Place, Spot
from slicer_bridge.meshes.crossings import caster
from slicer_bridge.meshes.mesh import normals_and_areas
from slicer_bridge.meshes.walls import measure_walls, sample
from slicer_bridge.reading.flat_path import JOIN_MM, FlatPath
from slicer_bridge.survey.corners import inside_corners

_MOST = 60
_NEAR_MM = 20.0
"""Contours further apart leave no narrow web."""
_APART_MM = 0.5
"""Narrow places closer than this are one."""
_COORDINATES = re.compile(r"\[(-?[\d.e+-]+) (-?[\d.e+-]+)")

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Entities and contours with the outermost contours' low corner at the origin."""

    paths: list[FlatPath]
    found: Outlines
    rings: list[Points]
    """Of each contour, (n, 2), not closed, material on its left."""
    lines: shapely.STRtree
    """One line for each path."""

    def entity(self, place: Place) -> tuple[str, ...]:
        """The entity nearest to a place."""
        nearest = int(self.lines.nearest(shapely.Point(place[:2])))
        return self.paths[nearest].handles


def drawing_features(paths: list[FlatPath]) -> DrawingFeatures:
    """Of flat paths in mm, at least one contour of them closed."""
    sheet = _sheet(paths)
    widths = _widths(sheet)
    between = _between(sheet)
    corners, rounded = inside_corners(sheet.rings)
    return DrawingFeatures(
        webs=_drawn([*between[0], *(_at(sheet, spot) for spot in widths[0])]),
        slots=_drawn([*between[1], *(_at(sheet, spot) for spot in widths[1])]),
        openings=_openings(sheet),
        corners=tuple(Drawn(at, 0.0, sheet.entity(at)) for at in corners[:_MOST]),
        rounded=None if rounded is None else Drawn(rounded.place, rounded.value_mm, sheet.entity(rounded.place)),
        open_lines=tuple(_open(path) for path in sheet.found.open_paths),
        crossing=_crossings(sheet.found.crossing),
        duplicates=_duplicates(paths),
    )


def _sheet(paths: list[FlatPath]) -> _Sheet:
    low = np.array(shapely.total_bounds([one.polygon for one in join(paths).contours if one.depth == 0])[:2])
    moved = [path.moved(-low) for path in paths]
    found = join(moved)
    rings = [
        shapely.get_coordinates(shapely.orient_polygons(one.polygon, exterior_cw=one.is_hole).exterior)[:-1]
        for one in found.contours
    ]
    return _Sheet(moved, found, rings, shapely.STRtree([shapely.LineString(path.points) for path in moved]))


def _widths(sheet: _Sheet) -> tuple[list[Spot], list[Spot]]:
    """Narrow material and narrow air: contours as walls 1 mm high, measured as those of a mesh."""
    facets = np.concatenate([_fence(ring) for ring in sheet.rings])
    normals, areas = normals_and_areas(facets)
    kept = areas > 0
    facets, normals, areas = facets[kept], normals[kept], areas[kept]
    measured = measure_walls(caster(facets, normals), sample(facets, normals, areas), closed=True)
    return list(measured.walls.spots), list(measured.gaps.spots)


def _fence(ring: Points) -> Points:
    """Facets (2 n, 3, 3) that stand on a ring (n, 2); they look to its right, away from the material."""
    low = np.column_stack([ring, np.zeros(len(ring))])
    high = low + np.array([0.0, 0.0, 1.0])
    after, above = np.roll(low, -1, axis=0), np.roll(high, -1, axis=0)
    return np.concatenate([np.stack([low, after, above], axis=1), np.stack([low, above, high], axis=1)])


def _between(sheet: _Sheet) -> tuple[list[Drawn], list[Drawn]]:
    """The exact way from each contour to the next: over material, and over air."""
    rings = np.array([one.polygon.exterior for one in sheet.found.contours])
    if len(rings) < 2:
        return [], []
    tree = shapely.STRtree(rings)
    one, other = tree.query_nearest(rings, max_distance=_NEAR_MM, exclusive=True, all_matches=False)
    ways = shapely.shortest_line(rings[one], rings[other])
    middles = shapely.line_interpolate_point(ways, 0.5, normalized=True)
    polygons = shapely.STRtree([contour.polygon for contour in sheet.found.contours])
    around = np.bincount(polygons.query(middles, predicate="within")[0], minlength=len(middles))
    webs: list[Drawn] = []
    slots: list[Drawn] = []
    for way, middle, count in zip(ways, middles, around, strict=True):
        start, end = (_place(point) for point in shapely.get_coordinates(way))
        entities = tuple(dict.fromkeys((*sheet.entity(start), *sheet.entity(end))))
        if count % 2 == 0 and way.length <= JOIN_MM:
            continue  # two pieces share a line
        at = _place(shapely.get_coordinates(middle)[0])
        (webs if count % 2 else slots).append(Drawn(at, round(float(way.length), 4), entities))
    return webs, slots


def _at(sheet: _Sheet, spot: Spot) -> Drawn:
    x, y, _ = spot.place
    return Drawn((x, y, 0.0), spot.value_mm, sheet.entity(spot.place))


def _drawn(found: list[Drawn]) -> tuple[Drawn, ...]:
    """Narrowest first; of several at one place the first, unless a later one is narrower by more than rounding."""
    kept: list[Drawn] = []
    for one in sorted(found, key=lambda one: round(one.width_mm, 2)):
        if len(kept) == _MOST:
            break
        if all(_away(one.place, at.place) > max(_APART_MM, one.width_mm) for at in kept):
            kept.append(one)
    return tuple(kept)


def _away(one: Place, other: Place) -> float:
    return float(np.hypot(one[0] - other[0], one[1] - other[1]))


def _openings(sheet: _Sheet) -> tuple[Drawn, ...]:
    found = []
    for one in sheet.found.contours:
        if one.is_hole:
            middle, width = _widest_circle(one)
            found.append(Drawn(_place(middle), round(width, 3), one.handles))
    return tuple(sorted(found, key=lambda hole: hole.width_mm))


def _widest_circle(hole: Contour) -> tuple[Points, float]:
    """Centre (2,) and diameter."""
    if hole.circle is not None:
        x, y, diameter = hole.circle
        return np.array([x, y]), diameter
    corners = shapely.get_coordinates(hole.polygon.exterior)[:-1]
    size = float(np.ptp(corners, axis=0).max())
    radius = shapely.maximum_inscribed_circle(hole.polygon, tolerance=max(1e-3, 1e-3 * size))
    centre: Points = shapely.get_coordinates(radius)[0]
    return centre, 2 * float(shapely.length(radius))


def _open(path: FlatPath) -> Drawn:
    gap = float(np.linalg.norm(path.points[0] - path.points[-1]))
    return Drawn(_place(path.points[0]), round(gap, 3), path.handles)


def _crossings(contours: tuple[Contour, ...]) -> tuple[Drawn, ...]:
    """Exact places of the first; the others are where they begin."""
    exact = [_crossing(one, contours[:_MOST]) for one in contours[:_MOST]]
    rough = [_place(one.corners[0]) for one in contours[_MOST:]]
    return tuple(Drawn(at, 0.0, one.handles) for at, one in zip([*exact, *rough], contours, strict=True))


def _crossing(one: Contour, all_of_them: tuple[Contour, ...]) -> Place:
    """Where a contour crosses itself, or another."""
    if not one.polygon.is_valid:
        told = _COORDINATES.search(shapely.is_valid_reason(one.polygon))
        if told:
            return _place(np.array([float(told[1]), float(told[2])]))
    for other in all_of_them:
        meets: BaseGeometry = one.polygon.exterior.intersection(other.polygon.exterior)
        if other is not one and not meets.is_empty:
            return _place(shapely.get_coordinates(meets)[0])
    return _place(np.array(one.polygon.exterior.coords[0]))


def _duplicates(paths: list[FlatPath]) -> tuple[Drawn, ...]:
    """Entities that run along the same line, forwards or backwards."""
    seen: dict[tuple[float, ...], FlatPath] = {}
    found = []
    for path in paths:
        low, high = path.points.min(axis=0), path.points.max(axis=0)
        length = float(np.linalg.norm(np.diff(path.points, axis=0), axis=1).sum())
        ends = [] if path.closed else sorted([tuple(path.points[0]), tuple(path.points[-1])])
        middle = np.average(_middles(path.points), axis=0, weights=_lengths(path.points) + 1e-12)
        numbers = [*low, *high, length, *middle, *(value for end in ends for value in end)]
        key = tuple(round(float(value), 2) + 0.0 for value in numbers)
        if key in seen:
            found.append(Drawn(_place(path.points[0]), 0.0, (*seen[key].handles, *path.handles)))
        else:
            seen[key] = path
    return tuple(found)


def _middles(points: Points) -> Points:
    out: Points = (points[1:] + points[:-1]) / 2
    return out


def _lengths(points: Points) -> NDArray[np.float64]:
    out: NDArray[np.float64] = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return out


def _place(point: Points) -> Place:
    return (round(float(point[0]), 3), round(float(point[1]), 3), 0.0)
