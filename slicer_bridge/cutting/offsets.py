"""Where the centre of a round tool may go, exactly.

GEOS's buffer simplifies what it is given by 1 % of the distance (BufferInputLineSimplifier): 0.015 mm for a 3 mm tool.
Here an offset is the union of what the tool's disc covers along each line and arc, to 0.0005 mm.
"""

from itertools import pairwise
from math import acos, ceil, pi

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.fitting import fitted
from slicer_bridge.cutting.way import FLAT_MM, Segment, Way

_SPECK_MM2 = 1e-6


def band(segments: tuple[Segment, ...], radius: float) -> BaseGeometry:
    """All that lies within `radius` (mm) of the segments."""
    quarter = max(8, ceil(pi / 4 / acos(1 - FLAT_MM / max(radius, 2 * FLAT_MM))))
    straight = [(one.start, one.end) for one in segments if one.centre is None]
    covered = list(shapely.buffer(shapely.linestrings(straight), radius, quad_segs=quarter)) if straight else []
    for one in segments:
        if one.centre is not None:
            ends = shapely.points([one.start, one.end])
            covered += [_sector(one, radius), *shapely.buffer(ends, radius, quad_segs=quarter)]
    return shapely.union_all(covered)


def _sector(arc: Segment, radius: float) -> BaseGeometry:
    """Between an arc's two parallels."""
    points, centre = np.array([arc.start, *arc.flat()]), np.array(arc.centre)
    spokes = (points - centre) / arc.radius
    outer, inner = centre + spokes * (arc.radius + radius), centre + spokes * max(arc.radius - radius, 0.0)
    corners = [outer, inner[::-1]] if arc.radius > radius else [outer, centre[np.newaxis]]
    shape = Polygon(np.concatenate(corners))
    return shape if shape.is_valid else shapely.make_valid(shape)


def grown(shape: Polygon, outline: Way, radius: float) -> BaseGeometry:
    """`shape` and everything within `radius` of its outline."""
    return shapely.union_all([shape, band(outline.segments, radius)])


def shrunk(shape: BaseGeometry, outlines: tuple[Way, ...], radius: float) -> list[Polygon]:
    """What of `shape` is at least `radius` from its outlines; largest first."""
    left = shape
    for outline in outlines:
        left = left.difference(band(outline.segments, radius))
    return pieces(left)


def pieces(shape: BaseGeometry) -> list[Polygon]:
    """Its polygons, largest first, without specks."""
    parts = list(shape.geoms) if isinstance(shape, MultiPolygon) else [shape]
    parts = [one for part in parts for one in (part.geoms if hasattr(part, "geoms") else [part])]
    found = [one for one in parts if isinstance(one, Polygon) and one.area > _SPECK_MM2]
    return sorted(found, key=lambda one: -one.area)


def rings(shape: Polygon, *, climb_inside: bool) -> tuple[Way, list[Way]]:
    """Its outer ring and its inner ones as ways of lines and arcs.

    Climb milling with a spindle that turns clockwise: counter-clockwise along the inside of a wall, clockwise round
    what is left standing. `climb_inside`: the tool is inside `shape` (its outer ring runs along an outer wall).
    """
    outer = _ring(shape.exterior.coords, counter_clockwise=climb_inside)
    return outer, [_ring(one.coords, counter_clockwise=not climb_inside) for one in shape.interiors]


def _ring(coordinates: shapely.coords.CoordinateSequence, *, counter_clockwise: bool) -> Way:
    points = np.asarray(coordinates, dtype=np.float64)[:, :2]
    area = float((points[:-1, 0] * points[1:, 1] - points[1:, 0] * points[:-1, 1]).sum())
    return fitted(points if (area > 0) == counter_clockwise else points[::-1], closed=True)


def swept(way: Way, radius: float) -> BaseGeometry:
    """What a tool of this radius cuts along the way."""
    return band(way.segments, radius)


def corners(way: Way) -> list[tuple[Segment, Segment]]:
    """Neighbouring segments."""
    closed = [(way.segments[-1], way.segments[0])] if way.closed else []
    return [*pairwise(way.segments), *closed]
