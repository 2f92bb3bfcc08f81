"""Machine seconds before anybody has sliced: the same formulas for every shop, so that shops compete by their rates."""

import re

from broker.wire.plates import Recipe
from broker.wire.shop import Process
from slicer_bridge.cost import cut_estimate, print_estimate
from slicer_bridge.cutting.feeds import CutTool, tool_for
from slicer_bridge.errors import CutRefused
from slicer_bridge.facts import DrawingFacts, MeshFacts
from slicer_bridge.slicing.profile import Recipe as SlicingRecipe

OVERHEAD_S = {Process.FDM: 240.0, Process.CUT2D: 60.0}
"""Machine seconds of every run. Printer: homing, heating bed and hotend, cooling down. Router: homing, work zero."""
CLEAR_S = {Process.FDM: 180.0, Process.CUT2D: 180.0}
"""A person clears a machine, makes it ready and confirms it."""
COUNT_S = {Process.FDM: 60.0, Process.CUT2D: 60.0}
"""A person counts what the last run made, and looks at it."""
WATCH_S = {Process.FDM: 120.0, Process.CUT2D: 0.0}
"""A person stays at a printer until the first layer lies. Who runs a router is there until its end anyway."""
CHANGE_S = 300.0
"""A person changes a spool, or sheet and tool."""
_LEAST_S = 1.0
_UNKNOWN_SHEET = "plywood"
"""Whose figures stand in for a sheet material without any; the shop's own tool table decides when it cuts."""


def print_s(mesh: MeshFacts, recipe: Recipe) -> float:
    """Seconds a piece."""
    slicing = SlicingRecipe(layer_mm=recipe.layer_mm, perimeters=recipe.perimeters, infill=recipe.infill)
    return max(print_estimate(mesh, slicing).seconds, _LEAST_S)


def cut_s(drawing: DrawingFacts, material: str, thickness_mm: float, tool_mm: float) -> float:
    """Seconds a piece."""
    return max(cut_estimate(drawing, thickness_mm, _tool(material, tool_mm)).seconds, _LEAST_S)


def _tool(material: str, tool_mm: float) -> CutTool:
    """Shops name a sheet by its material and thickness, such as plywood-3."""
    try:
        return tool_for(re.split(r"[\s-]", material)[0], tool_mm)
    except CutRefused:
        return tool_for(_UNKNOWN_SHEET, tool_mm)
