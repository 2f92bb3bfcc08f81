"""What is read from GRBL's answers and from a program's lines, without a machine."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.grbl.answers import SIGN, Message, Welcome, read_line
from drivers.grbl.codes import alarm, error
from drivers.grbl.firmware import Firmware, Flavour, firmware_of
from drivers.grbl.lines import MAX_LINE_NUMBER, lasts, numbered, shifts, tool_change
from drivers.grbl.modal import read_modal
from drivers.grbl.offsets import read_offsets
from drivers.grbl.progress import SEGMENTS_S, Progress, surely_executed
from drivers.grbl.reports import Report, Triple, read_report
from tests.drivers.transcripts import said_by_machine


@pytest.mark.parametrize(
    ("name", "firmware"),
    [
        ("grbl_hello", "Grbl 1.1h.20190825"),
        ("grbl_hal_hello", "grblHAL 1.1f.20250731"),
        ("grbl_fluidnc_hello", "FluidNC v3.7.18"),
        ("marlin_hello", ""),
    ],
)
def test_each_firmware_is_known_by_its_sign(name: str, firmware: str) -> None:
    assert SIGN.recognise(said_by_machine(name).decode("latin-1")) == firmware


@pytest.mark.parametrize(
    ("banner", "firmware"),
    [
        ("Grbl 1.1h ['$' for help]", "Grbl 1.1h"),
        ("GrblHAL 1.1f ['$' or '$HELP' for help]", "grblHAL 1.1f"),
        ("Grbl 3.7 [FluidNC v3.7.18 (esp32-wifi) '$' for help]", "FluidNC v3.7.18"),
        ("Grbl 4.0 [FluidNC v4.0.5-pre2 (esp32s3-noradio) '$' for help]", "FluidNC v4.0.5-pre2"),
        ("garbage\r\n\xffGrbl 0.9j ['$' for help]", "Grbl 0.9j"),
        ("Grbl", ""),
        ("ok", ""),
        ('start\necho:Unknown command: "$I"\nok', ""),
    ],
)
def test_a_banner_is_enough(banner: str, firmware: str) -> None:
    assert SIGN.recognise(f"\r\n{banner}\r\n") == firmware


def facts(name: str) -> Firmware:
    welcome, messages = "", dict[str, str]()
    for raw in said_by_machine(name).decode("latin-1").splitlines():
        match read_line(raw):
            case Message(kind, text):
                messages[kind] = text
            case Welcome(text):
                welcome = text
            case _:
                pass
    return firmware_of(welcome, messages)


def test_sizes_and_abilities_are_what_the_firmware_tells() -> None:
    assert facts("grbl_hello") == Firmware(Flavour.GRBL, "1.1h.20190825", 127, 15, False)
    assert facts("grbl_hal_hello") == Firmware(Flavour.GRBLHAL, "1.1f.20250731", 1023, 100, True)
    assert facts("grbl_fluidnc_hello") == Firmware(Flavour.FLUIDNC, "v3.7.18", None, None, False)
    assert firmware_of("", {}) == Firmware()


@pytest.mark.parametrize(
    ("code", "flavour", "text", "lost"),
    [
        (1, Flavour.GRBL, "hard limit", True),
        (2, Flavour.FLUIDNC, "soft limit", False),
        (10, Flavour.GRBL, "second switch", True),
        (10, Flavour.GRBLHAL, "emergency stop", True),
        (10, Flavour.FLUIDNC, "spindle", False),
        (14, Flavour.GRBLHAL, "spindle", False),
        (14, Flavour.FLUIDNC, "homed first", True),
        (15, Flavour.GRBL, "doesn't know", True),
        (99, Flavour.GRBLHAL, "doesn't know", True),
    ],
)
def test_alarms_mean_what_their_firmware_means(code: int, flavour: Flavour, text: str, lost: bool) -> None:
    meaning = alarm(code, flavour)
    assert text in meaning.text
    assert meaning.position_lost is lost


def test_errors_mean_what_their_firmware_means() -> None:
    assert error(20, Flavour.FLUIDNC) == error(20, Flavour.GRBL) == "unsupported or invalid word"
    assert error(38, Flavour.GRBL) == "tool number too high"
    assert error(38, Flavour.FLUIDNC) == "a value is too high"
    assert error(40, Flavour.GRBLHAL) == "not while a tool change is under way"
    assert error(40, Flavour.GRBL) == "unknown to this driver"


@pytest.mark.parametrize(
    ("text", "report"),
    [
        ("Run|WCO:1,2,3|Bf:12,90|MPos:0,0,0,7|Ln:42|FS:600,0,0|Pn:PD", Report("Run", None, (0, 0, 0), offset=(1, 2, 3),
         feed=600, spindle_rpm=0, line=42, blocks_free=12, pins="PD")),
        ("Idle|MPos:0,0,0|FS:0,0|Ov:110,50,90", Report("Idle", None, (0, 0, 0), feed=0, spindle_rpm=0,
         overrides=(110, 50, 90), accessories="")),
        ("Idle|Ov:100,100,100|A:SFM|SD:0.4,a.nc|MPG:1|H:1,7|T:3|SP1:0,,|In:-1|AR", Report("Idle",
         overrides=(100, 100, 100), accessories="SFM")),
        ("Alarm:1|F:500", Report("Alarm", 1, feed=500)),
    ],
)  # fmt: skip
def test_reports_are_read_whatever_else_stands_in_them(text: str, report: Report) -> None:
    assert read_report(text) == report


def test_modes_come_back_as_they_were() -> None:
    """The feed is told in mm/min, G20 or not: F254 is ten inches a minute (gnea/grbl 1.1h after `G20 F10`)."""
    modal = read_modal("G1 G55 G17 G20 G91 G94 G49 G98 M3 M7 M8 T3 F254 S8000.")
    assert (modal.spindle_line(), modal.coolant, modal.tool) == ("M3S8000", ("M7", "M8"), 3)
    assert modal.motion_line() == "G1G55G17G20G91G94F10.000"
    assert modal.motion_line(told_in_inches=True) == "G1G55G17G20G91G94F254"
    metric = read_modal("G1 G54 G17 G21 G90 G94 M5 M9 T0 F10.0 S0")
    assert metric.motion_line(told_in_inches=True) == "G1G54G17G21G90G94F254.000"


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ("G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0", "G0G54G17G21G90G94"),
        ("G1 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0", "G80G54G17G21G90G94"),
        ("G2 G59.1 G18 G21 G90 G94 M5 M9 T0 F100 S0", "G80G59.1G18G21G90G94F100"),
        ("G38.2 G54 G17 G21 G91 G93 M5 M9 T0 F100 S0", "G80G54G17G21G91G93"),
    ],
)
def test_a_mode_that_can_not_come_back_without_a_move_does_not(told: str, line: str) -> None:
    assert read_modal(told).motion_line() == line


def same(place: Triple) -> Triple:
    return place


def test_a_reported_offset_must_be_one_that_the_firmware_holds() -> None:
    told = {"G54": "1,2,3", "G55": "4,5,6", "G92": "0,0,0.5", "TLO": "10", "G28": "7,8,9"}
    offsets = read_offsets(told, same)
    assert offsets.work == (1.0, 2.0, 3.0)
    assert offsets.shift == (0.0, 0.0, 10.5)
    assert offsets.explain((1, 2, 13.5))
    assert offsets.explain((4, 5, 16.503))
    assert not offsets.explain((7, 8, 9))
    assert not offsets.explain((1, 2, 3))
    assert read_offsets({"G54": "1,2,3", "TLO": "0,1,2"}, same).shift == (0, 1, 2)


@pytest.mark.parametrize(
    ("line", "change"),
    [
        ("M6", (None, "")),
        ("m06 t12", (12, "t12")),
        ("N20 T3 M6", (3, "T3")),
        ("M6T1G43H1", (1, "T1G43H1")),
        ("T1", None),
        ("M60", None),
        ("M61Q1", None),
        ("G1X6", None),
        ("M3S6", None),
    ],
)
def test_tool_changes_are_known(line: str, change: tuple[int | None, str] | None) -> None:
    assert tool_change(line) == change


def test_what_outlasts_check_mode_is_known() -> None:
    for line in ("G10L20P1X0", "G28.1", "g30.1", "$H", "$110=5", "M64P0", "M100"):
        assert lasts(line), line
    for line in ("G28", "G1X1", "G92X0", "M30", "M6", "M3S1000", "G43.1Z1"):
        assert not lasts(line), line


def test_what_may_shift_the_offset_is_known() -> None:
    for line in ("G10L20P1X0", "G92X0", "g43.1z1", "G49", "G59.1", "G52 X1"):
        assert shifts(["G1X1", line]), line
    assert not shifts(["G54", "G1X92", "G59", "(G92)", "G4P1", "M30"])


@pytest.mark.parametrize(
    ("line", "number", "sent"),
    [
        ("G1X1", 7, "N7G1X1"),
        ("N100 G1X1", 7, "N7G1X1"),
        ("G1X1N5", 7, "G1X1N5"),
        ("$H", 7, "$H"),
        ("G1X1", MAX_LINE_NUMBER + 1, "G1X1"),
        ("G1X1.000Y1.000Z1.000I1.000J1.000K1.000F1000.000S1000.000(and so on and so)", 1000, None),
    ],
)
def test_lines_get_their_number_where_that_can_be(line: str, number: int, sent: str | None) -> None:
    assert numbered(line, number) == (line if sent is None else sent)


LINES = [f"G1X{n}" for n in range(40)]


def test_executed_is_what_can_not_be_in_the_planner_any_more() -> None:
    assert surely_executed(LINES, 30, 0) == 30
    assert surely_executed(LINES, 30, 15) == 15
    assert surely_executed(LINES, 10, 15) == 0
    assert surely_executed(["G1X1", "G1X2", "F100", "G90", "(X9)", "G1X3"], 6, 2) == 1
    assert surely_executed(["G1X1", "G1X2", "G1X2", "G1X2", "G1X3"], 5, 2) == 1, "a move to where it is takes no place"


COORDINATE = st.sampled_from((0.0, 0.01, 1.0, 2.0, 5.0))


@given(st.lists(st.tuples(st.booleans(), COORDINATE), max_size=60), st.integers(1, 20), st.booleans())
@settings(deadline=None)
def test_executed_is_never_more_than_what_a_planner_has_let_go(
    program: list[tuple[bool, float]], queued: int, absolute: bool
) -> None:
    """A planner in which each move that is no shorter than a step of 0.01 takes a place."""
    lines, planned, at = list[str](), list[int](), 0.0
    for number, (moves, x) in enumerate(program):
        lines.append(f"G1X{x}" if moves else "F100")
        target = (x if absolute else at + x) if moves else at
        if abs(target - at) > 0.005:
            planned.append(number)
        at = target
    waiting = planned[-queued:] if len(planned) >= queued else planned
    truly = waiting[0] if waiting else len(lines)
    # Of a planner that isn't full the number of free blocks is told.
    assert surely_executed(lines, len(lines), len(waiting)) <= truly


def test_what_lies_in_the_segment_buffer_is_not_told_yet() -> None:
    progress = Progress()
    progress.blocks = 15
    progress.begin(LINES)
    full = Report("Run", acked=30, blocks_free=0)
    progress.heard(full, 1.0)
    assert progress.executed == 0
    progress.heard(full, 1.0 + SEGMENTS_S / 2)
    assert progress.executed == 0
    progress.heard(Report("Run", acked=40, blocks_free=0), 1.0 + 2 * SEGMENTS_S)
    assert progress.executed == 15
    progress.heard(Report("Hold", 0, acked=40, blocks_free=0), 2.0)
    progress.heard(full, 3.0)
    assert progress.executed == 15
    progress.synced(40)
    assert progress.executed == 40


def test_line_numbers_tell_what_is_behind_the_one_under_way() -> None:
    progress = Progress()
    progress.begin(LINES)
    for at, line in enumerate((5, 9, 9, 7)):
        progress.heard(Report("Run", line=line, acked=20), float(at))
    assert progress.executed == 8
    progress.heard(Report("Run", line=3000, acked=20), 9.0)
    progress.heard(Report("Run", line=3000, acked=20), 10.0)
    assert progress.executed == 20, "never more than was acknowledged"
