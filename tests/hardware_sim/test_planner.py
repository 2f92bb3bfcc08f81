"""Motion takes the time that it takes: by closed forms, and by a reference that integrates in small steps."""

from itertools import pairwise
from math import acos, cos, hypot, pi, sin, sqrt

import numpy as np
import pytest

from hardware_sim.firmware.config import RouterConfig
from hardware_sim.firmware.planner import Block, Planner, Point
from tests.hardware_sim.cores import booted_grbl, booted_marlin, heated, run

JUNCTION_MM = 0.02


def _duration(corners: list[Point], speed: float, accel: float, capacity: int = 1000) -> float:
    """Seconds until the last block ends, with as much look-ahead as `capacity` allows."""
    planner = Planner(capacity, 1.0, JUNCTION_MM)
    blocks = [Block(begin, end, speed, accel) for begin, end in pairwise(corners)]
    now = 0.0
    for block in blocks:
        while planner.full():
            now = planner.until
            planner.finish()
        planner.add(block, now)
    while planner.blocks:
        now = planner.until
        planner.finish()
    return now


def _reference(corners: list[Point], speed: float, accel: float, step_mm: float = 0.002) -> float:
    """The fastest way along the path within its speed limits, integrated forwards and backwards in small steps.

    Shares nothing with the planner but the rule for corners (junction deviation).
    """
    limits: list[float] = []
    steps_mm: list[float] = []
    for index, (begin, end) in enumerate(pairwise(corners)):
        steps = max(2, round(_length(begin, end) / step_mm))
        steps_mm += [_length(begin, end) / steps] * steps
        limits += [speed] * steps
        if index + 2 < len(corners):
            limits[-1] = min(speed, _corner_speed(begin, end, corners[index + 2], accel))
    squares = np.array([0.0, *limits]) ** 2
    squares[-1] = 0.0
    for index in range(1, len(squares)):
        squares[index] = min(squares[index], squares[index - 1] + 2 * accel * steps_mm[index - 1])
    for index in range(len(squares) - 2, -1, -1):
        squares[index] = min(squares[index], squares[index + 1] + 2 * accel * steps_mm[index])
    speeds = np.sqrt(squares)
    return float(np.sum(2 * np.array(steps_mm) / (speeds[1:] + speeds[:-1])))


def _length(begin: Point, end: Point) -> float:
    return sqrt(sum((a - b) ** 2 for a, b in zip(begin, end, strict=True)))


def _corner_speed(before: Point, corner: Point, after: Point, accel: float) -> float:
    """Marlin's junction deviation, from the angle between the two ways; short chords are those of an arc."""
    a, b = np.subtract(corner, before), np.subtract(after, corner)
    cosine = float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))
    if cosine > 0.999999:
        return 1e9
    half = sqrt((1 + cosine) / 2)
    square = accel * JUNCTION_MM * half / (1 - half) if half > 1e-9 else 0.0
    if _length(corner, after) < 1.0 and cosine > sqrt(0.5):
        square = min(square, accel * _length(corner, after) / acos(cosine))
    return sqrt(square)


def test_a_long_move_ramps_up_cruises_and_ramps_down() -> None:
    assert _duration([(0.0, 0.0, 0.0), (100.0, 0.0, 0.0)], 50.0, 1000.0) == pytest.approx(100 / 50 + 50 / 1000)


def test_a_short_move_never_reaches_its_speed() -> None:
    assert _duration([(0.0, 0.0, 0.0), (1.0, 0.0, 0.0)], 500.0, 1000.0) == pytest.approx(2 * sqrt(1 / 1000))


def test_a_line_in_many_pieces_takes_as_long_as_in_one() -> None:
    pieces = [(float(x), 0.0, 0.0) for x in range(101)]
    assert _duration(pieces, 50.0, 1000.0) == pytest.approx(_duration([pieces[0], pieces[-1]], 50.0, 1000.0))


