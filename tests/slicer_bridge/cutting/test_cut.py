"""Profiles: what programs leave of a sheet, as an interpreter of the test's own carries them out."""

from math import pi
from pathlib import Path

import pytest
import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.cut import CutOptions, Sheet, cut_sheet
from slicer_bridge.cutting.feeds import CutTool, ToolKind, laser_for, tool_for
from slicer_bridge.cutting.tabs import Tabs
from slicer_bridge.errors import BridgeError, CutRefused
from slicer_bridge.plates.plate import PlacedPart, Placement
from tests.slicer_bridge.cutting.sheets import SHEET, TOOL, assert_passes, cut, gouged, on
from tests.slicer_bridge.cutting.simulated import cut_at, moves_of
from tests.slicer_bridge.shapes import circle, line, parse, polyline, real_file, rectangle

HOLES = circle(12, 20, 4, handle="C1") + circle(48, 20, 4, handle="C2") + circle(30, 30, 2.5, handle="C3")
BRACKET = rectangle(0, 0, 60, 40, handle="A1") + HOLES
DUMBBELL: list[tuple[float, float]] = [
    (10, 10),
    (20, 10),
    (20, 19),
    (30, 19),
    (30, 10),
    (40, 10),
    (40, 30),
    (30, 30),
    (30, 21),
    (20, 21),
]


def bracket(x: float, y: float) -> BaseGeometry:
    """What is to be left of a bracket placed there."""
    holes = [Point(x + cx, y + cy).buffer(r, quad_segs=64) for cx, cy, r in ((12, 20, 4), (48, 20, 4), (30, 30, 2.5))]
    return shapely.box(x, y, x + 60, y + 40).difference(shapely.union_all(holes))


def test_what_is_left_is_the_part(tmp_path: Path) -> None:
    """At no height does the cutter touch the piece; through the sheet it frees exactly the piece, but for its tabs."""
    job = cut(tmp_path, BRACKET, Placement(10, 10), Placement(80, 10), Placement(60, 60, 90))
    assert gouged(job.cut_at(-0.01), bracket(10, 10)) == 0
    floor = job.cut_at(-3.95)
    for x in (10, 80):
        window = shapely.box(x - 5, 5, x + 65, 55)
        near = [one for one in shapely.get_parts(window.difference(floor)) if one.area > 1000]
        (whole,) = near
        assert whole.symmetric_difference(bracket(x, 10)).area == pytest.approx(0, abs=2 * 6 * 60)
    through = shapely.box(0, 0, 200, 150).difference(job.cut_at(-2.9))
    pieces = sorted((one for one in shapely.get_parts(through)), key=lambda one: -one.area)
    assert len([one for one in pieces if 2000 < one.area < 2500]) == 3
    (first,) = [one for one in pieces if one.contains(Point(30, 20))]
    assert first.symmetric_difference(bracket(10, 10)).area < 0.005 * 200


def test_result_says_what_was_done(tmp_path: Path) -> None:
    job = cut(tmp_path, BRACKET, Placement(10, 10), Placement(80, 10), Placement(60, 60, 90))
    result = job.result
    assert result.copies == 3
    assert [(one.kind, one.count) for one in result.operations] == [("bore", 9), ("profile", 3)]
    lines = job.text.splitlines()
    assert len(lines) == result.lines == result.programs[0].lines
    assert max(map(len, lines)) <= 70
    assert lines[-3:] == ["M5", "G0 X0 Y0", "M30"]
    feeding = sum(move.length for move in job.moves if not move.rapid and move.start[2] + move.end[2] <= 0)
    assert result.cut_length_mm == pytest.approx(feeding, rel=0.01)
    assert result.part_area_mm2 == pytest.approx(3 * bracket(0, 0).area, rel=1e-3)
    assert result.removed_area_mm2 == pytest.approx(job.cut_at(-0.01).area, rel=0.01)
    assert result.low_mm[2] == pytest.approx(-4.2)


