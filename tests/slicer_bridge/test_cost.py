import shutil
from math import pi
from pathlib import Path

import pytest

from slicer_bridge.cost import cut_estimate, print_estimate
from slicer_bridge.cutting.cut import Sheet, cut_sheet
from slicer_bridge.cutting.feeds import tool_for
from slicer_bridge.plates.plate import PlacedPart, Placement
from slicer_bridge.slicing.profile import FILAMENTS, PrinterProfile, Recipe
from slicer_bridge.slicing.slice import slice_plate
from tests.slicer_bridge.shapes import l_shape, parse, real_file, stl_bytes, write_box, write_bracket


def test_more_of_anything_costs_more(tmp_path: Path) -> None:
    mesh = parse(write_box(tmp_path / "box.stl", (40, 30, 20)), tmp_path).mesh
    assert mesh is not None
    plain = print_estimate(mesh, Recipe())
    for dearer in (Recipe(layer_mm=0.1), Recipe(perimeters=4), Recipe(infill=0.6)):
        assert print_estimate(mesh, dearer).seconds > plain.seconds
    assert print_estimate(mesh, Recipe(infill=1.0)).extruded_mm3 <= mesh.volume_mm3
    assert plain.grams(1.24) == pytest.approx(plain.extruded_mm3 * 1.24e-3)


@pytest.mark.skipif(shutil.which("prusa-slicer") is None, reason="PrusaSlicer is not installed")
@pytest.mark.parametrize("name", ["own", "Stethoscope__ring.stl", "nimble__rpi_4b_shelf.stl"])
def test_print_estimate_is_near_the_slicers(tmp_path: Path, name: str) -> None:
    if name == "own":
        (tmp_path / name).with_suffix(".stl").write_bytes(stl_bytes(l_shape()))
    source = tmp_path / "own.stl" if name == "own" else real_file("stl", name)
    mesh = parse(source, tmp_path).mesh
    assert mesh is not None
    part = PlacedPart(tmp_path / "normalised.stl", "part", (Placement(5, 5),))
    printer = PrinterProfile("large", (250, 250), 200)
    result = slice_plate((part,), printer, Recipe(), FILAMENTS["PLA"], tmp_path / "out.gcode")
    estimate = print_estimate(mesh, Recipe(), printer)
    assert estimate.extruded_mm3 == pytest.approx(result.filament_mm * pi * 1.75**2 / 4, rel=0.15)
    assert estimate.seconds == pytest.approx(result.estimate_s, rel=0.4)


def test_cut_estimate_is_near_the_program(tmp_path: Path) -> None:
    drawing = parse(write_bracket(tmp_path / "bracket.dxf"), tmp_path).drawing
    assert drawing is not None
    tool = tool_for("plywood", 3.0)
    part = PlacedPart(tmp_path / "bracket.dxf", "bracket", (Placement(10, 10),))
    result = cut_sheet((part,), tool, Sheet((100, 100), 4.0), tmp_path / "out.nc")
    estimate = cut_estimate(drawing, 4.0, tool)
    assert estimate.cut_length_mm == pytest.approx(result.cut_length_mm, rel=0.25)
    assert estimate.seconds == pytest.approx(result.estimate_s, rel=0.4)
