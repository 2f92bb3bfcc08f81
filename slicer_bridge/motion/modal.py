"""Words to moves: what a program's lines do, by the state in which they stand. No time and no limits yet.

Sources: Marlin 2.1 `gcode/`, GRBL 1.1h gcode.c and motion_control.c (mc_arc), Klipper docs/G-Codes.md, RepRap wiki.
"""

# Compiled code compares numbers; it has no sets.
# ruff: noqa: PLR0911, PLR0912, PLR1714, SIM109, SIM110
from math import atan2, ceil, cos, floor, hypot, pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.compiled import compiled, inlined

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

# Columns of a row: one move, one pause, or one limit that the program sets.
KIND, LENGTH, UNIT_X, UNIT_Y, UNIT_Z, UNIT_E, FEED, LAYER, OBJECT, END_X, END_Y, END_Z, COLUMNS = range(13)
MOVE, PAUSE, SET, NOTE = 0.0, 1.0, 2.0, 3.0
"""PAUSE: motion ends here. SET: limit number UNIT_X becomes UNIT_Y. PAUSE and NOTE: what UNIT_X says, with UNIT_Y."""
DWELL, STOP, HOME, CHANGE, SPIN_UP, REST = range(6)
"""Seconds; a person; homing; another tool; the spindle starts; nothing but an end of motion."""
TARGET, REACH, SETTLE = 10, 20, 30
"""And 0 hotend, 1 bed, 2 chamber: a target in °C that nobody waits for; until it is that warm; or that cool as well."""
WIPE, RAPID, CHORD = 0.25, 0.5, 0.125
"""Added to MOVE: wiping, at highest speed, a chord of an arc but its first."""

# State.
S_X, S_Y, S_Z, S_E, S_RELATIVE, S_RELATIVE_E, S_SCALE, S_FEED, S_FACTOR, S_FLOW, S_MOTION, S_TOOL = range(12)
S_LAYER, S_OBJECT, S_MARKED, S_WIPE, S_LAYER_Z, S_MOVES, S_UNREAD, S_TRAVEL_MM, S_WORK_MM = range(12, 21)
(
    S_LONGEST_MM,
    S_SPINDLE,
    S_ENDED,
    S_OBJECT_BY,
    S_ARCS,
    S_ROUTER,
    S_SLICER,
    S_TOLERANCE,
    S_SEGMENT,
    S_JOINT,
    S_WORKED,
    STATE,
) = range(21, 33)
"""S_SLICER: as PrusaSlicer estimates. S_JOINT: G90 and G91 are for the filament as well (Marlin 2.0 on)."""

ROOM = 1026
"""Rows that one line may need."""
_MOST_CHORDS, _FARTHEST = 1024, 1e6
TOOLS, BLANK_LINE = 32, 1
_FULL_CIRCLE = 5e-7
"""GRBL 1.1 config.h, ARC_ANGULAR_TRAVEL_EPSILON."""
_E, _F, _G, _I, _J, _M, _P, _R, _S, _T, _X, _Y, _Z = (ord(one) for one in "EFGIJMPRSTXYZ")


@compiled
def value(letters: Bytes, numbers: Floats, begin: int, end: int, letter: int) -> float:
    """The number behind a letter; NaN: it isn't there or stands alone."""
    for at in range(begin, end):
        if letters[at] == letter:
            return float(numbers[at])
    return np.nan


@compiled
def _has(letters: Bytes, begin: int, end: int, letter: int) -> bool:
    for at in range(begin, end):
        if letters[at] == letter:
            return True
    return False


@compiled
def _note(s: Floats, rows: Floats, n: int, what: float, amount: float, stops: bool) -> int:
    """Something that takes time without motion; `stops`: firmwares end the motion before it."""
    rows[n, KIND] = PAUSE if stops else NOTE
    rows[n, UNIT_X], rows[n, UNIT_Y] = what, amount
    return n + 1