def test_circles_and_corners_come_out_as_arcs(tmp_path: Path) -> None:
    job = cut(tmp_path, BRACKET)
    assert job.result.lines < 100
    arcs = [move for move in job.moves if move.motion in ("G2", "G3")]
    assert len(arcs) > 40
    spline = polyline([(40 + 0.04 * k * k, 0.5 * k) for k in range(40)] + [(0, 20), (0, 0)])
    assert cut(tmp_path, spline).result.lines < 150


def test_inside_comes_before_outside(tmp_path: Path) -> None:
    job = cut(tmp_path, BRACKET, Placement(10, 10), Placement(100, 10))
    outside = [shapely.box(10, 10, 70, 50), shapely.box(100, 10, 160, 50)]
    order = []
    for move in job.moves:
        point = Point(move.end[:2])
        for number, shape in enumerate(outside):
            if not move.rapid and shape.buffer(2).contains(point):
                order.append((number, "inside" if shape.contains(point) else "outside"))
    assert list(dict.fromkeys(order)) in (
        [(0, "inside"), (0, "outside"), (1, "inside"), (1, "outside")],
        [(1, "inside"), (1, "outside"), (0, "inside"), (0, "outside")],
    )


def test_a_piece_in_a_hole_of_another(tmp_path: Path) -> None:
    """Deepest first: hole of the inner piece, the inner piece, the hole around it, the outer piece."""
    nested = rectangle(0, 0, 80, 80) + rectangle(10, 10, 60, 60) + rectangle(25, 25, 30, 30) + circle(40, 40, 5)
    job = cut(tmp_path, nested)
    starts = [m.end[:2] for m in job.moves if m.rapid and m.start[:2] != m.end[:2]][:-1]
    reach = [max(abs(x - 50), abs(y - 50)) for x, y in starts]
    assert len(reach) == 4
    assert reach == sorted(reach)
    ring = shapely.box(10, 10, 90, 90).difference(shapely.box(20, 20, 80, 80))
    inner = shapely.box(35, 35, 65, 65).difference(Point(50, 50).buffer(5, quad_segs=64))
    assert gouged(job.cut_at(-0.01), ring.union(inner)) == 0


def test_outside_is_cut_clockwise_and_inside_counter_clockwise(tmp_path: Path) -> None:
    job = cut(tmp_path, rectangle(0, 0, 60, 40) + rectangle(20, 10, 20, 20))
    last = [move for move in job.moves if move.start[2] == move.end[2] == pytest.approx(-4.2) and not move.rapid]
    for inside in (True, False):
        ring = [p for m in last for p in m.corners[1:] if (abs(p[0] - 40) < 12 and abs(p[1] - 30) < 12) == inside]
        twice_area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))
        assert (twice_area > 0) == inside


@pytest.mark.parametrize("ramped", [False, True])
def test_tabs_hold_the_outside_and_not_small_holes(tmp_path: Path, ramped: bool) -> None:
    job = cut(tmp_path, BRACKET, options=CutOptions(tabs=Tabs(ramped=ramped)))
    kept = job.cut_at(-2.9).difference(job.cut_at(-3.9))
    tabs = [one for one in shapely.get_parts(kept) if one.area > 1.5]
    assert len(tabs) == 2
    assert not any(shapely.box(11, 11, 69, 49).intersects(one) for one in tabs)
    bridges = shapely.LinearRing(shapely.box(8.5, 8.5, 71.5, 51.5).exterior).difference(job.cut_at(-3.9))
    assert bridges.length == pytest.approx(2 * (3 + (3.6 if ramped else 0)), abs=0.6)
    heights = [p[2] for move in job.moves for p in move.corners if p[2] < -2.95]
    assert min(heights) == pytest.approx(-4.2)


def test_tabs_are_data(tmp_path: Path) -> None:
    many = CutOptions(tabs=Tabs(every_mm=40, width_mm=5, height_mm=2))
    kept = cut(tmp_path, BRACKET, options=many)
    bridges = shapely.LinearRing(shapely.box(8.5, 8.5, 71.5, 51.5).exterior).difference(kept.cut_at(-2.1))
    assert len([one for one in shapely.get_parts(bridges) if one.length > 1]) == 5
    for none in (CutOptions(tabs=Tabs(most=0)), None):
        free = cut(tmp_path, BRACKET if none else on("CUT notabs", BRACKET), options=none)
        assert len(shapely.get_parts(shapely.box(0, 0, 90, 70).difference(free.cut_at(-3.99)))) == 4


