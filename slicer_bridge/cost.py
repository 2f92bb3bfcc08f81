"""Time and material before anything is sliced, by closed formulas: for quotes and plans, never for a machine.

Printing: the shell's volume is walls (area of the sides × perimeters × line width) and closed layers (contact area ×
two sides × their thickness), saturating at the part's volume; the rest is infill. Time is the length of the walls at
their speed, of closed layers and infill at theirs, plus a little for every layer. The factors are fitted to 36 results
of PrusaSlicer 2.5.0 with this package's own profile: thirteen open-hardware parts of 1 to 170 cm³ and five plain
blocks, two recipes each. Material came out within 5 % on average (worst 16 %), time within 13 % (from 39 % too low for
slender sticks full of holes to 26 % too high for flat plates).
"""

from dataclasses import dataclass
from math import exp

from slicer_bridge.cutting.feeds import CutTool, passes
from slicer_bridge.facts import DrawingFacts, MeshFacts
from slicer_bridge.slicing.profile import SOLID_LAYERS, PrinterProfile, Recipe, line_width_mm

_WALLS = 1.8
_CLOSED = 1.5
_INFILL = 0.85
_POWER = 1.2
_WALL_TIME = 2.3
_CLOSED_TIME = 1.7
_INFILL_TIME = 0.3
_LAYER_S = 0.5
_TYPICAL = PrinterProfile("typical", (250.0, 210.0), 210.0)

_THROUGH_MM = 0.2
_PER_CONTOUR_S = 3.0
"""Lifting, crossing and entering."""


@dataclass(frozen=True, slots=True)
class PrintEstimate:
    """Of one piece; a plate's heat-up and setup come on top."""

    seconds: float
    extruded_mm3: float

    def grams(self, density_g_cm3: float) -> float:
        return self.extruded_mm3 * density_g_cm3 / 1000.0


@dataclass(frozen=True, slots=True)
class CutEstimate:
    """Of one piece; spin-up and setup come on top."""

    seconds: float
    cut_length_mm: float
    """All passes."""


def print_estimate(facts: MeshFacts, recipe: Recipe, printer: PrinterProfile = _TYPICAL) -> PrintEstimate:
    """For the mesh in its first orientation."""
    way = facts.orientations[0]
    width, layer = line_width_mm(printer), recipe.layer_mm
    volume = max(facts.volume_mm3, 1.0)
    walls = _WALLS * max(facts.area_mm2 - 2 * way.contact_mm2, 0.0) * recipe.perimeters * width
    closed = _CLOSED * 2 * way.contact_mm2 * SOLID_LAYERS * layer
    shell = volume * (1.0 - exp(-(((walls + closed) / volume) ** _POWER)))
    infill = _INFILL * recipe.infill * (volume - shell)
    wall_share = walls / (walls + closed) if walls + closed > 0 else 0.0
    line_mm2 = width * layer
    seconds = (
        _WALL_TIME * shell * wall_share / (line_mm2 * printer.perimeter_mm_s)
        + _CLOSED_TIME * shell * (1.0 - wall_share) / (line_mm2 * printer.infill_mm_s)
        + _INFILL_TIME * infill / (line_mm2 * printer.infill_mm_s)
        + _LAYER_S * way.size_mm[2] / layer
    )
    return PrintEstimate(seconds, shell + infill)


def cut_estimate(facts: DrawingFacts, thickness_mm: float, tool: CutTool) -> CutEstimate:
    """The drawing's length once a pass, at the tool's feed, and one entry a contour and pass."""
    count = len(passes(thickness_mm + _THROUGH_MM, tool))
    length = facts.cut_length_mm * count
    return CutEstimate(length / tool.feed_mm_s + facts.contours * _PER_CONTOUR_S, length)
