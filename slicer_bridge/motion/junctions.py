"""Moves to blocks: how fast each may go, how fast it may gain speed, and how fast the corner before it may be taken.

Speeds mm/s, accelerations mm/s². Sources: Marlin 2.1 module/planner.cpp (_populate_block; classic jerk, junction
deviation with JD_HANDLE_SMALL_SEGMENTS), GRBL 1.1h planner.c (plan_buffer_line), Klipper klippy/toolhead.py (Move) and
kinematics/extruder.py, PrusaSlicer 2.5 GCodeProcessor.cpp (process_G1).
"""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.compiled import compiled, inlined

Floats = NDArray[np.float64]
Unit = tuple[float, float, float, float]
"""Direction: X, Y, Z, E, by the length in X, Y, Z."""

# Columns of a block.
LENGTH, TOP, ACCELERATION, JOIN, SAFE, LAYER, OBJECT, BREAK, BLOCKS = range(9)
"""JOIN: highest speed at its beginning. SAFE: highest speed from which it may stop at once; Klipper: acceleration that
leaves room to cruise. BREAK: the block before it ends at rest."""

# Limits: four each for X, Y, Z, E, then one each.
FEED, ACCEL, JERK = 0, 4, 8
PRINT, RETRACT, TRAVEL, MIN_PRINT, MIN_TRAVEL, DEVIATION, SPEED, CORNER, CRUISE, UNUSED, LEGACY = range(12, 23)
PRINT_CEILING, RETRACT_CEILING, TRAVEL_CEILING, E_CORNER, LIMITS = range(23, 28)
"""PRINT: M204 P; LEGACY: M204 S; SPEED, CORNER, CRUISE: Klipper's velocity, square corner velocity, cruise ratio."""

PRUSASLICER, MARLIN, GRBL, KLIPPER = range(4)
# What is known of the block before: unit x, y, z, e, then these.
P_TOP, P_SAFE, P_PENDING, P_LENGTH, P_ACCELERATION, P_FEED, PREVIOUS = range(4, 11)
"""P_PENDING: blocks since the last rest; 0: motion begins. P_FEED: for PrusaSlicer before the axes' limits."""

_MOVE, _PAUSE = 0, 1
_WIPE, _RAPID, _CHORD = 2, 4, 1
_ALWAYS = 1e12


@compiled
def _set(limits: Floats, number: int, to: float) -> None:
    """A limit as the program sets it, held to the ceilings."""
    if number != LEGACY and not PRINT <= number <= TRAVEL:
        limits[number] = to
        return
    for one in range(PRINT, TRAVEL + 1):
        if one == number or (number == LEGACY and one != RETRACT):
            ceiling = limits[PRINT_CEILING + one - PRINT]
            limits[one] = min(to, ceiling) if ceiling > 0.0 else to


@inlined
def _base(unit: Unit, limits: Floats, kind: int, planner: int) -> float:
    """Acceleration for this sort of move, before its axes' limits."""
    plane, rise, filament = unit[0] != 0.0 or unit[1] != 0.0, unit[2] != 0.0, unit[3]
    if planner == PRUSASLICER:
        if kind & _WIPE:
            travels = False
        elif filament < 0.0:
            travels = plane or rise
        elif filament > 0.0:
            travels = not plane and rise
        else:
            travels = True
        if travels:
            return float(limits[TRAVEL])
        return float(limits[PRINT] if plane or rise else limits[RETRACT])
    if not plane and not rise:
        return float(limits[RETRACT])
    return float(limits[TRAVEL] if filament == 0.0 else limits[PRINT])


@compiled
def _jerk_join(unit: Unit, top: float, safe: float, limits: Floats, previous: Floats) -> float:
    """Classic jerk: no axis' speed changes by more than its jerk where two blocks meet (Marlin 2.1 planner.cpp)."""
    before = previous[P_FEED]
    slower = min(before, top)
    scale = previous[P_TOP] * slower / before
    factor = 1.0
    for axis in range(4):
        leave, enter = previous[axis] * scale * factor, unit[axis] * top * factor
        if leave > enter:
            change = leave - enter if enter > 0.0 or leave < 0.0 else max(leave, -enter)
        else:
            change = enter - leave if enter < 0.0 or leave > 0.0 else max(-leave, enter)
        if change > limits[JERK + axis]:
            factor *= limits[JERK + axis] / change
    speed = slower * factor
    if previous[P_SAFE] > speed * 0.99 and safe > speed * 0.99:
        return safe
    return float(speed)


