"""PrusaSlicer's settings for a plate in a shop's own profile: the shop's, then the order's, then the always set."""

import re

from slicer_bridge.errors import BadLimits
from slicer_bridge.slicing.profile import (
    FilamentProfile,
    PrinterProfile,
    Recipe,
    check_recipe,
    harmless_settings,
    recipe_settings,
    settings_text,
)
from slicer_bridge.slicing.shop.approval import ApprovedProfile
from slicer_bridge.slicing.shop.block_text import PER_FILAMENT, SLOTS
from slicer_bridge.slicing.shop.ini import escaped, quoted
from slicer_bridge.slicing.shop.marks import marked
from slicer_bridge.slicing.shop.setting_kinds import KINDS, is_right

_RESET = "G92 E0\n"
"""At each layer, so that distances of filament lose no digits."""
_OFF = "M104 S0\nM140 S0\nM107\n"
"""After any end block: whatever it forgot."""
_RELATIVE = re.compile(r"^\s*G91\b", re.MULTILINE)
"""A block that moves by distances means those of filament too, which not every firmware reads so after M82."""
_DENSE_PATTERN = "rectilinear"
"""Of all patterns of infill this one always fills a part altogether."""


def composed_settings(
    shop: ApprovedProfile, printer: PrinterProfile, recipe: Recipe, material: FilamentProfile, nonce: str
) -> str:
    """INI text. The recipe's keys and the always set ones can't be the profile's, and no recipe touches a block.

    Of `material` only the density is taken, where the profile has none: without it PrusaSlicer tells no mass.

    Raises BadLimits.
    """
    check_recipe(printer, recipe)
    profile = shop.profile
    wrong = [key for key, value in profile.settings.items() if key not in KINDS or not is_right(key, value)]
    if wrong:
        raise BadLimits(f"{profile.source}: {', '.join(wrong[:5])}: import the profile anew")
    asked = recipe_settings(printer.nozzle_mm, recipe)
    asked["first_layer_height"] = f"{_first_layer_mm(shop, printer, recipe):g}"
    if profile.number("travel_speed_z") <= 0 and profile.number("machine_max_feedrate_z") > 0:
        asked["travel_speed_z"] = profile.settings["machine_max_feedrate_z"]  # else Z is told to go as fast as X and Y
    if profile.number("filament_density") <= 0:
        asked["filament_density"] = f"{material.density_g_cm3:g}"
    if recipe.infill >= 1.0:
        asked["fill_pattern"] = _DENSE_PATTERN
    settings = {**profile.settings, **asked, **harmless_settings(), **_blocks(shop, nonce)}
    return settings_text(settings)


def _blocks(shop: ApprovedProfile, nonce: str) -> dict[str, str]:
    texts = {block.slot: marked(block.slot, block.text, nonce) for block in shop.profile.blocks}
    end = texts.get("end_gcode", "")
    if shop.profile.settings.get("use_relative_e_distances") == "0" and end and not _RELATIVE.search(end):
        texts["end_gcode"] = f"M82\n{_RESET}{end}"  # as it was written for
    if end and (slow := shop.profile.number("machine_max_feedrate_z")) > 0:
        texts["end_gcode"] = f"G1 F{slow * 60:.0f}\n{texts['end_gcode']}"  # for moves that rely on the last one's feed
    texts["end_gcode"] = texts.get("end_gcode", "") + _OFF
    texts["layer_gcode"] = texts.get("layer_gcode", "") + _RESET
    return {
        slot: quoted(texts.get(slot, "")) if slot in PER_FILAMENT else escaped(texts.get(slot, "")) for slot in SLOTS
    }


def _first_layer_mm(shop: ApprovedProfile, printer: PrinterProfile, recipe: Recipe) -> float:
    """As the shop's profile says, in part of the order's layers where it says so, and never higher than the nozzle."""
    wanted = shop.profile.settings.get("first_layer_height", "100%")
    value = shop.profile.number("first_layer_height", 100.0)
    return min(value / 100 * recipe.layer_mm if wanted.endswith("%") else value, 0.8 * printer.nozzle_mm)
