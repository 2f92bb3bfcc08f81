"""A million lines and more, right and wrong, before the judges: none that some firmware takes for forbidden passes."""

import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from random import Random

import pytest

from slicer_bridge.programs.limits import Dialect
from tests.slicer_bridge.programs.bouts import Bout, Tally
from tests.slicer_bridge.programs.defects import PRINTERS, ROUTERS, Defect
from tests.slicer_bridge.programs.fuzzing import lines_go_wrong, passes, programs_go_wrong
from tests.slicer_bridge.programs.profiles import SHOPS
from tests.slicer_bridge.programs.specimens import OFFSET, Specimen, by_hand, have_slicer, sliced, small_part

SPECIMENS = by_hand()
_LINES = 1_050_000
_SOUGHT = 12_000
"""Lines of each specimen within which a defect shows."""


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda one: one.name)
def test_ordinary_programs_pass_judge_and_firmwares(specimen: Specimen) -> None:
    bout = Bout(specimen.limits, OFFSET)
    for line in specimen.lines:
        assert bout.feed(line) is None, line
    assert bout.checker.finish() == []
    bout.finish()


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda one: one.name)
def test_nothing_forbidden_passes(specimen: Specimen) -> None:
    tally = lines_go_wrong(specimen, Random(1), 2_000) + programs_go_wrong(specimen, Random(2), 3_000)
    assert tally.lines >= 5_000
    assert tally.refused > tally.mutants / 5


def found_out(specimens: list[Specimen], lines: int) -> str:
    """What passed a judge with a defect, or which ordinary line it refuses; empty if there is nothing."""
    for seed in range(6):
        for specimen in specimens:
            try:
                programs_go_wrong(specimen, Random(seed), lines // 12)
                lines_go_wrong(specimen, Random(seed), lines // 12)
            except AssertionError as found:
                return str(found)
    return ""


@pytest.mark.proof(share=0.0045, group="defects of judges")
@pytest.mark.parametrize("defect", PRINTERS, ids=lambda one: one.name)
def test_defects_of_printers_judges_are_found_out(monkeypatch: pytest.MonkeyPatch, defect: Defect) -> None:
    defect.plant(monkeypatch)
    assert found_out([one for one in SPECIMENS if one.limits.dialect is not Dialect.GRBL], _SOUGHT)


@pytest.mark.proof(share=0.0045, group="defects of judges")
@pytest.mark.parametrize("defect", ROUTERS, ids=lambda one: one.name)
def test_defects_of_routers_judges_are_found_out(monkeypatch: pytest.MonkeyPatch, defect: Defect) -> None:
    defect.plant(monkeypatch)
    assert found_out([one for one in SPECIMENS if one.limits.dialect is Dialect.GRBL], _SOUGHT)


def real_specimens() -> Iterator[Specimen]:
    if not have_slicer():
        return
    for shop in SHOPS:
        with tempfile.TemporaryDirectory() as folder:
            lines = sliced(Path(folder), small_part(), shop.settings)
        yield Specimen(shop.name, shop.limits, lines)


@pytest.mark.proof(share=0.03)
def test_a_million_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compiled = tmp_path if find_spec("numba") is not None else None
    specimens = [*SPECIMENS, *real_specimens()]
    for specimen in specimens:
        assert passes(specimen) == ""
    seed, each, total = 0, _LINES // len(specimens) // 6, Tally()
    while total.lines < _LINES:
        seed += 1
        for specimen in specimens:
            total += lines_go_wrong(specimen, Random(seed), each)
            total += programs_go_wrong(specimen, Random(-seed), each, compiled)
    with capsys.disabled():
        print(
            f"\n{total.lines} lines of {total.mutants} mutants of {len(specimens)} programs judged, "
            f"{total.refused} mutants refused: nothing forbidden passed"
        )
    assert total.lines >= 1_000_000
    assert total.refused > total.mutants / 5
