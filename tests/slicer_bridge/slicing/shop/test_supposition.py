import pytest

from slicer_bridge.programs.limits import Dialect, MachineLimits
from slicer_bridge.slicing.shop.block_text import make_block, template_lines
from slicer_bridge.slicing.shop.supposition import Supposition, suppose
from tests.slicer_bridge.programs.test_check_printer import LIMITS
from tests.slicer_bridge.slicing.shop.profiles import START


def supposed(text: str, slot: str = "start_gcode", dialect: Dialect = Dialect.MARLIN) -> Supposition:
    block = make_block(slot, text)
    assert block is not None
    return suppose(block, dialect)


def words(text: str, limits: MachineLimits | None = None) -> set[str]:
    block = make_block("start_gcode", text)
    assert block is not None
    return set(suppose(block, Dialect.MARLIN, limits).approval.words)


@pytest.mark.parametrize(
    ("template", "lines"),
    [
        ("M221 S{if layer_height<0.075}100{else}95{endif}", ["M221 S100", "M221 S95"]),
        ("{if a}G29{endif}", ["G29"]),
        ("{if a}\nG29\n{else}\nG28 W ; home\n{endif}", ["G29", "G28 W"]),
        ("{if a};{elsif b}M900 K2{else}M900 K3{endif}", ["M900 K2", "M900 K3"]),
        ("T[initial_tool]\n; nothing", ["T0"]),
        ("M104 S{first_layer_temperature[initial_extruder] - 60}", ["M104 S100.0"]),
        ("{if a}G1{endif} X{if b}1{else}2{endif}", ["G1 X1", "G1 X2", "X1", "X2"]),
    ],
)
def test_lines_that_a_template_may_become(template: str, lines: list[str]) -> None:
    assert [line.code for line in template_lines(template)] == lines


def test_a_line_of_many_conditions_takes_no_longer_than_another() -> None:
    assert len(list(template_lines("G1 X" + "{if a}1{else}2{endif}" * 60))) <= 256


def test_common_words_need_no_approval_of_their_own() -> None:
    text = "G28\nM190 S[first_layer_bed_temperature]\nM109 S{temperature[0]}\nG1 Z[layer_height] F{travel_speed*60}"
    assert words(text) == set()
    assert not supposed(text).approval.homed, "the checker follows G28 by itself"


@pytest.mark.parametrize(
    ("line", "word", "reason"),
    [
        ("G29 ; level", "G29", "not on this machine's list"),
        ("M997", "M997", "always refused"),
        ("G28 W", "G28", "only XYZ may follow"),
        ("g28", "G28", "in capitals"),
        ("Tx", "TX", "no command"),
        ("G92 X0", "G92", "only E may follow"),
        ('M862.3 P "[printer_model]"', "M862.3", "not on this machine's list"),
        ("{if a}M907 E430{endif}", "M907", "M907"),
    ],
)
def test_words_that_are_refused_elsewhere(line: str, word: str, reason: str) -> None:
    (foreign,) = supposed(f"G28\n{line}").foreign
    assert (foreign.word, foreign.line.number) == (word, 2)
    assert reason in foreign.reason


@pytest.mark.parametrize("line", ["M104 T1 S{temperature[0]}", "G1 Z0.3[first_layer_height]", "m109 S210", "G4 P"])
def test_lines_that_no_approval_lets_pass(line: str) -> None:
    """Anycubic's Mega Zero 2.5.0 has the second; Marlin reads 0.30.2 as it likes."""
    supposition = supposed(f"G28\n{line}\nG29")
    (wrong,) = supposition.wrong
    assert wrong.line.raw == line
    assert supposition.approval.words == {"G29"}


def test_a_machines_own_list_counts() -> None:
    assert words("M600\nM900 K1", LIMITS.model_copy(update={"allow": frozenset({"M600"})})) == set()
    assert words("M600\nM900 K1", LIMITS.model_copy(update={"refuse": frozenset({"M900"})})) == {"M600", "M900"}


def test_a_start_macro_homes_and_heats_as_it_is_told() -> None:
    approval = supposed(START, dialect=Dialect.KLIPPER).approval
    assert approval.words == {"PRINT_START"}
    assert (approval.homed, approval.hotend_c, approval.bed_c) == (True, "profile", "profile")
    assert approval.duration_s > 0


def test_an_end_macro_switches_off() -> None:
    approval = supposed("PRINT_END", "end_gcode", Dialect.KLIPPER).approval
    assert (approval.homed, approval.hotend_c, approval.bed_c) == (False, 0.0, 0.0)


def test_levelling_leaves_heaters_to_the_blocks_own_words() -> None:
    approval = supposed("M109 S[first_layer_temperature]\nG28\nG29\nM420 S1").approval
    assert approval.words == {"G29", "M420"}
    assert (approval.homed, approval.hotend_c, approval.bed_c) == (True, None, None)


@pytest.mark.parametrize(
    ("slot", "text", "returns"),
    [
        ("color_change_gcode", "M600", True),
        ("layer_gcode", "TIMELAPSE_TAKE_FRAME", True),
        ("layer_gcode", "M117 Layer [layer_num]", False),
        ("start_gcode", "G29", False),
    ],
)
def test_blocks_in_mid_print_come_back_to_where_they_were(slot: str, text: str, returns: bool) -> None:
    assert supposed(text, slot, Dialect.KLIPPER).approval.returns == returns


@pytest.mark.parametrize("text", ["", "; only\n; comments", "\n\n"])
def test_comments_are_no_block(text: str) -> None:
    assert make_block("start_gcode", text) is None


def test_what_every_layer_has_by_itself_is_no_block() -> None:
    assert make_block("before_layer_gcode", ";BEFORE\nG92 E0.0\n;[layer_z]") is None
    assert make_block("start_gcode", "G92 E0") is not None
