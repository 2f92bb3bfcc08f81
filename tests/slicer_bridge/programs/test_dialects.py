"""What each firmware would read otherwise than it is meant, and what each dialect has for itself."""

import pytest

from slicer_bridge.programs.check import ProgramChecker
from slicer_bridge.programs.limits import Dialect, MachineLimits
from tests.slicer_bridge.programs.test_check_printer import LIMITS, READY
from tests.slicer_bridge.programs.test_check_router import LIMITS as ROUTER
from tests.slicer_bridge.programs.test_check_router import OFFSET
from tests.slicer_bridge.programs.test_check_router import READY as ROUTER_READY

KLIPPER = LIMITS.model_copy(update={"dialect": Dialect.KLIPPER, "max_jerk_mm_s": 10.0})
TWO = LIMITS.model_copy(update={"tools": 2, "max_chamber_c": 60.0, "max_acceleration_e_mm_s2": 9000.0})
LASER = ROUTER.model_copy(update={"max_spindle_rpm": 0.0, "min_spindle_rpm": 0.0, "max_laser_s": 1000.0})
COLD = ("G28", "G90", "M83", "G1 X10 Y10 Z0.2 F3000")


def last(*lines: str, limits: MachineLimits = LIMITS) -> str:
    """Why the last line is refused, after the others have passed; empty if it isn't."""
    checker = ProgramChecker(limits, OFFSET if limits.dialect is Dialect.GRBL else None)
    for line in lines[:-1]:
        assert checker.feed(line) is None, line
    return checker.feed(lines[-1]) or ""


def ends(*lines: str, limits: MachineLimits = LIMITS) -> list[str]:
    checker = ProgramChecker(limits, OFFSET if limits.dialect is Dialect.GRBL else None)
    for line in lines:
        assert checker.feed(line) is None, line
    return checker.finish()


@pytest.mark.parametrize(
    "line",
    [
        "G1 X1E3",  # strtod's 1000; X1 and E3 to the firmwares
        "G1 X10Y10E5",
        "G1 X\u0661",  # a digit, says Unicode
        "G1 X１０",
        "G1.0 X5",
        "G1.1 X5",
        "G 1 X5",
        "M0104 S200",
        "T00",
        "G1 X5 x200",
        "G1 X5_0",
        "G1 X--5",
        "G1 X5.5.5",
        "G1\tX5",
        "G1 X5\x08\x08X9",
        "G1 X5 \\; X900",
        'M104 S200 "',
        "G1 X5 ; note\rM112",
        "; note\rM112",
        "; note\x0bM112",
        "; note \x85",
        "; note \xff",
        "; note \xe2\x80\xa8",
        "S000",
        "X5 Y5",
        "N5 M104 S200",
        "M486 C",
        "M486 P1",
        "M486 S0 A" + "x" * 90,
        "M486",
        "M104 S200 R210",
        "M109 S200 I1",
        "M205 S20",
        "M205 J0.5",
        "M220 S0.5",
        "M900 K-1",
        "G28 X ; Y",  # passes
    ][:-1],
)
def test_lines_that_readers_differ_in(line: str) -> None:
    assert last(*READY, line)
    assert last(*READY, line, limits=KLIPPER)


@pytest.mark.parametrize(
    "line",
    [
        "G1 X15 Y15",
        "G1 Y15 X15 F3000",
        "G1X15Y15",
        "G1 X15 Y15 E.1 ; \xc3\xa4 \xc2\xb0C\tis a comment",
        "  G1 X15",
        "M104 S200 T0",
        "G17",
        "M205 X8 Y8 Z0.4 E1.5 S0 T0",
        "M205 J0.02",
        "M201 X1000 Y1000 Z200 E5000",
        "M204 P1000 R5000 T2000",
    ],
)
def test_lines_that_all_read_alike(line: str) -> None:
    assert last(*READY, line) == ""
    assert last(*READY, line, limits=KLIPPER) == ""


@pytest.mark.parametrize(
    "line", ["M486 S3", "M486 S-1", "M486 T4", "M486 Aring_1 (Instance 2)", "M486 Ashape id:0 copy 1"]
)
def test_labels_of_objects(line: str) -> None:
    assert last(*READY, line) == ""
    assert last(*READY, line, limits=KLIPPER)


