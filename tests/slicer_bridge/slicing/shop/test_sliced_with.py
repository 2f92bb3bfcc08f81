"""Plates in a shop's own profile: what PrusaSlicer makes of it, and what the checker says to that."""

import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from slicer_bridge.errors import BadLimits, BlockNotApproved, SlicerFailed
from slicer_bridge.plates.plate import PlacedPart, Placement, plate_mesh
from slicer_bridge.programs.blocks import BlockKind
from slicer_bridge.programs.check import ProgramChecker, check_program
from slicer_bridge.programs.limits import Dialect, MachineLimits
from slicer_bridge.slicing.contract import Engine, SliceResult
from slicer_bridge.slicing.profile import FilamentProfile, PrinterProfile, Recipe
from slicer_bridge.slicing.shop.approval import ApprovedProfile, approved
from slicer_bridge.slicing.shop.bundle import Choice
from slicer_bridge.slicing.shop.composed import composed_settings
from slicer_bridge.slicing.shop.imported import ImportedProfile, import_profile
from slicer_bridge.slicing.shop.machine_fit import bed_of, limits_from_profile
from slicer_bridge.slicing.shop.marks import NO_NONCE, Marks, marked, new_nonce, plainly
from slicer_bridge.slicing.shop.supposition import suppose
from slicer_bridge.slicing.slice import slice_plate
from slicer_bridge.slicing.sliced import read_sliced
from tests.slicer_bridge.shapes import write_box
from tests.slicer_bridge.slicing.shop.profiles import config_ini, vendor

needs_slicer = pytest.mark.skipif(shutil.which("prusa-slicer") is None, reason="PrusaSlicer is not installed")
PRINTER = PrinterProfile("ours", (180, 180), 180)
MARLIN, KLIPPER = Dialect.MARLIN, Dialect.KLIPPER
LEVEL = "G28\\nG29\\nM420 S1\\nM109 S[first_layer_temperature]\\nG92 E0\\nG1 X5 Y5 Z0.3 F600\\nG1 X60 E9 F1000"


def profile(**changed: str | None) -> ImportedProfile:
    return import_profile(config_ini(**changed), "config.ini").profile


def as_it_looks(own: ImportedProfile, dialect: Dialect) -> ApprovedProfile:
    """Every block approved as it is supposed to be."""
    return approved(own, [suppose(block, dialect).approval for block in own.blocks])


def sliced(folder: Path, shop: ApprovedProfile, recipe: Recipe | None = None, name: str = "box") -> SliceResult:
    bed = bed_of(shop.profile)
    printer = PrinterProfile("ours", bed.high, shop.profile.number("max_print_height"), shop.profile.nozzle_mm)
    write_box(folder / "box.stl", (12, 12, 2))
    place = Placement(bed.high[0] / 2, bed.high[1] / 2)
    part = PlacedPart(folder / "box.stl", name, (place,))
    return slice_plate(
        (part,), printer, recipe or Recipe(0.2, 2, 0.2), FilamentProfile("PLA"), folder / "o.gcode", shop=shop
    )


def refused(result: SliceResult, limits: MachineLimits) -> list[str]:
    return [finding.reason for finding in check_program(result.program, limits, None, result.blocks).findings]


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


# Marks --------------------------------------------------------------------------------------------


def marks(nonce: str) -> Marks:
    return Marks(nonce, as_it_looks(profile(), KLIPPER))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["S begins", "x"], "ends within start_gcode"),
        (["S ends"], "don't come in pairs"),
        (["S begins", "S begins"], "don't come in pairs"),
        (["S begins", "E ends"], "don't come in pairs"),
        (["S begins", "x", "S ends"], "end_gcode 0 times"),
        (["S begins", "x", "S ends", "S begins", "x", "S ends", "E begins", "x", "E ends"], "start_gcode 2 times"),
        (["S begins later"], "mark was changed"),
    ],
)
def test_marks_that_were_moved_or_lost(lines: list[str], message: str) -> None:
    nonce = new_nonce()
    whole = {"S": f"; llagar {nonce} start_gcode", "E": f"; llagar {nonce} end_gcode"}

    def read() -> None:
        found, kept = marks(nonce), 0
        for line in lines:
            kept += not found.take(re.sub(r"^[SE]\b", lambda match: whole[match[0]], line), kept)
        found.spans()

    with pytest.raises(SlicerFailed, match=message):
        read()


