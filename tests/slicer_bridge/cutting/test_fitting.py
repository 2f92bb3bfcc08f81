"""Lines and arcs fitted to points: few, within tolerance, and on the arcs that the points came from."""

from math import cos, pi, sin

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, Polygon

from slicer_bridge.cutting.fitting import FIT_MM, exact, fitted
from slicer_bridge.cutting.offsets import band, grown, pieces, rings, shrunk
from slicer_bridge.cutting.way import Segment, Way, circle_way
from slicer_bridge.reading.flat_path import circle_corners


def ring(shape: Polygon) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return shapely.get_coordinates(shape.exterior)


@pytest.mark.parametrize("radius", [0.5, 3, 40, 300])
def test_a_circle_is_two_or_three_arcs(radius: float) -> None:
    way = fitted(ring(Point(10, 20).buffer(radius, quad_segs=64)), closed=True, chord_mm=radius / 1000)
    assert len(way.segments) <= 3
    for segment in way.segments:
        assert segment.centre == pytest.approx((10, 20), abs=1e-6)
        assert segment.radius == pytest.approx(radius, abs=1e-6)
    assert way.length == pytest.approx(2 * pi * radius, rel=1e-3)


def test_a_rounded_rectangle_is_four_lines_and_four_arcs() -> None:
    way = fitted(ring(shapely.box(0, 0, 60, 40).buffer(5, quad_segs=32)), closed=True, chord_mm=0.01)
    assert [segment.centre is None for segment in way.segments] == [True, False] * 4
    assert {round(segment.radius, 6) for segment in way.segments} == {0.0, 5.0}


def test_polygons_stay_polygons() -> None:
    for sides in (3, 4, 6, 8, 16):
        corners = [(20 * cos(2 * pi * k / sides), 20 * sin(2 * pi * k / sides)) for k in range(sides + 1)]
        way = fitted(np.array(corners), closed=True, chord_mm=0.013)
        assert all(segment.centre is None for segment in way.segments)
        assert len(way.segments) == sides


MICRONS = st.integers(-50_000, 50_000)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(MICRONS, MICRONS), min_size=2, max_size=40, unique=True), st.booleans())
def test_never_farther_than_the_tolerance_and_never_apart(points: list[tuple[int, int]], curved: bool) -> None:
    given_points = np.array(points) / 1000
    if curved:
        given_points = np.array([(x + 8 * cos(x / 4), 4 * sin(x / 4)) for x in np.linspace(0, 60, 20 * len(points))])
    way = fitted(given_points, closed=False, chord_mm=0.1)
    for one, other in zip(way.segments, way.segments[1:], strict=False):
        assert one.end == other.start
    line, drawn = LineString(way.flat()), LineString(given_points)
    assert max(Point(p).distance(line) for p in given_points) <= FIT_MM + 0.001
    assert max(Point(p).distance(drawn) for p in way.flat()) <= 0.1 + FIT_MM


def test_points_closer_than_a_nanometre_are_one() -> None:
    assert fitted(np.array([(0, 0), (0, 1e-30)]), closed=False).segments == ()
    (line,) = fitted(np.array([(0, 0), (0, 1e-30), (5, 0)]), closed=False).segments
    assert (line.start, line.end) == ((0, 0), (5, 0))


def test_drawn_arcs_are_kept_exactly() -> None:
    way = exact(circle_corners(5, 6, 7), closed=True, chord_mm=0.01)
    assert {(round(s.centre[0], 9), round(s.centre[1], 9)) for s in way.segments if s.centre} == {(5, 6)}
    slot = np.array([(0, 0, 0), (20, 0, 1), (20, 8, 0), (0, 8, 1), (0, 0, 0)], dtype=float)
    slotted = exact(slot, closed=True, chord_mm=0.01)
    assert slotted.length == pytest.approx(40 + 8 * pi)
    assert [round(segment.radius, 6) for segment in slotted.segments] == [0, 4, 0, 4]
    most = np.array([(0, 0, 3.0), (1, 0, 0.0), (0, 0, 0.0)])
    assert all(abs(segment.turn) < pi * 1.01 for segment in exact(most, closed=True, chord_mm=0.01).segments)


def test_parts_of_a_way() -> None:
    way = circle_way((0, 0), 10, clockwise=False)
    half = way.part(way.length / 4, way.length * 5 / 4)
    assert sum(segment.length for segment in half) == pytest.approx(way.length)
    assert half[0].start == pytest.approx((0, 10), abs=1e-9)
    for s in (0.0, 7.0, 33.3, 70.0):
        x, y = way.at(s)
        assert (x, y) == pytest.approx((10 * cos(s / 10), 10 * sin(s / 10)), abs=1e-9)
        assert way.heading(s) == pytest.approx((-sin(s / 10), cos(s / 10)), abs=1e-9)
    assert way.starting_at(20.0).at(5.0) == pytest.approx(way.at(25.0))
    assert way.back().at(5.0) == pytest.approx(way.at(way.length - 5.0))


@pytest.mark.parametrize("radius", [0.1, 1.5, 3.175, 6.0])
def test_offsets_are_exact(radius: float) -> None:
    """GEOS's own buffer of a finely drawn circle is off by up to 1 % of the distance."""
    outline = circle_way((0, 0), 12, clockwise=False)
    shape = Polygon(outline.flat())
    (inside,) = shrunk(shape, (outline,), radius)
    (outside,) = pieces(grown(shape, outline, radius))
    for area, wanted in ((inside, 12 - radius), (outside, 12 + radius)):
        way, _ = rings(area, climb_inside=True)
        assert [segment.radius for segment in way.segments] == pytest.approx([wanted] * len(way.segments), abs=0.002)
        assert len(way.segments) <= 4


def test_offset_of_an_arc_tighter_than_the_tool() -> None:
    arc = Segment((1, 0), (-1, 0), (0, 0))
    covered = band((arc,), 2.0)
    wanted = shapely.union_all([Point(cos(a), sin(a)).buffer(2, quad_segs=64) for a in np.linspace(0, pi, 400)])
    assert covered.symmetric_difference(wanted).area < 0.02
    assert Way((arc,), closed=False).length == pytest.approx(pi)