@compiled
def _limit(rows: Floats, n: int, number: int, to: float) -> int:
    if not 0.0 <= to < 1e9:
        return n
    rows[n, KIND], rows[n, UNIT_X], rows[n, UNIT_Y] = SET, number, to
    return n + 1


@inlined
def _row(
    s: Floats, rows: Floats, n: int, kind: float, d: tuple[float, float, float, float], length: float,
    end: tuple[float, float, float],
) -> int:  # fmt: skip
    rows[n, KIND] = kind
    rows[n, LENGTH] = length
    share = 1.0 / length
    rows[n, UNIT_X], rows[n, UNIT_Y] = d[0] * share, d[1] * share
    rows[n, UNIT_Z], rows[n, UNIT_E] = d[2] * share, d[3] * share
    rows[n, FEED] = s[S_FEED] * s[S_FACTOR]
    rows[n, LAYER], rows[n, OBJECT] = s[S_LAYER], s[S_OBJECT]
    rows[n, END_X], rows[n, END_Y], rows[n, END_Z] = end
    return n + 1


@inlined
def _reach(box: Floats, x: float, y: float, z: float, works: bool) -> None:
    """Box: low and high of all, low and high of work."""
    for low in range(0, 4 if works else 2, 2):
        for axis, at in enumerate((x, y, z)):
            box[low, axis] = min(box[low, axis], at)
            box[low + 1, axis] = max(box[low + 1, axis], at)


@inlined
def _works(s: Floats, kind: float, planar: bool, de: float) -> bool:
    return (kind < RAPID) if s[S_ROUTER] > 0 else (de > 0.0 and planar)


@inlined
def _layer(s: Floats, layers: Floats, z: float, level: bool) -> None:
    """Working at another height begins a layer, unless the slicer marks them."""
    here = int(s[S_LAYER])
    if s[S_MARKED] > 0:
        if here > 0 and np.isnan(layers[here]):
            layers[here] = z
    elif level and not abs(z - s[S_LAYER_Z]) < 1e-6 and here + 1 < len(layers):
        s[S_LAYER_Z] = z
        s[S_LAYER] = here + 1
        layers[here + 1] = z


@inlined
def _filament(s: Floats, tools: Floats, de: float) -> None:
    tool = int(s[S_TOOL])
    tools[tool, 0] += de
    tools[tool, 1] = max(tools[tool, 1], tools[tool, 0])


@inlined
def straight(
    s: Floats, rows: Floats, n: int, box: Floats, tools: Floats, layers: Floats,
    goal: tuple[float, float, float], de: float, kind: float,
) -> int:  # fmt: skip
    """One straight move to `goal`, with `de` mm of filament."""
    dx, dy, dz = goal[0] - s[S_X], goal[1] - s[S_Y], goal[2] - s[S_Z]
    s[S_E] += de
    square = dx * dx + dy * dy + dz * dz
    length = sqrt(square) if square > 0.0 else abs(de)
    if length == 0.0 or not length < _FARTHEST:
        s[S_UNREAD] += 0.0 if length < _FARTHEST else 1.0
        return n
    planar = dx != 0.0 or dy != 0.0
    works = _works(s, kind, planar, de)
    de *= s[S_FLOW]
    if de != 0.0:
        _filament(s, tools, de)
    if works and planar:
        _layer(s, layers, goal[2], dz == 0.0)
    if square > 0.0:
        _reach(box, goal[0], goal[1], goal[2], works)
        if works:
            if s[S_WORKED] == 0.0:
                _reach(box, s[S_X], s[S_Y], s[S_Z], works)
            s[S_WORK_MM] += length
        else:
            s[S_TRAVEL_MM] += length
        s[S_WORKED] = 1.0 if works else 0.0
        s[S_LONGEST_MM] = max(s[S_LONGEST_MM], length)
    s[S_X], s[S_Y], s[S_Z] = goal
    s[S_MOVES] += 1
    return _row(s, rows, n, kind + (WIPE if s[S_WIPE] > 0 else 0.0), (dx, dy, dz, de), length, goal)