def test_every_pass_is_within_the_tools_depth(tmp_path: Path) -> None:
    job = cut(tmp_path, BRACKET)
    flat = {round(-move.end[2], 3) for move in job.moves if move.start[2] == move.end[2] < 0}
    assert sorted(flat) == [1.4, 2.8, 3.0, 4.2]
    before = job.cut_at(-1.41)
    assert before.within(job.cut_at(-0.01).buffer(1e-3))


def test_cutter_comes_and_goes_beside_the_wall(tmp_path: Path) -> None:
    """No straight way down ends at the outline: there are arcs in and out, a radius away."""
    job = cut(tmp_path, rectangle(0, 0, 60, 40))
    ring = shapely.LinearRing(shapely.box(10, 10, 70, 50).exterior)
    plunges = [move for move in job.moves if move.start[:2] == move.end[:2] and move.end[2] <= 0 < move.start[2]]
    (plunge,) = [move for move in plunges if not move.rapid]
    assert ring.distance(Point(plunge.start[:2])) == pytest.approx(3.0, abs=0.01)
    last = [move for move in job.moves if not move.rapid][-1]
    assert last.motion == "G3"
    assert ring.distance(Point(last.end[:2])) == pytest.approx(3.0, abs=0.01)


def test_no_arc_in_or_out_where_another_copy_lies(tmp_path: Path) -> None:
    job = cut(tmp_path, rectangle(0, 0, 60, 40), Placement(10, 10), Placement(10, 53.2), Placement(10, 96.4))
    copies = shapely.union_all([shapely.box(10, y, 70, y + 40) for y in (10, 53.2, 96.4)])
    assert gouged(job.cut_at(-0.01), copies) == 0


def test_a_last_pass_along_the_wall(tmp_path: Path) -> None:
    job = cut(tmp_path, rectangle(0, 0, 60, 40), options=CutOptions(finish_mm=0.3, tabs=Tabs(most=0)))
    part = shapely.box(10, 10, 70, 50)
    assert gouged(job.cut_at(-0.01), part) == 0
    left = next(
        one
        for one in shapely.get_parts(shapely.box(0, 0, 90, 70).difference(job.cut_at(-3.99)))
        if one.contains(Point(40, 30))
    )
    assert left.symmetric_difference(part).area < 0.01 * 200
    walls = {round(Point(p[:2]).distance(part), 2) for m in job.moves if m.start[2] == m.end[2] < 0 for p in m.corners}
    assert {1.5, 1.8} <= walls


@pytest.mark.parametrize(
    ("entities", "words"),
    [
        (rectangle(0, 0, 60, 40) + circle(20, 20, 1.2, handle="5A"), "entity 5A"),
        (rectangle(0, 0, 60, 40) + rectangle(10, 10, 20, 2, handle="5A"), "entity 5A: the mill 3 mm doesn't fit"),
        (rectangle(0, 0, 60, 40) + line(10, 10, 20, 10, handle="5B"), "open contours at entity 5B"),
        (rectangle(0, 0, 60, 40) + rectangle(30, 20, 60, 40, handle="5C"), "entity 5C"),
        (line(0, 0, 10, 0, handle="5D"), "entity 5D"),
        (rectangle(0, 0, 60, 40) + polyline(DUMBBELL, handle="5E"), "entity 5E at 2.*, 19.* mm: a neck is too narrow"),
        (
            rectangle(0, 0, 60, 40) + polyline([(10, 10), (20, 10), (20, 19), (40, 19), (40, 21), (20, 21), (20, 30),
                                                (10, 30)], handle="5F"),
            "entity 5F at 3.*: a slot is too narrow for the mill 3 mm",
        ),
        (rectangle(0, 0, 60, 40) + rectangle(62, 0, 20, 20, handle="6A"), "entity 6A lie 2.00 mm apart"),
        (rectangle(0, 0, 60, 40, handle="6B") + rectangle(5, 5, 50, 30) + rectangle(6, 6, 20, 20, handle="6C"),
         "and entity 6C lie 1.00 mm apart"),
    ],
)  # fmt: skip
def test_what_cannot_be_cut_is_named_by_handle(tmp_path: Path, entities: str, words: str) -> None:
    with pytest.raises(CutRefused, match=words):
        cut(tmp_path, entities)
    assert not list(tmp_path.glob("*.nc"))


