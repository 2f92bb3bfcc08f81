"""What a part's through cuts leave: its pieces, which of them each line belongs to, and that no cut goes into one."""

from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.drawn import Drawn, Shape, named
from slicer_bridge.cutting.job import Job
from slicer_bridge.cutting.layers import Operation, Rule
from slicer_bridge.errors import CutRefused

_AROUND = frozenset({Operation.PROFILE, Operation.OUTSIDE, Operation.INSIDE})
_GOUGE_MM = 0.05


class Pieces:
    """Lines that are cut through a sheet of `thickness_mm`."""

    def __init__(self, lines: Drawn, thickness_mm: float) -> None:
        self._thickness = thickness_mm
        self._lines = lines
        self._through = [one for one in lines.shapes if self.through(one.rule)]
        self._tree = shapely.STRtree([one.shape for one in self._through])
        self._area = np.array([one.shape.area for one in self._through])

    def through(self, rule: Rule) -> bool:
        """Whether a cut by this rule parts what is on its two sides."""
        deep = rule.depth_mm is None or rule.depth_mm > self._thickness - 1e-6
        return rule.operation in _AROUND and deep

    def number(self, shape: BaseGeometry) -> int:
        """Of the outermost line around a shape, or itself; shapes in none share a number."""
        around = self._around(shape)
        return int(around[np.argmax(self._area[around])]) if len(around) else len(self._through)

    def depth(self, shape: Shape) -> int:
        """How many lines lie around this one, whatever their layers."""
        return sum(self._through[number] is not shape for number in self._around(shape.shape).tolist())

    def _around(self, shape: BaseGeometry) -> NDArray[np.int64]:
        found: NDArray[np.int64] = self._tree.query(shape, predicate="covered_by")
        return found

    @property
    def cover(self) -> BaseGeometry:
        """The area of the outermost lines: of those that are cut through, else of all."""
        outer = [one.shape for one in self._through if not one.is_hole]
        others: list[BaseGeometry] = [one.shape for one in self._lines.shapes]
        others += [shapely.LineString(way.flat(0.01)).buffer(0.01) for way, _, _ in self._lines.lines]
        return shapely.union_all(outer or others)

    @cached_property
    def material(self) -> BaseGeometry:
        """What is to be left: outsides filled, holes taken out, the outermost first."""
        levels: dict[int, list[Shape]] = {}
        for one in self._through:
            levels.setdefault(self.depth(one), []).append(one)
        left: BaseGeometry = shapely.Polygon()
        for _, shapes in sorted(levels.items()):
            left = shapely.union_all([left, *(one.shape for one in shapes if not one.is_hole)])
            left = left.difference(shapely.union_all([one.shape for one in shapes if one.is_hole]))
        return left

    def check(self, name: str, jobs: list[Job], radii: list[float]) -> None:
        """Raises CutRefused for a cut along one line that would go into what another leaves."""
        left = self.material
        shapely.prepare(left)
        handles = {one.handles for one in self._through}
        for job in jobs:
            line = job.centre_line()
            if job.handles in handles and shapely.dwithin(left, line, radii[job.tool] - _GOUGE_MM):
                x, y = shapely.get_coordinates(shapely.shortest_line(left, line))[0].tolist()
                raise CutRefused(
                    f"{name}: the cut along {named([job.handles])} would go into a piece at {x:.1f}, {y:.1f} mm: "
                    "its line is too near to another, or on the wrong layer"
                )
