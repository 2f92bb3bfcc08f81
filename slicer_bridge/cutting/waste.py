"""Nested lines as pieces and waste: where a round tool's centre may be round each of them, and where it doesn't fit."""

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.drawn import Shape, named
from slicer_bridge.cutting.offsets import grown, pieces, rings, shrunk
from slicer_bridge.cutting.way import Way, circle_way
from slicer_bridge.errors import CutRefused

FIT_MM = 0.01
"""An opening may be this much narrower than the tool."""


class Waste:
    """Lines of one rule, as a tool of `radius` (mm) sees them."""

    def __init__(self, shapes: list[Shape], radius: float) -> None:
        self.shapes = shapes
        self.radius = radius
        self._tree = shapely.STRtree([shape.shape for shape in shapes])
        self._parents = [self._parent(shape) for shape in shapes]
        self._reach: dict[int, list[Polygon]] = {}

    def check_gaps(self, name: str) -> None:
        """Raises CutRefused where the tool doesn't fit between two lines that border the same waste."""
        outlines = [shapely.LinearRing(shape.way.flat()) for shape in self.shapes]
        width = 2 * self.radius - FIT_MM
        near = shapely.STRtree(outlines).query(outlines, predicate="dwithin", distance=width)
        for one, other in zip(*near.tolist(), strict=True):
            if one < other and self._share_waste(one, other):
                gap = outlines[one].distance(outlines[other])
                raise CutRefused(
                    f"{name}: {named([self.shapes[one].handles])} and {named([self.shapes[other].handles])} lie "
                    f"{gap:.2f} mm apart: the tool takes {2 * self.radius:g} mm between them"
                )

    def ways(self, number: int, extra_mm: float = 0.0) -> list[Way]:
        """The centre's ways along one line, for climb milling; none if the tool doesn't fit. `extra_mm`: left standing.

        The way round the whole comes last: before it those round waste that the piece nearly closes in.
        """
        shape, radius = self.shapes[number], self.radius + extra_mm
        if shape.circle is not None:
            (x, y, diameter), turn = shape.circle, -1 if shape.is_hole else 1
            path = diameter / 2 + turn * radius
            return [circle_way((x, y), path, clockwise=not shape.is_hole)] if path > FIT_MM else []
        if shape.is_hole:
            areas = shrunk(shape.shape, (shape.way,), radius) if extra_mm else self.inside(number)
            return [rings(area, climb_inside=True)[0] for area in areas]
        found = [rings(area, climb_inside=False) for area in pieces(grown(shape.shape, shape.way, radius))]
        return [way for outer, inner in found for way in (*inner, outer)]

    def inside(self, number: int) -> list[Polygon]:
        """Where the centre may be inside a line; a slot exactly as wide as the tool counts."""
        if number not in self._reach:
            shape = self.shapes[number]
            exactly = shrunk(shape.shape, (shape.way,), self.radius)
            closely = [] if exactly else shrunk(shape.shape, (shape.way,), self.radius - 0.8 * FIT_MM)
            self._reach[number] = exactly or closely
        return self._reach[number]

    def free(self, number: int) -> BaseGeometry:
        """Where the centre may be beside a line, on the waste's side, all other lines respected."""
        shape, parent = self.shapes[number], self._parents[number]
        own = number if shape.is_hole else parent
        window = shape.shape.envelope.buffer(6 * self.radius + 10, cap_style="square", join_style="mitre")
        base: BaseGeometry = window if own is None else window.intersection(MultiPolygon(self.inside(own)))
        islands = [
            grown(self.shapes[other].shape, self.shapes[other].way, self.radius)
            for other in self._tree.query(window, predicate="intersects").tolist()
            if not self.shapes[other].is_hole and self._parents[other] == own
        ]
        return base.difference(shapely.union_all(islands).buffer(-1e-4))

    def _parent(self, shape: Shape) -> int | None:
        """Number of the line that lies next around this one."""
        around = self._tree.query(shape.shape, predicate="covered_by").tolist()
        return next((number for number in around if self.shapes[number].depth == shape.depth - 1), None)

    def _share_waste(self, one: int, other: int) -> bool:
        first, second = self.shapes[one], self.shapes[other]
        if not first.is_hole and not second.is_hole:
            return self._parents[one] == self._parents[other]
        return (first.is_hole and not second.is_hole and self._parents[other] == one) or (
            second.is_hole and not first.is_hole and self._parents[one] == other
        )
