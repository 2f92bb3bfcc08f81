"""A machine that notes what it should never have been told: the judges' independent opponent.

Slow and simple; it shares no code with the judges but the limits' own form. A firmware's reader (`marlin.py`,
`klipper.py`, `grbl.py`) calls its verbs with plain numbers.
"""

from collections import deque
from dataclasses import dataclass, field
from math import atan2, cos, hypot, pi, sin

from slicer_bridge.programs.limits import MachineLimits

_ROOM_MM = 0.02
"""Of arcs, whose firmwares work with floats."""
_SHARE = 1.03
_WINDOW_S = 10.0
_BURST_MM = 10.5

Axes = tuple[float | None, float | None, float | None]


@dataclass
class Machine:
    """`wrong` grows by one entry for each thing that is forbidden. Positions are machine coordinates, mm."""

    limits: MachineLimits
    start: tuple[float, float, float]
    """Where the head stands before anybody has homed it, and after one axis was homed alone."""
    wrong: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    homed: list[bool] = field(default_factory=lambda: [False, False, False])
    hot: dict[int, float] = field(default_factory=dict)
    waited: set[int] = field(default_factory=set)
    bed: float = 0.0
    chamber: float = 0.0
    tool: int = 0
    pulled: dict[int, float] = field(default_factory=dict)
    clock: float = 0.0
    pushes: deque[tuple[float, float]] = field(default_factory=deque)
    steep_share: float = 0.87

    def __post_init__(self) -> None:
        self.at = list(self.start)

    @property
    def box(self) -> tuple[tuple[float, float], ...]:
        return (self.limits.envelope_mm.x, self.limits.envelope_mm.y, self.limits.envelope_mm.z)

    def note(self, what: str) -> None:
        self.wrong.append(what)

    def home(self, axes: list[int]) -> None:
        """One axis alone may move the others too: Z is lifted first, or homed in the middle of the bed."""
        home = self.limits.home_mm
        for axis in axes:
            self.homed[axis] = True
        self.at = list(home) if home is not None and len(axes) == 3 else list(self.start)

    def release(self, axes: list[int]) -> None:
        for axis in axes:
            self.homed[axis] = False

    def move(self, goal: list[float], named: list[int], feed_mm_s: float, filament_mm: float) -> None:
        """A straight move of head and filament; `named`: the axes that the line names."""
        self._check_axes(goal, named, 0.002)
        length = hypot(*(goal[axis] - self.at[axis] for axis in range(3)))
        self._travel(goal, length, feed_mm_s, filament_mm)

    def arc(
        self, goal: list[float], centre: tuple[float, float], clockwise: bool, feed_mm_s: float, filament_mm: float
    ) -> None:
        begin = atan2(self.at[1] - centre[1], self.at[0] - centre[0])
        radius = hypot(self.at[0] - centre[0], self.at[1] - centre[1])
        turn = (atan2(goal[1] - centre[1], goal[0] - centre[0]) - begin) % (2 * pi)
        turn = turn or 2 * pi
        if clockwise:
            turn = turn - 2 * pi or -2 * pi
        if abs(self.at[0] - goal[0]) < 1e-6 and abs(self.at[1] - goal[1]) < 1e-6:
            turn = -2 * pi if clockwise else 2 * pi
        self._check_axes(goal, [0, 1, 2], _ROOM_MM)
        for step in range(1, 48):
            angle = begin + turn * step / 48
            point = [centre[0] + radius * cos(angle), centre[1] + radius * sin(angle), self.at[2]]
            self._check_axes(point, [0, 1], _ROOM_MM)
        length = hypot(abs(turn) * radius, goal[2] - self.at[2])
        self._travel(goal, length, feed_mm_s, filament_mm)

    def wait(self, seconds: float) -> None:
        if not 0 <= seconds <= self.limits.max_dwell_s * 1.0001:
            self.note(f"a dwell of {seconds} s")
        self.clock += max(0.0, seconds)

    def heat(self, tool: int, celsius: float, *, waits: bool) -> None:
        if not 0 <= celsius <= self.limits.max_hotend_c:
            self.note(f"hotend at {celsius}")
        self.hot[tool] = celsius
        if celsius < self.limits.min_extrusion_c:
            self.waited.discard(tool)
        elif waits:
            self.waited.add(tool)

    def heat_bed(self, celsius: float) -> None:
        if not 0 <= celsius <= self.limits.max_bed_c:
            self.note(f"bed at {celsius}")
        self.bed = celsius

    def heat_chamber(self, celsius: float) -> None:
        if not 0 <= celsius <= self.limits.max_chamber_c:
            self.note(f"chamber at {celsius}")
        self.chamber = celsius

    def left_on(self) -> list[str]:
        tools = [f"hotend {tool}" for tool, celsius in self.hot.items() if celsius >= 1]
        return tools + (["bed"] if self.bed >= 1 else []) + (["chamber"] if self.chamber >= 1 else [])

    def _check_axes(self, goal: list[float], named: list[int], room: float) -> None:
        for axis in named:
            low, high = self.box[axis]
            if not low - room <= goal[axis] <= high + room:
                self.note(f"{'XYZ'[axis]} at {goal[axis]:.3f}")
            if not self.homed[axis]:
                self.note(f"{'XYZ'[axis]} moves unhomed")

    def _travel(self, goal: list[float], length: float, feed_mm_s: float, filament_mm: float) -> None:
        limits = self.limits
        if feed_mm_s > limits.max_feed_mm_s * 1.0001 or feed_mm_s <= 0:
            self.note(f"a feed of {feed_mm_s:.2f} mm/s")
            feed_mm_s = limits.max_feed_mm_s
        steep = length > 0 and abs(goal[2] - self.at[2]) > self.steep_share * length
        if steep and feed_mm_s > (limits.max_feed_z_mm_s or limits.max_feed_mm_s) * 1.0001:
            self.note(f"Z at {feed_mm_s:.2f} mm/s")
        if filament_mm:
            self._feed(filament_mm, length, feed_mm_s)
        self.clock += (length or abs(filament_mm)) / feed_mm_s
        self.at = list(goal)

    def _feed(self, filament_mm: float, length: float, feed_mm_s: float) -> None:
        limits = self.limits
        if self.tool not in self.waited:
            self.note("cold filament")
        if abs(filament_mm) > 201:
            self.note(f"{filament_mm:.0f} mm of filament in one line")
        if not length and feed_mm_s > (limits.max_feed_e_mm_s or limits.max_feed_mm_s) * 1.0001:
            self.note(f"filament at {feed_mm_s:.1f} mm/s")
        pulled = self.pulled.get(self.tool, 0.0)
        fresh = max(0.0, filament_mm - pulled)
        self.pulled[self.tool] = max(0.0, pulled - filament_mm)
        if limits.max_flow_mm3_s is None or not fresh:
            return
        area = pi * limits.filament_mm**2 / 4
        seconds = (length or abs(filament_mm)) / feed_mm_s
        if length > 0.1 and fresh > 0.0011:
            flow = fresh * area / seconds
            if flow > limits.max_flow_mm3_s * _SHARE * (1 + 0.003 / length):
                self.note(f"a flow of {flow:.1f} mm³/s")
        self.pushes.append((self.clock + seconds, fresh * area * min(1.0, _WINDOW_S / seconds)))
        while self.pushes[0][0] < self.clock + seconds - _WINDOW_S:
            self.pushes.popleft()
        if sum(volume for _, volume in self.pushes) > limits.max_flow_mm3_s * _SHARE * _WINDOW_S + _BURST_MM * area * 2:
            self.note("too much filament in ten seconds")
            self.pushes.clear()
