"""What each tool does to one part: every line of its drawing becomes a job, or a reason why it can't."""

from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.drawn import Drawn, Shape, drawn, named
from slicer_bridge.cutting.drill import SAME_MM, bored, pecked
from slicer_bridge.cutting.feeds import CutTool, Laser, ToolKind, passes
from slicer_bridge.cutting.job import Job, Strand, down
from slicer_bridge.cutting.laser import burnt_along, burnt_round
from slicer_bridge.cutting.layers import Operation, Rule
from slicer_bridge.cutting.offsets import shrunk
from slicer_bridge.cutting.options import CutOptions
from slicer_bridge.cutting.pieces import Pieces
from slicer_bridge.cutting.pocket import cleared
from slicer_bridge.cutting.profile import Descent, calm_start, round_way, stretch
from slicer_bridge.cutting.reach import CORNER, CORNER_MM, LOST, LOST_MM, Uncut, uncut_inside, uncut_outside
from slicer_bridge.cutting.tabs import Held, held
from slicer_bridge.cutting.waste import FIT_MM, Waste
from slicer_bridge.cutting.way import Way, circle_way
from slicer_bridge.errors import CutRefused
from slicer_bridge.facts import Finding, Severity
from slicer_bridge.plates.plate import PlacedPart

Tool = CutTool | Laser
_ENGRAVED, _BORED, _CLEARED, _GROOVE, _ROUND = 0, 1, 2, 1000, 2000
"""Ranks: what is round others comes after them, and outlines last."""
Circle = tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """One part's jobs, its low corner at the origin.

    `tight` holds the jobs once more, in the same order, without arcs that lead into the waste: for places where another
    part or a clamp lies there. `cover`: the area of its pieces.
    """

    part: PlacedPart
    jobs: tuple[Job, ...]
    tight: tuple[Job, ...]
    cover: BaseGeometry
    area_mm2: float
    findings: tuple[Finding, ...]


def plan(part: PlacedPart, tools: tuple[Tool, ...], thickness_mm: float, options: CutOptions) -> Planned:
    """With the largest mill that does all of the part. Raises CutRefused, with what the smallest can't do; BadFile."""
    lines = drawn(part, options)
    rounds = [number for number, tool in enumerate(tools) if isinstance(tool, Laser) or tool.kind is ToolKind.MILL]
    refused: CutRefused | None = None
    mills: list[int | None] = [*sorted(rounds, key=lambda one: -tools[one].radius_mm)] or [None]
    for number in mills:
        try:
            return _Plan(part, lines, tools, number, thickness_mm, options).done()
        except CutRefused as error:
            refused = error
    raise refused or CutRefused(f"{part.name}: no tool")


