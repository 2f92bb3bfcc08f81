"""Whether an imported profile is for this machine, where the two differ, and limits that would hold its programs."""

import re
from dataclasses import dataclass
from math import ceil, floor

from slicer_bridge.errors import BadLimits
from slicer_bridge.programs.limits import Dialect, Envelope, MachineLimits
from slicer_bridge.slicing.profile import PrinterProfile
from slicer_bridge.slicing.shop.block_moves import reach_of
from slicer_bridge.slicing.shop.imported import ImportedProfile

_NEAR_MM = 1.0
"""Beds are given in whole millimetres, and not by everybody to the same edge."""
_FEED = re.compile(r"machine_max_feedrate_[xy]|(?!.*(?:fan|retract|volumetric)).*_speed")
_E_KEYS = ("machine_max_feedrate_e", "retract_speed", "deretract_speed", "filament_retract_speed")
_FLOW_SLACK = 1.05
"""Widths and lengths are rounded to the last digit that is written."""


@dataclass(frozen=True, slots=True)
class Bed:
    """Corners of the box around a profile's bed, mm."""

    low: tuple[float, float]
    high: tuple[float, float]


def bed_of(profile: ImportedProfile) -> Bed:
    points = [tuple(map(float, point.split("x"))) for point in profile.settings["bed_shape"].split(",")]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Bed((min(xs), min(ys)), (max(xs), max(ys)))


def check_fit(profile: ImportedProfile, printer: PrinterProfile) -> None:
    """Raises BadLimits for another nozzle, or a bed on which the machine's plates don't lie."""
    if abs(profile.nozzle_mm - printer.nozzle_mm) > 1e-6:
        raise BadLimits(
            f"{profile.source} is for a nozzle of {profile.nozzle_mm:g} mm, {printer.name} has one of "
            f"{printer.nozzle_mm:g}: import the profile of that nozzle"
        )
    bed = bed_of(profile)
    if min(bed.low) < -_NEAR_MM:
        raise BadLimits(
            f"{profile.source}: its bed begins at {bed.low[0]:g}, {bed.low[1]:g}; plates are laid out from 0, 0 at "
            "the front left corner: a machine whose zero is the bed's middle can't take them"
        )
    for axis, name in enumerate(("wide", "deep")):
        if printer.bed_mm[axis] > bed.high[axis] + _NEAR_MM:
            raise BadLimits(
                f"{profile.source}: its bed ends at {bed.high[axis]:g} mm, {printer.name} is {printer.bed_mm[axis]:g} "
                f"mm {name}: it is another machine's, or volume_mm in agent.toml is wrong"
            )


def differences(profile: ImportedProfile, printer: PrinterProfile, limits: MachineLimits | None) -> tuple[str, ...]:
    """What differs between the profile and the machine as its owner describes it; none of it stops an import."""
    found: list[str] = []
    bed = bed_of(profile)
    for axis, name in enumerate("XY"):
        if abs(bed.high[axis] - printer.bed_mm[axis]) > _NEAR_MM or bed.low[axis] > _NEAR_MM:
            found.append(
                f"bed: {name} from {bed.low[axis]:g} to {bed.high[axis]:g} in the profile, "
                f"from 0 to {printer.bed_mm[axis]:g} here"
            )
    height = profile.number("max_print_height")
    if height and abs(height - printer.height_mm) > _NEAR_MM:
        found.append(f"height: {height:g} in the profile, {printer.height_mm:g} here")
    return (*found, *(_beyond(profile, limits) if limits is not None else ()))


def _beyond(profile: ImportedProfile, limits: MachineLimits) -> list[str]:
    """Where its programs would be refused."""
    wanted = limits_from_profile(profile, limits.dialect)
    pairs = (
        ("max_hotend_c", wanted.max_hotend_c, limits.max_hotend_c),
        ("max_bed_c", wanted.max_bed_c, limits.max_bed_c),
        ("max_feed_mm_s", wanted.max_feed_mm_s, limits.max_feed_mm_s),
        ("max_feed_z_mm_s", wanted.max_feed_z_mm_s, limits.max_feed_z_mm_s),
        ("max_feed_e_mm_s", wanted.max_feed_e_mm_s, limits.max_feed_e_mm_s or limits.max_feed_mm_s),
        ("max_acceleration_mm_s2", wanted.max_acceleration_mm_s2, limits.max_acceleration_mm_s2),
        ("max_flow_mm3_s", wanted.max_flow_mm3_s, limits.max_flow_mm3_s),
    )
    found = [
        f"{key}: the profile goes to {asked:g}, the machine's limit is {given:g}"
        for key, asked, given in pairs
        if asked is not None and given is not None and asked > given
    ]
    for axis in "xyz":
        asks, has = _span(wanted.envelope_mm, axis), _span(limits.envelope_mm, axis)
        if asks[0] < has[0] or asks[1] > has[1]:
            found.append(
                f"envelope_mm.{axis}: the profile goes from {asks[0]:g} to {asks[1]:g}, "
                f"the machine's limit is {has[0]:g} to {has[1]:g}"
            )
    if abs(wanted.filament_mm - limits.filament_mm) > 1e-6:
        found.append(f"filament_mm: {wanted.filament_mm:g} in the profile, {limits.filament_mm:g} here")
    return found