def test_a_bay_behind_a_narrow_mouth_is_no_silent_loss(tmp_path: Path) -> None:
    bay = [(0, 0), (60, 0), (60, 19), (40, 19), (40, 10), (20, 10), (20, 30), (40, 30), (40, 21), (60, 21), (60, 40)]
    with pytest.raises(CutRefused, match=r"entity A0 at 50\.0, 20\.0 mm: a neck is too narrow"):
        cut(tmp_path, polyline([*bay, (0, 40)]))
    narrow = CutTool(diameter_mm=1.5, feed_mm_s=10, plunge_mm_s=3, spindle_rpm=16000, pass_mm=1.0)
    job = cut(tmp_path, polyline([*bay, (0, 40)]), tools=narrow)
    piece = shapely.Polygon([(x + 10, y + 10) for x, y in [*bay, (0, 40)]])
    assert gouged(job.cut_at(-0.01, 0.75), piece) == 0


def test_sharp_notches_and_round_corners_are_told(tmp_path: Path) -> None:
    job = cut(tmp_path, polyline([(0, 0), (60, 0), (60, 40), (31, 40), (30, 37), (29, 40), (0, 40)]))
    (notch,) = [one for one in job.result.findings if one.rule == "uncut-notch"]
    assert notch.place == pytest.approx((30, 38.5, 0), abs=1.0)
    square = cut(tmp_path, rectangle(0, 0, 60, 40) + rectangle(20, 10, 20, 20))
    assert [one.message for one in square.result.findings] == [
        "part: 4 inside corners come out with a radius of 1.5 mm"
    ]


def test_hole_as_wide_as_the_tool_is_drilled(tmp_path: Path) -> None:
    job = cut(tmp_path, rectangle(0, 0, 60, 40) + circle(20, 20, 1.5))
    near = [move for move in job.moves if Point(30, 30).distance(Point(move.end[:2])) < 3 and move.end[2] < 0]
    assert [round(-move.end[2], 3) for move in near] == [1.4, 2.8, 4.2]
    assert all(move.end[:2] == (30, 30) == move.start[:2] for move in near)


def test_drills_and_v_bits_have_programs_of_their_own(tmp_path: Path) -> None:
    drill = tool_for("plywood", 4.0, kind=ToolKind.DRILL)
    bit = tool_for("plywood", 0.2, kind=ToolKind.V_BIT)
    entities = BRACKET + circle(6, 6, 2, handle="D1") + on("ENGRAVE", line(20, 5, 40, 5))
    job = cut(tmp_path, entities, tools=(TOOL, bit, drill))
    names = [(one.path.name, one.tools) for one in job.result.programs]
    assert names == [("out-1.nc", "drill 4 mm"), ("out-2.nc", "v-bit 0.2 mm"), ("out-3.nc", "mill 3 mm")]
    drilled, engraved, milled = (moves_of(one.path) for one in job.result.programs)
    assert {move.end[:2] for move in drilled if move.end[2] < 0} == {(16, 16)}
    lines = [move for move in engraved if move.end[2] < 0]
    assert {move.end for move in lines} == {(30, 15, -0.3), (50, 15, -0.3)}
    assert not cut_at(milled, 1.5, -0.01).intersects(shapely.Point(16, 16).buffer(1.9))
    together = cut_sheet(
        (PlacedPart(tmp_path / "part.dxf", "part", (Placement(10, 10),)),), (TOOL, bit, drill), SHEET,
        tmp_path / "one.nc", CutOptions(tool_changes=True),
    )  # fmt: skip
    words = together.program.read_text(encoding="ascii").splitlines()
    assert [text for text in words if "M6" in text] == ["T1 M6", "T2 M6", "T3 M6"]
    for number, text in enumerate(words):
        if text in ("T2 M6", "T3 M6"):
            assert words[number - 1] == "M5"
            assert words[number - 2] == "G0 Z5"


