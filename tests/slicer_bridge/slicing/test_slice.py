from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from slicer_bridge.errors import BadFile, BadLimits, SlicerFailed
from slicer_bridge.plates.plate import PlacedPart, Placement
from slicer_bridge.programs.check import check_program
from slicer_bridge.reading.stl import write_stl
from slicer_bridge.slicing.profile import FILAMENTS, Recipe, slicer_settings
from slicer_bridge.slicing.slice import Engine
from tests.slicer_bridge.shapes import box, write_box
from tests.slicer_bridge.slicing.plates import (
    COARSE,
    LIMITS,
    PRINTER,
    each_engine,
    l_part,
    left_in,
    needs_slicer,
    sliced,
)

FLAT = (1.0, 0, 0, 0, 0, -1, 0, 1, 0)
"""Turned about x: what looked along y looks up."""


@each_engine
def test_copies_land_exactly_where_they_were_put(tmp_path: Path, engine: Engine) -> None:
    places = (Placement(10, 20), Placement(70, 20), Placement(100, 90, 90), Placement(60, 150, 215.5))
    result = sliced(tmp_path, l_part(tmp_path, *places), engine=engine)
    boxes = {one.label: one for one in result.objects}
    assert len(boxes) == 4
    first = boxes["000-l-bracket copy 0"]
    assert (first.part, first.lot) == ("l bracket", "lot-1")
    assert (*first.low, *first.high) == pytest.approx((10, 20, 40, 40), abs=0.6)
    turned = boxes["001-l-bracket copy 0"]
    assert (*turned.low, *turned.high) == pytest.approx((80, 90, 100, 120), abs=0.6)


@each_engine
@pytest.mark.parametrize("material", ["PLA", "ABS"])
def test_its_own_programs_always_pass_the_checker(tmp_path: Path, engine: Engine, material: str) -> None:
    part = l_part(tmp_path, Placement(0, 0), Placement(150, 160), Placement(90, 90, 45))
    result = sliced(tmp_path, part, engine=engine, material=material, recipe=Recipe(0.2, 2, 0.2))
    verdict = check_program(result.program, LIMITS)
    assert verdict.findings == ()
    assert verdict.end.hotend_c == verdict.end.bed_c == 0
    assert verdict.moves_s < result.estimate_s * (1.1 if engine is Engine.EMBEDDED else 1.0)


@each_engine
def test_same_plate_gives_the_same_bytes_and_nothing_else(tmp_path: Path, engine: Engine) -> None:
    part = l_part(tmp_path, Placement(10, 10), Placement(60, 60))
    first, second = sliced(tmp_path, part, engine=engine), sliced(tmp_path, part, engine=engine)
    assert first.sha256 == second.sha256
    assert left_in(tmp_path) == ["l.stl", "out.gcode"]
    text = first.program.read_text(encoding="utf-8")
    assert "prusaslicer_config" not in text
    assert "apikey" not in text


@each_engine
def test_result_says_how_it_was_made(tmp_path: Path, engine: Engine) -> None:
    result = sliced(tmp_path, l_part(tmp_path), engine=engine)
    made = result.provenance
    assert made.engine is engine
    assert made.embedded is (engine is Engine.EMBEDDED)
    assert made.version in result.made_by
    assert ("embedded" in result.made_by) is made.embedded
    assert len(made.binary_sha256) == len(made.settings_sha256) == 64
    assert len(made.cores) == 1
    assert result.layers.count == 17
    assert result.layers.tops_mm == pytest.approx([0.3 * n for n in range(1, 18)])
    assert result.bounds.high[2] == pytest.approx(5.1)
    (use,) = result.materials
    assert (use.tool, use.material) == (0, "PLA")
    assert use.length_mm == pytest.approx(result.filament_mm)
    assert use.mass_g == pytest.approx(use.length_mm * 3.14159 * 1.75**2 / 4 * 1.24 / 1000, rel=0.01)


@each_engine
def test_figures_of_a_solid_box(tmp_path: Path, engine: Engine) -> None:
    box = PlacedPart(write_box(tmp_path / "box.stl", (20, 20, 6)), "box", (Placement(80, 80),))
    result = sliced(tmp_path, box, engine=engine, recipe=Recipe(infill=1.0))
    assert result.filament_mm * 3.14159 * 1.75**2 / 4 == pytest.approx(2400, rel=0.06)
    assert result.filament_g == pytest.approx(2.4 * 1.24, rel=0.06)
    assert 200 < result.estimate_s < 2000
    commands = [line for line in result.program.read_text().splitlines() if line.partition(";")[0].strip()]
    assert result.lines == len(commands)