@compiled
def _centre(dx: float, dy: float, radius: float, clockwise: bool) -> tuple[float, float]:
    """Centre of an arc by its radius (negative: the longer way), from its start; NaN: there is none."""
    chord = hypot(dx, dy)
    if chord == 0.0 or chord > 2 * abs(radius) + 1e-4:
        return np.nan, np.nan
    height = sqrt(max(radius * radius - chord * chord / 4, 0.0))
    if (radius < 0.0) != clockwise:
        height = -height
    return dx / 2 - height * dy / chord, dy / 2 + height * dx / chord


@compiled
def _turn(i: float, j: float, a: float, b: float, clockwise: bool) -> float:
    """Signed angle from (-i, -j) to (a, b), radians; back at the start it is a full circle."""
    angle = atan2(-i * b + j * a, -i * a - j * b)
    if clockwise:
        return angle if angle < -_FULL_CIRCLE else angle - 2 * pi
    return angle if angle > _FULL_CIRCLE else angle + 2 * pi


@compiled
def _bulge(box: Floats, x: float, y: float, radius: float, begin: float, turn: float, z: float, works: bool) -> None:
    """An arc reaches farthest where it crosses its centre's axes."""
    for quarter in range(4):
        angle = quarter * pi / 2
        along = (angle - begin) % (2 * pi) if turn > 0 else (begin - angle) % (2 * pi)
        if along <= abs(turn):
            _reach(box, x + radius * cos(angle), y + radius * sin(angle), z, works)


@compiled
def arc(
    s: Floats, rows: Floats, n: int, box: Floats, tools: Floats, layers: Floats,
    goal: tuple[float, float, float], de: float, centre: tuple[float, float], clockwise: bool,
) -> int:  # fmt: skip
    """An arc in XY (helical with Z) as chords of equal length that together have the arc's true length."""
    i, j = centre
    radius = hypot(i, j)
    dx, dy, dz = goal[0] - s[S_X], goal[1] - s[S_Y], goal[2] - s[S_Z]
    if not 0.0 < radius < _FARTHEST or not abs(dx) + abs(dy) + abs(dz) < _FARTHEST:
        s[S_UNREAD] += 1
        return n
    begin, turn = atan2(-j, -i), _turn(i, j, dx - i, dy - j, clockwise)
    flat = abs(turn) * radius
    length = hypot(flat, dz)
    if s[S_ROUTER] > 0:
        tolerance = min(s[S_TOLERANCE], radius)
        chords = floor(min(flat / 2 / sqrt(tolerance * (2 * radius - tolerance)), 1e6))
    else:
        chords = ceil(min(flat / s[S_SEGMENT], 1e6))
    chords = min(max(chords, 1), _MOST_CHORDS)
    works = _works(s, MOVE, True, de)
    s[S_E] += de
    de *= s[S_FLOW]
    if de != 0.0:
        _filament(s, tools, de)
    if works:
        _layer(s, layers, goal[2], dz == 0.0)
        s[S_WORK_MM] += length
        _reach(box, s[S_X], s[S_Y], s[S_Z], works)
    else:
        s[S_TRAVEL_MM] += length
    x, y = s[S_X] + i, s[S_Y] + j
    _bulge(box, x, y, radius, begin, turn, goal[2], works)
    _reach(box, goal[0], goal[1], goal[2], works)
    kind = MOVE + (WIPE if s[S_WIPE] > 0 else 0.0)
    step, share = length / chords, flat / chords
    for chord in range(chords):
        angle = begin + turn * (chord + 0.5) / chords
        tx, ty = -sin(angle) * share, cos(angle) * share
        if turn < 0:
            tx, ty = -tx, -ty
        angle = begin + turn * (chord + 1) / chords
        end = (x + radius * cos(angle), y + radius * sin(angle), s[S_Z] + dz * (chord + 1) / chords)
        delta = (tx, ty, dz / chords, de / chords)
        n = _row(s, rows, n, kind + (CHORD if chord else 0.0), delta, step, end)
    s[S_X], s[S_Y], s[S_Z] = goal
    s[S_MOVES] += 1
    s[S_ARCS] += 1
    s[S_WORKED] = 1.0 if works else 0.0
    s[S_LONGEST_MM] = max(s[S_LONGEST_MM], length)
    return n


