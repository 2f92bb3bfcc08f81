"""Clearing an area to its depth: parallel ways from the inside out, the wall last, islands left standing.

With A the area that the cutter's centre may reach and A(k) what of it is at least k steps from A's border, each point
of A lies within one step of the border of some A(k). So steps of at most a radius leave nothing standing.
"""

from dataclasses import dataclass, field

import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry import Point as Place
from shapely.prepared import prep

from slicer_bridge.cutting.feeds import CutTool, passes
from slicer_bridge.cutting.job import Cut, Strand, down
from slicer_bridge.cutting.offsets import pieces, rings
from slicer_bridge.cutting.profile import nearest_start, stretch
from slicer_bridge.cutting.way import Point, Segment, Way, circle_way

_MOST_STEP = 0.5
_HELIX = 0.45
"""Radius of the way down, in diameters: less than half leaves no post in the middle."""
_LEAST_HELIX = 0.1
_SHORT = 4.0
"""In diameters: a shorter innermost way is entered by a helix beside it, where there is room."""
_TOUCH_MM = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Nested:
    """One connected piece of A(k) and what lies inside it."""

    area: Polygon
    outer: Way
    inner: list[Way]
    inside: list["Nested"] = field(default_factory=list)

    @property
    def length_mm(self) -> float:
        """Of all ways, once round each."""
        own = self.outer.length + sum(way.length for way in self.inner)
        return own + sum(one.length_mm for one in self.inside)


def cleared(reachable: list[Polygon], depth_mm: float, tool: CutTool, ramp_mm: float) -> list[Strand]:
    """Strands that clear to `depth_mm` what a tool reaches whose centre stays in `reachable`."""
    step = min(tool.stepover, _MOST_STEP) * tool.diameter_mm
    trees = [nested(area, step) for area in reachable]
    strands: list[Strand] = []
    before = 0.0
    for depth in passes(depth_mm, tool):
        for tree in trees:
            builder = _Builder(tree.area, tool, before, depth, ramp_mm, strands)
            builder.clear(tree)
            builder.up()
        before = depth
    return strands


def nested(area: Polygon, step: float) -> Nested:
    """The wall's own rings come from the exact offset; further in, GEOS's offset will do."""
    outer, inner = rings(area, climb_inside=True)
    inside = [nested(piece, step) for piece in pieces(area.buffer(-step, quad_segs=16))]
    return Nested(area, outer, inner, inside)


class _Builder:
    """Cuts one connected pocket to one depth."""

    def __init__(
        self, area: Polygon, tool: CutTool, before: float, depth: float, ramp_mm: float, strands: list[Strand]
    ) -> None:
        self._area = area
        self._free = prep(area.buffer(_TOUCH_MM))
        self._tool = tool
        self._before, self._depth, self._ramp = before, depth, ramp_mm
        self._strands = strands
        self._start: Point | None = None
        self._cuts: list[Cut] = []

    def clear(self, ring: Nested) -> None:
        """Everything inside first, then this ring."""
        for number, one in enumerate(ring.inside):
            if number:
                self.up()
            self.clear(one)
        for way in (ring.outer, *ring.inner):
            self._follow(way)

    def up(self) -> None:
        if self._start is not None and self._cuts:
            self._strands.append(Strand(self._start, tuple(self._cuts)))
        self._start, self._cuts = None, []

    def _follow(self, way: Way) -> None:
        """Once round: straight across from where the cutter is, if nothing stands between, else from above."""
        if self._start is not None:
            at = self._cuts[-1].segment.end
            begun = nearest_start(way, at)
            across = Segment(at, begun.start)
            if self._free.covers(LineString([across.start, across.end])):
                self._cuts += [Cut(across, -self._depth)] if across.length > _TOUCH_MM else []
                self._cuts += [Cut(segment, -self._depth) for segment in begun.segments]
                return
            self.up()
        self._enter(way)

    def _enter(self, way: Way) -> None:
        """From above: round a helix that fits, or down along the way itself."""
        helix = self._helix(way)
        route = helix or way
        above, deep = -self._before, -self._depth
        self._start = route.start
        self._cuts = [down(route.start, above)] if self._before else []
        self._cuts += stretch(route, [], (0.0, self._ramp), (above, deep))
        self._cuts += stretch(route, [], (self._ramp, self._ramp + route.length), (deep, deep))
        if helix:
            self._follow(way)

    def _helix(self, way: Way) -> Way | None:
        if way.length > _SHORT * self._tool.diameter_mm:
            return None
        centre = Place(shapely.centroid(shapely.LineString(way.flat())))
        room = float(centre.distance(self._area.boundary)) if self._area.covers(centre) else 0.0
        radius = min(_HELIX * self._tool.diameter_mm, room)
        if radius < _LEAST_HELIX * self._tool.diameter_mm:
            return None
        return circle_way((centre.x, centre.y), radius, clockwise=False)
