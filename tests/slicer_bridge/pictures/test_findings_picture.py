from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from slicer_bridge.facts import Finding, Severity
from slicer_bridge.meshes.mesh import normals_and_areas
from slicer_bridge.meshes.solid import measure_solid
from slicer_bridge.pictures.findings import VIEW_PX, drawing_findings_svg, mesh_findings_svg
from slicer_bridge.pictures.picture import coarse, split
from tests.slicer_bridge.shapes import box, parse, write_bracket

THIN = Finding("thin-wall", Severity.REVIEW, "walls < 1 mm & thin", 0.5, 1.2, (5, 2, 20), "", ((5, 2, 20), (15, 2, 20)))
BELOW = Finding("bridge", Severity.REFUSE, "a level underside", 9.0, 5.0, (10, 5, 0), "", ((10, 5, 0),))


def part_svg(*findings: Finding) -> ET.Element:
    facets = box((30, 20, 20))
    text = mesh_findings_svg(facets, measure_solid(facets, "box").facts, findings)
    assert "style" not in text
    return ET.fromstring(text)


def texts(svg: ET.Element) -> list[str]:
    return [(text.text or "").strip() for text in svg.iter("{http://www.w3.org/2000/svg}text")]


def dots(view: ET.Element, colour: str) -> int:
    circles = view.iter("{http://www.w3.org/2000/svg}circle")
    return sum(one.get("fill") == colour and one.get("r") == "3.5" for one in circles)


def test_each_finding_has_a_number_its_colour_and_its_words() -> None:
    svg = part_svg(THIN, BELOW)
    assert "1 review: thin-wall: walls < 1 mm & thin" in texts(svg)
    assert "2 refuse: bridge: a level underside" in texts(svg)
    assert texts(svg).count("1") == 1
    assert texts(svg).count("2") == 1


def test_places_are_marked_in_the_view_that_shows_them() -> None:
    above, below = part_svg(THIN, BELOW).findall("{http://www.w3.org/2000/svg}g")
    assert (dots(above, "#d9730d"), dots(below, "#d9730d")) == (2, 0)
    assert (dots(above, "#c62828"), dots(below, "#c62828")) == (0, 1)


def test_everything_lies_within_the_page() -> None:
    svg = part_svg(THIN, BELOW)
    for polygon in svg.iter("{http://www.w3.org/2000/svg}polygon"):
        points = np.array([float(value) for value in polygon.get("points", "").replace(",", " ").split()])
        assert points.min() >= 0
        assert points.max() <= VIEW_PX


def test_finding_without_a_place_is_listed_only() -> None:
    svg = part_svg(Finding("slender", Severity.NOTE, "tall"))
    assert texts(svg)[-1] == "1 note: slender: tall"
    assert not list(svg.iter("{http://www.w3.org/2000/svg}circle"))


def test_no_findings_says_so() -> None:
    assert texts(part_svg())[-1] == "nothing speaks against it"


def test_drawing_marks_places_on_its_plan(tmp_path: Path) -> None:
    drawing = parse(write_bracket(tmp_path / "bracket.dxf"), tmp_path).drawing
    assert drawing is not None
    small = Finding("tool-too-large", Severity.REFUSE, "a hole", 5, 6, (30, 30, 0), "", ((30, 30, 0),), ("C3",))
    open_line = np.array([[0.0, 0.0], [60.0, 40.0]])
    svg = ET.fromstring(drawing_findings_svg(drawing, [small], [open_line]))
    assert dots(svg, "#c62828") == 1
    (line,) = svg.iter("{http://www.w3.org/2000/svg}polyline")
    (plan,) = svg.iter("{http://www.w3.org/2000/svg}path")
    start, end = [point.split(",") for point in line.get("points", "").split()]
    assert float(start[0]) < float(end[0])
    assert float(start[1]) > float(end[1])
    assert plan.get("d", "").count("M") == 4


def test_coarsened_mesh_keeps_its_size_and_split_one_its_area() -> None:
    cut = split(box((30, 20, 10)), 5.0, 5000)
    assert 12 < len(cut) <= 5000
    assert np.linalg.norm(cut - np.roll(cut, -1, axis=1), axis=2).max() <= 5
    assert np.isclose(normals_and_areas(cut)[1].sum(), 2200)
    few = coarse(cut, 300)
    assert 12 <= len(few) <= 300
    np.testing.assert_allclose(np.ptp(few.reshape(-1, 3), axis=0), (30, 20, 10), rtol=0.2)
