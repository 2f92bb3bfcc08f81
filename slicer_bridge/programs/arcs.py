"""Arcs in the XY plane: their centre, length, and how far they reach."""

from dataclasses import dataclass
from math import atan2, copysign, hypot, pi, sqrt

_MISMATCH_MM = 0.5
_MISMATCH_SHARE = 0.001
"""GRBL 1.1 gcode.c refuses arcs whose two radii differ by over 0.5 mm and 0.1 %; we refuse if either is over."""
_ROUNDING_MM = 0.01
_DOUBTFUL_RAD = 1e-6
_DOUBTFUL_MM = 1e-4
"""Shorter ones are full circles to some firmwares and nothing to others: GRBL's ARC_ANGULAR_TRAVEL_EPSILON is 5e-7."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Arc:
    """What an arc sweeps: corners of its bounding box and its length, mm."""

    low: Point
    high: Point
    length: float


def sweep(
    start: Point,
    end: Point,
    centre: Point,
    clockwise: bool,
) -> Arc | None:
    """The arc from `start` to `end` (a full circle if they are equal); None if no circle has it, or it is too short."""
    ax, ay = start[0] - centre[0], start[1] - centre[1]
    bx, by = end[0] - centre[0], end[1] - centre[1]
    before, after = hypot(ax, ay), hypot(bx, by)
    gap = abs(before - after)
    if before == 0.0 or gap > _MISMATCH_MM or (gap > _ROUNDING_MM and gap > _MISMATCH_SHARE * before):
        return None
    radius, closed = max(before, after), start == end
    begin, turn = atan2(ay, ax), _turn((ax, ay), (bx, by), clockwise, closed=closed)
    short = min(abs(turn), 2 * pi - abs(turn))
    if not closed and (short < _DOUBTFUL_RAD or hypot(bx - ax, by - ay) < _DOUBTFUL_MM):
        return None
    xs, ys = [start[0], end[0]], [start[1], end[1]]
    for quarter, (ux, uy) in enumerate(((1, 0), (0, 1), (-1, 0), (0, -1))):
        if _passes(begin, turn, quarter * pi / 2):
            xs.append(centre[0] + ux * radius)
            ys.append(centre[1] + uy * radius)
    return Arc((min(xs), min(ys)), (max(xs), max(ys)), abs(turn) * radius)


def arc_between(
    start: Point,
    end: Point,
    offset: Point,
    radius: float | None,
    clockwise: bool,
) -> Arc | None:
    """The arc that G2 or G3 asks for: by its radius (R), else by its centre's offset from the start (I, J)."""
    if radius is None:
        return sweep(start, end, (start[0] + offset[0], start[1] + offset[1]), clockwise)
    centre = centre_of(start, end, radius, clockwise)
    return sweep(start, end, centre, clockwise) if centre is not None else None


def _turn(before: Point, after: Point, clockwise: bool, *, closed: bool) -> float:
    """Signed angle swept, radians; a closed arc is a full circle."""
    if closed:
        return -2 * pi if clockwise else 2 * pi
    angle = atan2(before[0] * after[1] - before[1] * after[0], before[0] * after[0] + before[1] * after[1])
    if clockwise:
        return angle if angle < 0.0 else angle - 2 * pi
    return angle if angle > 0.0 else angle + 2 * pi


def _passes(begin: float, turn: float, angle: float) -> bool:
    along = (angle - begin) % (2 * pi) if turn > 0 else (begin - angle) % (2 * pi)
    return along <= abs(turn)


def centre_of(start: Point, end: Point, radius: float, clockwise: bool) -> Point | None:
    """Centre of the arc given by its radius (negative: the longer way round); None if there is none."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    chord = hypot(dx, dy)
    if chord == 0.0 or radius == 0.0 or chord > 2 * abs(radius) + 1e-4:
        return None
    height = sqrt(max(radius * radius - chord * chord / 4, 0.0))
    side = copysign(1.0, radius) * (-1.0 if clockwise else 1.0)
    return ((start[0] + end[0]) / 2 - side * height * dy / chord, (start[1] + end[1]) / 2 + side * height * dx / chord)
