"""Arcs as short chords. Source: Grbl 1.1h gcode.c (radius to offset), motion_control.c mc_arc()."""

from math import atan2, cos, floor, hypot, pi, sin, sqrt

from hardware_sim.firmware.grbl.errors import Code, GrblError
from hardware_sim.firmware.grbl.interpret import Statement
from hardware_sim.firmware.planner import Point

_PLANES = {17: (0, 1, 2), 18: (2, 0, 1), 19: (1, 2, 0)}
_OFFSETS = "IJK"


def corners(statement: Statement, begin: Point, target: Point, tolerance_mm: float) -> list[Point]:
    """The chords' ends, the target last. Raises GrblError where radius or centre don't fit."""
    a, b, line = _PLANES[statement.modal.plane]
    clockwise = statement.modal.motion == 2
    x, y = target[a] - begin[a], target[b] - begin[b]
    if "R" in statement.values:
        i, j = _centre(x, y, statement.values["R"], clockwise)
    else:
        i = statement.values.get(_OFFSETS[a], 0.0)
        j = statement.values.get(_OFFSETS[b], 0.0)
        _check_centre(x, y, i, j)
    radius = hypot(i, j)
    first, last = atan2(-j, -i), atan2(y - j, x - i)
    sweep = last - first
    if clockwise and sweep >= -5e-7:
        sweep -= 2 * pi
    elif not clockwise and sweep <= 5e-7:
        sweep += 2 * pi
    chord = sqrt(tolerance_mm * max(2 * radius - tolerance_mm, 1e-9))
    steps = max(1, floor(abs(0.5 * sweep * radius) / chord))
    points: list[Point] = []
    for step in range(1, steps):
        angle, share = first + sweep * step / steps, step / steps
        point = [0.0, 0.0, 0.0]
        point[a] = begin[a] + i + radius * cos(angle)
        point[b] = begin[b] + j + radius * sin(angle)
        point[line] = begin[line] + (target[line] - begin[line]) * share
        points.append((point[0], point[1], point[2]))
    points.append(target)
    return points


def _centre(x: float, y: float, radius: float, clockwise: bool) -> tuple[float, float]:
    distance = hypot(x, y)
    if distance == 0:
        raise GrblError(Code.BAD_ARC)
    square = 4 * radius * radius - distance * distance
    if square < 0:
        raise GrblError(Code.BAD_RADIUS)
    height = -sqrt(square) / distance
    if not clockwise:
        height = -height
    if radius < 0:
        height = -height
    return 0.5 * (x - y * height), 0.5 * (y + x * height)


def _check_centre(x: float, y: float, i: float, j: float) -> None:
    radius, end = hypot(i, j), hypot(x - i, y - j)
    difference = abs(end - radius)
    if radius == 0 or (difference > 0.005 and (difference > 0.5 or difference > 0.001 * radius)):
        raise GrblError(Code.BAD_ARC)