def test_a_reversal_stops_in_between() -> None:
    there_and_back = [(0.0, 0.0, 0.0), (10.0, 0.0, 0.0), (0.0, 0.0, 0.0)]
    assert _duration(there_and_back, 50.0, 1000.0) == pytest.approx(2 * (10 / 50 + 50 / 1000))


def test_a_right_angle_is_taken_at_the_junction_s_speed() -> None:
    corner = [(0.0, 0.0, 0.0), (50.0, 0.0, 0.0), (50.0, 50.0, 0.0)]
    half = sqrt(0.5)
    junction = sqrt(1000 * JUNCTION_MM * half / (1 - half))
    ramps = (50 / 1000 + (50 - junction) / 1000) * 2
    way = 50**2 / 2000 + (50**2 - junction**2) / 2000
    assert _duration(corner, 50.0, 1000.0) == pytest.approx(ramps + 2 * (50 - way) / 50)


SHAPES: dict[str, list[Point]] = {
    "polygon": [(20 * cos(a), 20 * sin(a), 0.0) for a in np.linspace(0, 2 * pi, 25)],
    "circle of tiny chords": [(5 * cos(a), 5 * sin(a), 0.0) for a in np.linspace(0, 2 * pi, 120)],
    "zigzag": [(float(x), 10.0 * (x % 2), 0.0) for x in range(12)],
    "spiral": [(a * cos(a), a * sin(a), a / 10) for a in np.linspace(0, 12, 60)],
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize(("speed", "accel"), [(30.0, 500.0), (120.0, 1250.0)])
def test_whole_paths_take_as_long_as_the_reference_says(name: str, speed: float, accel: float) -> None:
    path = SHAPES[name]
    assert _duration(path, speed, accel) == pytest.approx(_reference(path, speed, accel), rel=0.002)


def test_little_look_ahead_costs_time_and_enough_of_it_costs_none() -> None:
    pieces = [(x / 10, 0.0, 0.0) for x in range(400)]
    seen_far = _duration(pieces, 80.0, 500.0)
    assert _duration(pieces, 80.0, 500.0, capacity=4) > 1.5 * seen_far
    assert _duration(pieces, 80.0, 500.0, capacity=200) == pytest.approx(seen_far, rel=1e-3)


def test_marlin_s_arc_takes_the_time_of_its_chords() -> None:
    machine = heated()
    run(machine, "M204 P500 T500\nM205 J0.02\nG1 X50 Y50 F6000\nM400")
    begun = machine.now
    run(machine, "G2 X90 Y50 I20 J0 F1800\nM400")
    steps = 63
    chords = [(70 - 20 * cos(pi * k / steps), 50 + 20 * sin(pi * k / steps), 0.0) for k in range(steps + 1)]
    # The firmware sees 15 chords ahead, which is enough at this speed.
    assert machine.now - begun == pytest.approx(_reference(chords, 30.0, 500.0), rel=0.01)


def test_m205_sets_how_corners_are_taken() -> None:
    times = []
    for deviation in ("0.01", "0.2"):
        machine = booted_marlin()
        begun = machine.now
        run(machine, f"M205 J{deviation}\nG1 X50 F6000\nG1 Y50\nM400")
        times.append(machine.now - begun)
    assert times[0] > times[1] + 0.01


def test_grbl_holds_each_axis_to_its_own_limits_and_dwells_in_physics() -> None:
    machine = booted_grbl(config=RouterConfig(homing=False), speed=10.0)
    begun = machine.now
    run(machine, "G1X-30Z-40F60000\nG4P2")
    # Z: 2000 mm/min and 200 mm/s², of which this direction takes 4/5.
    speed, accel = 2000 / 60 / 0.8, 200 / 0.8
    expected = hypot(30, 40) / speed + speed / accel + 2.0
    assert (machine.now - begun) * 10.0 == pytest.approx(expected, rel=1e-6)
