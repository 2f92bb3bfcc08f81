"""Times by closed forms, words, layers, objects and filament, and files that are no programs."""

from dataclasses import replace
from math import isfinite, pi, sqrt
from pathlib import Path

import numpy as np
import pytest

from slicer_bridge.motion.estimate import estimate, limits_of
from slicer_bridge.motion.estimated import Box, Estimate
from slicer_bridge.motion.limits import DEFAULTS, Heating, MotionLimits, Planner

PLAIN = MotionLimits(
    Planner.MARLIN, (200.0, 200.0, 20.0, 50.0), (1000.0, 1000.0, 200.0, 2000.0), 1000.0, 1000.0, 1000.0,
    junction_deviation_mm=0.02,
)  # fmt: skip
ROUTER = replace(
    DEFAULTS[Planner.GRBL], max_feed_mm_s=(80.0, 80.0, 30.0, 0.0), max_acceleration_mm_s2=(300, 300, 200, 0)
)


def of(*lines: str, limits: MotionLimits = PLAIN) -> Estimate:
    return estimate("\n".join(lines).encode(), limits)


def test_a_long_move_ramps_up_cruises_and_ramps_down() -> None:
    assert of("G1 X100 F3000").moving_s == pytest.approx(100 / 50 + 50 / 1000)


def test_a_short_move_never_reaches_its_speed() -> None:
    assert of("G1 X1 F12000").moving_s == pytest.approx(2 * sqrt(1 / 1000))


def test_pieces_of_a_line_take_as_long_as_the_line() -> None:
    pieces = [f"G1 X{n} F3000" for n in range(1, 101)]
    for planner in (Planner.MARLIN, Planner.KLIPPER):
        limits = replace(PLAIN, planner=planner, minimum_cruise_ratio=0.0)
        assert of(*pieces, limits=limits).moving_s == pytest.approx(of("G1 X100 F3000", limits=limits).moving_s)


def test_a_right_angle_is_taken_at_the_junction_s_speed() -> None:
    half = sqrt(0.5)
    sideways = 1000 / half
    junction2 = 1000 * 0.02 * half / (1 - half)
    assert sideways > 1000
    ramps = (50 / 1000 + (50 - sqrt(junction2)) / 1000) * 2
    way = 50**2 / 2000 + (50**2 - junction2) / 2000
    assert of("G1 X50 F3000", "G1 Y50").moving_s == pytest.approx(ramps + 2 * (50 - way) / 50)


def test_square_corners_are_taken_at_klipper_s_speed() -> None:
    limits = replace(PLAIN, planner=Planner.KLIPPER, square_corner_mm_s=7.0, minimum_cruise_ratio=0.0)
    ramps = (50 / 1000 + (50 - 7) / 1000) * 2
    way = 50**2 / 2000 + (50**2 - 7**2) / 2000
    assert of("G1 X50 F3000", "G1 Y50", limits=limits).moving_s == pytest.approx(ramps + 2 * (50 - way) / 50)


def test_klipper_s_short_moves_leave_room_to_cruise() -> None:
    limits = replace(PLAIN, planner=Planner.KLIPPER, minimum_cruise_ratio=0.5)
    peak = sqrt(1.0 * 500)
    ramp_mm = peak**2 / 2000
    assert of("G1 X1 F12000", limits=limits).moving_s == pytest.approx(2 * peak / 1000 + (1 - 2 * ramp_mm) / peak)


def test_classic_jerk_starts_and_stops_at_once() -> None:
    limits = replace(PLAIN, junction_deviation_mm=0.0, jerk_mm_s=(10.0, 10.0, 0.2, 2.5))
    ramp_mm = (50**2 - 10**2) / 2000
    expected = 2 * 40 / 1000 + (100 - 2 * ramp_mm) / 50
    assert of("G1 X100 F3000", limits=limits).moving_s == pytest.approx(expected)


def test_axes_hold_speed_and_acceleration() -> None:
    assert of("G1 X60 Y80 Z4 F60000").moving_s > 80 / 200
    assert of("G1 Z10 F6000").moving_s == pytest.approx(10 / 20 + 20 / 200)
    assert of("G1 E10 F6000").moving_s == pytest.approx(10 / 50 + 50 / 1000)


