"""What a print needs to know of printer, material and order; and the slicer's settings that follow from it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from slicer_bridge.errors import BadLimits


@dataclass(frozen=True, slots=True)
class PrinterProfile:
    """One printer with one nozzle, as the shop sets it up. Speeds are mm/s."""

    name: str
    bed_mm: tuple[float, float]
    height_mm: float
    nozzle_mm: float = 0.4
    perimeter_mm_s: float = 45.0
    infill_mm_s: float = 80.0
    first_layer_mm_s: float = 25.0
    travel_mm_s: float = 150.0
    z_mm_s: float = 10.0
    acceleration_mm_s2: float = 1250.0
    jerk_mm_s: float = 8.0
    retract_mm: float = 1.0
    retract_mm_s: float = 35.0
    park_mm: tuple[float, float] | None = None
    """Where the head waits when all is done; None: at the left, bed forward."""


@dataclass(frozen=True, slots=True)
class FilamentProfile:
    name: str
    hotend_c: int = 210
    bed_c: int = 60
    density_g_cm3: float = 1.24
    diameter_mm: float = 1.75
    fan_percent: int = 100
    max_flow_mm3_s: float = 11.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the order says of how a part is made."""

    layer_mm: float = 0.2
    perimeters: int = 2
    infill: float = 0.2
    """0 to 1."""
    supports: bool = False
    """Under everything that hangs over by more than 45°, from the bed up and from the part itself."""
    brim_mm: float = 0.0
    """Width of one layer around each part's foot; 0: none. It lies outside the part's outline."""


FILAMENTS = {
    "PLA": FilamentProfile("PLA", 210, 60, 1.24),
    "PETG": FilamentProfile("PETG", 240, 80, 1.27, fan_percent=50, max_flow_mm3_s=8.0),
    "ABS": FilamentProfile("ABS", 250, 100, 1.04, fan_percent=20),
    "ASA": FilamentProfile("ASA", 255, 100, 1.07, fan_percent=20),
    "TPU": FilamentProfile("TPU", 230, 50, 1.21, max_flow_mm3_s=3.0),
}
"""Common temperatures and densities of makers' data sheets, for shops that set none of their own."""

SOLID_LAYERS = 4
"""Closed layers at top and bottom."""
MAX_BRIM_MM = 20.0


def line_width_mm(printer: PrinterProfile) -> float:
    """Width of an extruded line: PrusaSlicer's own rule of thumb, 1.125 × the nozzle."""
    return 1.125 * printer.nozzle_mm


def first_layer_mm(nozzle_mm: float, recipe: Recipe) -> float:
    """Thin first layers stick badly: at least 0.2 mm, or half the nozzle where that is less."""
    return max(recipe.layer_mm, min(0.2, 0.5 * nozzle_mm))


def start_block(printer: PrinterProfile, material: FilamentProfile) -> tuple[str, ...]:
    """Heats, homes, waits; nothing is purged outside the bed."""
    return (
        f"M140 S{material.bed_c}",
        f"M104 S{material.hotend_c}",
        "G28",
        f"M190 S{material.bed_c}",
        f"M109 S{material.hotend_c}",
        "G92 E0",
    )


def end_block(printer: PrinterProfile) -> tuple[str, ...]:
    """Everything off, head up within the machine, parked, motors free. Braces are PrusaSlicer's own expressions."""
    x, y = printer.park_mm or (0.0, printer.bed_mm[1])
    return (
        "M104 S0",
        "M140 S0",
        "M107",
        f"G1 Z{{min(max_layer_z + 10, {printer.height_mm:g})}} F{printer.z_mm_s * 60:.0f}",
        f"G1 X{x:g} Y{y:g} F{printer.travel_mm_s * 60:.0f}",
        "M84",
    )


def check_recipe(printer: PrinterProfile, recipe: Recipe) -> None:
    """Raises BadLimits for a recipe that this nozzle can't make."""
    if not 0.04 <= recipe.layer_mm <= 0.8 * printer.nozzle_mm:
        raise BadLimits(
            f"layers of {recipe.layer_mm:g} mm: a {printer.nozzle_mm:g} mm nozzle makes "
            f"0.04 to {0.8 * printer.nozzle_mm:g}"
        )
    if not 1 <= recipe.perimeters <= 50 or not 0.0 <= recipe.infill <= 1.0:
        raise BadLimits(f"{recipe.perimeters} perimeters (1 to 50) and infill {recipe.infill:g} (0 to 1)")
    if not 0.0 <= recipe.brim_mm <= MAX_BRIM_MM:
        raise BadLimits(f"a brim of {recipe.brim_mm:g} mm: 0 (none) to {MAX_BRIM_MM:g}")


def slicer_settings(printer: PrinterProfile, recipe: Recipe, material: FilamentProfile) -> str:
    """PrusaSlicer's INI text. Raises BadLimits.

    Every key that can run programs, reach the network or put in code of its own is set, so that none can come from
    anywhere else (CVE-2023-47268); keys that are left out have PrusaSlicer's own defaults.
    """
    check_recipe(printer, recipe)
    settings = {
        **_machine(printer),
        **_material(material),
        **_print(printer),
        **recipe_settings(printer.nozzle_mm, recipe),
    }
    settings |= harmless_settings()
    settings["start_gcode"] = _one_line(start_block(printer, material))
    settings["end_gcode"] = _one_line(end_block(printer))
    return settings_text(settings)


def settings_text(settings: Mapping[str, str]) -> str:
    return "".join(f"{key} = {value}\n" for key, value in sorted(settings.items()))


def settings_sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _one_line(block: tuple[str, ...]) -> str:
    return "".join(f"{line}\\n" for line in block)


