"""Layers as a printer's program: order, speeds, filament, retraction, labels as PrusaSlicer writes them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import hypot, sqrt

from slicer_bridge.slicing.embedded.fill import Point
from slicer_bridge.slicing.profile import PrinterProfile

Path = list[Point]
_STAY_MM = 2.0
"""Shorter ways are gone without drawing the filament back."""
_SLOWEST_MM_S = 10.0


@dataclass(frozen=True, slots=True)
class Pass:
    """Paths that are drawn alike. `per_mm`: filament by length of path, mm."""

    kind: str
    paths: tuple[Path, ...]
    speed_mm_s: float
    per_mm: float

    @property
    def seconds(self) -> float:
        """Without corners and ways between."""
        return sum(_length(path) for path in self.paths) / self.speed_mm_s


class Writer:
    """Writes moves and sums up their time.

    A move speeds up and slows down between the speeds at which classic jerk lets it pass its corners; it doesn't look
    further ahead, so fine curves come out a little too fast.
    """

    def __init__(self, write: Callable[[str], int], printer: PrinterProfile) -> None:
        self.seconds = 0.0
        self._write = write
        self._printer = printer
        self.at: Point = (0.0, 0.0)
        """Where the head is, as far as is known."""
        self._feed = ""
        self._back = False
        """The filament is drawn back."""
        self._velocity: Point = (0.0, 0.0)

    def say(self, text: str) -> None:
        self._write(f"{text}\n")

    def layer(self, top_mm: float, height_mm: float) -> None:
        self.say(f";LAYER_CHANGE\n;Z:{top_mm:g}\n;HEIGHT:{height_mm:g}")
        self.say(f"G1 Z{_number(top_mm, 3)} F{self._printer.z_mm_s * 60:.0f}")
        self._feed = ""
        self.seconds += height_mm / self._printer.z_mm_s

    def draw_back(self) -> None:
        self._filament(-1)

    def passes(self, passes: Iterable[Pass], move: Point, slowed: float) -> None:
        """Each pass's paths from the nearest to the nearest; `slowed` (0 to 1) gives layers time to harden."""
        for one in passes:
            speed = max(one.speed_mm_s * slowed, min(one.speed_mm_s, _SLOWEST_MM_S))
            left = [[(x + move[0], y + move[1]) for x, y in path] for path in one.paths]
            if left:
                self.say(f";TYPE:{one.kind}")
            while left:
                path = _nearest(left, self.at)
                self._go(path[0])
                for point in path[1:]:
                    self._extrude(point, speed, one.per_mm)

    def _go(self, to: Point) -> None:
        way = hypot(to[0] - self.at[0], to[1] - self.at[1])
        if way > _STAY_MM and not self._back:
            self._filament(-1)
        if way > 0.0:
            self._move(to, self._printer.travel_mm_s, "")
        if self._back:
            self._filament(1)

    def _extrude(self, point: Point, speed: float, per_mm: float) -> None:
        amount = hypot(point[0] - self.at[0], point[1] - self.at[1]) * per_mm
        if amount >= 5e-6:
            self._move(point, speed, f" E{_number(amount, 5)}")

    def _filament(self, way: int) -> None:
        length, speed = self._printer.retract_mm, self._printer.retract_mm_s
        self._back = way < 0
        if length > 0:
            self.say(f"G1 E{_number(way * length, 5)} F{speed * 60:.0f}")
            self.seconds += length / speed
        self._feed = ""
        self._velocity = (0.0, 0.0)

    def _move(self, to: Point, speed: float, e: str) -> None:
        feed = f" F{speed * 60:.0f}"
        self.say(f"G1 X{_number(to[0], 3)} Y{_number(to[1], 3)}{e}{'' if feed == self._feed else feed}")
        self._feed = feed
        dx, dy = to[0] - self.at[0], to[1] - self.at[1]
        length = hypot(dx, dy)
        velocity = (dx / length * speed, dy / length * speed)
        change = hypot(velocity[0] - self._velocity[0], velocity[1] - self._velocity[1])
        corner = speed * min(1.0, self._printer.jerk_mm_s / change) if change else speed
        self.seconds += _seconds(length, corner, speed, self._printer.acceleration_mm_s2)
        self.at, self._velocity = to, velocity


def _seconds(length: float, corner: float, speed: float, acceleration: float) -> float:
    """From `corner` up to `speed` and down again, as far as `length` allows."""
    ramps = (speed**2 - corner**2) / acceleration
    if ramps <= length:
        return 2 * (speed - corner) / acceleration + (length - ramps) / speed
    top = sqrt(corner**2 + length * acceleration)
    return 2 * (top - corner) / acceleration


def _nearest(left: list[Path], at: Point) -> Path:
    """Takes the path out whose beginning or end is nearest; loops and lines may begin at either."""
    best = min(
        range(len(left)),
        key=lambda n: min(_square(left[n][0], at), _square(left[n][-1], at)),
    )
    path = left.pop(best)
    return path[::-1] if _square(path[-1], at) < _square(path[0], at) else path


def _square(one: Point, other: Point) -> float:
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2


def _length(path: Path) -> float:
    return sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(path))


def _number(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text
