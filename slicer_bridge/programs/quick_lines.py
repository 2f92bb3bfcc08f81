"""Lines of which it is certain that the judges would let them pass, compiled: straight moves, arcs, and a few words.

Each function returns the first line that it is not certain of, with the state as the judge would have it before that
line; the judge itself goes on from there. What is compared and added up here is what `judge_printer`, `filament`,
`judge_router` and `travel` compare and add up, in the same order, so that numbers are the same to the last bit; those
of arcs, whose square roots and angles may differ in the last bit, need `_EDGE` more room than the judge asks for.
"""

# Compiled code compares numbers; it has no sets.
# NaN, which is not equal to itself, stands for what isn't given or known.
# ruff: noqa: PLR0124, PLR0911, PLR0912, PLR1714, SIM109
from math import atan2, copysign, hypot, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.compiled import compiled

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

# State of both; then of printers, then of routers.
X, Y, Z, FEED, RELATIVE, SECONDS, LOW, HIGH = 0, 1, 2, 3, 4, 5, 6, 9
WARM, E, LOST, RELATIVE_E, OLD_E, FACTOR, PULLED, AHEAD, FED = range(12, 21)
SCALE, MOTION, ENDED = range(12, 15)
STATE = 21
# Rules of both; then of printers.
MAX_FEED, MAX_Z, FLOOR, CEILING, OFFSET, FIXED, WORDS = 0, 1, 2, 5, 8, 11, 12
"""WORDS: whether G0, G1, G2, G3, G2 with R, G92, M73, M106, M107, M204, G10, G11 may stand in a program."""
MAX_E, FLOW, BURST, AREA, ACCELERATION, ACCELERATION_E, TOOLS, RULES = range(24, 32)

_EDGE = 1e-9
_SLACK = 1e-3
_STEEP = 0.866
_ROUNDING, _ROUNDING_MM, _LONGEST, _LEAST = 1.02, 2e-3, 200.0, 1e-3
_BLANK, _PLAIN = 1, 2
_E, _F, _G, _I, _J, _M, _P, _R, _S, _T, _X, _Y, _Z = (ord(one) for one in "EFGIJMPRSTXYZ")


@compiled
def _reaches(s: Floats, r: Floats, axis: int, low: float, high: float, edge: float) -> bool:
    """Whether both coordinates (work) are within reach."""
    low, high = low + r[OFFSET + axis], high + r[OFFSET + axis]
    if r[FIXED] > 0.0:
        return bool(r[FLOOR + axis] - _SLACK + edge <= low and high <= r[CEILING + axis] + _SLACK - edge)
    span = max(s[HIGH + axis], high) - min(s[LOW + axis], low)
    return bool(span <= r[CEILING + axis] - r[FLOOR + axis] + _SLACK - edge)


@compiled
def _visit(s: Floats, r: Floats, axis: int, at: float) -> None:
    at += r[OFFSET + axis]
    s[LOW + axis] = min(s[LOW + axis], at)
    s[HIGH + axis] = max(s[HIGH + axis], at)


@compiled
def _arc(
    x: float, y: float, gx: float, gy: float, i: float, j: float, radius: float, clockwise: bool, box: Floats
) -> float:
    """Length of an arc in XY, which `box` then holds (low x, y, high x, y); below 0: not certain. As `arcs.sweep`."""
    if radius == radius:
        dx, dy = gx - x, gy - y
        chord = hypot(dx, dy)
        if chord < _EDGE or radius == 0.0 or chord > 2 * abs(radius):
            return -1.0
        height = sqrt(max(radius * radius - chord * chord / 4, 0.0))
        side = copysign(1.0, radius) * (-1.0 if clockwise else 1.0)
        cx, cy = (x + gx) / 2 - side * height * dy / chord, (y + gy) / 2 + side * height * dx / chord
    else:
        cx, cy = x + i, y + j
    ax, ay, bx, by = x - cx, y - cy, gx - cx, gy - cy
    before, after = hypot(ax, ay), hypot(bx, by)
    gap = abs(before - after)
    if before < _EDGE or gap > 0.5 - _EDGE or (gap > 0.01 - _EDGE and gap > 0.001 * before - _EDGE):
        return -1.0
    radius = max(before, after)
    begin = atan2(ay, ax)
    turn = -2 * pi if clockwise else 2 * pi
    if x != gx or y != gy:
        angle = atan2(ax * by - ay * bx, ax * bx + ay * by)
        if abs(angle) < 2e-6 or hypot(gx - x, gy - y) < 2e-4:
            return -1.0
        turn = angle if (angle < 0.0) == clockwise else angle + turn
    box[0], box[1], box[2], box[3] = min(x, gx), min(y, gy), max(x, gx), max(y, gy)
    for quarter in range(4):
        at = quarter * pi / 2
        along = (at - begin) % (2 * pi) if turn > 0 else (begin - at) % (2 * pi)
        if along <= abs(turn):
            px = cx + (radius if quarter == 0 else -radius if quarter == 2 else 0.0)
            py = cy + (radius if quarter == 1 else -radius if quarter == 3 else 0.0)
            box[0], box[1], box[2], box[3] = min(box[0], px), min(box[1], py), max(box[2], px), max(box[3], py)
    return float(abs(turn) * radius)


