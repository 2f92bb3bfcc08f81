"""GRBL 1.1 lines from moves: only words that change, at most 79 characters, arcs that its check of radii accepts."""

from dataclasses import dataclass, field
from math import hypot, inf

from slicer_bridge.cutting.feeds import CutTool, Laser
from slicer_bridge.cutting.job import Cut, Job
from slicer_bridge.cutting.keep_out import Zones
from slicer_bridge.cutting.way import Point, Segment, gap

_SHORTEST_ARC_MM = 0.02
"""Arcs whose ends are nearer are written as lines: rounded to three decimals they might turn right round."""
_LOW_MM = 0.5
"""Above what was cut already, the tool goes down at its feed; into the sheet, at its plunge."""
_FLAT_MM = 0.01


@dataclass(slots=True)
class Bounds:
    low: list[float] = field(default_factory=lambda: [inf, inf, inf])
    high: list[float] = field(default_factory=lambda: [-inf, -inf, -inf])

    def visit(self, x: float, y: float, z: float) -> None:
        for axis, value in enumerate((x, y, z)):
            self.low[axis] = min(self.low[axis], value)
            self.high[axis] = max(self.high[axis], value)


@dataclass(slots=True)
class GrblWriter:
    """Collects lines; sums up lengths (mm) and times (s, without acceleration)."""

    zones: Zones
    safe_mm: float
    rapid_mm_s: float
    lines: list[str]
    cut_mm: float = 0.0
    rapid_mm: float = 0.0
    seconds: float = 0.0
    bounds: Bounds = field(default_factory=Bounds)
    _at: Point | None = None
    _z: float | None = None
    _feed: str = ""

    def rapid(self, end: Point) -> None:
        """Up, across (over keep-out zones or round them)."""
        if self._at is None:
            self.lift(self.zones.start_mm)
            route = [end]
        else:
            route, height = self.zones.route(self._at, end)
            self.lift(height)
        for point in route:
            self.jump(point)
        if self._z is not None and self._z > self.safe_mm:
            self._spend_rapid(self._z - self.safe_mm)
            self._write("G0", Segment(end, end), self.safe_mm)

    def jump(self, point: Point) -> None:
        """Straight across at the height where the tool is."""
        if self._at is not None:
            self._spend_rapid(gap(self._at, point))
        self._write("G0", Segment(self._at or point, point), self._z)

    def lift(self, height_mm: float | None = None) -> None:
        height = self.safe_mm if height_mm is None else height_mm
        self._spend_rapid(abs(height - (self._z or 0.0)))
        if self._z is None or _text(self._z) != _text(height):
            self.lines.append(f"G0 Z{_text(height)}")
        self._z = height

    def job(self, job: Job, tool: CutTool) -> None:
        for strand in job.strands:
            self.rapid(strand.start)
            self._plunge(strand.start, 0.0, tool)
            for cut in strand.cuts:
                self.cut(cut, tool)
        self.lift()

    def cut(self, cut: Cut, tool: CutTool) -> None:
        """Up at once, down at the plunge's speed, along at the feed; never down faster than the plunge."""
        z = self._z or 0.0
        if cut.segment.start == cut.segment.end:
            if cut.z >= z:
                self._spend_rapid(cut.z - z)
                self._write("G0", cut.segment, cut.z)
            else:
                self._plunge(cut.segment.end, cut.z, tool)
            return
        length = hypot(cut.segment.length, cut.z - z)
        steep = max(z - cut.z, 0.0) / length
        self.along(cut.segment, cut.z, min(tool.feed_mm_s, tool.plunge_mm_s / max(steep, 1e-9)))

    def along(self, segment: Segment, z: float | None, feed_mm_s: float, extra: str = "") -> None:
        """A line or an arc, at a feed; `z` None: the machine's Z is left alone."""
        length = hypot(segment.length, (z or 0.0) - (self._z or 0.0))
        self.cut_mm += length
        self.seconds += length / feed_mm_s
        for x, y in segment.flat(_FLAT_MM):
            self.bounds.visit(x, y, z or 0.0)
        arc = segment.centre is not None and gap(segment.start, segment.end) >= _SHORTEST_ARC_MM
        motion = "G1" if not arc else ("G2" if segment.clockwise else "G3")
        self._write(motion, segment, z, feed_mm_s, extra)

    def end(self) -> None:
        """Spindle off, back over the work's zero where the way is free."""
        self.lift()
        self.lines.append("M5")
        self.rapid((0.0, 0.0))
        self.lines.append("M30")

    def _plunge(self, at: Point, z: float, tool: CutTool) -> None:
        depth = (self._z or 0.0) - z
        if depth <= 0:
            return
        if self._z is not None and self._z > _LOW_MM >= z:
            self._spend_rapid(self._z - _LOW_MM)
            self._write("G0", Segment(at, at), _LOW_MM)
        depth = (self._z or 0.0) - z
        self.cut_mm += max(0.0, min(depth, -z))
        self.seconds += depth / tool.plunge_mm_s
        self.bounds.visit(*at, z)
        self._write("G1", Segment(at, at), z, tool.plunge_mm_s)

    def _spend_rapid(self, length: float) -> None:
        self.rapid_mm += length
        self.seconds += length / self.rapid_mm_s

    def _write(
        self, motion: str, segment: Segment, z: float | None, feed: float | None = None, extra: str = ""
    ) -> None:
        words = [motion]
        (x, y), old = segment.end, self._at
        arc = motion in {"G2", "G3"}
        for letter, value, was in (("X", x, old and old[0]), ("Y", y, old and old[1]), ("Z", z, self._z)):
            if value is not None and (was is None or _text(value) != _text(was) or (arc and letter != "Z")):
                words.append(f"{letter}{_text(value)}")
        moves = len(words) > 1
        if arc and segment.centre is not None and old is not None:
            words += [
                f"{letter}{_text(to - round(at, 3))}" for letter, to, at in zip("IJ", segment.centre, old, strict=True)
            ]
        self._at, self._z = (x, y), self._z if z is None else z
        if not moves:
            return
        if feed is not None and _feed(feed) != self._feed:
            self._feed = _feed(feed)
            words.append(self._feed)
        self.lines.append(" ".join([*words, *([extra] if extra else [])]))


def header() -> list[str]:
    """Millimetres, absolute, feed a minute, the XY plane, the first work coordinates."""
    return ["G21 G90 G94 G17 G54"]


def spindle_on(tool: CutTool, spin_up_s: float) -> list[str]:
    return [f"M3 S{tool.spindle_rpm:.0f}", f"G4 P{_text(spin_up_s)}"]


def beam(laser: Laser, power: float) -> str:
    return f"S{_text(round(laser.highest_s * power, 1))}"


def _feed(mm_s: float) -> str:
    return f"F{max(mm_s * 60, 1):.0f}"


def _text(value: float) -> str:
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
