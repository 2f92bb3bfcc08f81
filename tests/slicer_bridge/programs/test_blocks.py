import pytest

from slicer_bridge.programs.blocks import BlockKind, BlockSpan, Effects
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