def limits_from_profile(profile: ImportedProfile, dialect: Dialect) -> MachineLimits:
    """Limits that hold what this profile's programs do, and little more: for an owner to check before they are used."""
    filament = profile.number("filament_diameter", 1.75)
    reach, bed = reach_of(profile.blocks, filament), bed_of(profile)
    height = profile.number("max_print_height", 200.0)
    spans = [
        (min(low, floor(reached_low)), max(high, ceil(reached_high)))
        for low, high, reached_low, reached_high in zip(
            (min(0.0, bed.low[0]), min(0.0, bed.low[1]), 0.0), (*bed.high, height), reach.low, reach.high, strict=True
        )
    ]
    slowest_z = profile.number("travel_speed_z") or profile.number("machine_max_feedrate_z")
    feed_z = max(
        slowest_z or profile.number("travel_speed"), profile.number("machine_max_feedrate_z"), reach.feed_z_mm_s
    )
    accelerations = [profile.number(key) for key in profile.settings if "acceleration" in key]
    feeds = [
        profile.number(key) for key, value in profile.settings.items() if _FEED.fullmatch(key) and "%" not in value
    ]
    flow = profile.number("filament_max_volumetric_speed")
    return MachineLimits(
        dialect=dialect,
        envelope_mm=Envelope(x=spans[0], y=spans[1], z=spans[2]),
        max_feed_mm_s=max(1.0, reach.feed_mm_s, *feeds),
        max_feed_z_mm_s=feed_z,
        max_feed_e_mm_s=max(1.0, reach.feed_e_mm_s, *(profile.number(key) for key in _E_KEYS)),
        max_acceleration_mm_s2=max(accelerations, default=0.0) or None,
        max_hotend_c=max(profile.number(key) for key in ("temperature", "first_layer_temperature")),
        max_bed_c=max(profile.number(key) for key in ("bed_temperature", "first_layer_bed_temperature")),
        filament_mm=filament,
        max_flow_mm3_s=_rounded_up(max(flow * _FLOW_SLACK, reach.flow_mm3_s)) if flow else None,
        max_dwell_s=max(120.0, reach.dwell_s),
    )


def _rounded_up(value: float) -> float:
    return ceil(value * 10) / 10


def _span(envelope: Envelope, axis: str) -> tuple[float, float]:
    return {"x": envelope.x, "y": envelope.y, "z": envelope.z}[axis]


def limits_text(limits: MachineLimits, source: str) -> str:
    """TOML of `load_limits`."""
    lines = [
        f"# What {source} does, and no more: check it against the machine before you use it (docs/limits.md).",
        f'dialect = "{limits.dialect.value}"',
        f"max_feed_mm_s = {limits.max_feed_mm_s:g}",
        f"max_feed_z_mm_s = {limits.max_feed_z_mm_s:g}",
        f"max_feed_e_mm_s = {limits.max_feed_e_mm_s:g}",
        f"max_hotend_c = {limits.max_hotend_c:g}",
        f"max_bed_c = {limits.max_bed_c:g}",
        f"filament_mm = {limits.filament_mm:g}",
        f"max_dwell_s = {limits.max_dwell_s:g}",
    ]
    if limits.max_acceleration_mm_s2 is not None:
        lines.append(f"max_acceleration_mm_s2 = {limits.max_acceleration_mm_s2:g}")
    if limits.max_flow_mm3_s is not None:
        lines.append(f"max_flow_mm3_s = {limits.max_flow_mm3_s:g}")
    box = limits.envelope_mm
    lines += ["", "[envelope_mm]"]
    lines += [f"{axis} = [{low:g}, {high:g}]" for axis, (low, high) in zip("xyz", (box.x, box.y, box.z), strict=True)]
    return "\n".join(lines) + "\n"
