"""Speeds and depths of cutters and beams, by material: data in `feeds.toml`, each entry with its source."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import ceil

from pydantic import BaseModel

from slicer_bridge.errors import CutRefused

HIGHEST_FEED_MM_S = 40.0
"""Of light machines; a shop whose machine goes faster says so in its own table."""
_V_BIT_MM = 2.0
"""What a V-bit is as strong as, whatever its tip."""
_WATTS = (0.5, 1.5)
"""How far a laser's power may lie from the one that the figures are for, as a share of it."""


class ToolKind(StrEnum):
    MILL = "mill"
    """Flat end mill that cuts at its centre too."""
    DRILL = "drill"
    V_BIT = "v-bit"
    """Engraves; `diameter_mm` is its tip's width."""


@dataclass(frozen=True, slots=True)
class CutTool:
    """A cutter in one material."""

    diameter_mm: float
    feed_mm_s: float
    plunge_mm_s: float
    spindle_rpm: float
    pass_mm: float
    """Deepest cut of one pass; of a drill: depth after which it comes up."""
    rapid_mm_s: float = 40.0
    """For estimates alone: the machine takes its own."""
    stepover: float = 0.4
    """Between the ways of a pocket, in diameters; at most 0.5."""
    kind: ToolKind = ToolKind.MILL

    @property
    def radius_mm(self) -> float:
        return self.diameter_mm / 2

    @property
    def name(self) -> str:
        return f"{self.kind} {self.diameter_mm:g} mm"


@dataclass(frozen=True, slots=True)
class Laser:
    """A beam in one sheet."""

    kerf_mm: float
    feed_mm_s: float
    power: float
    """Share of the highest, 0 to 1."""
    passes: int = 1
    pierce_s: float = 0.0
    engrave_power: float = 0.15
    engrave_mm_s: float = 100.0
    highest_s: float = 1000.0
    """The word S of full power: GRBL's $30."""
    focus_mm: float | None = None
    """Z of the focus; None: the machine's Z is left alone."""
    lead_mm: float = 1.0
    overcut_mm: float = 0.5
    micro_tab_mm: float = 0.0
    """Width of the bridges that hold a piece; 0: none."""
    rapid_mm_s: float = 100.0

    @property
    def radius_mm(self) -> float:
        return self.kerf_mm / 2

    @property
    def name(self) -> str:
        return "laser"


class _Router(BaseModel, frozen=True, extra="forbid"):
    chip_load_mm: tuple[tuple[float, float], ...]
    light: float
    rpm: float
    plunge_share: float
    pass_diameters: float
    stepover: float
    peck_diameters: float
    source: str


class _Beam(BaseModel, frozen=True, extra="forbid"):
    watts: float
    kerf_mm: float
    cuts: tuple[tuple[float, float, float, int], ...]
    engrave: tuple[float, float]
    pierce_s: float
    source: str


class _Feeds(BaseModel, frozen=True, extra="forbid"):
    router: dict[str, _Router]
    laser: dict[str, _Beam]


@cache
def _feeds() -> _Feeds:
    text = files("slicer_bridge.cutting").joinpath("feeds.toml").read_text(encoding="utf-8")
    return _Feeds.model_validate(tomllib.loads(text))


def sources() -> dict[str, str]:
    """Where the figures of each material come from."""
    feeds = _feeds()
    return {
        **{f"router.{name}": one.source for name, one in feeds.router.items()},
        **{f"laser.{name}": one.source for name, one in feeds.laser.items()},
    }


def tool_for(
    material: str,
    diameter_mm: float,
    *,
    kind: ToolKind = ToolKind.MILL,
    flutes: int = 2,
    spindle_rpm: tuple[float, float] | None = None,
    max_feed_mm_s: float = HIGHEST_FEED_MM_S,
    max_plunge_mm_s: float = HIGHEST_FEED_MM_S,
) -> CutTool:
    """Figures for a material by chip load. `spindle_rpm`: lowest and highest of the machine, as are the two feeds.

    Raises CutRefused for a material that has no figures: give feeds and speeds of your own.
    """
    found = _feeds().router.get(material.lower())
    if found is None:
        known = ", ".join(sorted(_feeds().router))
        raise CutRefused(f"no feeds for {material!r}: known are {known}; or give feeds and speeds of your own")
    if not 0.05 <= diameter_mm <= 50 or not 1 <= flutes <= 8:
        raise CutRefused(f"a cutter of {diameter_mm:g} mm with {flutes} flutes: check both")
    low, high = spindle_rpm or (0.0, found.rpm)
    rpm = min(max(found.rpm, low), high)
    width = max(diameter_mm, _V_BIT_MM) if kind is ToolKind.V_BIT else diameter_mm
    feed = min(_chip_mm(found.chip_load_mm, width) * found.light * flutes * rpm / 60, max_feed_mm_s)
    deep = found.peck_diameters if kind is ToolKind.DRILL else found.pass_diameters
    plunge = min(feed * found.plunge_share, max_plunge_mm_s)
    return CutTool(diameter_mm, feed, plunge, rpm, deep * width, stepover=found.stepover, kind=kind)


def _chip_mm(table: tuple[tuple[float, float], ...], diameter: float) -> float:
    """Straight lines between the table's diameters; in proportion below the first, as the last above it."""
    first, last = table[0], table[-1]
    if diameter <= first[0]:
        return first[1] * diameter / first[0]
    for (low, before), (high, after) in pairwise(table):
        if diameter <= high:
            return before + (after - before) * (diameter - low) / (high - low)
    return last[1]


def laser_for(
    material: str,
    thickness_mm: float,
    *,
    watts: float = 60.0,
    highest_s: float = 1000.0,
    max_feed_mm_s: float = 100.0,
) -> Laser:
    """Figures for a sheet, and a machine that goes no faster than `max_feed_mm_s`.

    Raises CutRefused for materials without figures, sheets too thick, lasers too different."""
    found = _feeds().laser.get(material.lower())
    if found is None:
        known = ", ".join(sorted(_feeds().laser))
        raise CutRefused(f"no laser figures for {material!r}: known are {known}; or give power and speed of your own")
    fitting = [cut for cut in sorted(found.cuts) if thickness_mm <= cut[0] + 1e-9]
    if not fitting:
        most = max(cut[0] for cut in found.cuts)
        raise CutRefused(f"{material} of {thickness_mm:g} mm: figures end at {most:g} mm; give power, speed and passes")
    share = watts / found.watts
    if not _WATTS[0] <= share <= _WATTS[1]:
        raise CutRefused(f"a laser of {watts:g} W: the figures are for {found.watts:g} W; give power and speed")
    _, power, feed, passes = fitting[0]
    return Laser(
        kerf_mm=found.kerf_mm,
        feed_mm_s=min(feed * share, max_feed_mm_s),
        power=power,
        passes=passes,
        pierce_s=found.pierce_s,
        engrave_power=found.engrave[0],
        engrave_mm_s=min(found.engrave[1] * min(share, 1.0), max_feed_mm_s),
        highest_s=highest_s,
    )


def passes(depth_mm: float, tool: CutTool) -> list[float]:
    """Depths of the passes, equal steps, the last one `depth_mm`."""
    count = max(1, ceil(depth_mm / tool.pass_mm - 1e-9))
    return [depth_mm * (number + 1) / count for number in range(count)]
