"""CuraEngine's settings, all of them: on its command line it knows no defaults and works out no expressions.

The 485 names are those that CuraEngine 4.13.0 asks for (`Settings::get` in its `src/`); one that is missing ends it
with `Trying to retrieve setting with no value given`. What they mean: CuraEngine's `docs/settings.md`. What belongs to
a feature that is off has a value that does nothing. Names that end alike often mean alike: they are set by their
endings first, and by name after that.
"""

import json

from slicer_bridge.slicing.ends import plain_ends
from slicer_bridge.slicing.profile import (
    SOLID_LAYERS,
    FilamentProfile,
    PrinterProfile,
    Recipe,
    first_layer_mm,
    line_width_mm,
)

Values = dict[str, str]

_OFF = """
acceleration_enabled adaptive_layer_height_enabled alternate_extra_perimeter anti_overhang_mesh
bridge_enable_more_layers
bridge_settings_enabled brim_replaces_support carve_multiple_volumes center_object clean_between_layers coasting_enable
conical_overhang_enabled connect_infill_polygons connect_skin_polygons cool_lift_head cutting_mesh draft_shield_enabled
extruder_prime_pos_abs fill_outline_gaps infill_before_walls infill_enable_travel_optimization infill_mesh
infill_randomize_start_location infill_support_enabled ironing_enabled ironing_monotonic ironing_only_highest_layer
jerk_enabled machine_always_write_active_tool machine_center_is_zero machine_extruder_end_pos_abs
machine_extruder_start_pos_abs machine_extruders_share_heater machine_extruders_share_nozzle machine_firmware_retract
machine_heated_build_volume magic_fuzzy_skin_enabled magic_fuzzy_skin_outside_only magic_spiralize
material_bed_temp_prepend material_bed_temp_wait material_flow_dependent_temperature material_print_temp_prepend
material_print_temp_wait meshfix_extensive_stitching meshfix_keep_open_polygons meshfix_union_all_remove_holes
mold_enabled ooze_shield_enabled outer_inset_first prime_blob_enable prime_tower_brim_enable prime_tower_enable
prime_tower_wipe_enabled retract_at_layer_change retraction_hop_after_extruder_switch retraction_hop_enabled
retraction_hop_only_when_collides roofing_monotonic skin_monotonic skin_no_small_gaps_heuristic
smooth_spiralized_contours speed_equalize_flow_enabled support_bottom_enable support_brim_enable
support_conical_enabled support_fan_enable support_mesh support_mesh_drop_down support_roof_enable
support_skip_some_zags support_use_towers travel_avoid_supports travel_retract_before_outer_wall wall_min_flow_retract
wipe_hop_enable wipe_retraction_enable wireframe_enabled z_seam_relative zig_zaggify_infill zig_zaggify_support
"""
_ON = """
alternate_carve_order brim_outside_only cool_fan_enabled filter_out_tiny_gaps limit_support_retractions
machine_heated_bed machine_nozzle_temp_enabled machine_use_extruder_offset_to_offset_coords meshfix_union_all
optimize_wall_printing_order relative_extrusion remove_empty_first_layers retraction_enable support_connect_zigzags
travel_avoid_other_parts travel_compensate_overlapping_walls_0_enabled travel_compensate_overlapping_walls_x_enabled
"""
_ZERO = """
adaptive_layer_height_variation bridge_fan_speed bridge_fan_speed_2 bridge_fan_speed_3 bridge_sparse_infill_max_density
bridge_wall_coast brim_gap build_volume_temperature coasting_volume conical_overhang_hole_size cool_fan_speed_0
extruder_nr extruder_prime_pos_x extruder_prime_pos_y extruder_prime_pos_z gradual_infill_steps
gradual_support_infill_steps hole_xy_offset infill_mesh_order infill_offset_x infill_offset_y infill_wall_line_count
ironing_inset layer_start_x layer_start_y machine_extruder_cooling_fan_number machine_extruder_end_pos_x
machine_extruder_end_pos_y machine_extruder_start_pos_x machine_extruder_start_pos_y
machine_extruders_shared_nozzle_initial_retraction machine_minimum_feedrate machine_nozzle_offset_x
machine_nozzle_offset_y magic_fuzzy_skin_thickness material_adhesion_tendency mesh_position_z min_infill_area
minimum_bottom_area minimum_roof_area minimum_support_area mold_width multiple_mesh_overlap layer_0_z_overlap
prime_tower_min_volume prime_tower_position_x prime_tower_position_y raft_airgap raft_base_fan_speed
raft_interface_fan_speed raft_surface_fan_speed raft_margin raft_smoothing retraction_combing_max_distance
retraction_extra_prime_amount retraction_hop retraction_hop_after_extruder_switch_height roofing_layer_count
skirt_brim_minimal_length skirt_gap skirt_line_count small_feature_max_length support_bottom_line_distance
support_bottom_offset support_brim_line_count support_initial_layer_line_distance support_interface_skip_height
support_roof_line_distance support_roof_offset support_zag_skip_count switch_extruder_extra_prime_amount
support_bottom_stair_step_height support_bottom_stair_step_min_slope support_bottom_stair_step_width
switch_extruder_retraction_amount wall_0_inset wall_0_wipe_dist wall_min_flow wipe_brush_pos_x wipe_hop_amount
wipe_move_distance wipe_pause wipe_repeat_count wipe_retraction_amount wipe_retraction_extra_prime_amount xy_offset
xy_offset_layer_0 flow_rate_max_extrusion_offset infill_wipe_dist
"""
_ONE = """
adaptive_layer_height_threshold adaptive_layer_height_variation_step bottom_skin_expand_distance
bottom_skin_preshrink bridge_skin_support_threshold coasting_min_volume cross_infill_pocket_size draft_shield_dist
draft_shield_height gradual_infill_step_height gradual_support_infill_step_height infill_multiplier ironing_flow
ironing_line_spacing machine_extruder_count machine_nozzle_cool_down_speed machine_nozzle_heat_up_speed
magic_fuzzy_skin_point_dist material_extrusion_cool_down_speed max_extrusion_before_wipe minimum_polygon_circumference
machine_min_cool_heat_time_window machine_nozzle_tip_outer_diameter mold_roof_height ooze_shield_dist prime_tower_size
raft_base_line_spacing raft_base_thickness raft_interface_line_spacing raft_interface_thickness raft_surface_layers
raft_surface_line_spacing raft_surface_thickness skin_outline_count speed_slowdown_layers sub_div_rad_add
support_bottom_height support_conical_min_width support_roof_height support_tower_diameter
support_tower_maximum_supported_diameter support_tree_branch_diameter support_tree_branch_distance
support_tree_collision_resolution support_wall_count switch_extruder_prime_speed switch_extruder_retraction_speed
top_skin_expand_distance top_skin_preshrink bridge_wall_min_length
"""
_HUNDRED = """
bridge_skin_material_flow_2 bridge_skin_material_flow_3
bridge_skin_density bridge_skin_density_2 bridge_skin_density_3 flow_rate_extrusion_offset_factor
initial_layer_line_width_factor machine_max_feedrate_e material_flow_layer_0 material_shrinkage_percentage
prime_tower_flow small_feature_speed_factor small_feature_speed_factor_0
support_supported_skin_fan_speed wall_overhang_speed_factor wireframe_flow_connection
wireframe_flow_flat coasting_speed retraction_count_max
"""
_ANGLES = """
conical_overhang_angle infill_support_angle lightning_infill_overhang_angle lightning_infill_prune_angle
lightning_infill_straightening_angle machine_nozzle_expansion_angle mold_angle ooze_shield_angle
support_conical_angle support_tower_roof_angle support_tree_angle support_tree_branch_diameter_angle
"""
_EMPTY = """
cross_infill_density_image cross_support_density_image machine_extruder_end_code machine_extruder_start_code
machine_nozzle_id material_guid
"""
_WORDS = {
    "draft_shield_height_limitation": "full",
    "fill_perimeter_gaps": "everywhere",
    "infill_angles": "[ ]",
    "infill_pattern": "lines",
    "ironing_pattern": "zigzag",
    "machine_buildplate_type": "glass",
    "machine_gcode_flavor": "RepRap (Marlin/Sprinter)",
    "machine_shape": "rectangular",
    "magic_mesh_surface_mode": "normal",
    "material_flow_temp_graph": "[]",
    "mesh_rotation_matrix": "[[1,0,0], [0,1,0], [0,0,1]]",
    "retraction_combing": "all",
    "roofing_angles": "[ ]",
    "roofing_pattern": "lines",
    "skin_angles": "[ ]",
    "slicing_tolerance": "middle",
    "support_bottom_angles": "[ ]",
    "support_bottom_pattern": "lines",
    "support_infill_angles": "[ ]",
    "support_pattern": "zigzag",
    "support_roof_angles": "[ ]",
    "support_roof_pattern": "lines",
    "support_structure": "normal",
    "support_type": "everywhere",
    "support_xy_overrides_z": "z_overrides_xy",
    "top_bottom_pattern": "lines",
    "top_bottom_pattern_0": "lines",
    "wireframe_strategy": "compensate",
    "z_seam_corner": "z_seam_corner_inner",
    "z_seam_type": "sharpest_corner",
}
_WIREFRAME = """
bottom_delay drag_along fall_down flat_delay height nozzle_clearance printspeed_bottom printspeed_down printspeed_flat
printspeed_up roof_drag_along roof_fall_down roof_inset roof_outer_delay straight_before_down top_delay top_jump
up_half_speed
"""
_KINDS = "infill ironing prime_tower print_layer_0 roofing skirt_brim support_bottom support_infill support_roof \
topbottom travel travel_layer_0 wall_0 wall_x"
_SPEEDS = "infill ironing prime_tower print_layer_0 roofing support_bottom support_infill support_roof topbottom \
travel travel_layer_0 wall_0 wall_x"
_WIDTHS = "infill_line prime_tower_line raft_base_line raft_interface_line raft_surface_line roofing_line skin_line \
skirt_brim_line support_bottom_line support_line support_roof_line"
_FLOWS = "bridge_skin bridge_wall infill roofing skin skirt_brim support_bottom support \
support_roof wall_0 wall_x"
_OF_ALL_LAYERS = 999_999
_SUPPORT_DENSITY = 0.15