def test_programs_set_limits_as_they_come() -> None:
    slow = of("M201 X100", "M203 X20", "G1 X100 F3000")
    assert slow.moving_s == pytest.approx(100 / 20 + 20 / 100)
    assert of("M204 S500", "G1 X100 F3000").moving_s == pytest.approx(100 / 50 + 50 / 500)
    klipper = replace(PLAIN, planner=Planner.KLIPPER)
    limited = of("SET_VELOCITY_LIMIT ACCEL=500 VELOCITY=25 MINIMUM_CRUISE_RATIO=0", "G1 X100 F3000", limits=klipper)
    assert limited.moving_s == pytest.approx(100 / 25 + 25 / 500)


def test_modes_units_and_factors() -> None:
    steps = of("G91", "G1 X10 F600", "G1 X10")
    assert steps.work_mm + steps.travel_mm == 20
    assert of("G20", "G0 X1 F60", "G21", "G0 X0").travel_mm == pytest.approx(2 * 25.4)
    assert of("M83", "G1 X1 E1 F600", "G90", "G1 X2 E1").filament[0].length_mm == 1
    assert of("M220 S50", "G1 X100 F6000").moving_s == pytest.approx(of("G1 X100 F3000").moving_s)
    assert of("M83", "M221 S50", "G1 X10 E2 F600").filament[0].length_mm == pytest.approx(1)
    assert of("G92 X50", "G1 X60 F600").travel_mm == 10


def test_arcs_have_their_true_length() -> None:
    circle = of("G21 G90", "G0 X10 Y0", "G2 X10 Y0 I-10 J0 F600", limits=ROUTER)
    assert circle.work_mm == pytest.approx(20 * pi)
    assert circle.bounds is not None
    assert circle.bounds.low == pytest.approx((-10, -10, 0), abs=1e-9)
    half = of("G0 X-10 Y0", "G3 X10 Y0 R10 F600", limits=ROUTER)
    assert half.work_mm == pytest.approx(10 * pi)
    helix = of("G0 X10 Y0", "G2 X10 Y0 Z-5 I-10 F600", limits=ROUTER)
    assert helix.work_mm == pytest.approx(sqrt((20 * pi) ** 2 + 25))


def test_dwells_are_told_apart_and_motion_stops_for_them() -> None:
    without = of("G1 X50 F3000", "G1 X100")
    with_dwell = of("G1 X50 F3000", "G4 P1500", "G1 X100")
    assert with_dwell.waiting_s == 1.5
    assert with_dwell.moving_s == pytest.approx(without.moving_s + 50 / 1000)
    assert of("G1 X5 F600", "G4 P1.5", limits=ROUTER).waiting_s == 1.5


def test_heating_is_told_apart() -> None:
    limits = replace(PLAIN, heating=Heating(20, hotend_c_s=2, bed_c_s=0.5))
    assert of("M109 S220", "G1 X1 F600", limits=limits).heating_s == 100
    assert of("M104 S220", "M190 S60", "M109 S220", limits=limits).heating_s == pytest.approx(100)
    assert of("M109 S220", "M109 S220", limits=limits).heating_s == 100


def test_spindle_tools_homing_and_people() -> None:
    limits = replace(ROUTER, spin_up_s=3.0, tool_change_s=20.0)
    assert of("M3 S1000", "M3 S2000", "M5", "M6", limits=limits).waiting_s == 23
    assert of("G28", "G28 X", "M600", limits=replace(PLAIN, homing_s=12.0)).waiting_s == 24
    assert of("M0", "G1 X1 F60").stops == 1


LAYERS = ("M83", "G1 Z0.2 F600", "G1 X10 E1", "G1 Z0.4", "G1 X0 E1", "G1 Z1", "G1 X5", "G1 Z0.6", "G1 X10 E1")


def test_layers_begin_where_it_prints_at_another_height() -> None:
    found = of(*LAYERS)
    assert [layer.z_mm for layer in found.layers] == [0.2, 0.4, 0.6]
    assert found.start_s + sum(layer.seconds for layer in found.layers) == pytest.approx(found.moving_s)