@inlined
def _safe(unit: Unit, top: float, limits: Floats, planner: int) -> float:
    """From this speed a block may stop, and up to it begin, at once."""
    safe = top
    for axis in range(4):
        share = abs(unit[axis])
        if share * top > limits[JERK + axis]:
            # PrusaSlicer takes the axis' jerk for the block's whole speed.
            safe = min(safe, limits[JERK + axis] if planner == PRUSASLICER else limits[JERK + axis] / share)
    return float(safe)


@compiled
def _deviation_join2(
    unit: Unit, top: float, acceleration: float, length: float, limits: Floats, previous: Floats, planner: int
) -> float:
    """Junction deviation: the corner is a small circle that leaves the path by no more than the deviation; speed²."""
    axes = 4 if planner == MARLIN else 3
    cosine = turn = 0.0
    for axis in range(axes):
        cosine -= previous[axis] * unit[axis]
    slower = min(previous[P_TOP], top)
    if cosine > 0.999999:
        return 0.0
    if cosine < -0.999999:
        return float(slower * slower)
    for axis in range(axes):
        turn += (unit[axis] - previous[axis]) ** 2
    turn = sqrt(turn)
    sideways = _ALWAYS if planner == GRBL else acceleration
    for axis in range(axes):
        share = abs(unit[axis] - previous[axis]) / turn
        if share > 0.0 and sideways * share > limits[ACCEL + axis]:
            sideways = limits[ACCEL + axis] / share
    half = sqrt(0.5 * (1.0 - cosine))
    join2 = sideways * limits[DEVIATION] * half / (1.0 - half)
    if planner == MARLIN and length < 1.0 and cosine < -0.7071067812:
        square = turn * turn
        angle = turn * (1.0 + square / 24.0 + square * square * 3.0 / 640.0)  # 2 asin(turn / 2), within 0.02 %
        join2 = min(join2, length * sideways / angle)
    return float(min(join2, slower * slower))


@compiled
def _still(x: float, y: float, z: float) -> bool:
    return x == 0.0 and y == 0.0 and z == 0.0


@compiled
def _corner_join2(unit: Unit, length: float, acceleration: float, limits: Floats, previous: Floats) -> float:
    """Square corner velocity, and the limits that half a move and the extruder set; speed², tops not looked at."""
    cosine = -(previous[0] * unit[0] + previous[1] * unit[1] + previous[2] * unit[2])
    if _still(previous[0], previous[1], previous[2]) or _still(unit[0], unit[1], unit[2]):
        return 0.0
    join2 = _ALWAYS
    rate = abs(unit[3] - previous[3])
    if rate > 0.0:
        join2 = (limits[E_CORNER] / rate) ** 2
    if cosine > 0.999999:
        return 0.0
    cosine = max(cosine, -0.999999)
    half = sqrt(0.5 * (1.0 - cosine))
    other = sqrt(0.5 * (1.0 + cosine))
    bend = half / (1.0 - half)
    corner = limits[CORNER] ** 2 * (sqrt(2.0) - 1.0)
    tangent = half / other
    join2 = min(join2, bend * corner, 0.5 * length * tangent * acceleration)
    return float(min(join2, 0.5 * previous[P_LENGTH] * tangent * previous[P_ACCELERATION]))


@inlined
def _held(unit: Unit, top: float, acceleration: float, limits: Floats, planner: int) -> tuple[float, float]:
    """Speed and acceleration held to what each axis can do."""
    for axis in range(3 if planner == GRBL else 4):
        share = abs(unit[axis])
        if share == 0.0:
            continue
        feed, most = limits[FEED + axis], limits[ACCEL + axis]
        if feed > 0.0 and top * share > feed:
            top = feed / share
        if planner == PRUSASLICER:
            # Not divided by the axis' share: PrusaSlicer 2.5's own rule.
            acceleration = most if acceleration * share > most else acceleration
        elif most > 0.0 and acceleration * share > most:
            acceleration = most / share
    return top, acceleration


