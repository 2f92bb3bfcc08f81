import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from slicer_bridge.errors import BadFile, BadLimits, SlicerFailed
from slicer_bridge.plates.plate import PlacedPart, Placement, plate_mesh
from slicer_bridge.programs.check import check_program
from slicer_bridge.programs.limits import Dialect, Envelope, MachineLimits
from slicer_bridge.slicing.profile import FILAMENTS, PrinterProfile, Recipe, slicer_settings
from slicer_bridge.slicing.slice import SliceLimits, SliceResult, slice_plate
from tests.slicer_bridge.shapes import l_shape, real_file, stl_bytes, write_box

PRINTER = PrinterProfile("small", (180, 180), 180)
LIMITS = MachineLimits(
    dialect=Dialect.MARLIN,
    envelope_mm=Envelope(x=(0, 180), y=(0, 180), z=(0, 180)),
    max_feed_mm_s=PRINTER.travel_mm_s,
    max_feed_z_mm_s=PRINTER.z_mm_s,
    max_feed_e_mm_s=PRINTER.retract_mm_s,
    max_hotend_c=260,
    max_bed_c=110,
    max_flow_mm3_s=15,
)
COARSE = Recipe(layer_mm=0.3, perimeters=1, infill=0.1)
FLAT = (1.0, 0, 0, 0, 0, -1, 0, 1, 0)
"""Turned about x: what looked along y looks up."""
HANGING = (1.0, 0, 0, 0, 0, 1, 0, -1, 0)
"""An L on its short arm's end: the long arm hangs over."""

needs_slicer = pytest.mark.skipif(shutil.which("prusa-slicer") is None, reason="PrusaSlicer is not installed")


def sliced(tmp_path: Path, *parts: PlacedPart, material: str = "PLA", recipe: Recipe = COARSE) -> SliceResult:
    return slice_plate(parts, PRINTER, recipe, FILAMENTS[material], tmp_path / "out.gcode")


def l_part(tmp_path: Path, *placements: Placement) -> PlacedPart:
    (tmp_path / "l.stl").write_bytes(stl_bytes(l_shape()))
    return PlacedPart(tmp_path / "l.stl", "l bracket", placements)


@needs_slicer
def test_copies_land_exactly_where_they_were_put(tmp_path: Path) -> None:
    places = (Placement(10, 20), Placement(70, 20), Placement(100, 90, 90), Placement(60, 150, 215.5))
    result = sliced(tmp_path, l_part(tmp_path, *places))
    boxes = {one.label: one for one in result.objects}
    assert len(boxes) == 4
    first = boxes["000-l-bracket copy 0"]
    assert (*first.low, *first.high) == pytest.approx((10, 20, 40, 40), abs=0.6)
    turned = boxes["001-l-bracket copy 0"]
    assert (*turned.low, *turned.high) == pytest.approx((80, 90, 100, 120), abs=0.6)


@needs_slicer
@pytest.mark.parametrize("material", ["PLA", "PETG", "ABS"])
def test_its_own_programs_always_pass_the_checker(tmp_path: Path, material: str) -> None:
    part = l_part(tmp_path, Placement(0, 0), Placement(150, 160), Placement(90, 90, 45))
    result = sliced(tmp_path, part, material=material, recipe=Recipe(0.2, 2, 0.2))
    verdict = check_program(result.program, LIMITS)
    assert verdict.findings == ()
    assert verdict.end.hotend_c == verdict.end.bed_c == 0
    assert verdict.moves_s < result.estimate_s


@needs_slicer
def test_same_plate_gives_the_same_bytes_and_nothing_else(tmp_path: Path) -> None:
    part = l_part(tmp_path, Placement(10, 10), Placement(60, 60))
    first, second = sliced(tmp_path, part), sliced(tmp_path, part)
    assert first.sha256 == second.sha256
    assert sorted(path.name for path in tmp_path.iterdir()) == ["l.stl", "out.gcode"]
    text = first.program.read_text(encoding="utf-8")
    assert "prusaslicer_config" not in text
    assert "apikey" not in text


@needs_slicer
def test_figures_of_a_box(tmp_path: Path) -> None:
    write_box(tmp_path / "box.stl", (20, 20, 6))
    result = sliced(tmp_path, PlacedPart(tmp_path / "box.stl", "box", (Placement(80, 80),)), recipe=Recipe(infill=1.0))
    assert result.filament_mm * 3.14159 * 1.75**2 / 4 == pytest.approx(2400, rel=0.06)
    assert result.filament_g == pytest.approx(2.4 * 1.24, rel=0.06)
    assert 200 < result.estimate_s < 2000
    assert result.made_by.startswith("PrusaSlicer ")
    commands = [line for line in result.program.read_text().splitlines() if line.partition(";")[0].strip()]
    assert result.lines == len(commands)


@needs_slicer
def test_real_part_turned_onto_another_side(tmp_path: Path) -> None:
    path = real_file("stl", "Voron-0__A_Idler_Upper_x1.stl")
    result = sliced(tmp_path, PlacedPart(path, "idler", (Placement(50, 50), Placement(100, 50)), FLAT))
    assert len(result.objects) == 2
    assert check_program(result.program, LIMITS).ok


