"""Which of PrusaSlicer's settings a shop's profile may hold, and what their values look like. Anything else is dropped.

Source: PrusaSlicer 2.5 `src/libslic3r/PrintConfig.cpp`. Each kind is a closed grammar on one line, so that no value can
bring a line, a placeholder or a second key of its own.
"""

import re
from enum import StrEnum

_NUMBER = r"-?(?:\d+\.?\d*|\.\d+)(?:e-\d{1,3})?"


class Kind(StrEnum):
    """The value is what a person is told to write."""

    FLAG = "0 or 1"
    WHOLE = "a whole number"
    NUMBER = "a number"
    PERCENT = "a percentage, such as 15%"
    SIZE = "a number, or a percentage such as 85%"
    WORD = "one of PrusaSlicer's words"
    NAME = "a plain name"
    POINTS = "points, such as 0x0,250x0,250x210,0x210"
    KEYWORDS = "keywords in capitals"


_PATTERNS = {
    Kind.FLAG: r"[01]",
    Kind.WHOLE: r"-?\d{1,9}",
    Kind.NUMBER: _NUMBER,
    Kind.PERCENT: rf"{_NUMBER}%?",
    Kind.SIZE: rf"{_NUMBER}%?",
    Kind.WORD: r"[a-z0-9][a-z0-9_-]*",
    Kind.NAME: r"[\w .,@+()/&*'#:-]{1,120}",
    Kind.KEYWORDS: r"[A-Z0-9_]{1,60}(?: [A-Z0-9_]{1,60}){0,40}",
    Kind.POINTS: rf"{_NUMBER}x{_NUMBER}(?:,{_NUMBER}x{_NUMBER})*",
}
_MATCHES = {kind: re.compile(pattern, re.ASCII).fullmatch for kind, pattern in _PATTERNS.items()}

_PRINTER = {
    Kind.POINTS: "bed_shape",
    Kind.NUMBER: "max_print_height z_offset",
    Kind.WORD: "gcode_flavor",
    Kind.FLAG: "use_relative_e_distances",
    Kind.NAME: "printer_model printer_variant printer_vendor printer_settings_id",
    Kind.KEYWORDS: "printer_notes",
}
_PER_TOOL = {
    Kind.NUMBER: """nozzle_diameter min_layer_height max_layer_height retract_length retract_speed deretract_speed
        retract_lift retract_lift_above retract_lift_below retract_before_travel retract_restart_extra
        machine_max_acceleration_e machine_max_acceleration_extruding machine_max_acceleration_retracting
        machine_max_acceleration_travel machine_max_acceleration_x machine_max_acceleration_y
        machine_max_acceleration_z machine_max_feedrate_e machine_max_feedrate_x machine_max_feedrate_y
        machine_max_feedrate_z machine_max_jerk_e machine_max_jerk_x machine_max_jerk_y machine_max_jerk_z
        machine_min_extruding_rate machine_min_travel_rate
        filament_diameter filament_density filament_cost extrusion_multiplier filament_max_volumetric_speed
        min_print_speed filament_retract_length filament_retract_speed filament_deretract_speed filament_retract_lift
        filament_retract_lift_above filament_retract_lift_below filament_retract_before_travel
        filament_retract_restart_extra""",
    Kind.WHOLE: """temperature first_layer_temperature bed_temperature first_layer_bed_temperature max_fan_speed
        min_fan_speed bridge_fan_speed disable_fan_first_layers full_fan_speed_layer fan_below_layer_time
        slowdown_below_layer_time""",
    Kind.FLAG: """cooling fan_always_on wipe retract_layer_change filament_wipe filament_retract_layer_change""",
    Kind.PERCENT: "retract_before_wipe filament_retract_before_wipe",
    Kind.NAME: "filament_type filament_vendor filament_settings_id",
}
"""Lists with a value for each tool, or for each mode of the machine: the first counts."""
_PRINT = {
    Kind.NUMBER: """avoid_crossing_perimeters_max_detour bottom_solid_min_thickness top_solid_min_thickness
        bridge_acceleration bridge_angle bridge_flow_ratio bridge_speed default_acceleration
        elefant_foot_compensation external_perimeter_acceleration fill_angle first_layer_acceleration
        first_layer_acceleration_over_raft fuzzy_skin_point_dist fuzzy_skin_thickness gap_fill_speed gcode_resolution
        infill_acceleration infill_speed ironing_spacing ironing_speed max_print_speed max_volumetric_speed
        max_volumetric_extrusion_rate_slope_negative max_volumetric_extrusion_rate_slope_positive
        perimeter_acceleration perimeter_speed resolution slice_closing_radius
        solid_infill_acceleration solid_infill_below_area support_material_angle
        support_material_bottom_contact_distance support_material_closing_radius support_material_contact_distance
        support_material_interface_spacing support_material_spacing support_material_speed top_solid_infill_acceleration
        travel_acceleration travel_speed travel_speed_z wall_transition_angle xy_size_compensation""",
    Kind.SIZE: """external_perimeter_extrusion_width external_perimeter_speed extrusion_width
        first_layer_extrusion_width first_layer_height first_layer_speed first_layer_speed_over_raft infill_anchor
        infill_anchor_max infill_extrusion_width infill_overlap min_bead_width min_feature_size
        perimeter_extrusion_width small_perimeter_speed solid_infill_extrusion_width solid_infill_speed
        support_material_extrusion_width support_material_interface_speed support_material_xy_spacing
        top_infill_extrusion_width top_solid_infill_speed wall_transition_filter_deviation wall_transition_length""",
    Kind.PERCENT: "ironing_flowrate",
    Kind.WHOLE: """bottom_solid_layers top_solid_layers infill_every_layers solid_infill_every_layers
        support_material_bottom_interface_layers support_material_interface_layers wall_distribution_count""",
    Kind.FLAG: """avoid_crossing_perimeters clip_multipart_objects dont_support_bridges
        ensure_vertical_shell_thickness external_perimeters_first extra_perimeters gap_fill_enabled infill_first
        infill_only_where_needed interface_shells ironing only_retract_when_crossing_perimeters overhangs
        support_material_interface_contact_loops support_material_synchronize_layers support_material_with_sheath
        thick_bridges thin_walls""",
    Kind.WORD: """bottom_fill_pattern fill_pattern fuzzy_skin ironing_type perimeter_generator seam_position
        slicing_mode support_material_interface_pattern support_material_pattern top_fill_pattern""",
    Kind.NAME: "print_settings_id",
}