def definition(printer: PrinterProfile, recipe: Recipe, material: FilamentProfile, top_mm: float) -> str:
    """A definition file (JSON) that states every setting. Raises BadLimits for blocks that only PrusaSlicer can read.

    `top_mm`: height of the highest part, for where the head goes in the end.
    """
    values = {**_fixed(), **_machine(printer, material), **_print(printer, recipe, material)}
    values |= _supports(printer, recipe)
    values["machine_start_gcode"], values["machine_end_gcode"] = plain_ends(printer, material, top_mm)
    settings = {name: {"type": "str", "default_value": value} for name, value in sorted(values.items())}
    return json.dumps({"version": 2, "name": "plate", "settings": settings}, indent=0)


def _fixed() -> Values:
    by_value = {"false": _OFF, "true": _ON, "0": _ZERO, "1": _ONE, "100": _HUNDRED, "45": _ANGLES, "": _EMPTY}
    values = {name: value for value, names in by_value.items() for name in names.split()}
    values |= {f"wireframe_{name}": "1" for name in _WIREFRAME.split()}
    values |= {f"{name}_material_flow": "100" for name in _FLOWS.split()}
    values |= {f"{name}_extruder_nr": "-1" for name in ["infill", "roofing", "top_bottom", "wall_0", "wall_x"]}
    values |= {f"{name}_extruder_nr": "0" for name in ["adhesion", "support_bottom", "support_infill", "support_roof"]}
    values["support_extruder_nr_layer_0"] = "0"
    return values | _WORDS