def test_plate_transform_is_turn_drop_spin_move(tmp_path: Path) -> None:
    write_box(tmp_path / "box.stl", (30, 20, 10))
    part = PlacedPart(tmp_path / "box.stl", "box", (Placement(50, 60, 90), Placement(5, 6)), FLAT)
    spun, straight = plate_mesh((part,), tmp_path / "plate.3mf")
    assert (*straight.low, *straight.high) == pytest.approx((5, 6, 0, 35, 16, 20))
    assert (*spun.low, *spun.high) == pytest.approx((40, 60, 0, 50, 90, 20))


@pytest.mark.parametrize("place", [Placement(-1, 0), Placement(160, 0), Placement(10, 0, 90)])
def test_copy_off_the_bed_is_refused_beforehand(tmp_path: Path, place: Placement) -> None:
    with pytest.raises(SlicerFailed, match="not on the bed of small"):
        sliced(tmp_path, l_part(tmp_path, place))
    assert not (tmp_path / "out.gcode").exists()


def test_empty_plates_and_drawings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SlicerFailed, match="no part"):
        sliced(tmp_path)
    with pytest.raises(BadFile, match="no STL"):
        sliced(tmp_path, PlacedPart(tmp_path / "drawing.dxf", "drawing", (Placement(0, 0),)))


@needs_slicer
def test_part_too_thin_to_print(tmp_path: Path) -> None:
    good = l_part(tmp_path, Placement(10, 10))
    write_box(tmp_path / "leaf.stl", (20, 20, 0.05))
    with pytest.raises(SlicerFailed, match="leaf"):
        sliced(tmp_path, good, PlacedPart(tmp_path / "leaf.stl", "leaf", (Placement(80, 80),)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["l.stl", "leaf.stl"]


@needs_slicer
@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (SliceLimits(memory_bytes=150_000_000), "PrusaSlicer"),
        (SliceLimits(file_bytes=20_000), "PrusaSlicer"),
        (SliceLimits(wall_s=0.01), "took over"),
    ],
)
def test_slicer_over_a_limit_is_one_clear_error(tmp_path: Path, limits: SliceLimits, words: str) -> None:
    part = l_part(tmp_path, Placement(10, 10), Placement(60, 60))
    with pytest.raises(SlicerFailed, match=words):
        slice_plate((part,), PRINTER, COARSE, FILAMENTS["PLA"], tmp_path / "out.gcode", limits=limits)
    assert [path.name for path in tmp_path.iterdir()] == ["l.stl"]


def test_missing_slicer_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SlicerFailed, match=r"make slicer"):
        sliced(tmp_path, l_part(tmp_path, Placement(10, 10)))


def test_every_dangerous_key_is_always_set() -> None:
    settings = dict(line.split(" = ", 1) for line in slicer_settings(PRINTER, COARSE, FILAMENTS["PLA"]).splitlines())
    blocks = ("toolchange_gcode", "before_layer_gcode", "between_objects_gcode", "color_change_gcode")
    others = ("post_process", "gcode_substitutions", "print_host", "printhost_apikey", "thumbnails")
    assert {settings[key] for key in (*blocks, *others)} == {""}
    assert settings["start_gcode"].startswith("M140 S60")
    assert settings["gcode_label_objects"] == "1"


@needs_slicer
def test_supports_and_brim_are_made_when_the_recipe_asks(tmp_path: Path) -> None:
    part = replace(l_part(tmp_path, Placement(60, 60)), rotation=HANGING)
    plain = sliced(tmp_path, part, recipe=Recipe(0.3, 1, 0.1))
    supported = sliced(tmp_path, part, recipe=Recipe(0.3, 1, 0.1, supports=True))
    brimmed = sliced(tmp_path, part, recipe=Recipe(0.3, 1, 0.1, brim_mm=5.0))
    assert supported.filament_mm > 1.1 * plain.filament_mm
    assert brimmed.filament_mm > 1.02 * plain.filament_mm
    assert check_program(supported.program, LIMITS).findings == ()


@needs_slicer
def test_a_brim_stays_on_the_bed(tmp_path: Path) -> None:
    recipe = Recipe(0.3, 1, 0.1, brim_mm=4.0)
    fits = sliced(tmp_path, l_part(tmp_path, Placement(4, 4)), recipe=recipe)
    verdict = check_program(fits.program, LIMITS)
    assert verdict.findings == ()
    with pytest.raises(SlicerFailed, match="with a brim of 4 mm"):
        sliced(tmp_path, l_part(tmp_path, Placement(3.5, 10)), recipe=recipe)


@pytest.mark.parametrize("brim", [-1.0, 21.0, float("nan"), float("inf")])
def test_impossible_brims(brim: float) -> None:
    with pytest.raises(BadLimits, match="a brim of"):
        slicer_settings(PRINTER, Recipe(brim_mm=brim), FILAMENTS["PLA"])


@pytest.mark.parametrize("recipe", [Recipe(layer_mm=0.4), Recipe(layer_mm=0), Recipe(perimeters=0), Recipe(infill=1.5)])
def test_impossible_recipes(recipe: Recipe) -> None:
    with pytest.raises(BadLimits):
        slicer_settings(PRINTER, recipe, FILAMENTS["PLA"])