class _Plan:
    """Collects one part's jobs; `mill` is the number of the tool that goes round things, None if there is none."""

    def __init__(
        self,
        part: PlacedPart,
        lines: Drawn,
        tools: tuple[Tool, ...],
        mill: int | None,
        thickness_mm: float,
        options: CutOptions,
    ) -> None:
        self._part, self._lines, self._tools = part, lines, tools
        self._mill = None if mill is None else (mill, tools[mill])
        self._thickness, self._options = thickness_mm, options
        self._pieces = Pieces(lines, thickness_mm)
        self._jobs: list[Job] = []
        self._tight: list[Job] = []
        self._findings: list[Finding] = []
        self._small: list[tuple[str, ...]] = []
        self._round_corners = 0

    def done(self) -> Planned:
        groups: dict[tuple[Operation, float | None], list[Shape]] = {}
        for shape in self._lines.shapes:
            groups.setdefault((shape.rule.operation, shape.rule.depth_mm), []).append(shape)
        for (operation, _), shapes in groups.items():
            match operation:
                case Operation.DRILL:
                    self._drill(shapes)
                case Operation.POCKET:
                    self._pockets(shapes)
                case _:
                    self._profiles(shapes)
        self._engrave()
        self._refuse_small()
        if self._round_corners and self._mill and isinstance(self._mill[1], CutTool):
            radius = self._mill[1].radius_mm
            text = f"{self._part.name}: {self._round_corners} inside corners come out with a radius of {radius:g} mm"
            self._findings.append(Finding("round-corner", Severity.NOTE, text, float(self._round_corners), 0.0))
        radii = [tool.radius_mm for tool in self._tools]
        self._pieces.check(self._part.name, self._jobs, radii)
        area = float(self._pieces.material.area)
        return Planned(
            self._part, tuple(self._jobs), tuple(self._tight), self._pieces.cover, area, tuple(self._findings)
        )

    def _refuse_small(self) -> None:
        if not self._small:
            return
        why = f"the {self._mill[1].name} doesn't fit into it" if self._mill else "there is no mill for it"
        raise CutRefused(
            f"{self._part.name}: {named(self._small)}: {why}: take a smaller tool, or leave this to a drill"
        )

    def _depth(self, rule: Rule) -> float:
        deepest = self._thickness + self._options.through_mm
        depth = deepest if rule.depth_mm is None else rule.depth_mm
        if depth > deepest + 1e-9:
            raise CutRefused(
                f"{self._part.name}: {depth:g} mm deep in a sheet of {self._thickness:g} mm: change the layer's name"
            )
        return depth

    def _add(
        self, kind: str, shape: Shape, strands: list[Strand], tool: int, rank: int, tight: list[Strand] | None = None
    ) -> None:
        depth, piece = self._depth(shape.rule), self._pieces.number(shape.shape)
        for jobs, ways in ((self._jobs, strands), (self._tight, strands if tight is None else tight)):
            jobs.append(Job(kind, shape.handles, tuple(ways), depth, tool, rank, piece))

    def _rank(self, shape: Shape) -> int:
        """The deeper inside, the earlier; grooves before all that is cut through."""
        return (_ROUND if self._pieces.through(shape.rule) else _GROOVE) - self._pieces.depth(shape)

    def _drill(self, shapes: list[Shape]) -> None:
        for shape in shapes:
            if shape.circle is None:
                raise CutRefused(f"{self._part.name}: {named([shape.handles])} is to be drilled, and is no circle")
            if not self._hole(shape, shape.circle, _BORED):
                self._small.append(shape.handles)

    def _hole(self, shape: Shape, circle: Circle, rank: int) -> bool:
        """A round hole by drill or mill; False if neither is there that fits."""
        x, y, diameter = circle
        for number, tool in enumerate(self._tools):
            if isinstance(tool, Laser) or tool.kind is ToolKind.V_BIT:
                continue
            if -FIT_MM <= diameter - tool.diameter_mm <= SAME_MM:
                self._add("drill", shape, [pecked((x, y), self._depth(shape.rule), tool)], number, rank)
                return True
        if self._mill is None or diameter < 2 * self._mill[1].radius_mm:
            return False
        number, mill = self._mill
        if isinstance(mill, Laser):
            self._profiles([shape])
            return True
        tabs = self._tabs(circle_way((x, y), diameter / 2 - mill.radius_mm, clockwise=False), shape, mill)
        self._add("bore", shape, [bored((x, y), diameter, self._depth(shape.rule), mill, tabs)], number, rank)
        return True

    def _pockets(self, shapes: list[Shape]) -> None:
        if self._mill is None:
            self._small += [shape.handles for shape in shapes]
            return
        number, mill = self._mill
        if isinstance(mill, Laser):
            raise CutRefused(f"{self._part.name}: {named([shapes[0].handles])}: a laser makes no pockets")
        for shape in shapes:
            if shape.depth % 2:
                continue
            islands = [one for one in shapes if one.depth == shape.depth + 1 and shape.shape.contains(one.shape)]
            area = shape.shape.difference(shapely.union_all([one.shape for one in islands]))
            reachable = shrunk(area, (shape.way, *(one.way for one in islands)), mill.radius_mm)
            if not reachable:
                self._small.append(shape.handles)
                continue
            self._judge(shape, uncut_inside(area, mill.radius_mm), mill)
            ramp = self._options.ramp_diameters * mill.diameter_mm
            self._add("pocket", shape, cleared(reachable, self._depth(shape.rule), mill, ramp), number, _CLEARED)

    def _profiles(self, shapes: list[Shape]) -> None:
        if self._mill is None:
            for shape in shapes:
                rank = self._rank(shape)
                if shape.circle is None or not shape.is_hole or not self._hole(shape, shape.circle, rank):
                    self._small.append(shape.handles)
            return
        number, mill = self._mill
        waste = Waste(shapes, mill.radius_mm)
        waste.check_gaps(self._part.name)
        for index, shape in enumerate(shapes):
            rank = self._rank(shape)
            if isinstance(mill, CutTool) and shape.is_hole and shape.circle is not None:
                self._small += [] if self._hole(shape, shape.circle, rank) else [shape.handles]
                continue
            ways = [calm_start(way) for way in waste.ways(index)]
            if not ways:
                self._small.append(shape.handles)
                continue
            left = uncut_inside if shape.is_hole else uncut_outside
            self._judge(shape, left(shape.shape, mill.radius_mm), mill)
            if isinstance(mill, Laser):
                self._burn(shape, ways, waste.free(index), mill, number, rank)
            else:
                finish = self._options.finish_mm
                rough = [calm_start(way) for way in waste.ways(index, finish)] if finish else []
                rough = rough if len(rough) == len(ways) else []
                self._mill_round(shape, ways, rough, waste.free(index), mill, number, rank)

    def _burn(self, shape: Shape, ways: list[Way], room: BaseGeometry, laser: Laser, number: int, rank: int) -> None:
        tabs = self._options.tabs if not shape.is_hole and shape.rule.tabs else None
        strands = [[burnt_round(way, laser, free, tabs) for way in ways] for free in (room, None)]
        self._add("profile", shape, strands[0], number, rank, strands[1])

    def _mill_round(
        self,
        shape: Shape,
        ways: list[Way],
        rough: list[Way],
        room: BaseGeometry,
        mill: CutTool,
        number: int,
        rank: int,
    ) -> None:
        """In passes, or roughly in passes and then once at full depth along the wall."""
        depth, lead = self._depth(shape.rule), self._options.lead_diameters * mill.diameter_mm
        steps = tuple(passes(depth, mill))
        found = []
        for free in (room if lead > 0 else None, None):
            strands = [self._milled(way, shape, steps, None, mill) for way in rough]
            strands += [self._milled(way, shape, (depth,) if rough else steps, free, mill) for way in ways]
            found.append(strands)
        self._add("profile", shape, found[0], number, rank, found[1])

    def _milled(
        self, way: Way, shape: Shape, depths: tuple[float, ...], room: BaseGeometry | None, mill: CutTool
    ) -> Strand:
        tabs = self._tabs(way, shape, mill)
        ramp = min(self._options.ramp_diameters * mill.diameter_mm, way.length)
        lead = self._options.lead_diameters * mill.diameter_mm
        # Without tabs the cut lets the slug go: the cutter leaves it alone then.
        return round_way(way, Descent(depths, ramp), tabs, room, lead, out=bool(tabs))

    def _tabs(self, way: Way, shape: Shape, mill: CutTool) -> list[Held]:
        """Pieces are held, and slugs that are large; what isn't cut through needs none."""
        rule = shape.rule
        small = shape.is_hole and way.length <= self._options.slug_mm
        if not self._pieces.through(rule) or not rule.tabs or small:
            return []
        return held(way, self._options.tabs, mill.diameter_mm, self._thickness, -self._depth(rule))

    def _judge(self, shape: Shape, left: list[Uncut], tool: Tool) -> None:
        """Refuses necks and slots that stay uncut, names notches, counts corners."""
        for one in left:
            x, y = one.place
            where = f"{self._part.name}: {named([shape.handles])} at {x:.1f}, {y:.1f} mm"
            if one.splits or one.far_mm > max(LOST * tool.radius_mm, LOST_MM):
                what = "a neck" if one.splits else "a slot"
                raise CutRefused(f"{where}: {what} is too narrow for the {tool.name}: take a smaller tool, or widen it")
            limit = max(CORNER * tool.radius_mm, CORNER_MM)
            if one.far_mm > limit:
                text = f"{where}: a notch stays uncut for {one.far_mm:.2f} mm ({one.area_mm2:.2f} mm²)"
                self._findings.append(Finding("uncut-notch", Severity.REVIEW, text, one.far_mm, limit, (x, y, 0.0)))
            else:
                self._round_corners += 1

    def _engrave(self) -> None:
        if not self._lines.lines:
            return
        number = self._engraver()
        tool = self._tools[number]
        for way, handles, rule in self._lines.lines:
            depth = self._depth(rule)
            strand = burnt_along(way) if isinstance(tool, Laser) else _engraved(way, depth, tool)
            piece = self._pieces.number(shapely.LineString(way.flat(0.01)))
            job = Job("engrave", handles, (strand,), depth, number, _ENGRAVED, piece)
            self._jobs.append(job)
            self._tight.append(job)

    def _engraver(self) -> int:
        """A V-bit, else the smallest mill or the beam."""
        bits = [n for n, one in enumerate(self._tools) if isinstance(one, CutTool) and one.kind is ToolKind.V_BIT]
        mills = [n for n, one in enumerate(self._tools) if isinstance(one, Laser) or one.kind is ToolKind.MILL]
        found = bits or sorted(mills, key=lambda n: self._tools[n].radius_mm)
        if not found:
            raise CutRefused(f"{self._part.name}: {named([self._lines.lines[0][1]])} is to be engraved: give a V-bit")
        return found[0]


def _engraved(way: Way, depth_mm: float, tool: CutTool) -> Strand:
    """Along and back again, a pass each way."""
    cuts, current = [], way
    for deep in passes(depth_mm, tool):
        cuts.append(down(current.start, -deep))
        cuts += stretch(current, [], (0.0, current.length), (-deep, -deep))
        current = current.back()
    return Strand(way.start, tuple(cuts))
