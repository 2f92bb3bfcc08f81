"""Small plates in profiles of the tests."""

import shutil
from pathlib import Path

import pytest

from slicer_bridge.plates.plate import PlacedPart, Placement
from slicer_bridge.programs.check import check_program
from slicer_bridge.programs.limits import Dialect, MachineLimits
from slicer_bridge.slicing.contract import SliceResult
from slicer_bridge.slicing.profile import FilamentProfile, PrinterProfile, Recipe
from slicer_bridge.slicing.shop.approval import ApprovedProfile, approved
from slicer_bridge.slicing.shop.imported import ImportedProfile, import_profile
from slicer_bridge.slicing.shop.machine_fit import bed_of
from slicer_bridge.slicing.shop.supposition import suppose
from slicer_bridge.slicing.slice import slice_plate
from tests.slicer_bridge.shapes import write_box
from tests.slicer_bridge.slicing.shop.profiles import config_ini

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