def test_after_a_label_the_object_may_have_been_left_out() -> None:
    for label, limits in (("M486 S1", LIMITS), ("EXCLUDE_OBJECT_START NAME=ring", KLIPPER)):
        assert "nobody knows" in last(*READY, label, "G2 X20 Y10 I5 J0", limits=limits)
        assert "nobody knows" in last(*READY, label, "G91", "G1 X5", limits=limits)
        assert last(*READY, label, "G1 X20 Y20", "G2 X30 Y20 I5 J0", limits=limits) == ""


@pytest.mark.parametrize(
    "line",
    [
        "SET_VELOCITY_LIMIT VELOCITY=150 ACCEL=3000 SQUARE_CORNER_VELOCITY=5",
        "SET_VELOCITY_LIMIT ACCEL_TO_DECEL=1500 MINIMUM_CRUISE_RATIO=0.5",
        "SET_PRESSURE_ADVANCE EXTRUDER=extruder ADVANCE=0.05 SMOOTH_TIME=0.04",
        "SET_PRINT_STATS_INFO TOTAL_LAYER=100",
        "TURN_OFF_HEATERS",
        "EXCLUDE_OBJECT_DEFINE NAME='box_id_0' CENTER=10,10 POLYGON=[[1,1],[20.5,1]]" + ",[1,2]" * 100,
        "EXCLUDE_OBJECT_END NAME='box_id_0 (Instance 2)'",
    ],
)
def test_klippers_own_words(line: str) -> None:
    assert last(*READY, line, limits=KLIPPER) == ""
    assert last(*READY, line)


@pytest.mark.parametrize(
    "line",
    [
        "SET_VELOCITY_LIMIT VELOCITY=250",
        "SET_VELOCITY_LIMIT ACCEL=3001",
        "SET_VELOCITY_LIMIT ACCEL=1e9",
        "SET_VELOCITY_LIMIT ACCEL=inf",
        "SET_VELOCITY_LIMIT ACCEL=1_000",
        "SET_VELOCITY_LIMIT SQUARE_CORNER_VELOCITY=11",
        "SET_VELOCITY_LIMIT ACCEL=10 ACCEL=9000",
        "SET_PRESSURE_ADVANCE ADVANCE=3",
        "SET_PRESSURE_ADVANCE ADVANCE=-1",
        "EXCLUDE_OBJECT NAME=ring",
        "EXCLUDE_OBJECT_DEFINE RESET=1",
        "EXCLUDE_OBJECT_START NAME='a'b",
        "EXCLUDE_OBJECT_START NAME=a # c",
        "EXCLUDE_OBJECT_START",
        "set_velocity_limit ACCEL=10",
        "RESPOND MSG=x",
        "SET_GCODE_OFFSET Z=-1",
        "BED_MESH_PROFILE LOAD=default",
        "M109 R200",
        "M190 R60",
        "G2 X30 Y10 R10",
    ],
)
def test_what_klipper_would_take_and_should_not(line: str) -> None:
    assert last(*READY, line, limits=KLIPPER)


def test_e_has_no_mode_until_it_is_said() -> None:
    start = ("G28", "G90", "M109 S200", "G1 X10 Y10 F3000")
    for limits in (LIMITS, KLIPPER):
        assert "M82 or M83" in last(*start, "G1 X20 E0.5", limits=limits)
        assert last(*start, "M83", "G1 X20 E0.5", limits=limits) == ""
    assert "M82 or M83" in last("G28", "M109 S200", "G1 X10 Y10 F3000", "G90", "G1 X20 E0.5")


def test_klipper_releases_all_motors_whichever_are_named() -> None:
    assert last(*READY, "M84 E", "G1 X20", limits=KLIPPER)
    assert last(*READY, "M84 E", "G1 X20") == ""
    assert last(*READY, "M84 X", "G1 X20")


