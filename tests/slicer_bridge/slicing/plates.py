"""One small printer, its limits, and parts on it, for the tests of this package."""

import shutil
import subprocess
from pathlib import Path

import pytest

from slicer_bridge.plates.plate import PlacedPart, Placement
from slicer_bridge.programs.limits import Dialect, Envelope, MachineLimits
from slicer_bridge.slicing.profile import FILAMENTS, PrinterProfile, Recipe
from slicer_bridge.slicing.slice import Engine, SliceLimits, SliceResult, slice_plate
from tests.slicer_bridge.shapes import l_shape, stl_bytes

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


def _no_cura() -> str:
    if shutil.which("CuraEngine") is None:
        return "CuraEngine is not installed"
    told = subprocess.run(["CuraEngine", "help"], capture_output=True, text=True, timeout=20, check=False)
    return "" if "version 4.13." in told.stdout + told.stderr else "this CuraEngine is not 4.13"


MISSING = {
    Engine.PRUSA: "" if shutil.which("prusa-slicer") else "PrusaSlicer is not installed",
    Engine.CURA: _no_cura(),
    Engine.EMBEDDED: "",
}
"""Why an engine can't be tried here."""
needs_slicer = pytest.mark.skipif(bool(MISSING[Engine.PRUSA]), reason=MISSING[Engine.PRUSA])
needs_cura = pytest.mark.skipif(bool(MISSING[Engine.CURA]), reason=MISSING[Engine.CURA])
each_engine = pytest.mark.parametrize(
    "engine",
    [
        pytest.param(Engine.PRUSA, marks=needs_slicer),
        pytest.param(Engine.CURA, marks=needs_cura),
        Engine.EMBEDDED,
    ],
)


def sliced(
    tmp_path: Path,
    *parts: PlacedPart,
    engine: Engine | None = None,
    material: str = "PLA",
    recipe: Recipe = COARSE,
    limits: SliceLimits | None = None,
) -> SliceResult:
    return slice_plate(parts, PRINTER, recipe, FILAMENTS[material], tmp_path / "out.gcode", engine, limits)


def l_part(tmp_path: Path, *placements: Placement) -> PlacedPart:
    (tmp_path / "l.stl").write_bytes(stl_bytes(l_shape()))
    return PlacedPart(tmp_path / "l.stl", "l bracket", placements or (Placement(10, 10),), lot="lot-1")


def left_in(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in tmp_path.iterdir())
