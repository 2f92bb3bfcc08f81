"""Round holes: straight down in pecks (GRBL has no G81), or round and down with a smaller mill."""

from shapely.geometry import Point as Place

from slicer_bridge.cutting.feeds import CutTool, passes
from slicer_bridge.cutting.job import Strand, down
from slicer_bridge.cutting.profile import Descent, round_way
from slicer_bridge.cutting.tabs import Held
from slicer_bridge.cutting.way import Point, circle_way

SAME_MM = 0.05
"""A hole no wider than the tool by more than this is drilled by it."""


def pecked(at: Point, depth_mm: float, tool: CutTool) -> Strand:
    """Down in pecks; up to the surface between them, to clear the chips."""
    cuts = []
    for deep in passes(depth_mm, tool):
        cuts += [down(at, -deep), down(at, 0.0)]
    return Strand(at, tuple(cuts))


def bored(at: Point, diameter_mm: float, depth_mm: float, tool: CutTool, tabs: list[Held]) -> Strand:
    """Round and down in one helix, then once flat, counter-clockwise (climb).

    A hole of over two diameters keeps its slug; in others the cutter comes from the middle and goes back there.
    """
    radius = (diameter_mm - tool.diameter_mm) / 2
    way = circle_way(at, radius, clockwise=False)
    solid = diameter_mm > 2 * tool.diameter_mm
    room = None if solid else Place(at).buffer(radius)
    return round_way(way, Descent(tuple(passes(depth_mm, tool)), way.length), tabs, room, radius / 2)
