"""Blocks to times: each is a trapezoid of speed between what its neighbours allow.

Sources: Marlin 2.1 module/planner.cpp and GRBL 1.1h planner.c (queue of some blocks, the last of which ends at rest),
Klipper klippy/toolhead.py (LookAheadQueue: the whole way ahead, with room to cruise), PrusaSlicer 2.5
GCodeProcessor.cpp (calculate_time: batches of 256 blocks, of which 64 are planned again).
"""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.compiled import compiled

Floats = NDArray[np.float64]

LENGTH, TOP, ACCELERATION, JOIN, SAFE, LAYER, OBJECT, BREAK = range(8)
"""As in `junctions`."""
BATCH, KEPT = 256, 64


@compiled
def _trapezoid_s(length: float, top2: float, acceleration: float, entry2: float, exit2: float) -> float:
    """Seconds from one speed to another over a length; speeds squared."""
    peak2 = min(top2, (entry2 + exit2) / 2 + acceleration * length)
    peak2 = max(peak2, entry2, exit2)
    peak = sqrt(peak2)
    ramps = (2 * peak - sqrt(entry2) - sqrt(exit2)) / acceleration
    cruise = length - (2 * peak2 - entry2 - exit2) / (2 * acceleration)
    return float(ramps + (cruise / peak if cruise > 0.0 else 0.0))


@compiled
def _book(blocks: Floats, at: int, seconds: float, layer_s: Floats, object_s: Floats) -> None:
    layer_s[int(blocks[at, LAYER])] += seconds
    object_s[int(blocks[at, OBJECT])] += seconds


@compiled
def plan_queue(
    blocks: Floats, count: int, queue: int, end: bool, start2: float, layer_s: Floats, object_s: Floats
) -> tuple[int, float]:
    """Marlin and GRBL, with a queue that is always full: blocks timed, and the speed² with which the last one ended.

    Every block is driven knowing those of the queue behind it and no more. Without `end` the last ones wait for more.
    """
    entry2 = start2
    done = 0
    while done < count:
        last = min(done + queue, count) - 1
        if last == count - 1 and not end and last < done + queue - 1:
            break
        stop = done + 1
        while stop <= last and blocks[stop, BREAK] == 0.0:
            stop += 1
        safe = blocks[stop - 1, SAFE]
        exit2 = safe * safe
        for at in range(stop - 1, done, -1):
            join = blocks[at, JOIN]
            exit2 = min(join * join, exit2 + 2 * blocks[at, ACCELERATION] * blocks[at, LENGTH])
        length, top, acceleration = blocks[done, LENGTH], blocks[done, TOP], blocks[done, ACCELERATION]
        if blocks[done, BREAK] > 0.0:
            entry2 = min(blocks[done, JOIN] ** 2, exit2 + 2 * acceleration * length)
        top2 = top * top
        exit2 = min(exit2, entry2 + 2 * acceleration * length)
        _book(blocks, done, _trapezoid_s(length, top2, acceleration, entry2, exit2), layer_s, object_s)
        entry2 = exit2
        done += 1
    return done, entry2


@compiled
def plan_ahead(
    blocks: Floats, count: int, layer_s: Floats, object_s: Floats, ends: Floats, marks: NDArray[np.int64]
) -> None:
    """Klipper: all blocks, which start and end at rest.

    Parameters
    ----------
    ends, marks : room for as many numbers, three for each block (start, cruise and end speed²), and indices
    """
    waiting = 0
    end2 = smoothed2 = peak2 = 0.0
    for at in range(count - 1, -1, -1):
        gain = 2 * blocks[at, ACCELERATION] * blocks[at, LENGTH]
        reach2, reach_smooth2 = end2 + gain, smoothed2 + 2 * blocks[at, SAFE] * blocks[at, LENGTH]
        start2 = min(ends[at, 0], reach2)
        start_smooth2 = min(ends[at, 2], reach_smooth2)
        top2 = blocks[at, TOP] ** 2
        ends_at2 = end2
        if start_smooth2 < reach_smooth2:
            if start_smooth2 + 2 * blocks[at, SAFE] * blocks[at, LENGTH] > smoothed2 or waiting > 0:
                peak2 = min(top2, (start_smooth2 + reach_smooth2) / 2)
                most2 = peak2
                while waiting > 0:
                    waiting -= 1
                    one = marks[waiting]
                    most2 = min(most2, ends[one, 0])
                    ends[one, 1], ends[one, 2] = most2, min(ends[one, 2], most2)
                    ends[one, 0] = min(ends[one, 0], most2)
            cruise2 = min((start2 + reach2) / 2, top2, peak2)
            ends[at, 0], ends[at, 1], ends[at, 2] = min(start2, cruise2), cruise2, min(ends_at2, cruise2)
        else:
            ends[at, 0], ends[at, 2] = start2, ends_at2
            marks[waiting] = at
            waiting += 1
        end2, smoothed2 = start2, start_smooth2
    for at in range(count):
        length, acceleration = blocks[at, LENGTH], blocks[at, ACCELERATION]
        seconds = _trapezoid_s(length, ends[at, 1], acceleration, ends[at, 0], ends[at, 2])
        _book(blocks, at, seconds, layer_s, object_s)