def test_the_largest_mill_that_does_it_all(tmp_path: Path) -> None:
    small = CutTool(diameter_mm=2.0, feed_mm_s=15, plunge_mm_s=4, spindle_rpm=16000, pass_mm=1.0)
    plain = cut(tmp_path, BRACKET, tools=(small, TOOL))
    assert {one.tool for one in plain.result.operations} == {"mill 3 mm"}
    fine = cut(tmp_path, BRACKET + rectangle(5, 5, 8, 2.4), tools=(small, TOOL))
    assert {one.tool for one in fine.result.operations} == {"mill 2 mm"}


@pytest.mark.parametrize("place", [Placement(-1, 10), Placement(150, 10), Placement(10, 120), Placement(10, 10, 90)])
def test_copy_off_the_sheet(tmp_path: Path, place: Placement) -> None:
    with pytest.raises(CutRefused, match="not on the sheet of 200"):
        cut(tmp_path, BRACKET, place)


def test_sheet_with_a_margin(tmp_path: Path) -> None:
    with pytest.raises(CutRefused, match="less 12 mm of margin"):
        cut(tmp_path, BRACKET, sheet=Sheet((200, 150), 4.0, margin_mm=12))
    assert cut(tmp_path, BRACKET, sheet=Sheet((200, 150), 4.0, margin_mm=10)).result.copies == 1


def test_copies_in_each_others_cut(tmp_path: Path) -> None:
    with pytest.raises(CutRefused, match=r"2\.00 mm apart"):
        cut(tmp_path, BRACKET, Placement(10, 10), Placement(72, 10))
    assert cut(tmp_path, BRACKET, Placement(10, 10), Placement(73, 10)).result.copies == 2


def test_same_sheet_gives_the_same_bytes(tmp_path: Path) -> None:
    places = (Placement(10, 10), Placement(80, 10))
    assert cut(tmp_path, BRACKET, *places).result.sha256 == cut(tmp_path, BRACKET, *places).result.sha256


def test_length_of_cut(tmp_path: Path) -> None:
    job = cut(tmp_path, circle(50, 50, 20))
    ring = 2 * pi * 21.5
    ramps = 3 * 12.0
    assert job.result.cut_length_mm == pytest.approx(3 * ring + ramps, rel=0.05)


@pytest.mark.parametrize(
    ("name", "laser"),
    [
        ("Voron-0__Side_Panel.dxf", False),
        ("Original-Prusa-i3__MK3-front-plate.dxf", False),
        ("Laser-Cut-Keyguard__thinkpad-x1-carbon-6th-gen.dxf", True),
    ],
)
def test_real_drawings(tmp_path: Path, name: str, laser: bool) -> None:
    parse(real_file("sheet", name), tmp_path, unit="mm")
    part = PlacedPart(tmp_path / "normalised.dxf", name, (Placement(5, 5),))
    tool = laser_for("acrylic", 3.0) if laser else tool_for("acrylic", 3.0)
    result = cut_sheet((part,), tool, Sheet((340, 300), 3.0), tmp_path / "out.nc")
    assert_passes(result, (-590, -390, -40))
    assert result.lines < 2500


def test_real_drawings_that_no_router_can_cut(tmp_path: Path) -> None:
    for name, words in (
        ("Laser-Cut-Keyguard__thinkpad-x1-carbon-6th-gen.dxf", "lie 0.50 mm apart"),
        ("wiggle-bin__LaserCutLidWood1PanelAcrylic3mm.dxf", "open contours at entity"),
    ):
        parse(real_file("sheet", name), tmp_path, unit="mm")
        part = PlacedPart(tmp_path / "normalised.dxf", name, (Placement(5, 5),))
        with pytest.raises(BridgeError, match=words):
            cut_sheet((part,), tool_for("acrylic", 3.0), Sheet((400, 300), 3.0), tmp_path / "out.nc")
    assert not (tmp_path / "out.nc").exists()
