from dataclasses import replace

import pytest
from pydantic import TypeAdapter

from slicer_bridge.programs.blocks import BlockKind, BlockSpan, Effects, first_word
from slicer_bridge.programs.check import ProgramChecker
from slicer_bridge.programs.limits import Dialect, MachineLimits
from tests.slicer_bridge.programs.test_check_printer import LIMITS

KLIPPER = LIMITS.model_copy(update={"dialect": Dialect.KLIPPER})
START = BlockSpan(
    BlockKind.START,
    first=1,
    last=2,
    sha256="0" * 64,
    words=frozenset({"PRINT_START", "G29"}),
    effects=Effects(homed=True, hotend_c=210.0, bed_c=60.0, duration_s=300.0, position_mm=(5.0, 5.0, 10.0)),
)


def verdicts(lines: list[str], *blocks: BlockSpan, limits: MachineLimits = KLIPPER) -> list[str | None]:
    checker = ProgramChecker(limits, None, blocks)
    return [checker.feed(line) for line in lines]


def test_a_block_uses_its_words_and_leaves_what_is_declared() -> None:
    lines = ["PRINT_START BED_TEMP=60 EXTRUDER_TEMP=210", "M83", "G1 X20 Y20 F3000", "G1 X40 E1"]
    assert verdicts(lines, START) == [None] * 4
    checker = ProgramChecker(KLIPPER, None, (START,))
    for line in lines:
        checker.feed(line)
    assert (checker.end.hotend_c, checker.end.bed_c) == (210, 60)
    assert checker.moves_s > 300


def test_its_words_are_refused_anywhere_else() -> None:
    assert verdicts(["PRINT_START"])[0] is not None
    assert verdicts(["M83", "M83", "PRINT_START"], START)[2] is not None
    assert verdicts(["PRINT_END"], START)[0] is not None


@pytest.mark.parametrize("line", ["M104 S300", "G1 X500 F3000", "G1 X5 F90000", "PRINT_START A=\x07", "M112"])
def test_limits_hold_inside_a_block(line: str) -> None:
    assert verdicts([line], START)[0] is not None


def test_blocks_do_not_overlap() -> None:
    with pytest.raises(ValueError, match="overlap"):
        ProgramChecker(KLIPPER, None, (START, START))


def test_a_blocks_word_may_be_written_as_nowhere_else() -> None:
    """Vendors' blocks home `G28 W` and shift `G92 X0`: what these do is unknown until it is declared or moved."""
    block = replace(START, words=frozenset({"G28", "G92", "TX"}), last=4)
    lines = ["G28 W", "G92 X0", "Tx", "G1 X5 F1000"]
    assert verdicts(lines, block) == [None] * 4
    assert None not in verdicts(lines[:3], replace(block, words=frozenset({"G1"})))
    assert verdicts(["G28 W", "M104 S300"], replace(block, words=frozenset({"G28", "M104"})))[1] is not None


@pytest.mark.parametrize(("dialect", "fits"), [(Dialect.KLIPPER, True), (Dialect.MARLIN, False)])
def test_macros_of_many_values_go_to_klipper_alone(dialect: Dialect, fits: bool) -> None:
    line = "PRINT_START " + " ".join(f"VALUE_{number}={number}" for number in range(10))
    limits = LIMITS.model_copy(update={"dialect": dialect})
    assert (verdicts([line], START, limits=limits)[0] is None) == fits


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("G01 X1", "G1"),
        ("G28W", "G28W"),
        ("Tx", "TX"),
        ("M862.3 P 1", "M862.3"),
        ("print_start A=1", "PRINT_START"),
        ("@", ""),
    ],
)
def test_first_words(code: str, word: str) -> None:
    assert first_word(code) == word


AT_HOME = ["G28", "M109 S210", "M83", "G1 X50 Y50 Z1 F600"]


@pytest.mark.parametrize(
    ("line", "returns", "known"),
    [
        ("M117 Layer 3", False, True),
        ("SET_PRESSURE_ADVANCE ADVANCE=0.05", False, True),
        ("G29", False, False),
        ("G29", True, True),
    ],
)
def test_where_the_head_is_after_a_block(line: str, returns: bool, known: bool) -> None:
    """Words that move nothing leave it where it was; of others the owner says that they bring it back."""
    words = frozenset({"M117", "SET_PRESSURE_ADVANCE", "G29"})
    block = BlockSpan(BlockKind.LAYER, 5, 5, "0" * 64, words, Effects(returns=returns))
    limits = KLIPPER if "_" in line else LIMITS
    assert (verdicts([*AT_HOME, line, "G91", "G1 X1"], block, limits=limits)[-1] is None) == known


def test_filament_is_drawn_back_at_the_end_by_a_hotend_that_was_just_switched_off() -> None:
    lines = [*AT_HOME, "M104 S0", "G1 E-2 F600"]
    block = BlockSpan(BlockKind.END, 5, 6, "0" * 64)
    assert verdicts(lines, block)[-1] is None
    assert verdicts(lines)[-1] is not None
    assert verdicts(["G28", "M83", *lines[-2:]], replace(block, first=3, last=4))[-1] is not None, "it was never hot"


def test_blocks_go_through_json_unchanged() -> None:
    adapter = TypeAdapter(tuple[BlockSpan, ...])
    assert adapter.validate_json(adapter.dump_json((START,))) == (START,)


@pytest.mark.parametrize(
    "line",
    ["PRINT_START BED_TEMP=101", "PRINT_START EXTRUDER_TEMP=251", "PRINT_START CHAMBER=40", "print_start BED=101"],
)
def test_temperatures_that_a_macro_is_given_are_judged(line: str) -> None:
    assert "°C" in str(verdicts([line], START)[0])


def test_what_is_declared_must_be_within_the_limits_too() -> None:
    for effects in (Effects(hotend_c=300.0), Effects(position_mm=(500.0, None, None)), Effects(bed_c=200.0)):
        block = replace(START, effects=effects)
        assert "declared of the start block" in str(verdicts(["PRINT_START", "PRINT_START"], block)[1])


def test_a_program_has_its_blocks_whole() -> None:
    checker = ProgramChecker(KLIPPER, None, (START,))
    assert checker.feed("PRINT_START") is None
    assert "lines 1 to 2" in checker.finish()[-1]


def test_words_that_set_what_is_judged_are_judged_in_blocks_too() -> None:
    block = replace(START, words=frozenset({"M104", "G1", "M220"}))
    for line in ("M104 S999 X", "G1 X500 F3000 Q1", "M220 S900", "G01 X500 F3000"):
        assert verdicts([line], block)[0] is not None, line


def test_a_start_block_may_prime_before_its_program_says_how_e_counts() -> None:
    lines = ["G28", "M109 S210", "G1 X50 Y5 F3000", "G1 X90 E3", "G1 X50 E6"]
    block = BlockSpan(BlockKind.START, 1, 4, "0" * 64)
    assert verdicts(lines, block, limits=LIMITS) == [None] * 4 + verdicts(lines, limits=LIMITS)[3:4]