def test_turned_off_heaters_are_cold() -> None:
    assert "M109" in last(*READY, "TURN_OFF_HEATERS", "G1 X20 E1", limits=KLIPPER)
    assert ends(*READY, "M140 S60", "TURN_OFF_HEATERS", limits=KLIPPER) == []


def test_each_tool_has_a_hotend() -> None:
    assert last(*READY, "T1")
    assert "M109" in last(*READY, "T1", "G1 X20 Y20", "G1 X30 E0.5", limits=TWO)
    assert last(*READY, "M109 S200 T1", "T1", "G1 X20 Y20", "G1 X30 E0.5", limits=TWO) == ""
    assert "T0 to T1" in last(*READY, "M104 S200 T2", limits=TWO)
    assert "T0 to T0" in last(*READY, "M104 S200 T1")
    assert ends(*READY, "M104 S150 T1", "M104 S0 T0", limits=TWO) == [
        "the program ends with the hotend T1 at 150 °C: end with M104 S0 T1"
    ]
    after = (*READY, "M109 S200 T1", "M82", "G92 E0", "T1", "G1 X20 Y20")
    assert "G92 E0" in last(*after, "G1 X30 E0.5", limits=TWO)
    assert last(*after, "G92 E0", "G1 X30 E0.5", limits=TWO) == ""


def test_chamber() -> None:
    assert last(*READY, "M141 S60", limits=TWO) == ""
    assert "limit is 60" in last(*READY, "M191 S61", limits=TWO)
    assert "limit is 0" in last(*READY, "M141 S40")
    assert "chamber" in ends("M141 S40", limits=TWO)[0]


def test_accelerations_of_head_and_filament() -> None:
    assert last(*READY, "M201 X3000 E9000", limits=TWO) == ""
    assert last(*READY, "M201 X3001", limits=TWO)
    assert last(*READY, "M201 E9001", limits=TWO)
    assert last(*READY, "M204 R9001", limits=TWO)
    assert last(*READY, "M205 X11", limits=KLIPPER)


def test_flow_of_one_move_and_over_many() -> None:
    # 15 mm³/s at 50 mm/s are 0.1247 mm of filament for each mm of way.
    assert last(*READY, "G1 X60 E6.2") == ""
    assert "mm³/s" in last(*READY, "G1 X60 E6.5")
    assert last(*READY, "M221 S110", "G1 X60 E6.2")
    tiny = tuple(f"G1 X{10.002 + step / 500:.3f} E0.0009" for step in range(30_000))
    checker = ProgramChecker(LIMITS)
    reasons = [checker.feed(line) for line in (*READY, *tiny)]
    assert "over many moves" in next(reason for reason in reasons if reason)


def test_what_was_pulled_back_may_return_at_any_speed() -> None:
    slow = LIMITS.model_copy(update={"max_flow_mm3_s": 1.0})
    back_and_forth = ("G1 E-30 F3600", "G1 X50 F6000", "G1 E30 F3600")
    assert last(*READY, *back_and_forth, limits=slow) == ""
    assert last(*READY, *back_and_forth[:2], "G1 E45 F3600", limits=slow)
    assert last(*READY, "G1 E9 F3600", limits=slow) == ""  # primed at once
    assert last(*READY, "G1 E9 F3600", "G1 E9", limits=slow)
    assert last(*READY, "G1 E9 F3600", "G4 S30", "G1 E9", limits=slow) == ""
    assert "200" in last(*READY, "G1 E-201 F600")


def test_retraction_by_the_firmware() -> None:
    assert last(*READY, "G10") == ""
    assert last(*READY, "G11") == ""
    assert last(*READY, "G10 S1")
    assert last(*READY, "G10 L2 P1 X0")
    assert "M109" in last(*COLD, "G10")
    assert last(*READY, "M207 S5")


def test_steep_moves_are_moves_of_z() -> None:
    slow = LIMITS.model_copy(update={"max_feed_z_mm_s": 10.0})
    ready = ("G28", "G1 X10 Y10 F3000", "G1 Z5 F600")
    assert "Z would move" in last(*ready, "G1 Z20 F700", limits=slow)
    assert "Z would move" in last(*ready, "G1 X10.1 Z20 F700", limits=slow)
    assert last(*ready, "G1 X30 Z20 F6000", limits=slow) == ""
    assert "Z would move" in last(*ready, "G2 X10.2 Y10 I0.1 Z50 F6000", limits=slow)