def test_marked_layers_are_the_slicer_s() -> None:
    marked = [";LAYER_CHANGE", *LAYERS[:5], ";LAYER_CHANGE", *LAYERS[5:]]
    assert [layer.z_mm for layer in of(*marked).layers] == [0.2, 0.6]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("; printing object {0} id:0 copy 0", "; stop printing object {0} id:0 copy 0"),
        ("EXCLUDE_OBJECT_START NAME={0}", "EXCLUDE_OBJECT_END NAME={0}"),
    ],
)
def test_objects_have_their_own_times(start: str, end: str) -> None:
    def part(name: str, x: int) -> list[str]:
        return [start.format(name), f"G1 X{x} F3000", end.format(name), "G1 X0"]

    found = of(*part("cube", 50), *part("ring", 100), *part("cube", 50))
    names = [one.name.split()[0] for one in found.objects]
    assert names == ["cube", "ring"]
    assert found.objects[0].seconds == pytest.approx(2 * of("G1 X50 F3000").moving_s, rel=0.1)
    assert sum(one.seconds for one in found.objects) < found.moving_s


def test_filament_by_tool_and_mass() -> None:
    found = of("M83", "G1 X10 E2 F600", "G1 E-1", "T1", "G1 X20 E3", limits=replace(PLAIN, density_g_cm3=1.25))
    assert [(used.tool, used.length_mm) for used in found.filament] == [(0, 2), (1, 3)]
    assert found.filament[1].mass_g == pytest.approx(3 * pi * 1.75**2 / 4 * 1.25 / 1000)


def test_bounds_of_all_and_of_work() -> None:
    found = of("M83", "G1 X10 Y20 Z1 F600", "G1 X30 E1", "G1 X0 Y0 Z50")
    assert found.bounds == Box((0, 0, 1), (30, 20, 50))
    assert found.work_bounds == Box((10, 20, 1), (30, 20, 1))


def test_a_short_queue_slows_tiny_moves_down() -> None:
    tiny = [f"G1 X{n / 20:.2f} F12000" for n in range(1, 2001)]
    short = of(*tiny, limits=replace(PLAIN, queue=4)).moving_s
    assert short > 1.5 * of(*tiny, limits=replace(PLAIN, queue=200)).moving_s


def test_any_pieces_of_the_file_give_the_same(tmp_path: Path) -> None:
    lines = [f"G1 X{n % 90} Y{n % 7} E.1 F3000\r\n" for n in range(40_000)]
    text = "M83\r\n" + "".join(lines)
    (tmp_path / "p.gcode").write_text(text, newline="")
    assert estimate(tmp_path / "p.gcode", PLAIN) == estimate(text.encode(), PLAIN)
    assert len(text) > 1 << 18


HOSTILE = {
    "nothing": b"",
    "binary": np.random.default_rng(1).integers(0, 256, 300_000).astype(np.uint8).tobytes(),
    "one long line": b"G1 X" + b"1" * 10_000_000,
    "one long comment": b";" + b"x" * 10_000_000,
    "no newline": b"G1 X5 F600",
    "numbers too large": b"G1 X1e9 F600\nG1 X" + b"9" * 400 + b"\nG2 X1 Y1 I" + b"9" * 30 + b"\nG4 S1e30\n",
    "not numbers": b"G1 Xnan Yinf F600\nG1 X- Y. Z+\nM109 Snan\nT-1\nT99\nM\nG\n",
    "zero feed": b"G1 X5 F0\nG1 X6\n",
    "circle of nothing": b"G1 X1 F60\nG2\nG2 I0 J0\nG2 X5 R0\nG3 X100 R1\n",
    "queue of tiny arcs": b"G1 X1 F60\n" + b"G2 X1 Y0 I0.0001 J0\n" * 1000,
    "huge circle": b"G1 X1 F60\nG2 X1 I99999\n" * 40,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("planner", Planner)
def test_hostile_files_have_an_estimate_or_nothing(name: str, planner: Planner) -> None:
    found = estimate(HOSTILE[name], replace(DEFAULTS[planner]))
    assert isfinite(found.total_s)
    assert found.total_s >= 0.0


def test_what_to_estimate_with_is_seen_from_the_program() -> None:
    assert limits_of(b"G21 G90\nG0 X5\n").planner is Planner.GRBL
    assert limits_of(b"M104 S200\nG1 X5 E1\n").planner is Planner.MARLIN
    assert limits_of(b"EXCLUDE_OBJECT_DEFINE NAME=a\n").planner is Planner.KLIPPER