@each_engine
def test_any_object_can_be_skipped(tmp_path: Path, engine: Engine) -> None:
    """What a label holds takes no filament out of the nozzle that isn't given back, and leaves Z alone."""
    program = sliced(tmp_path, l_part(tmp_path, Placement(10, 10), Placement(60, 60)), engine=engine).program
    label, drawn, lowest = "", {"": 0.0}, {"": 0.0}
    for line in program.read_text(encoding="utf-8").splitlines():
        if line.startswith("; printing object"):
            label = line
            drawn[label] = 0.0
        elif line.startswith("; stop printing"):
            label = ""
        elif line.startswith(("G0 ", "G1 ")):
            words = {word[0]: word[1:] for word in line.partition(";")[0].split()[1:]}
            assert not (label and "Z" in words)
            if "E" in words and "X" not in words:
                drawn[label] += float(words["E"])
                lowest[label] = min(lowest.get(label, 0.0), drawn[label])
    inside = [name for name in drawn if name]
    assert len(inside) == 2
    assert all(drawn[name] == pytest.approx(0.0, abs=1e-9) for name in inside)


@each_engine
def test_brim_is_round_the_part_and_on_the_bed(tmp_path: Path, engine: Engine) -> None:
    bare = sliced(tmp_path, l_part(tmp_path, Placement(20, 20)), engine=engine)
    rimmed = sliced(tmp_path, l_part(tmp_path, Placement(20, 20)), engine=engine, recipe=Recipe(0.3, 1, 0.1, brim_mm=5))
    assert rimmed.filament_mm > bare.filament_mm + 20
    assert rimmed.bounds.low[0] == pytest.approx(15.2, abs=0.6)
    assert bare.bounds.low[0] == pytest.approx(20.2, abs=0.1)
    assert rimmed.objects == bare.objects
    assert check_program(rimmed.program, LIMITS).ok
    with pytest.raises(SlicerFailed, match="with a brim of 5 mm is not on the bed"):
        sliced(tmp_path, l_part(tmp_path, Placement(2, 20)), engine=engine, recipe=Recipe(0.3, 1, 0.1, brim_mm=5))


def shelf(tmp_path: Path) -> PlacedPart:
    """A beam that sticks out from a post."""
    beam = np.concatenate([box((4, 10, 12)), box((30, 10, 3), (0, 0, 12))])
    write_stl(tmp_path / "shelf.stl", beam)
    return PlacedPart(tmp_path / "shelf.stl", "shelf", (Placement(40, 40),))


@each_engine
def test_supports_stand_under_what_hangs(tmp_path: Path, engine: Engine) -> None:
    recipe = Recipe(0.3, 1, 0.1, supports=True)
    if engine is Engine.EMBEDDED:
        with pytest.raises(BadLimits, match="makes no supports"):
            sliced(tmp_path, shelf(tmp_path), engine=engine, recipe=recipe)
        return
    bare = sliced(tmp_path, shelf(tmp_path), engine=engine)
    held = sliced(tmp_path, shelf(tmp_path), engine=engine, recipe=recipe)
    assert held.filament_mm > 1.1 * bare.filament_mm
    assert check_program(held.program, LIMITS).ok