@compiled
def _klipper_held(unit: Unit, top: float, acceleration: float, limits: Floats) -> tuple[float, float]:
    """Z and filament alone have limits of their own; X and Y share the machine's."""
    top = min(top, limits[SPEED])
    rise = abs(unit[2])
    if unit[0] == 0.0 and unit[1] == 0.0 and rise == 0.0:
        return min(top, limits[FEED + 3]), min(limits[ACCEL + 3], _ALWAYS)
    if rise > 0.0:
        top, acceleration = min(top, limits[FEED + 2] / rise), min(acceleration, limits[ACCEL + 2] / rise)
    return float(top), float(acceleration)


@inlined
def _block(rows: Floats, number: int, blocks: Floats, at: int, limits: Floats, previous: Floats, planner: int) -> None:
    """Block `at` of the row with this number."""
    unit = (rows[number, 2], rows[number, 3], rows[number, 4], rows[number, 5])
    length, kind = rows[number, 1], int(rows[number, 0] * 8)
    top = asked = max(rows[number, 6], limits[MIN_TRAVEL] if unit[3] == 0.0 else limits[MIN_PRINT])
    if planner == KLIPPER:
        top, acceleration = _klipper_held(unit, top, limits[PRINT], limits)
    elif planner == GRBL:
        top, acceleration = _held(unit, _ALWAYS if kind & _RAPID else top, _ALWAYS, limits, planner)
    else:
        top, acceleration = _held(unit, top, _base(unit, limits, kind, planner), limits, planner)
    jerks = planner == PRUSASLICER or (planner == MARLIN and limits[DEVIATION] == 0.0)
    safe = _safe(unit, top, limits, planner) if jerks else 0.0
    if previous[P_PENDING] == 0 or previous[P_TOP] <= 1e-4:
        join = safe
    elif jerks:
        join = _jerk_join(unit, top, safe, limits, previous)
    elif planner == KLIPPER:
        join = min(sqrt(_corner_join2(unit, length, acceleration, limits, previous)), top, previous[P_TOP])
    else:
        join = sqrt(_deviation_join2(unit, top, acceleration, length, limits, previous, planner))
    blocks[at, LENGTH], blocks[at, TOP], blocks[at, ACCELERATION] = length, top, acceleration
    blocks[at, JOIN] = join
    blocks[at, SAFE] = acceleration * (1.0 - min(limits[CRUISE], 1.0)) if planner == KLIPPER else safe
    blocks[at, LAYER], blocks[at, OBJECT] = rows[number, 7], rows[number, 8]
    previous[0], previous[1], previous[2], previous[3] = unit
    previous[P_TOP], previous[P_SAFE], previous[P_LENGTH] = top, safe, length
    previous[P_ACCELERATION], previous[P_FEED] = acceleration, asked if planner == PRUSASLICER else top
    previous[P_PENDING] += 1


@compiled
def read_blocks(
    rows: Floats, count: int, limits: Floats, previous: Floats, planner: int, blocks: Floats, begin: int
) -> int:
    """Blocks of `rows[:count]`, written from `blocks[begin]` on; returns where they end. `blocks` has room for all."""
    at = begin
    rest = 1.0 if previous[P_PENDING] == 0 else 0.0
    for number in range(count):
        kind = rows[number, 0]
        if kind >= 3.0:
            continue
        if kind >= 2.0:
            _set(limits, int(rows[number, 2]), rows[number, 3])
        elif kind >= 1.0:
            # PrusaSlicer doesn't plan fewer than two blocks.
            if planner != PRUSASLICER or previous[P_PENDING] >= 2:
                rest, previous[P_PENDING] = 1.0, 0
        elif rows[number, 6] > 0.0 or kind >= 0.5:
            _block(rows, number, blocks, at, limits, previous, planner)
            blocks[at, BREAK] = rest
            rest = 0.0
            at += 1
    return at