def _table(*tables: dict[Kind, str]) -> dict[str, Kind]:
    return {key: kind for table in tables for kind, keys in table.items() for key in keys.split()}


PER_TOOL = frozenset(_table(_PER_TOOL))
_KEYWORD = re.compile(r"\b[A-Z][A-Z0-9_]{2,59}\b")
KINDS = _table(_PRINTER, _PER_TOOL, _PRINT)
"""Key → kind of its value, for all that a profile may hold over and above its blocks."""

NETWORK = "it reaches other machines, or holds a secret"
DANGEROUS = {
    "post_process": "it runs programs on this computer",
    "gcode_substitutions": "it rewrites the finished program",
    "output_filename_format": "it names files",
    **dict.fromkeys(("bed_custom_model", "bed_custom_texture", "bed_model", "bed_texture"), "it reads files"),
    **dict.fromkeys(("between_objects_gcode", "template_custom_gcode", "pause_print_gcode"), "G-code of no use here"),
    **dict.fromkeys(("notes", "filament_notes"), "free text"),
    "start_gcode_manual": "G-code of no use here",
    **dict.fromkeys(("thumbnails", "thumbnails_format"), "pictures within the program"),
}
_NETWORK = re.compile(r".*(?:host|apikey|password|cafile|serial_port|serial_speed|_user\b).*")
_OURS = re.compile(
    r"layer_height|perimeters|fill_density|support_material(?:_auto|_buildplate_only|_threshold|_style|_extruder"
    r"|_interface_extruder|_enforce_layers)?|brim_.*|raft_.*|skirts?|skirt_.*|min_skirt_length|draft_shield"
    r"|complete_objects|duplicate_distance|extruder_clearance_.*|spiral_vase|wipe_tower.*|wiping_volumes.*|wipe_into_.*"
    r"|ooze_prevention|standby_temperature_delta|single_extruder_multi_material.*|mmu_.*|gcode_comments"
    r"|machine_limits_usage|gcode_label_objects|remaining_times|silent_mode|threads|use_.*|variable_layer_height"
    r"|(?:perimeter|infill|solid_infill)_extruder|colorprint_heights|printer_technology"
)
_BOOKS = re.compile(
    r"compatible_.*|inherits.*|default_.*_profile|alias|renamed_from|.*colou?r|filament_(?:spool_weight|soluble|load_time"
    r"|unload_time|loading_.*|unloading_.*|toolchange_delay|cooling_.*|minimal_purge.*|ramming_.*)|cooling_tube_.*"
    r"|parking_pos_retraction|extra_loading_move|high_current_.*|extruder_offset|retract_(?:length|restart_extra)_tool.*"
    r"|extrusion_axis|filament|print|printer|first_layer_size"
)


def why_dropped(key: str) -> str:
    """Of a key that no profile holds: the reason, for people; empty for what this version has never heard of."""
    if key in DANGEROUS:
        return DANGEROUS[key]
    if _NETWORK.fullmatch(key):
        return NETWORK
    if _OURS.fullmatch(key):
        return "the order's recipe or Llagar sets it"
    return "of no use here" if _BOOKS.fullmatch(key) else ""


def cleaned(key: str, value: str) -> str:
    """For the one tool that a machine has, in its normal mode; without remarks. Empty if nothing is left."""
    kind = KINDS[key]
    if kind is Kind.KEYWORDS:  # blocks ask which of them the notes hold; the rest is free text
        return " ".join(_KEYWORD.findall(value.replace("\\n", " "))[:40])
    if kind is Kind.NAME:
        return value.split(";", maxsplit=1)[0].strip().strip('"') if key in PER_TOOL else value
    plain = value.split(" #", maxsplit=1)[0].strip()
    return re.split(r"[,;]", plain)[0].strip() if key in PER_TOOL else plain


def is_right(key: str, value: str) -> bool:
    """Whether the value is of the key's kind; `nil` stands for a printer's own value."""
    nil = value == "nil" and key.startswith("filament_")
    return nil or _MATCHES[KINDS[key]](value) is not None
