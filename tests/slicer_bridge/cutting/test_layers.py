"""What a layer's name asks for, and that it is done."""

from pathlib import Path

import pytest
import shapely
from shapely.geometry import Point

from slicer_bridge.cutting.cut import CutOptions
from slicer_bridge.cutting.layers import ENGRAVE_MM, NAMES, Operation, Rule, rule_of
from slicer_bridge.errors import CutRefused
from slicer_bridge.reading.dxf import read_dxf
from tests.slicer_bridge.cutting.sheets import cut, gouged, on
from tests.slicer_bridge.shapes import circle, dxf_text, line, parse, polyline, rectangle

FRAME = rectangle(0, 0, 60, 40, handle="A1")


@pytest.mark.parametrize(
    ("layer", "rule"),
    [
        ("0", Rule(Operation.PROFILE)),
        ("Layer 1", Rule(Operation.PROFILE)),
        ("cut", Rule(Operation.PROFILE)),
        ("CUT d=2", Rule(Operation.PROFILE, 2.0)),
        ("Cut-NoTabs", Rule(Operation.PROFILE, None, tabs=False)),
        ("OUTSIDE", Rule(Operation.OUTSIDE)),
        ("POCKET d=3", Rule(Operation.POCKET, 3.0)),
        ("POCKET_3.5mm", Rule(Operation.POCKET, 3.5)),
        ("POCKET-2_5", Rule(Operation.POCKET, 2.5)),
        ("pocket depth 1,25 mm", Rule(Operation.POCKET, 1.25)),
        ("DRILL", Rule(Operation.DRILL)),
        ("ENGRAVE", Rule(Operation.ENGRAVE, ENGRAVE_MM)),
        ("SCORE 0.1", Rule(Operation.ENGRAVE, 0.1)),
        ("CONSTRUCTION lines of mine", Rule(Operation.IGNORE)),
    ],
)
def test_names(layer: str, rule: Rule) -> None:
    assert rule_of(layer) == rule


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("POCKET", "a pocket needs its depth: name the layer 'POCKET d=3'"),
        ("POCKET deep", "after POCKET comes a depth"),
        ("CUT d=three", "after CUT comes a depth"),
        ("ENGRAVE 900", "a depth of 900 mm"),
    ],
)
def test_names_that_nobody_understands(layer: str, words: str) -> None:
    with pytest.raises(CutRefused, match=words):
        rule_of(layer)


def test_names_are_data(tmp_path: Path) -> None:
    own = CutOptions(layers={**NAMES, "CAJERA": Operation.POCKET})
    job = cut(tmp_path, FRAME + on("CAJERA 2", rectangle(20, 10, 20, 20)), options=own)
    assert [one.kind for one in job.result.operations] == ["pocket", "profile"]


def test_engraving_follows_open_and_closed_lines(tmp_path: Path) -> None:
    lines = line(5, 5, 20, 5, handle="E1") + circle(30, 20, 6, handle="E2")
    job = cut(tmp_path, FRAME + on("ENGRAVE d=0.4", lines))
    inside = shapely.box(12, 12, 68, 48)
    engraved = job.cut_at(-0.39).intersection(inside)
    wanted = shapely.union_all([shapely.LineString([(15, 15), (30, 15)]), Point(40, 30).buffer(6, 64).exterior])
    assert engraved.symmetric_difference(wanted.buffer(1.5)).area < 0.5
    assert job.cut_at(-0.41).intersection(inside).area == 0


def test_a_groove_round_a_shape_needs_no_tabs(tmp_path: Path) -> None:
    job = cut(tmp_path, FRAME + on("INSIDE d=1.5", rectangle(20, 10, 20, 20)))
    inside = shapely.box(12, 12, 68, 48)
    assert gouged(job.cut_at(-0.01).intersection(inside), inside.difference(shapely.box(30, 20, 50, 40))) == 0
    depths = {round(m.end[2], 3) for m in job.moves if inside.contains(Point(m.end[:2]))}
    assert min(depths) == -1.5


def test_outside_wherever_it_lies(tmp_path: Path) -> None:
    """By nesting it would be a hole."""
    job = cut(tmp_path, FRAME + on("OUTSIDE d=1", rectangle(20, 10, 20, 20)))
    left = shapely.box(30, 20, 50, 40)
    assert gouged(job.cut_at(-0.01), left) == 0
    assert job.cut_at(-0.9).intersects(shapely.box(27.5, 20, 28, 40))


