"""PrusaSlicer's settings as shops have them, each with the limits of the machine that it is right for."""

from dataclasses import dataclass, field

from slicer_bridge.programs.limits import MachineLimits
from tests.slicer_bridge.programs.specimens import KLIPPER, MARLIN, ORDINARY, TWO_TOOLS

_SMALL = {"nozzle_diameter": "0.25", "layer_height": "0.1", "first_layer_height": "0.15", "perimeters": "2"}
_WIDE = {"nozzle_diameter": "0.8", "layer_height": "0.4", "first_layer_height": "0.4", "external_perimeter_speed": "30"}
_ABS = {"temperature": "255", "first_layer_temperature": "255", "bed_temperature": "100"}
_TPU = {"temperature": "230", "filament_max_volumetric_speed": "2.5", "retract_length": "6", "deretract_speed": "20"}
_STEPS = {"use_relative_e_distances": "1", "layer_gcode": "G92 E0"}
_FINE = {"retract_lift": "0.6", "wipe": "1", "retract_layer_change": "1", "retract_restart_extra": "0.05"}


@dataclass(frozen=True)
class Shop:
    name: str
    own: dict[str, str] = field(default_factory=dict)
    limits: MachineLimits = MARLIN

    @property
    def settings(self) -> dict[str, str]:
        return ORDINARY | self.own


SHOPS = (
    Shop("plain"),
    Shop("relative E", _STEPS),
    Shop("old marlin", {"gcode_flavor": "marlin", "remaining_times": "1"}),
    Shop("small nozzle, support, raft", _SMALL | {"support_material": "1", "raft_layers": "2", "brim_width": "4"}),
    Shop("wide nozzle, ABS, brim", _WIDE | _ABS | {"brim_width": "6", "skirts": "2"}),
    Shop("slow filament", _TPU, MARLIN.model_copy(update={"max_flow_mm3_s": 2.5})),
    Shop("firmware's retraction", {"use_firmware_retraction": "1"}),
    Shop("vase", {"spiral_vase": "1", "perimeters": "1", "fill_density": "0", "top_solid_layers": "0"}),
    Shop("wipes and lifts", _FINE),
    Shop("avoids, irons, one by one", {"avoid_crossing_perimeters": "1", "ironing": "1", "complete_objects": "1"}),
    Shop("labels, comments", {"gcode_label_objects": "1", "gcode_comments": "1", "infill_every_layers": "2"}),
    Shop("fuzzy, gyroid, random seam", {"fuzzy_skin": "all", "fill_pattern": "gyroid", "seam_position": "random"}),
    Shop("fast, at the limit", {"perimeter_speed": "200", "infill_speed": "200", "max_print_speed": "200"}),
    Shop("thick filament", {"filament_diameter": "2.85"}, MARLIN.model_copy(update={"filament_mm": 2.85})),
    Shop("for klipper", {"machine_limits_usage": "ignore", **_STEPS}, KLIPPER),
    Shop("klipper, absolute E", {"machine_limits_usage": "time_estimate_only"}, KLIPPER),
    Shop(
        "two tools, a tower",
        {
            **_STEPS,
            "nozzle_diameter": "0.4,0.4",
            "filament_diameter": "1.75,1.75",
            "temperature": "210,215",
            "first_layer_temperature": "215,220",
            "bed_temperature": "60,60",
            "first_layer_bed_temperature": "60,60",
            "filament_max_volumetric_speed": "15,15",
            "extruder_offset": "0x0,0x0",
            "retract_speed": "40,40",
            "retract_length_toolchange": "4,4",
            "perimeter_extruder": "1",
            "infill_extruder": "2",
            "wipe_tower": "1",
            "wipe_tower_x": "20",
            "wipe_tower_y": "130",
            "single_extruder_multi_material_priming": "0",
            "end_gcode": r"M104 S0 T0\nM104 S0 T1\nM140 S0\nM107\nM84",
        },
        TWO_TOOLS.model_copy(update={"max_feed_z_mm_s": None, "max_chamber_c": 0.0}),
    ),
)