def test_homing_has_an_order_and_an_end() -> None:
    assert "before X and Y" in last("G28 Z")
    assert last("G28 X Y", "G28 Z") == ""
    nobody = LIMITS.model_copy(update={"home_mm": None})
    assert "nobody knows" in last("G28", "G91", "G1 Z5 F600", limits=nobody)
    assert last("G28", "G1 Z5 F600", "G91", "G1 Z5", limits=nobody) == ""
    assert last("G28 X", "G91", "G1 X5 F600")  # homing one axis leaves it wherever its switch is


def test_words_of_a_machines_own_list() -> None:
    more = LIMITS.model_copy(update={"allow": frozenset({"M600", "M300", "G29"})})
    assert last(*READY, "M300 S440 P200", "G91", "G1 X5", limits=more) == ""
    for word in ("M600", "G29"):
        assert "nobody knows" in last(*READY, word, "G91", "G1 X5", limits=more)
        assert last(*READY, word, "G1 X5 Y5", limits=more) == ""


@pytest.mark.parametrize(
    "line",
    [
        "(a ; b) G1 X600",  # GRBL executes what follows the bracket
        "; a (b",
        "G1 X20 (a (b) c)",
        "G1 X20 )",
        "G1 X20\x0b0",
        "G1 X2\r0",
        "G1 X20 P1",
        "G1 X20 R5",
        "G0 I5",
        "G2 X30 Y10 I10 R10",
        "G2 I10 J0",
        "G2 X30 Y10 I10 J0 K1",
        "G49 X5",
        "G1 X1E2",
        "G1 X0x10",
        "G257 X5",
        "G1 X\u0661",
        "M3 M8 M9",
        "M6",
        "G43.1 Z1",
        "G95",
        "G1 X30 [1]",
        "#1=5",
        "O100",
    ],
)
def test_lines_that_routers_differ_in(line: str) -> None:
    assert last(*ROUTER_READY, line, limits=ROUTER)


@pytest.mark.parametrize(
    "line", ["G17 G21 G40 G49 G54 G80 G90 G94", "G1 X20 (a note)", "(a) (b) X20", "M8", "G1 X20\t; tab", "G61"]
)
def test_lines_that_routers_read_alike(line: str) -> None:
    assert last(*ROUTER_READY, line, limits=ROUTER) == ""


def test_routers_programs_say_units_modes_and_speed_first() -> None:
    assert "G21" in last("G90", "G0 X5", limits=ROUTER)
    assert "G90" in last("G21", "G0 X5", limits=ROUTER)
    assert "unit" in last("F600", limits=ROUTER)
    assert last("G20 G90 F10", "G1 X-1", limits=ROUTER) == ""
    assert "before any S" in last("G21 G90", "M3", limits=ROUTER)
    assert last("G21 G90", "S12000", "M3", limits=ROUTER) == ""


def test_coolant_is_off_at_the_end() -> None:
    assert ends(*ROUTER_READY, "M8", "M5", limits=ROUTER) == ["the program ends with the coolant on: end with M9"]
    assert ends(*ROUTER_READY, "M8", "M9", "M5", limits=ROUTER) == []
    assert ends(*ROUTER_READY, "M8", "M30", limits=ROUTER) == []


def test_lasers() -> None:
    ready = ("G21 G90", "G0 X10 Y10", "M3 S500", "G1 X20 F600")
    assert last(*ready, "S1000", limits=LASER) == ""
    assert "from 0 to 1000" in last(*ready, "S1001", limits=LASER)
    assert last(*ready, "G4 P0.5", limits=LASER) == ""
    assert "laser on" in last(*ready, "G4 P2", limits=LASER)
    assert last(*ready, "S0", "G4 P2", limits=LASER) == ""
    assert last(*ready, "M4", "G4 P2", limits=LASER) == ""
    assert "laser on" in ends(*ready, limits=LASER)[0]
