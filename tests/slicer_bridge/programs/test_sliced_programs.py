"""No program that PrusaSlicer makes with a profile that fits the machine is refused."""

from pathlib import Path

import pytest

from slicer_bridge.programs.check import check_program
from tests.slicer_bridge.programs.bouts import Bout
from tests.slicer_bridge.programs.profiles import SHOPS, Shop
from tests.slicer_bridge.programs.specimens import OFFSET, have_slicer, sliced, sliced_file, small_part
from tests.slicer_bridge.shapes import real_file

pytestmark = pytest.mark.skipif(not have_slicer(), reason="PrusaSlicer is not installed")
_REAL = (
    "Voron-0__M2_Nut_Adapter_Rotated_x5.stl",
    "Stethoscope__ring.stl",
    "Original-Prusa-i3__y-rod-holder.stl",
)


@pytest.mark.parametrize("shop", SHOPS, ids=lambda shop: shop.name)
def test_programs_of_right_profiles_pass(tmp_path: Path, shop: Shop) -> None:
    lines = sliced(tmp_path, small_part(), shop.settings)
    verdict = check_program(tmp_path / "out.gcode", shop.limits)
    assert verdict.findings == (), f"{verdict.refused} of {len(lines)}"
    assert verdict.lines == len(lines)


@pytest.mark.parametrize("shop", SHOPS[:1] + SHOPS[-1:], ids=lambda shop: shop.name)
def test_the_firmwares_find_nothing_wrong_with_them_either(tmp_path: Path, shop: Shop) -> None:
    bout = Bout(shop.limits, OFFSET)
    for line in sliced(tmp_path, small_part(), shop.settings):
        assert bout.feed(line) is None, line
    bout.finish()


@pytest.mark.proof(share=0.0027)
def test_programs_of_real_parts_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = 0
    for number, name in enumerate(_REAL):
        shop = SHOPS[number * 5]
        lines += len(sliced_file(tmp_path, real_file("stl", name), shop.settings))
        verdict = check_program(tmp_path / "out.gcode", shop.limits)
        assert verdict.findings == (), f"{name} by {shop.name}: {verdict.findings[:3]}"
    with capsys.disabled():
        print(f"\n{len(_REAL)} programs of real parts, {lines} lines: none refused")