@compiled
def motion(
    s: Floats, rows: Floats, n: int, box: Floats, tools: Floats, layers: Floats,
    letters: Bytes, numbers: Floats, begin: int, end: int, mode: int,
) -> int:  # fmt: skip
    """G0 to G3 with the words of one line."""
    x = y = z = e = i = j = r = np.nan
    scale = s[S_SCALE]
    for at in range(begin, end):
        letter, number = letters[at], numbers[at]
        if letter == _X:
            x = number * scale
        elif letter == _Y:
            y = number * scale
        elif letter == _Z:
            z = number * scale
        elif letter == _E:
            e = number * scale
        elif letter == _F:
            if 0.0 < number < 1e9:
                s[S_FEED] = number * scale / 60.0
        elif letter == _I:
            i = number * scale
        elif letter == _J:
            j = number * scale
        elif letter == _R:
            r = number * scale
    relative = s[S_RELATIVE] > 0
    gx = s[S_X] if np.isnan(x) else (s[S_X] + x if relative else x)
    gy = s[S_Y] if np.isnan(y) else (s[S_Y] + y if relative else y)
    gz = s[S_Z] if np.isnan(z) else (s[S_Z] + z if relative else z)
    de = 0.0 if np.isnan(e) else (e if relative or s[S_RELATIVE_E] > 0 else e - s[S_E])
    if not abs(gx) + abs(gy) + abs(gz) + abs(de) < _FARTHEST:
        s[S_UNREAD] += 1
        return n
    if mode <= 1:
        rapid = RAPID if mode == 0 and s[S_ROUTER] > 0 else 0.0
        return straight(s, rows, n, box, tools, layers, (gx, gy, gz), de, MOVE + rapid)
    clockwise = mode == 2
    if np.isnan(r):
        centre = (0.0 if np.isnan(i) else i, 0.0 if np.isnan(j) else j)
    else:
        centre = _centre(gx - s[S_X], gy - s[S_Y], r, clockwise)
    return arc(s, rows, n, box, tools, layers, (gx, gy, gz), de, centre, clockwise)


@compiled
def _home(
    s: Floats, rows: Floats, n: int, box: Floats, tools: Floats, layers: Floats,
    letters: Bytes, begin: int, end: int,
) -> int:  # fmt: skip
    everything = not (_has(letters, begin, end, _X) or _has(letters, begin, end, _Y) or _has(letters, begin, end, _Z))
    x = 0.0 if everything or _has(letters, begin, end, _X) else s[S_X]
    y = 0.0 if everything or _has(letters, begin, end, _Y) else s[S_Y]
    z = 0.0 if everything or _has(letters, begin, end, _Z) else s[S_Z]
    if s[S_SLICER] > 0 and s[S_FEED] > 0:
        n = straight(s, rows, n, box, tools, layers, (x, y, z), 0.0, MOVE)
    s[S_X], s[S_Y], s[S_Z], s[S_WORKED] = x, y, z, 0.0
    return _note(s, rows, n, HOME, 0.0, s[S_SLICER] == 0)


@compiled
def _place(s: Floats, rows: Floats, n: int, letters: Bytes, numbers: Floats, begin: int, end: int) -> int:
    """G92: what is here gets other coordinates."""
    for at in range(begin, end):
        if not abs(numbers[at]) < _FARTHEST:
            continue
        for axis, letter in enumerate((_X, _Y, _Z, _E)):
            if letters[at] == letter:
                s[S_X + axis] = numbers[at] * s[S_SCALE]
                s[S_WORKED] = 0.0
    shifts = not _has(letters, begin, end, _E)
    return _note(s, rows, n, REST, 0.0, True) if shifts and s[S_SLICER] > 0 else n


