"""Machine seconds before anybody has sliced: the same formulas for every shop, so that shops compete by their rates."""

import re

from broker.wire.plates import Recipe
from slicer_bridge.cost import cut_estimate, print_estimate
from slicer_bridge.cutting.feeds import CutTool, tool_for
from slicer_bridge.errors import CutRefused
from slicer_bridge.facts import DrawingFacts, MeshFacts
from slicer_bridge.slicing.profile import Recipe as SlicingRecipe

PRINT_PLATE_S = 240.0
"""Homing, heating bed and hotend, cooling down."""
CUT_PLATE_S = 60.0
CLEAR_S = 180.0
"""A person clears a machine, sets it up and confirms it."""
CHANGE_S = 300.0
"""A person changes a spool, or sheet and tool."""
_UNKNOWN_SHEET = "plywood"
"""Whose figures stand in for a sheet material without any; the shop's own tool table decides when it cuts."""


def print_s(mesh: MeshFacts, recipe: Recipe) -> float:
    """Seconds a piece."""
    slicing = SlicingRecipe(layer_mm=recipe.layer_mm, perimeters=recipe.perimeters, infill=recipe.infill)
    return print_estimate(mesh, slicing).seconds


def cut_s(drawing: DrawingFacts, material: str, thickness_mm: float, tool_mm: float) -> float:
    """Seconds a piece."""
    return cut_estimate(drawing, thickness_mm, _tool(material, tool_mm)).seconds


def _tool(material: str, tool_mm: float) -> CutTool:
    """Shops name a sheet by its material and thickness, such as plywood-3."""
    try:
        return tool_for(re.split(r"[\s-]", material)[0], tool_mm)
    except CutRefused:
        return tool_for(_UNKNOWN_SHEET, tool_mm)
