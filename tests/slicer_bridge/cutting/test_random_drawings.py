"""Random drawings: no program ever cuts into a piece, and all that a tool can reach is cut."""

import tempfile
from dataclasses import dataclass
from math import cos, pi, sin
from pathlib import Path

import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.cut import CutOptions, Sheet
from slicer_bridge.cutting.feeds import CutTool
from slicer_bridge.cutting.tabs import Tabs
from slicer_bridge.errors import CutRefused
from slicer_bridge.plates.plate import Placement
from tests.slicer_bridge.cutting.sheets import cut, gouged
from tests.slicer_bridge.shapes import circle, polyline

LARGE = Sheet((300, 300), 4.0)


@dataclass(frozen=True)
class Drawing:
    entities: str
    piece: BaseGeometry


def _star(x: float, y: float, radii: list[float]) -> list[tuple[float, float]]:
    step = 2 * pi / len(radii)
    return [(round(x + r * cos(step * k), 3), round(y + r * sin(step * k), 3)) for k, r in enumerate(radii)]


@st.composite
def drawings(draw: st.DrawFn) -> Drawing:
    """A star-like piece with star-like and round holes; even polygons of twelve sides and more count as circles."""
    outline = _star(50, 50, draw(st.lists(st.floats(30, 45), min_size=3, max_size=11)))
    entities, holes = polyline(outline, handle="A0"), []
    for number, (x, y) in enumerate(draw(st.lists(st.sampled_from([(42, 42), (58, 44), (50, 60)]), unique=True))):
        if draw(st.booleans()):
            radius = draw(st.floats(1.5, 5.5))
            entities += circle(x, y, radius, handle=f"C{number}")
            holes.append(Point(x, y).buffer(radius, quad_segs=64))
        else:
            corners = _star(x, y, draw(st.lists(st.floats(2.5, 6), min_size=3, max_size=11)))
            entities += polyline(corners, handle=f"B{number}")
            holes.append(Polygon(corners))
    return Drawing(entities, Polygon(outline).difference(shapely.union_all(holes)))


@settings(max_examples=25, deadline=None)
@given(drawing=drawings(), diameter=st.sampled_from([1.0, 2.0, 3.175]), angle=st.sampled_from([0, 37, 90]))
def test_never_into_the_piece_and_all_round_it(drawing: Drawing, diameter: float, angle: float) -> None:
    tool = CutTool(diameter_mm=diameter, feed_mm_s=20, plunge_mm_s=5, spindle_rpm=16000, pass_mm=2.0)
    with tempfile.TemporaryDirectory() as name:
        options = CutOptions(tabs=Tabs(most=0))
        try:
            job = cut(Path(name), drawing.entities, Placement(120, 60, angle), tools=tool, sheet=LARGE, options=options)
        except CutRefused:
            assert not list(Path(name).glob("*.nc"))
            return
    low = drawing.piece.bounds
    turned = shapely.affinity.rotate(shapely.affinity.translate(drawing.piece, -low[0], -low[1]), angle, origin=(0, 0))
    piece = shapely.affinity.translate(turned, 120, 60)
    through = job.cut_at(-3.99, diameter / 2)
    assert gouged(job.cut_at(-0.01, diameter / 2), piece) == 0
    walls = piece.buffer(-0.001).buffer(0.02 + 0.001).boundary
    radius = diameter / 2
    outside = shapely.box(-50, -50, 250, 250).difference(piece)
    can = outside.buffer(-radius - 0.03, quad_segs=32).buffer(radius, quad_segs=32)
    assert walls.intersection(can).difference(through.buffer(0.01)).length < 0.2