def _machine(printer: PrinterProfile, material: FilamentProfile) -> Values:
    width, depth = printer.bed_mm
    acceleration, jerk = f"{printer.acceleration_mm_s2:g}", f"{printer.jerk_mm_s:g}"
    rafts = [f"raft_{name}" for name in ("base", "interface", "surface")]
    return {
        **{f"acceleration_{name}": acceleration for name in _KINDS.split()},
        **{f"jerk_{name}": jerk for name in _KINDS.split()},
        **{f"{raft}_acceleration": acceleration for raft in rafts},
        **{f"{raft}_jerk": jerk for raft in rafts},
        **{f"machine_max_acceleration_{axis}": acceleration for axis in "xy"},
        **{f"machine_max_feedrate_{axis}": f"{printer.travel_mm_s:g}" for axis in "xy"},
        "machine_acceleration": acceleration,
        "machine_max_acceleration_z": "200",
        "machine_max_acceleration_e": "5000",
        "machine_max_feedrate_z": f"{printer.z_mm_s:g}",
        "machine_max_feedrate_e": f"{printer.retract_mm_s:g}",
        "machine_max_jerk_xy": jerk,
        "machine_max_jerk_z": "0.4",
        "machine_max_jerk_e": "5",
        "machine_name": "printer",
        "machine_nozzle_size": f"{printer.nozzle_mm:g}",
        "machine_width": f"{width:g}",
        "machine_depth": f"{depth:g}",
        "machine_height": f"{printer.height_mm:g}",
        # The engine moves everything by half the bed; here it goes back.
        "mesh_position_x": f"{-width / 2:g}",
        "mesh_position_y": f"{-depth / 2:g}",
        "z_seam_x": "0",
        "z_seam_y": "0",
        "speed_z_hop": f"{printer.z_mm_s:g}",
        "wipe_hop_speed": f"{printer.z_mm_s:g}",
        "retraction_amount": f"{printer.retract_mm:g}",
        "retraction_extrusion_window": f"{printer.retract_mm:g}",
        **{
            f"{name}_speed": f"{printer.retract_mm_s:g}"
            for name in ("retraction_retract", "retraction_prime", "wipe_retraction_retract", "wipe_retraction_prime")
        },
        **{
            f"material_{name}temperature{layer}": str(material.hotend_c)
            for name, layer in (("print_", ""), ("print_", "_layer_0"), ("initial_print_", ""), ("final_print_", ""))
        },
        "material_standby_temperature": str(material.hotend_c),
        "material_bed_temperature": str(material.bed_c),
        "material_bed_temperature_layer_0": str(material.bed_c),
        "material_diameter": f"{material.diameter_mm:g}",
        "cool_fan_speed_min": str(min(material.fan_percent, 35)),
        "cool_fan_speed_max": str(material.fan_percent),
        "cool_fan_full_layer": "3",
        "cool_min_layer_time": "5",
        "cool_min_layer_time_fan_speed_max": "10",
        "cool_min_speed": "10",
    }


