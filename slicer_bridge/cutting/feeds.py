"""Speeds and depths of a cutter, by material, as data."""

from dataclasses import dataclass

from slicer_bridge.errors import CutRefused


@dataclass(frozen=True, slots=True)
class CutTool:
    """A flat end mill in one material."""

    diameter_mm: float
    feed_mm_s: float
    plunge_mm_s: float
    spindle_rpm: float
    pass_mm: float
    """Deepest cut of one pass."""
    rapid_mm_s: float = 40.0
    """For estimates alone: the machine takes its own."""


@dataclass(frozen=True, slots=True)
class _Material:
    """For a two-flute end mill of 3 mm; feeds grow with the diameter."""

    feed_mm_s: float
    plunge_mm_s: float
    spindle_rpm: float
    pass_diameters: float


# Source: rules of thumb of hobby routers (ShopBot and Carbide 3D charts, rounded down). Shops set their own.
_MATERIALS = {
    "plywood": _Material(20.0, 6.0, 16000, 0.7),
    "mdf": _Material(22.0, 7.0, 16000, 0.7),
    "softwood": _Material(22.0, 7.0, 16000, 0.7),
    "hardwood": _Material(15.0, 5.0, 16000, 0.5),
    "acrylic": _Material(15.0, 4.0, 14000, 0.4),
    "hdpe": _Material(20.0, 6.0, 14000, 0.6),
    "acm": _Material(15.0, 4.0, 18000, 0.5),
    "aluminium": _Material(8.0, 1.5, 16000, 0.15),
}
_ROOT_DIAMETER_MM = 3.0


def tool_for(material: str, diameter_mm: float) -> CutTool:
    """Raises CutRefused for a material that has no figures: give feeds and speeds of your own."""
    found = _MATERIALS.get(material.lower())
    if found is None:
        known = ", ".join(sorted(_MATERIALS))
        raise CutRefused(f"no feeds for {material!r}: known are {known}; or give feeds and speeds of your own")
    share = min(max(diameter_mm / _ROOT_DIAMETER_MM, 0.3), 2.0)
    return CutTool(
        diameter_mm=diameter_mm,
        feed_mm_s=found.feed_mm_s * share,
        plunge_mm_s=found.plunge_mm_s * share,
        spindle_rpm=found.spindle_rpm,
        pass_mm=found.pass_diameters * diameter_mm,
    )
