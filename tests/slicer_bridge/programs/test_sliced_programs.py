"""No program that PrusaSlicer makes with a profile that fits the machine is refused."""

from pathlib import Path

import pytest

from slicer_bridge.programs.check import check_program
from tests.slicer_bridge.programs.bouts import Bout
from tests.slicer_bridge.programs.profiles import SHOPS, Shop
from tests.slicer_bridge.programs.specimens import OFFSET, have_slicer, sliced, sliced_file, small_part
from tests.slicer_bridge.shapes import real_file

pytestmark = pytest.mark.skipif(not have_slicer(), reason="PrusaSlicer is not installed")
_REAL = ("Voron-0__A_Idler_Upper_x1.stl",)


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


def real_parts() -> list[Path]:
    folder = real_file("stl", *_REAL).parent
    return sorted(
        (path for path in folder.glob("*.stl") if path.stat().st_size < 3_000_000), key=lambda path: path.name
    )


@pytest.mark.proof(share=0.01)
def test_programs_of_real_parts_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As many as a few minutes allow; parts that PrusaSlicer itself takes no program from are left out."""
    judged = lines = 0
    for number, part in enumerate(real_parts()[:12]):
        shop = SHOPS[(number * 5) % 16]
        try:
            lines += len(sliced_file(tmp_path, part, shop.settings))
        except Exception as error:  # noqa: BLE001
            print(error)
            continue
        verdict = check_program(tmp_path / "out.gcode", shop.limits)
        assert verdict.findings == (), f"{part.name} by {shop.name}: {verdict.findings[:3]}"
        judged += 1
    with capsys.disabled():
        print(f"\n{judged} programs of real parts, {lines} lines: none refused")
    assert judged >= 6