def _print(printer: PrinterProfile, recipe: Recipe, material: FilamentProfile) -> Values:
    width, first = line_width_mm(printer), first_layer_mm(printer.nozzle_mm, recipe)
    fastest = material.max_flow_mm3_s / (width * max(recipe.layer_mm, first))
    wall, infill, slow = (
        f"{min(speed, fastest):g}" for speed in (printer.perimeter_mm_s, printer.infill_mm_s, printer.first_layer_mm_s)
    )
    solid = str(_OF_ALL_LAYERS if recipe.infill >= 1.0 else SOLID_LAYERS)
    return {
        **{f"{name}_width": f"{width:g}" for name in _WIDTHS.split()},
        **{f"wall_line_width_{name}": f"{width:g}" for name in "0x"},
        **{f"speed_{name}": wall for name in _SPEEDS.split()},
        **dict.fromkeys(("bridge_skin_speed", "bridge_skin_speed_2", "bridge_skin_speed_3"), wall),
        **{f"raft_{name}_speed": slow for name in ("base", "interface", "surface")},
        "bridge_wall_speed": wall,
        "speed_infill": infill,
        "speed_topbottom": infill,
        "speed_print_layer_0": slow,
        "skirt_brim_speed": slow,
        "speed_travel": f"{printer.travel_mm_s:g}",
        "speed_travel_layer_0": f"{printer.travel_mm_s:g}",
        "layer_height": f"{recipe.layer_mm:g}",
        "layer_height_0": f"{first:g}",
        "infill_sparse_thickness": f"{recipe.layer_mm:g}",
        "wall_line_count": str(recipe.perimeters),
        "top_layers": solid,
        "bottom_layers": solid,
        "initial_bottom_layers": solid,
        "skin_edge_support_layers": "0",
        "infill_line_distance": f"{width / recipe.infill:g}" if recipe.infill else "0",
        "infill_overlap_mm": f"{0.15 * width:g}",
        "skin_overlap_mm": f"{0.1 * width:g}",
        "min_skin_width_for_expansion": f"{width:g}",
        "meshfix_maximum_resolution": "0.1",
        "meshfix_maximum_deviation": "0.0125",
        "meshfix_maximum_travel_resolution": "0.5",
        "retraction_min_travel": "2",
        "travel_avoid_distance": "0.6",
        "wall_overhang_angle": "90",
        "adhesion_type": "brim" if recipe.brim_mm else "none",
        "brim_line_count": str(max(1, int(recipe.brim_mm / width))),
    }


def _supports(printer: PrinterProfile, recipe: Recipe) -> Values:
    gap = f"{max(recipe.layer_mm, 0.2):g}"
    return {
        "support_enable": str(recipe.supports).lower(),
        "support_angle": "45",
        "support_infill_sparse_thickness": f"{recipe.layer_mm:g}",
        "support_line_distance": f"{line_width_mm(printer) / _SUPPORT_DENSITY:g}",
        "support_initial_layer_line_distance": f"{line_width_mm(printer) / _SUPPORT_DENSITY:g}",
        "support_top_distance": gap,
        "support_bottom_distance": gap,
        "support_xy_distance": "0.7",
        "support_xy_distance_overhang": "0.2",
        "support_join_distance": "2",
        "support_offset": "0",
    }
