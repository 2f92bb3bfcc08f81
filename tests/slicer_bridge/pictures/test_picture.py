from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from slicer_bridge.pictures.picture import MAX_FACETS, drawing_svg, mesh_svg
from slicer_bridge.reading.stl import read_stl
from tests.slicer_bridge.shapes import box, parse, real_file, write_bracket


def shapes(svg: str) -> list[ET.Element]:
    root = ET.fromstring(svg)
    assert "style" not in svg
    return list(root)


def numbers(points: str) -> list[float]:
    return [float(value) for value in points.replace(",", " ").split()]


def test_box_shows_three_sides() -> None:
    polygons = shapes(mesh_svg(box((30, 20, 10)), 100))
    assert len(polygons) == 6
    assert len({polygon.get("fill") for polygon in polygons}) == 3
    corners = np.array([numbers(polygon.get("points", "")) for polygon in polygons])
    assert corners.min() >= 0
    assert corners.max() <= 100


def test_fine_mesh_is_coarsened() -> None:
    facets = read_stl(real_file("stl", "Original-Prusa-i3__extruder-body.stl"), 10**6)
    polygons = shapes(mesh_svg(facets))
    assert 200 < len(polygons) <= MAX_FACETS


def test_drawing_has_its_holes(tmp_path: Path) -> None:
    drawing = parse(write_bracket(tmp_path / "bracket.dxf"), tmp_path).drawing
    assert drawing is not None
    (path,) = shapes(drawing_svg(drawing))
    assert path.get("d", "").count("M") == 4
