from random import Random

import pytest

from tests.slicer_bridge.programs.bouts import Bout
from tests.slicer_bridge.programs.fuzzing import lines_go_wrong, programs_go_wrong
from tests.slicer_bridge.programs.specimens import OFFSET, Specimen, by_hand

SPECIMENS = by_hand()


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda one: one.name)
def test_ordinary_programs_pass_judge_and_firmwares(specimen: Specimen) -> None:
    bout = Bout(specimen.limits, OFFSET)
    for line in specimen.lines:
        assert bout.feed(line) is None, line
    assert bout.checker.finish() == []
    bout.finish()


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda one: one.name)
def test_nothing_forbidden_passes(specimen: Specimen) -> None:
    tally = lines_go_wrong(specimen, Random(1), 2_000) + programs_go_wrong(specimen, Random(2), 4_000)
    assert tally.lines >= 6_000
    assert tally.refused > tally.mutants / 5