@compiled
def limit_starts(blocks: Floats, count: int, ends: Floats) -> None:
    """Before `plan_ahead`: start speeds² that can be reached (column 0), and those that leave room to cruise (2)."""
    gain = gain_smooth = start2 = smooth2 = 0.0
    for at in range(count):
        join2 = 0.0 if at == 0 or blocks[at, BREAK] > 0.0 else blocks[at, JOIN] ** 2
        start2 = min(join2, start2 + gain)
        smooth2 = min(start2, smooth2 + gain_smooth)
        ends[at, 0], ends[at, 2] = start2, smooth2
        gain = 2 * blocks[at, ACCELERATION] * blocks[at, LENGTH]
        gain_smooth = 2 * blocks[at, SAFE] * blocks[at, LENGTH]


@compiled
def _fall(speed: float, acceleration: float, length: float) -> float:
    """Speed from which a block can slow down to `speed`."""
    return sqrt(max(0.0, speed * speed + 2 * acceleration * length))


@compiled
def _slicer_s(blocks: Floats, at: int, entry: float, exit_: float) -> float:
    """PrusaSlicer's trapezoid: the entry speed may be higher than the block before could reach."""
    length, top, acceleration = blocks[at, LENGTH], blocks[at, TOP], blocks[at, ACCELERATION]
    if acceleration == 0.0:
        return float(length / top)
    rise = max(0.0, (top * top - entry * entry) / (2 * acceleration))
    fall = max(0.0, (top * top - exit_ * exit_) / (2 * acceleration))
    cruise = length - rise - fall
    peak = top
    if cruise < 0.0:
        rise = min(max((2 * acceleration * length - entry * entry + exit_ * exit_) / (4 * acceleration), 0.0), length)
        cruise, fall = 0.0, length - rise
        peak = _fall(entry, acceleration, rise)
    ends = sqrt(max(0.0, peak * peak - 2 * acceleration * fall))
    seconds = (_fall(entry, acceleration, rise) - entry) / acceleration + (peak - ends) / acceleration
    return float(seconds + (cruise / peak if peak > 0.0 else 0.0))


@compiled
def plan_batches(
    blocks: Floats, count: int, entries: Floats, planned: int, end: bool, layer_s: Floats, object_s: Floats
) -> tuple[int, int]:
    """As PrusaSlicer 2.5 does: blocks timed, and how many of the rest have been planned once.

    Parameters
    ----------
    entries : entry speeds, mm/s, of blocks that were planned once; room for all blocks
    """
    done = 0
    while done < count:
        stop = done
        while stop < count and stop - done <= BATCH and (stop == done or blocks[stop, BREAK] == 0.0):
            stop += 1
        full = stop - done > BATCH
        rest = stop < count and not full
        if not full and not rest and not end:
            break
        for at in range(done + planned, stop):
            entries[at] = min(blocks[at, JOIN], _to_rest(blocks, at))
        keep = KEPT if full else 0
        if stop - done >= 2:
            _pass(blocks, entries, done, stop)
        elif not full:
            # One block alone is never timed.
            return (done + 1 if rest else count), 0
        for at in range(done, stop - keep):
            leave = entries[at + 1] if at + 1 < stop else blocks[at, SAFE]
            _book(blocks, at, _slicer_s(blocks, at, entries[at], leave), layer_s, object_s)
        done, planned = stop - keep, keep
    return done, planned


@compiled
def _to_rest(blocks: Floats, at: int) -> float:
    """Speed from which the block can slow down to its safe one."""
    return _fall(blocks[at, SAFE], blocks[at, ACCELERATION], blocks[at, LENGTH])


@compiled
def _pass(blocks: Floats, entries: Floats, begin: int, stop: int) -> None:
    """Forward, then backward, each once."""
    for at in range(begin, stop - 1):
        if entries[at] < entries[at + 1] and blocks[at, TOP] > _to_rest(blocks, at):
            reach = _fall(entries[at], blocks[at, ACCELERATION], blocks[at, LENGTH])
            entries[at + 1] = min(entries[at + 1], reach)
    for at in range(stop - 2, begin - 1, -1):
        join = blocks[at, JOIN]
        if entries[at] != join:
            entries[at] = join
            if join > entries[at + 1] and blocks[at, TOP] > _to_rest(blocks, at):
                entries[at] = min(join, _fall(entries[at + 1], blocks[at, ACCELERATION], blocks[at, LENGTH]))