def test_another_slicings_marks_are_plain_lines() -> None:
    found = marks(new_nonce())
    text = marked("start_gcode", "x", new_nonce())
    assert [found.take(line, 0) for line in text.split("\n")] == [False] * 4


# Composition --------------------------------------------------------------------------------------


def settings(recipe: Recipe, **changed: str | None) -> dict[str, str]:
    text = composed_settings(
        as_it_looks(profile(**changed), KLIPPER), PRINTER, recipe, FilamentProfile("PLA"), NO_NONCE
    )
    return dict(line.split(" = ", 1) for line in text.splitlines())


def test_the_recipe_sets_its_own_keys_and_no_other() -> None:
    plain, other = settings(Recipe()), settings(Recipe(0.28, 5, 1.0, supports=True, brim_mm=3.0))
    changed = {key for key in other if other[key] != plain.get(key)}
    asked = {
        "layer_height",
        "perimeters",
        "fill_density",
        "fill_pattern",
        "brim_type",
        "brim_width",
        "support_material",
    }
    assert changed == asked
    assert plain["first_layer_height"] == "0.2"
    assert settings(Recipe(0.1), first_layer_height="150%")["first_layer_height"] == "0.15"
    assert settings(Recipe(0.2), first_layer_height="0.9")["first_layer_height"] == "0.32"


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(layer_mm=float("nan")),
        Recipe(infill=float("inf")),
        Recipe(perimeters=10**9),
        Recipe(brim_mm=float("nan")),
        Recipe(layer_mm=-1),
    ],
)
def test_hostile_recipes(recipe: Recipe) -> None:
    with pytest.raises(BadLimits):
        settings(recipe)


def test_dangerous_keys_are_always_set_last() -> None:
    found = settings(Recipe())
    empty = (
        "post_process",
        "gcode_substitutions",
        "print_host",
        "printhost_apikey",
        "thumbnails",
        "template_custom_gcode",
    )
    assert {found[key] for key in empty} == {""}
    assert {found[key] for key in ("complete_objects", "spiral_vase", "wipe_tower", "use_firmware_retraction")} == {"0"}
    assert found["gcode_label_objects"] == found["use_relative_e_distances"] == "1"
    assert found["end_gcode"].endswith("M104 S0\\nM140 S0\\nM107\\n")


@pytest.mark.parametrize(
    ("key", "value"), [("post_process", "/bin/sh"), ("temperature", "210\npost_process = x"), ("printer_model", "{x}")]
)
def test_a_profile_that_was_tampered_with_makes_no_settings(key: str, value: str) -> None:
    own = profile()
    shop = as_it_looks(replace(own, settings={**own.settings, key: value}), KLIPPER)
    with pytest.raises(BadLimits, match=f"{key}: import the profile anew"):
        composed_settings(shop, PRINTER, Recipe(), FilamentProfile("PLA"), NO_NONCE)


def test_z_goes_no_faster_than_the_profile_lets_it() -> None:
    assert settings(Recipe())["travel_speed_z"] == "12"
    assert settings(Recipe(), travel_speed_z="5")["travel_speed_z"] == "5"


def test_blocks_that_are_not_approved() -> None:
    own = profile()
    start, end = (suppose(block, KLIPPER).approval for block in own.blocks)
    with pytest.raises(BlockNotApproved, match=r"not approved: start_gcode .* llagar-agent profile approve"):
        approved(own, [end])
    changed = profile(start_gcode="PRINT_START BED=60 EXTRUDER=280")
    with pytest.raises(BlockNotApproved, match="not approved or has changed since: start_gcode"):
        approved(changed, [start, end])
    with pytest.raises(BlockNotApproved):
        approved(own, [replace(start, kind=BlockKind.END), end])


