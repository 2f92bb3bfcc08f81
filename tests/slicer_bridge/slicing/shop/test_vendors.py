"""Profiles of makers of printers, as Debian's PrusaSlicer 2.5.0 has them."""

from pathlib import Path

import pytest

from slicer_bridge.programs.limits import Dialect
from slicer_bridge.slicing.shop.bundle import Choice
from slicer_bridge.slicing.shop.imported import import_profile
from slicer_bridge.slicing.shop.machine_fit import limits_from_profile
from slicer_bridge.slicing.shop.marks import plainly
from tests.slicer_bridge.slicing.shop.plates import KLIPPER, MARLIN, as_it_looks, needs_slicer, refused, sliced
from tests.slicer_bridge.slicing.shop.profiles import vendor

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
