from math import pi
from pathlib import Path

import pytest
import shapely

from slicer_bridge.errors import BadFile, UnitUnknown
from slicer_bridge.facts import DrawingFacts, PartFacts, Severity
from tests.slicer_bridge.shapes import circle, dxf_text, line, parse, real_file, rectangle, write_bracket


def measured(path: Path, workdir: Path, unit: str | None = None) -> tuple[PartFacts, DrawingFacts]:
    facts = parse(path, workdir, unit=unit)
    assert facts.drawing is not None
    return facts, facts.drawing


def drawn(tmp_path: Path, entities: str, unit: int | None = 4) -> Path:
    path = tmp_path / "drawing.dxf"
    path.write_text(dxf_text(entities, unit=unit), encoding="ascii")
    return path


def test_bracket_has_the_facts_of_a_bracket(tmp_path: Path) -> None:
    facts, drawing = measured(write_bracket(tmp_path / "bracket.dxf"), tmp_path)
    assert drawing.size_mm == pytest.approx((60, 40))
    assert (drawing.contours, len(drawing.holes), drawing.open_contours) == (4, 3, 0)
    holes = pi * (2 * 4**2 + 2.5**2)
    assert drawing.area_mm2 == pytest.approx(2400 - holes)
    assert drawing.cut_length_mm == pytest.approx(200 + 2 * pi * (4 + 4 + 2.5))
    assert drawing.smallest_inside_radius_mm == pytest.approx(2.5)
    assert shapely.Polygon(drawing.outline).equals(shapely.box(0, 0, 60, 40))
    assert facts.findings == ()


def test_normalised_drawing_measures_the_same(tmp_path: Path) -> None:
    first, drawing = measured(write_bracket(tmp_path / "bracket.dxf"), tmp_path)
    again, same = measured((tmp_path / "normalised.dxf").rename(tmp_path / "again.dxf"), tmp_path)
    assert same.area_mm2 == pytest.approx(drawing.area_mm2)
    assert same.contours == drawing.contours
    assert again.normalised_sha256 == first.normalised_sha256


def test_single_lines_are_joined_whatever_their_direction(tmp_path: Path) -> None:
    entities = line(0, 0, 50, 0, handle="1A") + line(50, 30, 50, 0, handle="1B")
    entities += line(50, 30, 0, 30.01, handle="1C") + line(0, 0, 0, 30, handle="1D")
    _, drawing = measured(drawn(tmp_path, entities), tmp_path)
    assert (drawing.contours, drawing.open_contours) == (1, 0)
    assert drawing.area_mm2 == pytest.approx(1500, rel=1e-3)


def test_inches_are_taken_from_the_file(tmp_path: Path) -> None:
    facts, drawing = measured(drawn(tmp_path, rectangle(0, 0, 2, 1), unit=1), tmp_path)
    assert facts.unit == "inch"
    assert drawing.size_mm == pytest.approx((50.8, 25.4))


@pytest.mark.parametrize("unit", [None, 0])
def test_drawing_without_unit_is_asked_for_it(tmp_path: Path, unit: int | None) -> None:
    path = drawn(tmp_path, rectangle(0, 0, 50, 30), unit=unit)
    with pytest.raises(UnitUnknown, match="--unit mm or inch"):
        parse(path, tmp_path)
    assert not (tmp_path / "normalised.dxf").exists()
    assert measured(path, tmp_path, unit="mm")[1].size_mm == pytest.approx((50, 30))


def test_open_contour_is_named_by_handle(tmp_path: Path) -> None:
    facts, drawing = measured(drawn(tmp_path, rectangle(0, 0, 50, 30) + line(5, 5, 20, 5, handle="BAD1")), tmp_path)
    assert drawing.open_contours == 1
    (finding,) = facts.findings
    assert (finding.rule, finding.severity) == ("open-contour", Severity.REVIEW)
    assert "BAD1" in finding.message


def test_crossing_contours_are_named(tmp_path: Path) -> None:
    crossing = rectangle(100, 0, 50, 30, handle="E1") + rectangle(120, 10, 50, 30, handle="E2")
    facts, _ = measured(drawn(tmp_path, rectangle(0, 0, 50, 30) + crossing), tmp_path)
    (message,) = [finding.message for finding in facts.findings if finding.rule == "crossing-contour"]
    assert "E1" in message
    assert "E2" in message


def test_contour_drawn_twice_counts_once(tmp_path: Path) -> None:
    facts, drawing = measured(drawn(tmp_path, rectangle(0, 0, 50, 30) + rectangle(0, 0, 50, 30, handle="A1")), tmp_path)
    assert drawing.contours == 1
    assert [finding.rule for finding in facts.findings] == ["duplicate-contour"]


def test_pieces_within_holes_are_outsides_again(tmp_path: Path) -> None:
    entities = rectangle(0, 0, 90, 90) + circle(45, 45, 40, handle="C1") + circle(45, 45, 20, handle="C2")
    facts, drawing = measured(drawn(tmp_path, entities), tmp_path)
    assert len(drawing.holes) == 1
    assert drawing.area_mm2 == pytest.approx(8100 - 3.14159 * (40**2 - 20**2), rel=1e-3)
    assert [finding.rule for finding in facts.findings] == ["several-pieces"]


def test_drawing_of_open_lines_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no closed contour"):
        parse(drawn(tmp_path, line(0, 0, 10, 0)), tmp_path)


def test_drawing_without_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="nothing to cut"):
        parse(drawn(tmp_path, ""), tmp_path)


@pytest.mark.parametrize(
    ("name", "unit", "contours", "size"),
    [
        ("Voron-0__Side_Panel.dxf", None, 1, (212, 230)),
        ("Original-Prusa-i3__MK3-front-plate.dxf", "mm", 19, (205, 50)),
    ],
)
def test_real_drawings(tmp_path: Path, name: str, unit: str | None, contours: int, size: tuple[float, float]) -> None:
    _, drawing = measured(real_file("sheet", name), tmp_path, unit)
    assert drawing.contours == contours
    assert drawing.size_mm == pytest.approx(size, abs=0.01)
