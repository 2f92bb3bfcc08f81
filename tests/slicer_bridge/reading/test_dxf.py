"""DXF: blocks, layers, spaces, curves, and what is no line."""

from itertools import pairwise
from math import pi
from pathlib import Path

import pytest
from ezdxf.document import Drawing
from ezdxf.filemanagement import new
from ezdxf.layouts.layout import Modelspace
from shapely.geometry import Polygon

from slicer_bridge.errors import BadFile, UnitUnknown
from slicer_bridge.facts import DrawingFacts, PartFacts
from tests.slicer_bridge.shapes import dxf_text, line, parse, rectangle


def sheet() -> tuple[Drawing, Modelspace]:
    """A drawing in mm with a plate of 100 × 80."""
    document = new("R2010", units=4)
    space = document.modelspace()
    space.add_lwpolyline([(0, 0), (100, 0), (100, 80), (0, 80)], close=True)
    return document, space


def read(tmp_path: Path, document: Drawing) -> tuple[PartFacts, DrawingFacts]:
    document.saveas(tmp_path / "part.dxf")
    facts = parse(tmp_path / "part.dxf", tmp_path)
    assert facts.drawing is not None
    return facts, facts.drawing


def circles(drawing: DrawingFacts) -> list[tuple[float, float, float]]:
    """In order of their places, to 0.001 mm."""
    found = (one.circle for one in drawing.closed if one.circle)
    return sorted((round(x, 3), round(y, 3), round(d, 3)) for x, y, d in found)


def test_blocks_are_unfolded_where_they_are_put(tmp_path: Path) -> None:
    document, space = sheet()
    hole = document.blocks.new("HOLE", base_point=(1, 1))
    hole.add_circle((1, 1), 2)
    pair = document.blocks.new("PAIR")
    pair.add_blockref("HOLE", (0, 0))
    pair.add_blockref("HOLE", (10, 0), dxfattribs={"xscale": 2, "yscale": 2, "zscale": 2})
    space.add_blockref("PAIR", (20, 20), dxfattribs={"rotation": 90})
    space.add_blockref("PAIR", (60, 20), dxfattribs={"xscale": -1})
    expected = [(20, 20, 4), (20, 30, 8), (50, 20, 8), (60, 20, 4)]
    assert circles(read(tmp_path, document)[1]) == [pytest.approx(one, abs=0.02) for one in expected]


def test_grids_of_blocks_and_uneven_scales(tmp_path: Path) -> None:
    document, space = sheet()
    document.blocks.new("HOLE").add_circle((0, 0), 2)
    grid = {"row_count": 2, "column_count": 3, "row_spacing": 20, "column_spacing": 10}
    space.add_blockref("HOLE", (20, 20), dxfattribs=grid)
    space.add_blockref("HOLE", (80, 60), dxfattribs={"xscale": 3, "yscale": 1})
    _, drawing = read(tmp_path, document)
    assert [one[:2] for one in circles(drawing)] == [pytest.approx((x, y)) for x in (20, 30, 40) for y in (20, 40)]
    (oval,) = [one for one in drawing.closed if one.depth == 1 and one.circle is None]
    assert oval.area_mm2 == pytest.approx(12 * pi, rel=5e-3)


def test_hidden_layers_and_things_are_left_out_and_told(tmp_path: Path) -> None:
    document, space = sheet()
    document.layers.add("OFF").off()
    document.layers.add("FROZEN").freeze()
    space.add_circle((20, 20), 5, dxfattribs={"layer": "OFF"})
    space.add_circle((40, 20), 5, dxfattribs={"layer": "FROZEN"})
    space.add_circle((60, 20), 5, dxfattribs={"invisible": 1})
    hole = document.blocks.new("HOLE")
    hole.add_circle((0, 0), 2)
    hole.add_circle((10, 0), 2, dxfattribs={"layer": "OFF"})
    space.add_blockref("HOLE", (20, 60), dxfattribs={"layer": "OFF"})
    space.add_blockref("HOLE", (40, 60), dxfattribs={"layer": "FROZEN"})
    space.add_blockref("HOLE", (60, 60))
    facts, drawing = read(tmp_path, document)
    assert circles(drawing) == [pytest.approx((60, 60, 4))]
    (finding,) = [one for one in facts.findings if one.rule == "not-cut"]
    assert "7 hidden" in finding.message


def test_texts_and_dimensions_are_told_and_not_cut(tmp_path: Path) -> None:
    document, space = sheet()
    space.add_text("M3")
    space.add_mtext("deburr")
    space.add_point((5, 5))
    space.add_linear_dim(base=(0, -10), p1=(0, 0), p2=(100, 0)).render()
    space.add_3dface([(0, 0, 0), (9, 0, 0), (9, 9, 5)])
    facts, drawing = read(tmp_path, document)
    assert (drawing.contours, drawing.open_contours) == (1, 0)
    (finding,) = [one for one in facts.findings if one.rule == "not-cut"]
    for words in ("1 TEXT", "1 MTEXT", "1 POINT", "1 DIMENSION", "1 3DFACE"):
        assert words in finding.message


def test_paper_space_is_not_cut(tmp_path: Path) -> None:
    document, _ = sheet()
    document.layout("Layout1").add_circle((20, 20), 5)
    assert read(tmp_path, document)[1].contours == 1


def test_lines_in_paper_space_alone_are_named(tmp_path: Path) -> None:
    document = new("R2010", units=4)
    document.layout("Layout1").add_circle((20, 20), 5)
    with pytest.raises(BadFile, match="paper space"):
        read(tmp_path, document)