@compiled
def _mark(s: Floats, rows: Floats, n: int, layers: Floats, code: int, number: float) -> int:
    """What `marks` has found in front of, or in, a line."""
    if code == 1 and int(s[S_LAYER]) + 1 < len(layers):
        s[S_LAYER] += 1
        layers[int(s[S_LAYER])] = np.nan
    elif code == 2 or code == 3:
        s[S_WIPE] = 1.0 if code == 2 else 0.0
    elif code == 4:
        by = 2.0 if number >= 4096 else 1.0
        if s[S_OBJECT] == 0 or s[S_OBJECT_BY] == by:
            s[S_OBJECT], s[S_OBJECT_BY] = 1.0 + number % 4096, by
    elif code == 5 and s[S_OBJECT_BY] == 1.0 + number:
        s[S_OBJECT] = 0.0
    elif code >= 6:
        n = _limit(rows, n, code - 6, number)
    return n


@compiled
def _printer_line(
    s: Floats, rows: Floats, n: int, box: Floats, tools: Floats, layers: Floats,
    letters: Bytes, numbers: Floats, begin: int, end: int,
) -> int:  # fmt: skip
    letter = letters[begin]
    if not 0 <= numbers[begin] < 1e6:
        s[S_UNREAD] += 1
        return n
    code = int(numbers[begin])
    if letter == _G and code <= 3:
        return motion(s, rows, n, box, tools, layers, letters, numbers, begin + 1, end, code)
    given = value(letters, numbers, begin + 1, end, _S)
    if letter == _G:
        if code == 4:
            milliseconds = value(letters, numbers, begin + 1, end, _P)
            seconds = (0.0 if np.isnan(given) else given) + (0.0 if np.isnan(milliseconds) else milliseconds / 1000)
            return _note(s, rows, n, DWELL, seconds, s[S_SLICER] == 0)
        if code == 28:
            return _home(s, rows, n, box, tools, layers, letters, begin + 1, end)
        if code == 92:
            return _place(s, rows, n, letters, numbers, begin + 1, end)
        if code == 20 or code == 21:
            s[S_SCALE] = 25.4 if code == 20 else 1.0
        elif code == 90 or code == 91:
            s[S_RELATIVE] = 1.0 if code == 91 else 0.0
            if s[S_JOINT] > 0:
                s[S_RELATIVE_E] = s[S_RELATIVE]
    elif letter == _T:
        if code < TOOLS and code != s[S_TOOL]:
            s[S_TOOL] = code
            return _note(s, rows, n, CHANGE, 0.0, True)
    elif letter == _M:
        return _printer_switch(s, rows, n, letters, numbers, begin + 1, end, code, given)
    else:
        s[S_UNREAD] += 1
    return n


@compiled
def _printer_switch(
    s: Floats, rows: Floats, n: int, letters: Bytes, numbers: Floats, begin: int, end: int, code: int, given: float
) -> int:
    """The M words of printers."""
    if code == 82 or code == 83:
        s[S_RELATIVE_E] = 1.0 if code == 83 else 0.0
    elif code == 220 and 0.0 < given < 1e6:
        s[S_FACTOR] = given / 100
    elif code == 221 and 0.0 < given < 1e6:
        s[S_FLOW] = given / 100
    elif code == 104 or code == 109 or code == 140 or code == 190 or code == 141 or code == 191:
        heater = 0 if code < 110 else 2 if code == 141 or code == 191 else 1
        waits = code == 109 or code >= 190
        target = given if given >= 0.0 else value(letters, numbers, begin, end, _R)
        how = (REACH if given >= 0.0 else SETTLE) if waits else TARGET
        return _note(s, rows, n, how + heater, target, waits and s[S_SLICER] == 0)
    elif code == 400 and s[S_SLICER] == 0:
        return _note(s, rows, n, REST, 0.0, True)
    elif code == 0 or code == 1 or code == 25 or code == 226 or code == 600 or code == 601:
        return _note(s, rows, n, STOP, 0.0, True)
    return n


