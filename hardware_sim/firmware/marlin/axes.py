"""A Marlin printer's coordinates, modes and limits: from G-code words to blocks.

Source: Marlin 2.1 gcode/motion/G0_G1.cpp, module/motion.cpp (software endstops clamp), module/planner.cpp
(limits per axis, PREVENT_COLD_EXTRUSION). mm, mm/s, mm/s².
"""

from dataclasses import dataclass, field
from math import atan2, ceil, cos, hypot, inf, pi, sin

from hardware_sim.firmware.planner import Block, Point

ARC_SEGMENT_MM = 1.0
JUNCTION_MM = 0.02


@dataclass(slots=True)
class Limits:
    """M92, M203, M201, M204, M205 J as compiled in; a program may change them, M500 keeps them."""

    feed: list[float] = field(default_factory=lambda: [300.0, 300.0, 12.0, 120.0])
    accel: list[float] = field(default_factory=lambda: [3000.0, 3000.0, 200.0, 5000.0])
    print_accel: float = 1250.0
    travel_accel: float = 1250.0
    retract_accel: float = 1250.0
    steps: list[float] = field(default_factory=lambda: [80.0, 80.0, 400.0, 93.0])
    junction_mm: float = JUNCTION_MM


class Axes:
    """Position is in bed coordinates, the extruder's apart; `origin` is what G92 shifted."""

    __slots__ = (
        "absolute",
        "absolute_e",
        "e",
        "feed",
        "feed_scale",
        "flow",
        "homed",
        "limits",
        "origin",
        "position",
        "size",
    )

    def __init__(self, size: Point, limits: Limits) -> None:
        self.size = size
        self.limits = limits
        self.position: Point = (0.0, 0.0, 0.0)
        self.e = 0.0
        self.origin: Point = (0.0, 0.0, 0.0)
        self.feed = 25.0
        self.feed_scale = 1.0
        self.flow = 1.0
        self.absolute = True
        self.absolute_e = True
        self.homed = False

    def target(self, x: float | None, y: float | None, z: float | None) -> Point:
        """Where these words lead, in bed coordinates."""
        px, py, pz = self.position
        if self.absolute:
            ox, oy, oz = self.origin
            return (
                px if x is None else x + ox,
                py if y is None else y + oy,
                pz if z is None else z + oz,
            )
        return (px + (x or 0.0), py + (y or 0.0), pz + (z or 0.0))

    def filament(self, e: float | None) -> float:
        """How much filament this E word asks for, mm; advances the extruder's coordinate."""
        if e is None:
            return 0.0
        asked = e - self.e if self.absolute_e and self.absolute else e
        self.e += asked
        return asked * self.flow

    def clamp(self, target: Point) -> tuple[Point, bool]:
        """Software endstops: the nearest point inside, and whether the target was outside."""
        x, y, z = target
        sx, sy, sz = self.size
        if 0.0 <= x <= sx and 0.0 <= y <= sy and 0.0 <= z <= sz:
            return target, False
        return (min(max(x, 0.0), sx), min(max(y, 0.0), sy), min(max(z, 0.0), sz)), True

    def block(self, target: Point, filament_mm: float) -> Block:
        """The move to `target`, its speed and acceleration held to the limits of every axis it uses."""
        limits = self.limits
        accel = limits.print_accel if filament_mm else limits.travel_accel
        block = Block(self.position, target, 1.0, accel, filament_mm)
        speed = self.feed * self.feed_scale
        ux, uy, uz = block.unit
        if ux or uy or uz:
            fx, fy, fz, fe = limits.feed
            ax, ay, az, ae = limits.accel
            e = abs(filament_mm) / block.length
            for unit, top, rate in ((abs(ux), fx, ax), (abs(uy), fy, ay), (abs(uz), fz, az), (e, fe, ae)):
                if unit * speed > top:
                    speed = top / unit
                if unit * accel > rate:
                    accel = rate / unit
        else:
            accel = min(limits.retract_accel, limits.accel[3])
            speed = min(speed, limits.feed[3])
        block.top2 = speed * speed
        block.accel = accel
        x, y, z, e = limits.accel
        block.axis_accel = (x, y, z, e)
        self.position = target
        return block

    def arc(self, target: Point, i: float, j: float, clockwise: bool) -> list[Point]:
        """The corners of an arc about (position + I, J), `ARC_SEGMENT_MM` apart, the target last."""
        x, y, z = self.position
        cx, cy = x + i, y + j
        radius = hypot(i, j)
        begin, end = atan2(y - cy, x - cx), atan2(target[1] - cy, target[0] - cx)
        sweep = end - begin
        if clockwise and sweep >= -1e-9:
            sweep -= 2 * pi
        elif not clockwise and sweep <= 1e-9:
            sweep += 2 * pi
        steps = max(1, ceil(abs(sweep) * radius / ARC_SEGMENT_MM)) if radius < inf else 1
        corners = []
        for step in range(1, steps):
            share = step / steps
            angle = begin + sweep * share
            corners.append((cx + radius * cos(angle), cy + radius * sin(angle), z + (target[2] - z) * share))
        corners.append(target)
        return corners

    def homing_s(self) -> float:
        """Seconds of physics for G28: both fast passes, the bump, and Z."""
        x, y, z = self.position if self.homed else (s / 2 for s in self.size)
        return (x + y) / 50.0 + min(z, 20.0) / 4.0 + 6.0

    def home(self) -> None:
        self.position = (0.0, 0.0, 0.0)
        self.origin = (0.0, 0.0, 0.0)
        self.homed = True
