from pathlib import Path

import pytest

from slicer_bridge.programs.check import ProgramChecker, check_program
from slicer_bridge.programs.limits import Dialect, Envelope, MachineLimits

LIMITS = MachineLimits(
    dialect=Dialect.MARLIN,
    envelope_mm=Envelope(x=(0, 200), y=(0, 200), z=(0, 180)),
    max_feed_mm_s=200,
    max_feed_e_mm_s=60,
    max_hotend_c=250,
    max_bed_c=100,
    max_flow_mm3_s=15,
    max_acceleration_mm_s2=3000,
    max_duration_s=3600,
    home_mm=(0, 0, 0),
)
READY = ("G28", "M104 S200", "M109 S200", "G90", "M83", "G1 X10 Y10 Z0.2 F3000")
_FILES = ("M20", "M21", "M23", "M24", "M28", "M29", "M30", "M32")
_SETTINGS = ("M500", "M501", "M502", "M301", "M303", "M304", "M92", "M206", "M851", "G18", "G92", "G20")
_RESETS = ("M112", "M997", "M999", "M108", "M110", "M410", "M81", "M42", "M302")
_HOST = ("M117", "M118", "@pause", "//action:cancel", "!", "?")
FORBIDDEN = (*_FILES, *_SETTINGS, *_RESETS, *_HOST, "M600", "G29", "T1", "M6", "M3")


def reasons(*lines: str, limits: MachineLimits = LIMITS) -> list[str]:
    """Reasons of the last line, after the others have passed."""
    checker = ProgramChecker(limits)
    for line in lines[:-1]:
        assert checker.feed(line) is None, line
    last = checker.feed(lines[-1])
    return [] if last is None else [last]


@pytest.mark.parametrize("word", FORBIDDEN)
@pytest.mark.parametrize("form", ["{}", "{} S1", "{} P1 S0 ; harmless", "  {}"])
def test_forbidden_words_never_pass(word: str, form: str) -> None:
    assert reasons(*READY, form.format(word))


@pytest.mark.parametrize(
    "line",
    [
        "M117 //action:pause",
        "N10 G1 X5*33",
        "G1 X5*33",
        "g1 x5",
        "G1 X5 G28",
        "G1 X5 X250",
        "G1 X1e3",
        "G1 X0x10",
        "G1 X+5",
        "G1 X",
        "G1 X5 (note)",
        "G01 X5",
        "M104 S200 T1",
        "M104",
        "M106 S999",
        "G1 X5\x00",
        "G1 X5\u00a0Y5",
        "G28 W",
        "G92 X0",
        "G92",
        "G4 S999",
        "G4 P-5",
        "M220 S150",
        "M221 S300",
        "M203 X900",
        "M204 S90000",
        "G1 X5 " + " " * 90 + "Y5",
    ],
)
def test_odd_lines_are_refused(line: str) -> None:
    assert reasons(*READY, line)


@pytest.mark.parametrize(
    "line",
    [
        "; a comment",
        "",
        "   ",
        "G1 X20 Y20 E1.5",
        "G1 Y20 X20",
        "G0 X200 Y200 Z180 F12000",
        "G2 X30 Y10 I10 J0",
        "G92 E0",
        "M106 S255",
        "M107",
        "M73 P10 R20",
        "M204 S1000",
        "G1 E-2 F2400 ; back",
        "M400",
        "M84",
        "M900 K0.05",
        "T0",
    ],
)
def test_ordinary_lines_pass(line: str) -> None:
    assert reasons(*READY, line) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("G1 X200.5", "X 200.500 is 0.500 mm outside"),
        ("G1 Y-1", "Y -1.000 is 1.000 mm outside"),
        ("G1 Z181", "Z 181.000"),
        ("G1 X20 F12600", "limit is 200"),
        ("G1 X20 F0", "needs F"),
        ("M104 S260", "limit is 250"),
        ("M190 S101", "limit is 100"),
        ("G1 X20 E50", "mm³/s"),
        ("G1 E5 F6000", "limit is 60"),
    ],
)
def test_limits_are_named_with_what_was_asked(line: str, words: str) -> None:
    (reason,) = reasons(*READY, line)
    assert words in reason


def test_arc_that_bulges_out_of_the_envelope() -> None:
    assert reasons(*READY, "G1 X190 Y50", "G2 X190 Y30 I0 J-10") == []  # touches X 200
    assert reasons(*READY, "G1 X190.1 Y50", "G2 X190.1 Y30 I0 J-10") != []
    assert reasons(*READY, "G1 X195 Y50", "G3 X195 Y70 I0 J10") != []
    assert reasons(*READY, "G1 X195 Y50", "G2 X195 Y70 I0 J10") == []


def test_nothing_moves_before_homing() -> None:
    assert reasons("G1 X10 F3000")
    assert reasons("G28 X", "G1 X10 F3000") == []
    assert reasons("G28 X", "G1 Y10 F3000")
    assert reasons(*READY, "M84", "G1 X10")


