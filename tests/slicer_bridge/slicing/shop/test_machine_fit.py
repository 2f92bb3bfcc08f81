from pathlib import Path

import pytest

from slicer_bridge.errors import BadLimits
from slicer_bridge.programs.limits import Dialect, load_limits
from slicer_bridge.slicing.profile import PrinterProfile
from slicer_bridge.slicing.shop.imported import ImportedProfile, import_profile
from slicer_bridge.slicing.shop.machine_fit import check_fit, differences, limits_from_profile, limits_text
from slicer_bridge.slicing.shop.profile_file import load_profile_file, profile_text
from tests.slicer_bridge.slicing.shop.profiles import config_ini

PRINTER = PrinterProfile("ours", (180, 180), 180)


def profile(**changed: str | None) -> ImportedProfile:
    return import_profile(config_ini(**changed), "config.ini").profile


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"nozzle_diameter": "0.6"}, "for a nozzle of 0.6 mm, ours has one of 0.4"),
        ({"bed_shape": "-90x-90,90x-90,90x90,-90x90"}, "its bed begins at -90, -90"),
        ({"bed_shape": "0x0,120x0,120x120,0x120"}, "its bed ends at 120 mm, ours is 180 mm wide"),
        ({"bed_shape": "0x0,180x0,180x120,0x120"}, "ours is 180 mm deep"),
    ],
)
def test_another_machines_profile(changed: dict[str, str | None], message: str) -> None:
    check_fit(profile(), PRINTER)
    with pytest.raises(BadLimits, match=message):
        check_fit(profile(**changed), PRINTER)


def test_a_larger_bed_and_other_limits_are_told() -> None:
    own = profile(bed_shape="5x5,220x5,220x220,5x220", max_print_height="250", travel_speed="400", temperature="230")
    limits = limits_from_profile(profile(filament_diameter="2.85"), Dialect.KLIPPER)
    told = "\n".join(differences(own, PRINTER, limits))
    for said in (
        "X from 5 to 220",
        "height: 250",
        "max_hotend_c: the profile goes to 230",
        "max_feed_mm_s",
        "filament_mm",
    ):
        assert said in told
    assert differences(profile(), PRINTER, limits_from_profile(profile(), Dialect.KLIPPER)) == ()


def test_limits_hold_the_moves_of_blocks(tmp_path: Path) -> None:
    moves = ("G28", "G1 Y-3 F1000", "G1 X200.2 F12000", "G1 Z5 F900", "G4 S200", "G1 E8 F4200")
    start = "\\n".join((*moves, "G91", "G1 X-500", "G90", "G1 X{x}"))
    limits = limits_from_profile(profile(start_gcode=start), Dialect.MARLIN)
    assert (limits.envelope_mm.x, limits.envelope_mm.y) == ((0, 201), (-3, 180))
    assert (limits.max_feed_mm_s, limits.max_feed_z_mm_s, limits.max_feed_e_mm_s) == (200, 15, 70)
    assert limits.max_dwell_s == 200
    (tmp_path / "limits.toml").write_text(limits_text(limits, "config.ini"))
    assert load_limits(tmp_path / "limits.toml") == limits


def test_purge_lines_count_in_the_flow() -> None:
    start = "G28\\nM83\\nG1 X0 Y0 F1000\\nG1 X100 E25 F3000"
    limits = limits_from_profile(profile(start_gcode=start), Dialect.MARLIN)
    assert limits.max_flow_mm3_s == pytest.approx(25 * 2.405 * 50 / 100, abs=0.1)
    assert limits_from_profile(profile(filament_max_volumetric_speed="0"), Dialect.MARLIN).max_flow_mm3_s is None


# The file -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["G28", "a'''b\\\\c", 'M117 "x"', "M117 \\u00e9'", "G28\\r\\nG29\\n\\n"])
def test_a_profile_comes_back_from_its_file(tmp_path: Path, text: str) -> None:
    own = profile(start_gcode=text)
    (tmp_path / "p.toml").write_text(profile_text(own), encoding="utf-8")
    assert load_profile_file(tmp_path / "p.toml") == own


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("[settings]", '[settings]\npost_process = "/bin/sh"', "post_process is no setting that a profile may hold"),
        ("[settings]", '[settings]\nlayer_height = "0.1"', "layer_height is no setting"),
        ('temperature = "210"', 'temperature = "hot"', "temperature = 'hot': it must be a whole number"),
        ('"marlin"', '"sailfish"', "gcode_flavor must be one of"),
        ("[blocks]", "[blocks]\npost_process = 'x'", "post_process is no block"),
        ('nozzle_diameter = "0.4"\n', "", "nozzle_diameter is missing"),
        ("[blocks]", "[bricks]", "import the profile anew"),
        ("[settings]", "[settings", "can't be read as TOML"),
    ],
)
def test_files_that_were_edited_wrong(tmp_path: Path, before: str, after: str, message: str) -> None:
    text = profile_text(profile())
    assert before in text
    (tmp_path / "p.toml").write_text(text.replace(before, after, 1))
    with pytest.raises(BadLimits, match=message):
        load_profile_file(tmp_path / "p.toml")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadLimits, match="can't be read"):
        load_profile_file(tmp_path / "none.toml")
