"""What a shop may choose besides its tools; lengths in mm."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from slicer_bridge.cutting.keep_out import KeepOut
from slicer_bridge.cutting.layers import NAMES, Operation
from slicer_bridge.cutting.tabs import Tabs

Offset = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Sheet:
    size_mm: tuple[float, float]
    thickness_mm: float
    margin_mm: float = 0.0
    """No part lies nearer to the sheet's edge."""


@dataclass(frozen=True, slots=True)
class CutOptions:
    """How a sheet is cut."""

    through_mm: float = 0.2
    """The cut goes this far into the spoil board."""
    safe_mm: float = 5.0
    """Height of rapid moves above the sheet."""
    highest_mm: float = 30.0
    """Rapid moves may go up to here to get over a clamp."""
    spin_up_s: float = 3.0
    ramp_diameters: float = 4.0
    lead_diameters: float = 0.5
    """Radius of the arcs that lead in and out; 0: none."""
    finish_mm: float = 0.0
    """Left for a last pass at full depth; 0: there is none."""
    slug_mm: float = 150.0
    """Holes with a longer border get tabs too: a large loose slug jams the cutter."""
    tabs: Tabs = field(default_factory=Tabs)
    keep_out: tuple[KeepOut, ...] = ()
    work_offset: Offset | None = None
    """Machine position of the work's zero; needed for keep-out zones in machine coordinates."""
    tool_changes: bool = False
    """Several tools in one program, by M6 and T; else each has its own."""
    layers: Mapping[str, Operation] = field(default_factory=lambda: NAMES)