def harmless_settings() -> dict[str, str]:
    """Keys that run programs, reach the network or put in code, each with nothing in it; and what every program of ours
    has in common. To be set last.
    """
    keys = ("post_process", "before_layer_gcode", "between_objects_gcode", "toolchange_gcode", "color_change_gcode")
    more = ("pause_print_gcode", "template_custom_gcode", "gcode_substitutions", "notes", "printer_notes", "thumbnails")
    hosts = ("print_host", "printhost_apikey", "printhost_cafile", "printhost_user", "printhost_password")
    return {
        **dict.fromkeys((*keys, *more, *hosts), ""),
        "start_filament_gcode": '""',
        "end_filament_gcode": '""',
        "layer_gcode": "G92 E0\\n",
        "filament_notes": '""',
        "bed_custom_model": "",
        "bed_custom_texture": "",
        "silent_mode": "0",
        "machine_limits_usage": "time_estimate_only",
        "printer_technology": "FFF",
        "gcode_label_objects": "1",
        "gcode_comments": "0",
        "remaining_times": "0",
        "use_relative_e_distances": "1",
        "use_firmware_retraction": "0",
        "use_volumetric_e": "0",
        "skirts": "0",
        "raft_layers": "0",
        "complete_objects": "0",
        "spiral_vase": "0",
        "wipe_tower": "0",
    }


def _machine(printer: PrinterProfile) -> dict[str, str]:
    width, depth = printer.bed_mm
    acceleration, jerk = f"{printer.acceleration_mm_s2:g}", f"{printer.jerk_mm_s:g}"
    limits = {
        f"machine_max_acceleration_{axis}": acceleration for axis in ("x", "y", "extruding", "retracting", "travel")
    }
    return {
        **limits,
        "machine_max_acceleration_e": "5000",
        "machine_max_acceleration_z": "200",
        "machine_max_feedrate_x": f"{printer.travel_mm_s:g}",
        "machine_max_feedrate_y": f"{printer.travel_mm_s:g}",
        "machine_max_feedrate_z": f"{printer.z_mm_s:g}",
        "machine_max_feedrate_e": f"{printer.retract_mm_s:g}",
        "machine_max_jerk_x": jerk,
        "machine_max_jerk_y": jerk,
        "gcode_flavor": "marlin",
        "bed_shape": f"0x0,{width:g}x0,{width:g}x{depth:g},0x{depth:g}",
        "max_print_height": f"{printer.height_mm:g}",
        "nozzle_diameter": f"{printer.nozzle_mm:g}",
        "retract_length": f"{printer.retract_mm:g}",
        "retract_speed": f"{printer.retract_mm_s:g}",
        "z_offset": "0",
    }


def _material(material: FilamentProfile) -> dict[str, str]:
    return {
        "temperature": str(material.hotend_c),
        "first_layer_temperature": str(material.hotend_c),
        "bed_temperature": str(material.bed_c),
        "first_layer_bed_temperature": str(material.bed_c),
        "filament_density": f"{material.density_g_cm3:g}",
        "filament_diameter": f"{material.diameter_mm:g}",
        "filament_max_volumetric_speed": f"{material.max_flow_mm3_s:g}",
        "max_fan_speed": str(material.fan_percent),
        "min_fan_speed": str(min(material.fan_percent, 35)),
        "cooling": "1",
    }


def recipe_settings(nozzle_mm: float, recipe: Recipe) -> dict[str, str]:
    """All that an order may say of how a part is made: numbers of ours, never its own words."""
    return {
        "layer_height": f"{recipe.layer_mm:g}",
        "first_layer_height": f"{first_layer_mm(nozzle_mm, recipe):g}",
        "perimeters": str(recipe.perimeters),
        "fill_density": f"{recipe.infill * 100:g}%",
        "brim_type": "outer_only" if recipe.brim_mm else "no_brim",
        "brim_width": f"{recipe.brim_mm:g}",
        "brim_separation": "0",
        **_supports(recipe),
    }


def _print(printer: PrinterProfile) -> dict[str, str]:
    width = f"{line_width_mm(printer):g}"
    widths = ("", "perimeter_", "external_perimeter_", "infill_", "solid_infill_", "top_infill_", "first_layer_")
    return {
        **{f"{kind}extrusion_width": width for kind in widths},
        "resolution": "0.0125",
        "fill_pattern": "rectilinear",
        "top_solid_layers": str(SOLID_LAYERS),
        "bottom_solid_layers": str(SOLID_LAYERS),
        "perimeter_speed": f"{printer.perimeter_mm_s:g}",
        "infill_speed": f"{printer.infill_mm_s:g}",
        "solid_infill_speed": f"{printer.infill_mm_s:g}",
        "top_solid_infill_speed": f"{printer.perimeter_mm_s:g}",
        "bridge_speed": f"{min(40.0, printer.perimeter_mm_s):g}",
        "first_layer_speed": f"{printer.first_layer_mm_s:g}",
        "travel_speed": f"{printer.travel_mm_s:g}",
        "travel_speed_z": f"{printer.z_mm_s:g}",
        "perimeter_generator": "classic",
    }


def _supports(recipe: Recipe) -> dict[str, str]:
    """PrusaSlicer's 45° of overhang is its threshold angle, measured from the horizontal.

    Snug and without a wider first layer, supports stay within the shadow of what they hold: neighbours come close.
    """
    return {
        "support_material": "1" if recipe.supports else "0",
        "support_material_auto": "1",
        "support_material_buildplate_only": "0",
        "support_material_threshold": "45",
        "support_material_style": "snug",
        "raft_first_layer_expansion": "0",
        "support_material_extruder": "0",
        "support_material_interface_extruder": "0",
    }
