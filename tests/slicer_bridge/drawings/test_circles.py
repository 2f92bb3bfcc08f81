"""Circles and inside radii, of arcs and of what exports made of arcs."""

from math import cos, pi, radians, sin, tan
from pathlib import Path

import pytest

from slicer_bridge.drawings.contours import join
from slicer_bridge.facts import DrawingFacts
from slicer_bridge.reading.dxf import read_dxf
from tests.slicer_bridge.shapes import circle, dxf_text, parse, polyline, real_file, rectangle, write_bracket


def drawn(tmp_path: Path, entities: str) -> DrawingFacts:
    (tmp_path / "drawing.dxf").write_text(dxf_text(entities), encoding="ascii")
    drawing = parse(tmp_path / "drawing.dxf", tmp_path).drawing
    assert drawing is not None
    return drawing


def sides(count: int, radius: float, x: float = 50, y: float = 50) -> str:
    turns = [2 * pi * number / count for number in range(count)]
    return polyline([(x + radius * cos(turn), y + radius * sin(turn)) for turn in turns], handle="E0")


def bulged(corners: list[tuple[float, float, float]], handle: str = "D0") -> str:
    rows = "".join(f"10\n{x}\n20\n{y}\n42\n{bulge}\n" for x, y, bulge in corners)
    head = f"0\nLWPOLYLINE\n5\n{handle}\n100\nAcDbEntity\n8\n0\n100\nAcDbPolyline\n90\n{len(corners)}\n70\n1\n"
    return head + rows


def rounded(x: float, y: float, width: float, depth: float, radius: float) -> str:
    """A rectangle with rounded corners, counter-clockwise."""
    quarter, r = tan(radians(90) / 4), radius
    right, top = x + width, y + depth
    corners = [(x + r, y, 0.0), (right - r, y, quarter), (right, y + r, 0.0), (right, top - r, quarter)]
    corners += [(right - r, top, 0.0), (x + r, top, quarter), (x, top - r, 0.0), (x, y + r, quarter)]
    return bulged(corners)


def test_circles_stay_circles_for_whoever_drills(tmp_path: Path) -> None:
    parse(write_bracket(tmp_path / "bracket.dxf"), tmp_path)
    contours = join(list(read_dxf(tmp_path / "normalised.dxf").paths)).contours
    round_ones = sorted(one.circle for one in contours if one.circle)
    assert round_ones == [pytest.approx(one) for one in [(12, 20, 8), (30, 30, 5), (48, 20, 8)]]
    assert [one.circle for one in contours if one.depth == 0] == [None]
    assert {one.handles for one in contours} == {("A1",), ("C1",), ("C2",), ("C3",)}
    assert "CIRCLE" in (tmp_path / "normalised.dxf").read_text(encoding="ascii")


def test_contours_are_listed_with_their_depth(tmp_path: Path) -> None:
    drawing = drawn(tmp_path, rectangle(0, 0, 100, 100) + circle(50, 50, 30, handle="C1") + circle(50, 50, 10))
    assert [(one.depth, one.handles) for one in drawing.closed] == [(0, ("A0",)), (1, ("C1",)), (2, ("C0",))]
    assert drawing.closed[1].circle == pytest.approx((50, 50, 60))
    assert drawing.closed[2].area_mm2 == pytest.approx(pi * 100)


def test_many_short_ways_are_the_circle_that_they_were(tmp_path: Path) -> None:
    drawing = drawn(tmp_path, rectangle(0, 0, 100, 100) + sides(24, 4))
    assert drawing.closed[1].circle == pytest.approx((50, 50, 8), abs=1e-4)
    assert drawing.smallest_inside_radius_mm == pytest.approx(4, abs=1e-3)
    assert drawing.sharp_inside_corners == 0


def test_nut_is_no_circle_and_has_sharp_corners(tmp_path: Path) -> None:
    drawing = drawn(tmp_path, rectangle(0, 0, 100, 100) + sides(6, 4))
    assert drawing.closed[1].circle is None
    assert (drawing.smallest_inside_radius_mm, drawing.sharp_inside_corners) == (None, 6)


def test_rounded_pocket_has_the_radius_of_its_arcs(tmp_path: Path) -> None:
    drawing = drawn(tmp_path, rectangle(0, 0, 100, 100) + rounded(20, 20, 40, 30, 3))
    assert drawing.smallest_inside_radius_mm == pytest.approx(3)
    assert drawing.sharp_inside_corners == 0
    again = parse((tmp_path / "normalised.dxf").rename(tmp_path / "again.dxf"), tmp_path).drawing
    assert again is not None
    assert again.smallest_inside_radius_mm == pytest.approx(3, abs=1e-5)


def test_rounded_outside_holds_no_tool_up(tmp_path: Path) -> None:
    drawing = drawn(tmp_path, rounded(0, 0, 40, 30, 3))
    assert (drawing.smallest_inside_radius_mm, drawing.sharp_inside_corners) == (None, 0)


def test_notch_of_the_outside_counts_as_inside(tmp_path: Path) -> None:
    notch = [(0.0, 0.0), (40.0, 0.0), (40.0, 30.0), (25.0, 30.0), (25.0, 15.0), (15.0, 15.0), (15.0, 30.0), (0.0, 30.0)]
    drawing = drawn(tmp_path, polyline(notch))
    assert (drawing.smallest_inside_radius_mm, drawing.sharp_inside_corners) == (None, 2)


def test_half_round_notch_has_its_radius(tmp_path: Path) -> None:
    corners = [(0.0, 0.0, 0.0), (40.0, 0.0, 0.0), (40.0, 30.0, 0.0), (26.0, 30.0, -1.0), (14.0, 30.0, 0.0), (0, 30, 0)]
    drawing = drawn(tmp_path, bulged(corners))
    assert drawing.smallest_inside_radius_mm == pytest.approx(6)
    assert drawing.area_mm2 == pytest.approx(1200 - pi * 18)


def test_real_plate_of_lines_has_its_screw_holes(tmp_path: Path) -> None:
    drawing = parse(real_file("sheet", "Original-Prusa-i3__MK3-front-plate.dxf"), tmp_path, unit="mm").drawing
    assert drawing is not None
    assert sum(one.circle is not None for one in drawing.closed) > 5
