"""Profiles of makers of printers, as Debian's PrusaSlicer 2.5.0 has them."""

from pathlib import Path

import pytest

from slicer_bridge.errors import BadFile, BridgeError
from slicer_bridge.programs.limits import Dialect
from slicer_bridge.slicing.profile import Recipe
from slicer_bridge.slicing.shop.bundle import Choice, flatten, presets
from slicer_bridge.slicing.shop.imported import import_profile
from slicer_bridge.slicing.shop.ini import read_ini
from slicer_bridge.slicing.shop.machine_fit import limits_from_profile
from slicer_bridge.slicing.shop.marks import plainly
from tests.slicer_bridge.slicing.shop.plates import KLIPPER, MARLIN, as_it_looks, needs_slicer, refused, sliced
from tests.slicer_bridge.slicing.shop.profiles import vendor

# Vendors ------------------------------------------------------------------------------------------

PRINTERS = [
    ("PrusaResearch", "Original Prusa i3 MK3S & MK3S+", "", "", MARLIN),
    ("PrusaResearch", "Original Prusa i3 MK3S & MK3S+ 0.6 nozzle", "", "Generic PETG", MARLIN),
    ("PrusaResearch", "Original Prusa MINI & MINI+", "", "Generic ABS @MINI", MARLIN),
    ("Creality", "Creality Ender-3 (0.4 mm nozzle)", "", "Generic PLA @CREALITY", MARLIN),
    ("Creality", "Creality Ender-3 BLTouch (0.6 mm nozzle)", "", "Generic PETG @CREALITY", MARLIN),
    ("Artillery", "Artillery Sidewinder X1", "", "", MARLIN),
    ("Elegoo", "Elegoo Neptune-2", "", "", MARLIN),
    ("Voron", "Voron_v2_300_afterburner 0.4 nozzle", "0.2mm 0.4nozzle V2", "Basic ABS @VORON", KLIPPER),
    ("RatRig", "RatRig V-Core-3-300", "", "", KLIPPER),
]


@needs_slicer
@pytest.mark.parametrize(("maker", "printer", "print_", "filament", "dialect"), PRINTERS)
def test_no_vendors_program_is_refused(
    tmp_path: Path, maker: str, printer: str, print_: str, filament: str, dialect: Dialect
) -> None:
    """Approved as they look, within the limits that follow from the profile."""
    own = import_profile(vendor(maker), f"{maker}.ini", Choice(printer, print_, filament)).profile
    result = sliced(tmp_path, as_it_looks(own, dialect))
    assert refused(result, limits_from_profile(own, dialect)) == []
    assert result.blocks


@needs_slicer
def test_what_a_maker_should_put_right(tmp_path: Path) -> None:
    """`G1 Z0.30.2`, which its owner corrects."""
    own = import_profile(vendor("Anycubic"), "Anycubic.ini", Choice("Anycubic Mega Zero")).profile
    result = sliced(tmp_path, as_it_looks(own, MARLIN))
    reason = "G1: what follows is not a letter and a plain number each, once"
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


# Every model ----------------------------------------------------------------------------------------

OTHERWISE = {
    "zero is the bed's middle": "a delta printer, or BIBO's",
    "machines are driven that speak": "RepRapFirmware or Repetier",
    "of resin": "SL1",
    "does not say": "the maker leaves keys to PrusaSlicer's own defaults",
    "it must be": "a value of another kind",
    "First layer height can't be greater than nozzle diameter": "the first print preset of a bundle that names none",
}
"""What is not taken over at all, and why."""
TO_CORRECT = {
    "G1: what follows is not a letter and a plain number each, once": "`G1 Z0.30.2`",
    "no command of this dialect": "`@BEDLEVELVISUALIZER`, which speaks to a host",
    "an absolute E whose start nobody knows": "absolute filament after words of the maker's own",
    "the hotend was waited for": "M104 and a dwell in place of M109: its owner declares hotend_c",
    "before it was homed": "a start that lies in a macro of another name: its owner declares homed",
    "over many moves": "filament changers, which push metres of it",
    "the machine has T0 to T0": "a second tool",
}
"""What the owner corrects or declares, by the checker's first reason."""


def models(maker: str) -> list[Choice]:
    """The first printer of each model; where a maker names no presets for it, the first that there are."""
    ini = read_ini(vendor(maker), f"{maker}.ini")
    found: dict[str, Choice] = {}
    for printer in presets(ini, "printer"):
        model = ini.sections[f"printer:{printer}"].get("printer_model", printer)
        try:
            flatten(ini, Choice(printer))
        except BadFile as error:
            named = (presets(ini, "print")[0], presets(ini, "filament")[0]) if "say --" in str(error) else ("", "")
            found.setdefault(model, Choice(printer, *named))
        else:
            found.setdefault(model, Choice(printer))
    return list(found.values())


def outcome(folder: Path, maker: str, choice: Choice) -> str:
    """Empty if the program of this profile passes; else the first reason."""
    dialect = KLIPPER if maker in {"Voron", "RatRig"} else MARLIN
    try:
        own = import_profile(vendor(maker), f"{maker}.ini", choice).profile
        recipe = Recipe(min(0.2, 0.5 * own.nozzle_mm), 2, 0.2)
        result = sliced(folder, as_it_looks(own, dialect), recipe)
    except BridgeError as error:
        return str(error)
    return next(iter(refused(result, limits_from_profile(own, dialect))), "")


MAKERS = ["Anycubic", "Artillery", "BIBO", "Creality", "Elegoo", "FLSun", "INAT", "Infinity3D", "Jubilee", "LulzBot"]
MAKERS += ["PrusaResearch", "RatRig", "Snapmaker", "TriLAB", "Ultimaker", "Voron", "Zonestar", "gCreate"]


@pytest.mark.proof(share=0.0236, group="makers' profiles")
@needs_slicer
@pytest.mark.parametrize("maker", MAKERS)
def test_each_model_passes_or_has_one_clear_reason(tmp_path: Path, maker: str) -> None:
    told = {choice.printer: outcome(tmp_path, maker, choice) for choice in models(maker)}
    assert told
    known = (*OTHERWISE, *TO_CORRECT)
    assert {name: why for name, why in told.items() if why and not any(text in why for text in known)} == {}
