"""What a part's through cuts leave: its pieces, which of them each line belongs to, and that no cut goes into one."""

import shapely
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.drawn import Drawn, Shape, named
from slicer_bridge.cutting.job import Job
from slicer_bridge.cutting.layers import Operation, Rule
from slicer_bridge.errors import CutRefused

_AROUND = frozenset({Operation.PROFILE, Operation.OUTSIDE, Operation.INSIDE})
_GOUGE_MM = 0.05
_GOUGE_SHARE = 0.02
"""Of the tool's radius: GEOS's buffer, good enough for a last look, may be off by half of it."""


class Pieces:
    """Lines that are cut through a sheet of `thickness_mm`."""

    def __init__(self, lines: Drawn, thickness_mm: float) -> None:
        self._thickness = thickness_mm
        self._lines = lines
        self._through = [one for one in lines.shapes if self.through(one.rule)]

    def through(self, rule: Rule) -> bool:
        """Whether a cut by this rule parts what is on its two sides."""
        deep = rule.depth_mm is None or rule.depth_mm > self._thickness - 1e-6
        return rule.operation in _AROUND and deep

    def number(self, shape: BaseGeometry) -> int:
        """Of the outermost line around a shape, or itself; shapes in none share a number."""
        around = [n for n, one in enumerate(self._through) if one.shape.covers(shape)]
        return max(around, key=lambda n: self._through[n].shape.area, default=len(self._through))

    def depth(self, shape: Shape) -> int:
        """How many lines lie around this one, whatever their layers."""
        return sum(one is not shape and one.shape.contains(shape.shape) for one in self._through)

    @property
    def cover(self) -> BaseGeometry:
        """The area of the outermost lines: of those that are cut through, else of all."""
        outer = [one.shape for one in self._through if not one.is_hole]
        others: list[BaseGeometry] = [one.shape for one in self._lines.shapes]
        others += [shapely.LineString(way.flat(0.01)).buffer(0.01) for way, _, _ in self._lines.lines]
        return shapely.union_all(outer or others)

    @property
    def material(self) -> BaseGeometry:
        """What is to be left: outsides filled, holes taken out, the outermost first."""
        left: BaseGeometry = shapely.Polygon()
        for one in sorted(self._through, key=self.depth):
            left = left.difference(one.shape) if one.is_hole else left.union(one.shape)
        return left

    def check(self, name: str, jobs: list[Job], radii: list[float]) -> None:
        """Raises CutRefused for a cut along one line that would go into what another leaves."""
        left = self.material
        handles = {one.handles for one in self._through}
        for job in jobs:
            radius = radii[job.tool]
            if job.handles in handles:
                bite = job.footprint(radius).intersection(left.buffer(-_GOUGE_MM - _GOUGE_SHARE * radius))
                if not bite.is_empty:
                    at, line = bite.representative_point(), named([job.handles])
                    raise CutRefused(
                        f"{name}: the cut along {line} would go into a piece at {at.x:.1f}, {at.y:.1f} mm: "
                        "its line is too near to another, or on the wrong layer"
                    )