def test_drilled_circles_and_what_is_no_circle(tmp_path: Path) -> None:
    job = cut(tmp_path, FRAME + on("DRILL d=2", circle(20, 20, 3, handle="D1") + circle(40, 20, 1.5, handle="D2")))
    assert [(one.kind, one.count) for one in job.result.operations] == [("bore", 1), ("drill", 1), ("profile", 1)]
    hole = job.cut_at(-1.9).intersection(shapely.box(20, 20, 40, 40))
    assert hole.symmetric_difference(Point(30, 30).buffer(3, quad_segs=64)).area < 0.1
    assert job.cut_at(-2.01).intersection(shapely.box(20, 20, 60, 40)).area == 0
    with pytest.raises(CutRefused, match="entity D3 is to be drilled, and is no circle"):
        cut(tmp_path, FRAME + on("DRILL", rectangle(20, 20, 10, 10, handle="D3")))
    with pytest.raises(CutRefused, match="entity D4: the mill 3 mm doesn't fit"):
        cut(tmp_path, FRAME + on("DRILL", circle(20, 20, 1, handle="D4")))


def test_construction_lines_are_left_out(tmp_path: Path) -> None:
    job = cut(tmp_path, FRAME + on("CONSTRUCTION", line(0, 0, 60, 40) + line(0, 40, 60, 0, handle="B1")))
    assert [(one.kind, one.count) for one in job.result.operations] == [("profile", 1)]


def test_layers_reach_the_workshop(tmp_path: Path) -> None:
    """What is measured is written for the workshops with its layers, also lines that cross: they are refused there."""
    crossing = polyline([(5, 5), (15, 15), (15, 5), (5, 15)], handle="B7")
    drawing = FRAME + on("POCKET d=2", rectangle(20, 10, 20, 20)) + on("ENGRAVE", line(45, 5, 55, 5)) + crossing
    (tmp_path / "part.dxf").write_text(dxf_text(drawing))
    parse(tmp_path / "part.dxf", tmp_path)
    layers = sorted(path.layer for path in read_dxf(tmp_path / "normalised.dxf").paths)
    assert layers == ["CONTOUR", "CONTOUR", "ENGRAVE", "POCKET d=2"]


def test_lines_of_several_layers_lie_in_one_another(tmp_path: Path) -> None:
    """A hole stays a hole, and comes first, whichever layer it or the outline is on."""
    hole, piece = (
        rectangle(20, 10, 20, 20, handle="B1"),
        shapely.box(10, 10, 70, 50).difference(shapely.box(30, 20, 50, 40)),
    )
    for outline, inner in (("0", "CUT notabs"), ("OUTSIDE", "INSIDE"), ("0", "INSIDE"), ("CUT notabs", "INSIDE")):
        job = cut(tmp_path, on(outline, FRAME) + on(inner, hole))
        assert gouged(job.cut_at(-0.01), piece) == 0
        assert job.result.part_area_mm2 == pytest.approx(piece.area, rel=1e-3)
        starts = [m.end for m in job.moves if m.rapid and m.start[:2] != m.end[:2]]
        assert shapely.box(30, 20, 50, 40).contains(Point(starts[0][:2]))


def test_grooves_come_before_what_parts_the_piece_and_full_depth_gets_tabs(tmp_path: Path) -> None:
    groove = on("OUTSIDE d=1", rectangle(20, 10, 20, 20, handle="B1"))
    job = cut(tmp_path, on("CUT d=4", FRAME) + groove)
    starts = [m.end[:2] for m in job.moves if m.rapid and m.start[:2] != m.end[:2]]
    assert shapely.box(10, 10, 70, 50).contains(Point(starts[0]))
    assert job.cut_at(-2.9).difference(job.cut_at(-3.95)).area > 10


def test_lines_on_the_wrong_layer_are_no_gouge(tmp_path: Path) -> None:
    with pytest.raises(CutRefused, match="the cut along entity B1 would go into a piece"):
        cut(tmp_path, FRAME + on("OUTSIDE", rectangle(20, 10, 20, 20, handle="B1")))
    assert not list(tmp_path.glob("*.nc"))
