"""Plates in a shop's own profile: what PrusaSlicer makes of it, and what the checker says to that."""

import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from slicer_bridge.errors import SlicerFailed
from slicer_bridge.plates.plate import PlacedPart, Placement, plate_mesh
from slicer_bridge.programs.blocks import BlockKind
from slicer_bridge.programs.check import ProgramChecker, check_program
from slicer_bridge.slicing.profile import FilamentProfile, Recipe
from slicer_bridge.slicing.shop.approval import approved
from slicer_bridge.slicing.shop.composed import composed_settings
from slicer_bridge.slicing.shop.machine_fit import limits_from_profile
from slicer_bridge.slicing.shop.marks import Marks, new_nonce
from slicer_bridge.slicing.shop.supposition import suppose
from slicer_bridge.slicing.sliced import read_sliced
from tests.slicer_bridge.shapes import write_box
from tests.slicer_bridge.slicing.shop.plates import (
    KLIPPER,
    LEVEL,
    MARLIN,
    PRINTER,
    as_it_looks,
    needs_slicer,
    profile,
    refused,
    sliced,
)


@needs_slicer
def test_a_print_start_macro_has_its_own_lines(tmp_path: Path) -> None:
    own = profile()
    result = sliced(tmp_path, as_it_looks(own, KLIPPER))
    limits = limits_from_profile(own, KLIPPER)
    assert refused(result, limits) == []
    lines = result.program.read_text().split("\n")
    start, end = result.blocks
    assert lines[start.first - 1 : start.last] == ["PRINT_START BED=60 EXTRUDER=215"]
    assert lines[end.first - 1 : end.last] == ["PRINT_END"]
    assert (start.kind, start.effects.homed, start.effects.hotend_c) == (BlockKind.START, True, 215.0)
    assert result.provenance.profile_sha256 == own.sha256
    assert result.filament_g > 0


@needs_slicer
def test_its_words_pass_nowhere_else(tmp_path: Path) -> None:
    own = profile()
    result = sliced(tmp_path, as_it_looks(own, KLIPPER))
    limits = limits_from_profile(own, KLIPPER)
    assert any("PRINT_START is not on" in why for why in refused(replace(result, blocks=()), limits))
    lines = result.program.read_text().split("\n")
    middle = len(lines) // 2
    lines.insert(middle, "PRINT_START BED=60 EXTRUDER=215")
    checker = ProgramChecker(limits, None, result.blocks)
    assert [checker.feed(line) is None for line in lines][middle] is False


@needs_slicer
def test_a_block_that_is_said_not_to_home_does_not(tmp_path: Path) -> None:
    own = profile()
    wrong = [replace(suppose(block, KLIPPER).approval, homed=False) for block in own.blocks]
    result = sliced(tmp_path, approved(own, wrong))
    assert any("moves before it was homed" in why for why in refused(result, limits_from_profile(own, KLIPPER)))


@needs_slicer
def test_mesh_levelling_on_marlin(tmp_path: Path) -> None:
    own = profile(gcode_flavor="marlin", start_gcode=LEVEL, end_gcode="M104 S0\\nM140 S0\\nG1 E-2 F600\\nG28 X\\nM84")
    result = sliced(tmp_path, as_it_looks(own, MARLIN))
    assert refused(result, limits_from_profile(own, MARLIN)) == []
    assert {"G29 is not on this machine's list", "M420 is not on this machine's list"} <= set(
        refused(replace(result, blocks=()), limits_from_profile(own, MARLIN))
    )


@needs_slicer
def test_blocks_of_layers_and_filament_too(tmp_path: Path) -> None:
    own = profile(
        start_filament_gcode='"SET_PRESSURE_ADVANCE ADVANCE=0.05"',
        end_filament_gcode='"M117 done"',
        before_layer_gcode=";BEFORE\\nM117 Layer [layer_num]\\nG92 E0",
        layer_gcode="TIMELAPSE_TAKE_FRAME",
        use_relative_e_distances="0",
    )
    result = sliced(tmp_path, as_it_looks(own, KLIPPER))
    assert refused(result, limits_from_profile(own, KLIPPER)) == []
    kinds = [block.kind for block in result.blocks]
    assert kinds.count(BlockKind.LAYER) == 2 * result.layers.count
    lines = result.program.read_text().split("\n")
    assert {lines[block.last - 1] for block in result.blocks if "TIMELAPSE_TAKE_FRAME" in block.words} == {
        "TIMELAPSE_TAKE_FRAME"
    }