def test_filament_moves_only_when_the_hotend_was_waited_for() -> None:
    assert reasons("G28", "M83", "G1 X5 E1 F3000")
    assert reasons("G28", "M83", "M104 S200", "G1 X5 E1 F3000")
    assert reasons("G28", "M83", "M109 S150", "G1 X5 E1 F3000")
    assert reasons("G28", "M83", "M109 S200", "M104 S0", "G1 X5 E1 F3000")
    assert reasons("G28", "M83", "M109 S200", "M104 S190", "G1 X5 E0.1 F3000") == []
    assert reasons("G28", "M82", "G1 X5 E0 F3000") == []


def test_steps_are_added_up() -> None:
    assert reasons(*READY, "G91", "G1 X100", "G1 X89") == []
    assert reasons(*READY, "G91", "G1 X100", "G1 X91")


def test_program_that_leaves_heat_on(tmp_path: Path) -> None:
    path = tmp_path / "hot.gcode"
    path.write_text("\n".join([*READY, "M140 S60"]) + "\n", encoding="ascii")
    verdict = check_program(path, LIMITS)
    assert not verdict.ok
    assert [finding.line for finding in verdict.findings] == [0, 0]
    assert (verdict.end.hotend_c, verdict.end.bed_c) == (200, 60)


def test_verdict_names_lines_and_bounds(tmp_path: Path) -> None:
    path = tmp_path / "program.gcode"
    path.write_text("\n".join([*READY, "G1 X250", "G1 X100", "M104 S0", "M42 P3"]) + "\r\n", encoding="ascii")
    verdict = check_program(path, LIMITS)
    assert [finding.line for finding in verdict.findings] == [7, 10]
    assert verdict.findings[1].text == "M42 P3"
    assert verdict.bounds is not None
    assert verdict.bounds.high == pytest.approx((100, 10, 0.2))
    assert verdict.lines == 10


def test_program_too_long_for_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "slow.gcode"
    path.write_text("G28\nG1 X200 F2\nG1 X0\n", encoding="ascii")
    (finding,) = check_program(path, LIMITS).findings
    assert "12000 s" in finding.reason


def test_a_comment_stays_one_however_long(tmp_path: Path) -> None:
    """Read in pieces, its end would heat the hotend for the judge and not for the machine."""
    path = tmp_path / "long.gcode"
    for length in (4_094, 4_095, 20_000, 65_534, 131_070):
        path.write_text(f"G28\n;{'x' * length}M109 S200\nM83\nG1 E1 F300\n", encoding="ascii")
        verdict = check_program(path, LIMITS)
        assert verdict.lines == 4
        assert "M109 comes first" in verdict.findings[-1].reason
        assert (verdict.refused == 2) == (length > 65_000)


def test_the_first_hundred_refusals_are_named_and_all_counted(tmp_path: Path) -> None:
    path = tmp_path / "foreign.gcode"
    path.write_text("G28\n" + "M42 P1\n" * 150 + "M104 S200\n", encoding="ascii")
    verdict = check_program(path, LIMITS)
    assert (verdict.refused, verdict.lines, verdict.ok) == (150, 152, False)
    assert [finding.line for finding in verdict.findings] == [*range(2, 102), 0]


def test_empty_program_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "empty.gcode").write_bytes(b"")
    assert not check_program(tmp_path / "empty.gcode", LIMITS).ok


def test_words_can_be_added_and_taken_away() -> None:
    more = LIMITS.model_copy(update={"allow": frozenset({"M600"}), "refuse": frozenset({"M106"})})
    assert reasons("M600", limits=more) == []
    assert reasons("M106 S10", limits=more)


def test_klipper_objects_and_its_own_forbidden_words() -> None:
    klipper = LIMITS.model_copy(update={"dialect": Dialect.KLIPPER})
    assert reasons("EXCLUDE_OBJECT_START NAME=ring_1", limits=klipper) == []
    for word in ("RUN_SHELL_COMMAND", "SAVE_CONFIG", "SET_KINEMATIC_POSITION", "FIRMWARE_RESTART", "PRINT_START"):
        assert reasons(f"{word} CMD=x", limits=klipper)
    assert reasons("EXCLUDE_OBJECT_START NAME={printer.x}", limits=klipper)


def test_extruder_mode_after_g90_is_doubtful_in_marlin_and_kept_in_klipper() -> None:
    klipper = LIMITS.model_copy(update={"dialect": Dialect.KLIPPER})
    start = ("G28", "M109 S200", "M83", "G90", "G92 E5", "G1 X5 E6 F3000")
    assert "M82 or M83" in reasons(*start)[0]
    assert reasons(*start[:-1], "M82", "G1 X5 E5.1 F3000") == []
    assert "mm³/s" in reasons(*start, limits=klipper)[0]  # a step of 6 mm
    assert reasons(*start[:-1], "G1 X5 E0.1 F3000", limits=klipper) == []