@needs_slicer
def test_a_profile_is_for_prusaslicer_and_its_own_machine(tmp_path: Path) -> None:
    shop = as_it_looks(profile(), KLIPPER)
    part = PlacedPart(write_box(tmp_path / "box.stl", (5, 5, 5)), "box", (Placement(5, 5),))
    material, out = FilamentProfile("PLA"), tmp_path / "o.gcode"
    with pytest.raises(BadLimits, match="for PrusaSlicer, not for cura"):
        slice_plate((part,), PRINTER, Recipe(), material, out, Engine.CURA, shop=shop)
    with pytest.raises(BadLimits, match=r"nozzle of 0\.4"):
        slice_plate((part,), replace(PRINTER, nozzle_mm=0.6), Recipe(), material, out, shop=shop)


# Vendors ------------------------------------------------------------------------------------------

VENDORS = [
    ("PrusaResearch", "Original Prusa i3 MK3S & MK3S+", "", "", MARLIN),
    ("PrusaResearch", "Original Prusa i3 MK3S & MK3S+ 0.6 nozzle", "", "Generic PETG", MARLIN),
    ("PrusaResearch", "Original Prusa MINI & MINI+", "", "Generic ABS @MINI", MARLIN),
    ("PrusaResearch", "Original Prusa i3 MK2S", "", "", MARLIN),
    ("Creality", "Creality Ender-3 (0.4 mm nozzle)", "", "Generic PLA @CREALITY", MARLIN),
    ("Creality", "Creality Ender-3 BLTouch (0.6 mm nozzle)", "", "Generic PETG @CREALITY", MARLIN),
    ("Anycubic", "Anycubic 4Max Pro 2.0", "", "", MARLIN),
    ("Artillery", "Artillery Sidewinder X1", "", "", MARLIN),
    ("Elegoo", "Elegoo Neptune-2", "", "", MARLIN),
    ("Zonestar", "Zonestar Z6", "", "", MARLIN),
    ("INAT", "Proton X Rail", "", "", MARLIN),
    ("Infinity3D", "Infinity3D DEV-200", "", "", MARLIN),
    ("Snapmaker", "Snapmaker A250", "", "", MARLIN),
    ("Ultimaker", "Ultimaker 2", "", "", MARLIN),
    ("Voron", "Voron_v2_300_afterburner 0.4 nozzle", "0.2mm 0.4nozzle V2", "Basic ABS @VORON", KLIPPER),
    ("RatRig", "RatRig V-Core-3-300", "", "", KLIPPER),
]


@needs_slicer
@pytest.mark.parametrize(("maker", "printer", "print_", "filament", "dialect"), VENDORS)
def test_no_vendors_program_is_refused(
    tmp_path: Path, maker: str, printer: str, print_: str, filament: str, dialect: Dialect
) -> None:
    """Approved as they look, within the limits that follow from the profile."""
    own = import_profile(vendor(maker), f"{maker}.ini", Choice(printer, print_, filament)).profile
    result = sliced(tmp_path, as_it_looks(own, dialect))
    assert refused(result, limits_from_profile(own, dialect)) == []
    assert result.blocks


@needs_slicer
@pytest.mark.parametrize(
    ("maker", "printer", "reason"),
    [
        ("Anycubic", "Anycubic Mega Zero", "G1: what follows is not a letter and a plain number each, once"),
        ("LulzBot", "Taz6 Aero 0.5mm", "an absolute E whose start nobody knows: G92 E0 comes first"),
    ],
)
def test_what_two_makers_should_put_right(tmp_path: Path, maker: str, printer: str, reason: str) -> None:
    """`G1 Z0.30.2`; and absolute filament after words of their own. One line each, which its owner corrects."""
    own = import_profile(vendor(maker), f"{maker}.ini", Choice(printer)).profile
    result = sliced(tmp_path, as_it_looks(own, MARLIN))
    assert refused(result, limits_from_profile(own, MARLIN)) == [reason]


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("G21 \t\t; metric\n", "G21 ; metric\n"),
        ("G1 Z+0.5  E-5;up\n", "G1 Z0.5 E-5 ;up\n"),
        ("; G1  X+1\n", "; G1  X+1\n"),
        ("PRINT_START A=+1\n", "PRINT_START A=+1\n"),
        ("\n", "\n"),
    ],
)
def test_lines_of_blocks_are_written_plainly(line: str, plain: str) -> None:
    assert plainly(line) == plain