@compiled
def _arc_reaches(s: Floats, r: Floats, box: Floats) -> bool:
    return _reaches(s, r, 0, box[0], box[2], _EDGE) and _reaches(s, r, 1, box[1], box[3], _EDGE)


@compiled
def _push(s: Floats, r: Floats, e: float, distance: float, speed: float, edge: float) -> bool:
    """Filament, and time; nothing is changed unless it passes. `e` NaN: none."""
    seconds = distance / speed
    amount = 0.0
    if e == e:
        if s[RELATIVE_E] != s[OLD_E] or (s[RELATIVE_E] == 0.0 and s[LOST] > 0.0):
            return False
        amount = e if s[RELATIVE_E] > 0.0 else e - s[E]
    flow = r[FLOW]
    if amount == 0.0:
        if s[AHEAD] != 0.0:
            s[AHEAD] = max(0.0, s[AHEAD] - flow * seconds)
        s[SECONDS] += seconds
        return True
    moved = amount * s[FACTOR]
    if s[WARM] == 0.0 or abs(moved) > _LONGEST:
        return False
    fresh = max(0.0, moved - s[PULLED])
    volume = fresh * r[AREA]
    if distance > 0.0:
        if fresh > _LEAST and volume * distance > flow * seconds * (distance + _ROUNDING_MM) * (1.0 - edge):
            return False
    else:
        if speed > r[MAX_E]:
            return False
        seconds = abs(amount) / speed
    drained = flow * seconds if seconds != 0.0 else 0.0
    ahead = max(0.0, s[AHEAD] + volume - drained)
    limit = flow / _ROUNDING
    if limit < np.inf and ahead > r[BURST] - edge:
        return False
    s[AHEAD] = ahead if limit < np.inf else 0.0
    s[PULLED] = max(0.0, s[PULLED] - moved)
    s[E] += amount
    s[FED] += moved
    s[SECONDS] += seconds
    return True


@compiled
def _printer_motion(
    letters: Bytes, numbers: Floats, begin: int, end: int, code: int, s: Floats, r: Floats, box: Floats
) -> bool:
    """G0 to G3."""
    x = y = z = e = f = i = j = radius = np.nan
    for at in range(begin, end):
        letter, number = letters[at], numbers[at]
        if letter == _X:
            x = number
        elif letter == _Y:
            y = number
        elif letter == _Z:
            z = number
        elif letter == _E:
            e = number
        elif letter == _F:
            f = number
        elif code >= 2 and letter == _I:
            i = number
        elif code >= 2 and letter == _J:
            j = number
        elif code >= 2 and letter == _R and r[WORDS + 4] > 0.0:
            radius = number
        else:
            return False
    speed = s[FEED] if f != f else f / 60.0
    if not 0.0 < speed <= r[MAX_FEED]:
        return False
    if code >= 2:
        return _printer_arc(s, r, box, (x, y, z), e, speed, (i, j, radius), code == 2)
    return _printer_straight(s, r, (x, y, z), e, speed)


@compiled
def _printer_straight(s: Floats, r: Floats, given: tuple[float, float, float], e: float, speed: float) -> bool:
    square = 0.0
    x, y, z = s[X], s[Y], s[Z]
    for axis in range(3):
        goal, before = given[axis], s[axis]
        if goal != goal:
            continue
        if before != before:
            return False
        if s[RELATIVE] > 0.0:
            goal += before
        if not _reaches(s, r, axis, goal, goal, 0.0):
            return False
        square += (goal - before) * (goal - before)
        if axis == 0:
            x = goal
        elif axis == 1:
            y = goal
        else:
            z = goal
    distance = sqrt(square)
    if given[2] == given[2] and speed > r[MAX_Z] and not abs(z - s[Z]) <= _STEEP * distance:
        return False
    if not _push(s, r, e, distance, speed, 0.0):
        return False
    for axis in range(3):
        if given[axis] == given[axis]:
            _visit(s, r, axis, x if axis == 0 else y if axis == 1 else z)
    s[X], s[Y], s[Z], s[FEED] = x, y, z, speed
    return True