COLOURS = """<?xml version="1.0" encoding="utf-8"?>
<custom_gcodes_per_print_z>
<code print_z="1" type="0" extruder="1" color="#FF0000" extra="" gcode="M600"/>
<mode value="SingleExtruder"/>
</custom_gcodes_per_print_z>"""


@needs_slicer
def test_a_change_of_colour_has_its_own_lines(tmp_path: Path) -> None:
    """No order asks for one yet: PrusaSlicer is told of it in its own way."""
    own = profile(gcode_flavor="marlin", start_gcode=LEVEL, color_change_gcode="M600\\nG1 E0.3 F1500")
    shop, nonce = as_it_looks(own, MARLIN), new_nonce()
    part = PlacedPart(write_box(tmp_path / "box.stl", (12, 12, 2)), "box", (Placement(50, 50),))
    plate_mesh((part,), tmp_path / "plate.3mf")
    with zipfile.ZipFile(tmp_path / "plate.3mf", "a") as plate:
        plate.writestr("Metadata/Prusa_Slicer_custom_gcode_per_print_z.xml", COLOURS)
    settings = composed_settings(shop, PRINTER, Recipe(), FilamentProfile("PLA"), nonce)
    (tmp_path / "settings.ini").write_text(settings)
    call = ["prusa-slicer", "-g", "--load", "settings.ini", "--dont-arrange", "--datadir", str(tmp_path / "data")]
    subprocess.run([*call, "-o", "o.gcode", "plate.3mf"], cwd=tmp_path, check=True, capture_output=True)
    blocks = read_sliced(tmp_path / "o.gcode", tmp_path / "clean.gcode", "PLA", Marks(nonce, shop)).blocks
    start, change, _ = blocks
    assert [start.kind, change.kind] == [BlockKind.START, BlockKind.CHANGE]
    lines = (tmp_path / "clean.gcode").read_text().split("\n")
    assert lines[change.first - 1 : change.last] == ["M600", "G1 E0.3 F1500"]
    limits = limits_from_profile(own, MARLIN)
    assert check_program(tmp_path / "clean.gcode", limits, None, blocks).findings == ()
    (only,) = check_program(tmp_path / "clean.gcode", limits, None, (start, blocks[2])).findings
    assert only.reason == "M600 is not on this machine's list"


@needs_slicer
def test_the_same_plate_gives_the_same_bytes_and_no_mark_is_left(tmp_path: Path) -> None:
    shop = as_it_looks(profile(), KLIPPER)
    first, again = sliced(tmp_path, shop), sliced(tmp_path, shop)
    assert (first.sha256, first.settings_sha256, first.blocks) == (again.sha256, again.settings_sha256, again.blocks)
    assert "llagar" not in first.program.read_text()


@needs_slicer
@pytest.mark.parametrize(
    "name", ["; llagar 00 start_gcode begins", "x\nPRINT_START\nM997", "[printer_model]{M997}", "PRINT_START"]
)
def test_a_parts_name_can_not_pass_for_a_block(tmp_path: Path, name: str) -> None:
    shop = as_it_looks(profile(), KLIPPER)
    result = sliced(tmp_path, shop, name=name)
    assert len(result.blocks) == 2
    assert refused(result, limits_from_profile(shop.profile, KLIPPER)) == []
    assert "M997" not in [line.partition(";")[0].strip() for line in result.program.read_text().split("\n")]


@needs_slicer
def test_a_template_that_prusaslicer_does_not_understand(tmp_path: Path) -> None:
    with pytest.raises(SlicerFailed, match="made no program"):
        sliced(tmp_path, as_it_looks(profile(start_gcode="PRINT_START A={no_such_value}"), KLIPPER))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["box.stl"]