@compiled
def _router_line(
    s: Floats, rows: Floats, n: int, box: Floats, tools: Floats, layers: Floats,
    letters: Bytes, numbers: Floats, begin: int, end: int,
) -> int:  # fmt: skip
    """One line's words in the order in which GRBL carries them out."""
    moves = once = False
    for at in range(begin, end):
        letter, number = letters[at], numbers[at]
        if letter == _X or letter == _Y or letter == _Z or letter == _I or letter == _J:
            moves = True
        if (letter != _G and letter != _M and letter != _T) or not 0 <= number < 1e6:
            continue
        code = int(number * 10 + 0.5)
        if letter == _T:
            s[S_TOOL] = min(number, TOOLS - 1.0)
        elif letter == _M:
            n = _router_switch(s, rows, n, code // 10)
        elif code <= 30 and code % 10 == 0:
            s[S_MOTION] = code // 10
        elif code == 800:
            s[S_MOTION] = 80
        elif code == 900 or code == 910:
            s[S_RELATIVE] = 1.0 if code == 910 else 0.0
        elif code == 200 or code == 210:
            s[S_SCALE] = 25.4 if code == 200 else 1.0
        elif code == 40:
            n, once = _note(s, rows, n, DWELL, value(letters, numbers, begin, end, _P), True), True
        elif code == 280 or code == 300 or code == 100 or 920 <= code <= 923 or 382 <= code <= 385:
            s[S_UNREAD] += 1
            once = True
    feed = value(letters, numbers, begin, end, _F)
    if 0.0 < feed < 1e9:
        s[S_FEED] = feed * s[S_SCALE] / 60.0
    if not moves or once:
        return n
    if s[S_MOTION] > 3:
        s[S_UNREAD] += 1
        return n
    return motion(s, rows, n, box, tools, layers, letters, numbers, begin, end, int(s[S_MOTION]))


@compiled
def _router_switch(s: Floats, rows: Floats, n: int, code: int) -> int:
    """The M words of routers."""
    if 3 <= code <= 5:
        if s[S_SPINDLE] != code:
            s[S_SPINDLE] = code
            return _note(s, rows, n, REST if code == 5 else SPIN_UP, 0.0, True)
    elif code == 6 or code <= 1:
        return _note(s, rows, n, CHANGE if code == 6 else STOP, 0.0, True)
    elif 7 <= code <= 9 or code == 2 or code == 30:
        s[S_ENDED] = 1.0 if code == 2 or code == 30 else 0.0
        return _note(s, rows, n, REST, 0.0, True)
    return n


@compiled
def read_moves(
    begin: int, count: int, flags: Bytes, first: NDArray[np.int32], letters: Bytes, numbers: Floats,
    event: int, events: int, event_lines: NDArray[np.int32], event_codes: NDArray[np.int32], event_values: Floats,
    s: Floats, rows: Floats, box: Floats, tools: Floats, layers: Floats,
) -> tuple[int, int, int]:  # fmt: skip
    """Carry out lines from `begin` on until the rows are nearly full: the next line, the next event, rows filled."""
    n = 0
    router = s[S_ROUTER] > 0
    line = begin
    while line < count and n + ROOM < len(rows) and s[S_ENDED] == 0:
        while event < events and event_lines[event] == line:
            n = _mark(s, rows, n, layers, event_codes[event], event_values[event])
            event += 1
        start, end = first[line], first[line + 1]
        if end > start and flags[line] & 16 == 0:
            if router:
                n = _router_line(s, rows, n, box, tools, layers, letters, numbers, start, end)
            else:
                n = _printer_line(s, rows, n, box, tools, layers, letters, numbers, start, end)
        elif flags[line] & (BLANK_LINE | 4 | 16) == 0:
            s[S_UNREAD] += 1
        line += 1
    if s[S_ENDED] > 0:
        line = count
    return line, event, n