@compiled
def _printer_arc(
    s: Floats, r: Floats, box: Floats, given: tuple[float, float, float], e: float, speed: float,
    centre: tuple[float, float, float], clockwise: bool,
) -> bool:  # fmt: skip
    x, y, z = s[X], s[Y], s[Z]
    i, j, radius = centre
    if x != x or y != y or s[RELATIVE] > 0.0 or (radius == radius and (i == i or j == j)):
        return False
    gx, gy = given[0] if given[0] == given[0] else x, given[1] if given[1] == given[1] else y
    length = _arc(x, y, gx, gy, i if i == i else 0.0, j if j == j else 0.0, radius, clockwise, box)
    if length <= 0.0 or not _arc_reaches(s, r, box):
        return False
    goal = given[2]
    if goal == goal:
        if z != z or not _reaches(s, r, 2, goal, goal, _EDGE):
            return False
        length = sqrt(length * length + (goal - z) * (goal - z))
        if speed > r[MAX_Z] and not abs(goal - z) <= _STEEP * length - _EDGE:
            return False
    if not _push(s, r, e, length, speed, _EDGE):
        return False
    for axis in range(2):
        _visit(s, r, axis, box[axis])
        _visit(s, r, axis, box[axis + 2])
    if goal == goal:
        _visit(s, r, 2, goal)
        s[Z] = goal
    s[X], s[Y], s[FEED] = gx, gy, speed
    return True


@compiled
def _setting(letters: Bytes, numbers: Floats, begin: int, end: int, code: int, r: Floats) -> bool:
    """M73, M106, M107, M204."""
    for at in range(begin, end):
        letter, number = letters[at], numbers[at]
        if code == 73:
            fine = letter == _P or letter == _R or letter == 81 or letter == _S
        elif code == 204:
            most = r[ACCELERATION_E] if letter == _R else r[ACCELERATION]
            fine = (letter == _P or letter == _R or letter == _S or letter == _T) and 0.0 < number <= most
        elif letter == _P:
            fine = 0.0 <= number < r[TOOLS]
        else:
            fine = code == 106 and letter == _S and 0.0 <= number <= 255.0
        if not fine:
            return False
    return True


@compiled
def certain_of_printer(
    begin: int, count: int, flags: Bytes, first: NDArray[np.int32], letters: Bytes, numbers: Floats,
    s: Floats, r: Floats, box: Floats,
) -> int:  # fmt: skip
    """The first line from `begin` on that needs the judge; `count` if none does."""
    for line in range(begin, count):
        if flags[line] == _PLAIN:
            word, end = first[line], first[line + 1]
            letter, code = letters[word], int(numbers[word])
            if letter == _G and code <= 3:
                fine = r[WORDS + code] > 0.0 and _printer_motion(letters, numbers, word + 1, end, code, s, r, box)
            elif letter == _G and code == 92:
                fine = r[WORDS + 5] > 0.0 and end == word + 2 and letters[word + 1] == _E
                if fine:
                    s[E], s[LOST] = numbers[word + 1], 0.0
            elif letter == _G and (code == 10 or code == 11):
                fine = r[WORDS + code] > 0.0 and end == word + 1 and s[WARM] > 0.0
            elif letter == _M and (code == 73 or code == 106 or code == 107 or code == 204):
                place = 6 if code == 73 else 7 if code == 106 else 8 if code == 107 else 9
                fine = r[WORDS + place] > 0.0 and _setting(letters, numbers, word + 1, end, code, r)
            else:
                fine = False
            if not fine:
                return line
        elif flags[line] & 23 != _BLANK:
            return line
    return count