@each_engine
def test_a_hundred_copies(tmp_path: Path, engine: Engine) -> None:
    write_box(tmp_path / "pin.stl", (6, 6, 1.2))
    places = tuple(Placement(5 + 17 * (n % 10), 5 + 17 * (n // 10)) for n in range(100))
    result = sliced(tmp_path, PlacedPart(tmp_path / "pin.stl", "pin", places), engine=engine)
    assert len({one.label for one in result.objects}) == 100
    assert check_program(result.program, LIMITS).ok


@each_engine
def test_odd_names_are_only_names(tmp_path: Path, engine: Engine) -> None:
    names = ["; G28\nM112", "../../etc/passwd", "Ünïcödé ✂ 部品", "", "a" * 300, "id:7 copy 3", "-o"]
    write_box(tmp_path / "box.stl", (8, 8, 1.2))
    parts = [PlacedPart(tmp_path / "box.stl", name, (Placement(20 * n, 80),)) for n, name in enumerate(names)]
    result = sliced(tmp_path, *parts, engine=engine)
    assert [one.part for one in result.objects] == names
    assert check_program(result.program, LIMITS).ok
    assert result.program.read_text(encoding="utf-8").isascii()
    assert left_in(tmp_path) == ["box.stl", "out.gcode"]


@each_engine
def test_tiny_and_tall(tmp_path: Path, engine: Engine) -> None:
    tiny = PlacedPart(write_box(tmp_path / "tiny.stl", (2, 2, 1)), "tiny", (Placement(90, 90),))
    assert sliced(tmp_path, tiny, engine=engine).layers.count in {3, 4}
    needle = PlacedPart(write_box(tmp_path / "needle.stl", (0.2, 0.2, 5)), "needle", (Placement(90, 90),))
    with pytest.raises(SlicerFailed, match=r"empty|no layers|thin"):
        sliced(tmp_path, needle, engine=engine)
    tower = PlacedPart(write_box(tmp_path / "tower.stl", (5, 5, 181)), "tower", (Placement(90, 90),))
    with pytest.raises(SlicerFailed, match=r"tower: Z from 0.00 to 181.00 mm is not on the bed of small \(0 to 180\)"):
        sliced(tmp_path, tower, engine=engine)


@needs_slicer
def test_part_turned_onto_another_side(tmp_path: Path) -> None:
    result = sliced(tmp_path, replace(l_part(tmp_path, Placement(50, 50)), rotation=FLAT))
    (box,) = result.objects
    assert (*box.low, *box.high) == pytest.approx((50.2, 50.2, 79.8, 54.8), abs=0.1)
    assert result.layers.tops_mm[-1] == pytest.approx(20, abs=0.3)


@pytest.mark.parametrize("place", [Placement(-1, 0), Placement(160, 0), Placement(10, 0, 90)])
def test_copy_off_the_bed_is_refused_beforehand(tmp_path: Path, place: Placement) -> None:
    with pytest.raises(SlicerFailed, match="not on the bed of small"):
        sliced(tmp_path, l_part(tmp_path, place))
    assert not (tmp_path / "out.gcode").exists()


def test_empty_plates_and_drawings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SlicerFailed, match="no part"):
        sliced(tmp_path)
    with pytest.raises(SlicerFailed, match="no part"):
        sliced(tmp_path, PlacedPart(tmp_path / "none.stl", "none", ()))
    with pytest.raises(BadFile, match="no STL"):
        sliced(tmp_path, PlacedPart(tmp_path / "drawing.dxf", "drawing", (Placement(0, 0),)))


@each_engine
def test_part_too_thin_to_print(tmp_path: Path, engine: Engine) -> None:
    good = l_part(tmp_path, Placement(10, 10))
    write_box(tmp_path / "leaf.stl", (20, 20, 0.05))
    with pytest.raises(SlicerFailed, match="leaf"):
        sliced(tmp_path, good, PlacedPart(tmp_path / "leaf.stl", "leaf", (Placement(80, 80),)), engine=engine)
    assert left_in(tmp_path) == ["l.stl", "leaf.stl"]


def test_without_slicers_the_embedded_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sliced(tmp_path, l_part(tmp_path)).provenance.embedded
    with pytest.raises(SlicerFailed, match=r"prusa-slicer is not installed: run make slicer"):
        sliced(tmp_path, l_part(tmp_path), engine=Engine.PRUSA)
    with pytest.raises(SlicerFailed, match=r"CuraEngine is not installed"):
        sliced(tmp_path, l_part(tmp_path), engine=Engine.CURA)


@needs_slicer
def test_prusaslicer_is_the_default(tmp_path: Path) -> None:
    assert sliced(tmp_path, l_part(tmp_path)).made_by.startswith("PrusaSlicer 2.")


def test_every_dangerous_key_is_always_set() -> None:
    settings = dict(line.split(" = ", 1) for line in slicer_settings(PRINTER, COARSE, FILAMENTS["PLA"]).splitlines())
    blocks = ("toolchange_gcode", "before_layer_gcode", "between_objects_gcode", "color_change_gcode")
    others = ("post_process", "gcode_substitutions", "print_host", "printhost_apikey", "thumbnails")
    assert {settings[key] for key in (*blocks, *others)} == {""}
    assert settings["start_gcode"].startswith("M140 S60")
    assert settings["gcode_label_objects"] == "1"


@pytest.mark.parametrize("brim", [-1.0, 21.0, float("nan"), float("inf")])
def test_impossible_brims(brim: float) -> None:
    with pytest.raises(BadLimits, match="a brim of"):
        slicer_settings(PRINTER, Recipe(brim_mm=brim), FILAMENTS["PLA"])


@pytest.mark.parametrize(
    "recipe",
    [Recipe(layer_mm=0.4), Recipe(layer_mm=0), Recipe(perimeters=0), Recipe(infill=1.5), Recipe(brim_mm=-1)],
)
def test_impossible_recipes(tmp_path: Path, recipe: Recipe) -> None:
    with pytest.raises(BadLimits):
        slicer_settings(PRINTER, recipe, FILAMENTS["PLA"])
    with pytest.raises(BadLimits):
        sliced(tmp_path, l_part(tmp_path), recipe=recipe, engine=Engine.EMBEDDED)
