from pathlib import Path

import pytest

from slicer_bridge.programs.check import ProgramChecker, check_program
from slicer_bridge.programs.limits import Dialect, Envelope, MachineLimits

LIMITS = MachineLimits(
    dialect=Dialect.GRBL,
    envelope_mm=Envelope(x=(-600, 0), y=(-400, 0), z=(-80, 0)),
    max_feed_mm_s=100,
    max_feed_z_mm_s=20,
    min_spindle_rpm=5000,
    max_spindle_rpm=24000,
    max_dwell_s=10,
)
OFFSET = (-500.0, -350.0, -40.0)
READY = ("G21 G90 G94 G17 G54", "G0 Z5", "M3 S12000", "G0 X10 Y10", "G1 Z-1 F600")


def reasons(*lines: str, offset: tuple[float, float, float] | None = OFFSET) -> list[str]:
    checker = ProgramChecker(LIMITS, offset)
    for line in lines[:-1]:
        assert checker.feed(line) is None, line
    last = checker.feed(lines[-1])
    return [] if last is None else [last]


@pytest.mark.parametrize(
    "line",
    [
        "$H",
        "$X",
        "$$",
        "$110=9000",
        "$J=G91 X10 F100",
        "G10 L2 P1 X0",
        "G10L20P1X0",
        "g10 l2 p1 x0",
        "G28.1",
        "G30.1",
        "G28",
        "G92 X0",
        "G92.1",
        "G38.2 Z-5 F50",
        "G55",
        "G43.1 Z1",
        "M6 T2",
        "M0",
        "!",
        "~",
        "?",
        "G1 X5 ; what?",
        "(stop!)",
        "\x18",
        "G1 X5\x84",
        "G1 X5 \xff",
        "G18",
        "G93 G1 X5 F1",
        "T1",
        "G1 X5 X6",
        "G0 G1 X5",
        "G90 G91",
        "N10 G1 X5",
        "%",
        "/G1 X5",
        "G1 X5 A3",
        "G-1 X5",
        "G1 X1e2",
        "G1 X" + "0" * 80 + "5",
    ],
)
def test_what_never_passes(line: str) -> None:
    assert reasons(*READY, line)


@pytest.mark.parametrize(
    "line",
    [
        "G1 X20 Y20",
        "X20 Y20",
        "g1x20y20f900",
        "G2 X30 Y10 I10 J0",
        "G3 X10 Y10 I10 J0",
        "G91 X5 Y5",
        "G20 X1",
        "(a note) G1 X20",
        "G4 P2",
        "M5",
        "S8000",
        "G53 G0 Z-1",
        "G0 Z5 ; up",
        "M30",
        "G91.1",
    ],
)
def test_ordinary_lines_pass(line: str) -> None:
    assert reasons(*READY, line) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("X501", "X 1.000 is 1.000 mm outside"),
        ("X-101", "X -601.000"),
        ("Z-41", "Z -81.000"),
        ("X20 F6001", "up to 100"),
        ("Z-2 F1500", "limit is 20"),
        ("M3 S25000", "5000 to 24000"),
        ("S4000", "5000 to 24000"),
        ("G4 P11", "limit is 10"),
        ("G4", "inf"),
        ("G53 G0 Z5", "outside"),
        ("G20 X20", "X 8.000"),
        ("G2 X10 Y10 I-60 J0", "outside"),
        ("G2 X50 Y50 I3 J3", "no common circle"),
    ],
)
def test_limits_hold_in_machine_coordinates(line: str, words: str) -> None:
    (reason,) = reasons(*READY, line, offset=(-500, -350, -40) if "I-60" not in line else (-590, -350, -40))
    assert words in reason


def test_without_offset_only_spans_are_judged() -> None:
    assert reasons(*READY, "X-500", offset=None) == []
    assert reasons(*READY, "X-500", "X90", offset=None) == []
    assert "spans" in reasons(*READY, "X-500", "X101", offset=None)[0]


def test_steps_and_arcs_need_a_position() -> None:
    assert reasons("G91 X5")
    assert reasons("G2 X5 Y5 I5 F100")
    assert reasons("G1 X5")


def test_nothing_follows_the_end() -> None:
    assert reasons(*READY, "M30", "G0 X0")


def test_spindle_left_on(tmp_path: Path) -> None:
    path = tmp_path / "program.nc"
    path.write_text("\n".join(READY) + "\n", encoding="ascii")
    verdict = check_program(path, LIMITS, OFFSET)
    assert [finding.line for finding in verdict.findings] == [0]
    assert verdict.end.spindle_on
    path.write_text("\n".join([*READY, "G0 Z5", "M5", "M30"]) + "\n", encoding="ascii")
    verdict = check_program(path, LIMITS, OFFSET)
    assert verdict.ok
    assert verdict.bounds is not None
    assert verdict.bounds.low == (-490, -340, -41)


def test_machine_without_spindle_refuses_it() -> None:
    bare = LIMITS.model_copy(update={"max_spindle_rpm": 0.0, "min_spindle_rpm": 0.0})
    assert ProgramChecker(bare).feed("M3 S1000") is not None


def test_program_is_judged_again_once_the_offset_is_known(tmp_path: Path) -> None:
    path = tmp_path / "program.nc"
    path.write_text("\n".join([*READY, "X-50", "G0 Z5", "M5", "M30"]) + "\n", encoding="ascii")
    assert check_program(path, LIMITS).ok
    assert check_program(path, LIMITS, OFFSET).ok
    verdict = check_program(path, LIMITS, (-590.0, -350.0, -40.0))
    assert [(one.line, one.text) for one in verdict.findings] == [(6, "X-50")]
    assert "X -640.000 is 40.000 mm outside" in verdict.findings[0].reason