@compiled
def _router_motion(
    s: Floats, r: Floats, box: Floats, given: tuple[float, float, float], centre: tuple[float, float, float],
    motion: float, speed: float,
) -> bool:  # fmt: skip
    """G0 to G3 with millimetres; `speed` is that of G1 to G3."""
    x, y, z = s[X], s[Y], s[Z]
    gx, gy, gz = given
    square = 0.0
    relative = s[RELATIVE] > 0.0
    if (gx == gx and x != x) or (gy == gy and y != y) or (gz == gz and z != z):
        return False
    gx = x if gx != gx else gx + x if relative else gx
    gy = y if gy != gy else gy + y if relative else gy
    gz = z if gz != gz else gz + z if relative else gz
    if motion >= 2:
        i, j, radius = centre
        named = i == i or j == j
        if (
            relative
            or named == (radius == radius)
            or (given[0] != given[0] and given[1] != given[1])
            or x != x
            or y != y
        ):
            return False
        length = _arc(x, y, gx, gy, i if i == i else 0.0, j if j == j else 0.0, radius, motion == 2, box)
        if length <= 0.0 or not _arc_reaches(s, r, box):
            return False
        if given[2] == given[2]:
            length = sqrt(length * length + (gz - z) * (gz - z))
    else:
        box[0] = box[2] = gx
        box[1] = box[3] = gy
        for axis in range(3):
            if given[axis] == given[axis]:
                step = (gx if axis == 0 else gy if axis == 1 else gz) - s[axis]
                square += step * step
        length = sqrt(square)
    if motion >= 1:
        if speed <= 0.0:
            return False
        if given[2] == given[2] and speed > r[MAX_Z] and not abs(gz - z) <= _STEEP * length - _EDGE:
            return False
    else:
        speed = r[MAX_FEED]
    curved = motion >= 2
    for axis in range(3):
        moves = given[axis] == given[axis] or (curved and axis < 2)
        if moves and not _reaches(
            s, r, axis, gz if axis == 2 else box[axis], gz if axis == 2 else box[axis + 2], _EDGE
        ):
            return False
    for axis in range(3):
        if given[axis] == given[axis] or (curved and axis < 2):
            _visit(s, r, axis, gz if axis == 2 else box[axis])
            _visit(s, r, axis, gz if axis == 2 else box[axis + 2])
    s[X], s[Y], s[Z] = gx, gy, gz
    s[SECONDS] += length / speed
    return True


@compiled
def _router_line(letters: Bytes, numbers: Floats, begin: int, end: int, s: Floats, r: Floats, box: Floats) -> bool:
    """One of G0 to G3 or none, and X Y Z I J R F."""
    x = y = z = i = j = radius = f = np.nan
    motion, words = s[MOTION], 0
    scale = s[SCALE]
    if s[ENDED] > 0.0 or scale != scale or s[RELATIVE] != s[RELATIVE]:
        return False
    for at in range(begin, end):
        letter, number = letters[at], numbers[at]
        if letter == _G:
            words += 1
            if words > 1 or not (number == 0.0 or number == 1.0 or number == 2.0 or number == 3.0):
                return False
            if r[WORDS + int(number)] == 0.0:
                return False
            motion = number
        elif letter == _X:
            x = number * scale
        elif letter == _Y:
            y = number * scale
        elif letter == _Z:
            z = number * scale
        elif letter == _F:
            f = number
        elif letter == _I:
            i = number * scale
        elif letter == _J:
            j = number * scale
        elif letter == _R:
            radius = number * scale
        else:
            return False
    speed = s[FEED]
    if f == f:
        speed = f * scale / 60.0
        if not 0.0 < speed <= r[MAX_FEED]:
            return False
    if words and motion >= 1 and speed <= 0.0:
        return False
    centred = i == i or j == j or radius == radius
    moves = x == x or y == y or z == z
    if (moves and (motion < 0 or centred != (motion >= 2))) or (not moves and (centred or motion >= 2)):
        return False
    if moves and not _router_motion(s, r, box, (x, y, z), (i, j, radius), motion, speed):
        return False
    s[FEED], s[MOTION] = speed, motion
    return True


@compiled
def certain_of_router(
    begin: int, count: int, flags: Bytes, first: NDArray[np.int32], letters: Bytes, numbers: Floats,
    s: Floats, r: Floats, box: Floats,
) -> int:  # fmt: skip
    """The first line from `begin` on that needs the judge; `count` if none does."""
    for line in range(begin, count):
        if flags[line] == _PLAIN:
            if not _router_line(letters, numbers, first[line], first[line + 1], s, r, box):
                return line
        elif flags[line] & 23 != _BLANK:
            return line
    return count