def test_curves_of_every_kind(tmp_path: Path) -> None:
    document, space = sheet()
    space.add_ellipse((20, 20), major_axis=(8, 0), ratio=0.5)
    space.add_spline(fit_points=[(40, 20), (50, 30), (60, 20), (50, 10), (40, 20)])
    space.add_lwpolyline([(70, 20, 1), (80, 20, 1)], format="xyb", close=True)
    space.add_polyline2d([(70, 60, 1), (80, 60, 1)], format="xyb", close=True)
    space.add_arc((20, 60), 5, 0, 180)
    space.add_arc((20, 60), 5, 180, 360)
    space.add_circle((-40, 60), 5, dxfattribs={"extrusion": (0, 0, -1)})
    _, drawing = read(tmp_path, document)
    assert drawing.contours == 7
    found = [(20, 60, 10), (40, 60, 10), (75, 20, 10), (75, 60, 10)]
    assert circles(drawing) == [pytest.approx(one, abs=0.02) for one in found]
    ellipse = next(one for one in drawing.closed if one.area_mm2 == pytest.approx(32 * pi, rel=5e-3))
    assert ellipse.circle is None


def test_old_versions_and_binary_files(tmp_path: Path) -> None:
    for version, form in (("R12", "asc"), ("R2000", "bin"), ("R2018", "asc")):
        document = new(version, units=4)
        document.header["$INSUNITS"] = 4
        document.modelspace().add_circle((0, 0), 5)
        document.saveas(tmp_path / "part.dxf", fmt=form)
        drawing = parse(tmp_path / "part.dxf", tmp_path, unit="mm").drawing
        assert drawing is not None
        assert drawing.closed[0].circle == pytest.approx((5, 5, 10))


def test_line_drawn_twice_does_not_open_a_contour(tmp_path: Path) -> None:
    sides = [(0, 0, 50, 0), (50, 0, 50, 30), (50, 30, 0, 30), (0, 30, 0, 0), (50, 0, 0, 0)]
    text = dxf_text("".join(line(*side, handle=f"B{number}") for number, side in enumerate(sides)))
    (tmp_path / "part.dxf").write_text(text, encoding="ascii")
    facts = parse(tmp_path / "part.dxf", tmp_path)
    assert facts.drawing is not None
    assert (facts.drawing.contours, facts.drawing.open_contours) == (1, 0)
    (finding,) = facts.findings
    assert finding.rule == "duplicate-contour"
    assert "B4" in finding.message


def test_pieces_that_share_a_line_get_their_whole_outlines(tmp_path: Path) -> None:
    sides = [(0, 0, 50, 0), (50, 0, 50, 30), (50, 30, 0, 30), (0, 30, 0, 0)]
    sides += [(50, 0, 90, 0), (90, 0, 90, 30), (90, 30, 50, 30)]
    text = dxf_text("".join(line(*side, handle=f"B{number}") for number, side in enumerate(sides)))
    (tmp_path / "part.dxf").write_text(text, encoding="ascii")
    drawing = parse(tmp_path / "part.dxf", tmp_path).drawing
    assert drawing is not None
    assert (drawing.contours, drawing.open_contours) == (2, 0)
    assert drawing.area_mm2 == pytest.approx(90 * 30)
    assert drawing.cut_length_mm == pytest.approx(160 + 140)


def test_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    text = dxf_text(rectangle(0, 0, 50, 30) + rectangle(5, 5, 9, 9, handle="A1"))
    (tmp_path / "part.dxf").write_text(text[: text.index("A1")], encoding="ascii")
    with pytest.raises(BadFile, match="cut off"):
        parse(tmp_path / "part.dxf", tmp_path)


def test_bounds_of_arcs_are_exact(tmp_path: Path) -> None:
    document = new("R2010", units=4)
    document.modelspace().add_lwpolyline([(0, 0, 0.3), (40, 10, 0.5), (25, 60, 0.2)], format="xyb", close=True)
    _, drawing = read(tmp_path, document)
    document.modelspace().add_circle((0, 0), 123.4)
    _, larger = read(tmp_path, document)
    assert larger.size_mm == pytest.approx((246.8, 246.8), abs=1e-6)
    outline = Polygon(drawing.outline)
    assert outline.area >= drawing.area_mm2 - 0.01


def test_a_file_without_header_is_asked_for_its_unit(tmp_path: Path) -> None:
    """ezdxf gives it a header of its own, in metres."""
    corners = [(0.0, 0.0), (60.0, 0.0), (60.0, 40.0), (0.0, 40.0), (0.0, 0.0)]
    text = dxf_text("".join(line(*one, *other) for one, other in pairwise(corners)))
    (tmp_path / "bare.dxf").write_text("0\nSECTION\n" + text[text.index("2\nENTITIES") :], encoding="ascii")
    with pytest.raises(UnitUnknown, match="doesn't say its unit"):
        parse(tmp_path / "bare.dxf", tmp_path)
    assert parse(tmp_path / "bare.dxf", tmp_path, "mm").drawing is not None


def test_a_unit_in_which_nobody_could_make_it_is_doubted(tmp_path: Path) -> None:
    document, _ = sheet()
    document.units = 6
    with pytest.raises(UnitUnknown, match=r"says that its unit is m: then it would be 1e\+05 mm long"):
        read(tmp_path, document)
