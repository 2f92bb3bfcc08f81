from dataclasses import dataclass
from math import pi
from pathlib import Path

import pytest
import shapely

from slicer_bridge.cutting.cut import CutResult, Sheet, cut_sheet
from slicer_bridge.cutting.feeds import CutTool, tool_for
from slicer_bridge.errors import CutRefused
from slicer_bridge.plates.plate import PlacedPart, Placement
from slicer_bridge.programs.check import check_program
from slicer_bridge.programs.limits import Dialect, Envelope, MachineLimits
from tests.slicer_bridge.shapes import circle, dxf_text, line, parse, real_file, rectangle, write_bracket

TOOL = CutTool(diameter_mm=3.0, feed_mm_s=20, plunge_mm_s=5, spindle_rpm=16000, pass_mm=2.0)
SHEET = Sheet((200, 150), 4.0)
LIMITS = MachineLimits(
    dialect=Dialect.GRBL,
    envelope_mm=Envelope(x=(-600, 0), y=(-400, 0), z=(-80, 0)),
    max_feed_mm_s=80,
    max_feed_z_mm_s=10,
    max_spindle_rpm=24000,
)
OFFSET = (-500.0, -350.0, -40.0)


@dataclass(frozen=True)
class Cut:
    """One straight cut, as read from the program by the test."""

    start: tuple[float, float, float]
    end: tuple[float, float, float]

    @property
    def flat(self) -> shapely.LineString:
        return shapely.LineString([self.start[:2], self.end[:2]])


def cuts_of(program: Path) -> list[Cut]:
    at = {"X": 0.0, "Y": 0.0, "Z": 0.0}
    found = []
    for text in program.read_text(encoding="ascii").splitlines():
        words = text.split()
        if words[0] not in {"G0", "G1"}:
            continue
        before = (at["X"], at["Y"], at["Z"])
        at.update({word[0]: float(word[1:]) for word in words[1:] if word[0] in at})
        if words[0] == "G1":
            found.append(Cut(before, (at["X"], at["Y"], at["Z"])))
    return found


def cut(tmp_path: Path, *places: Placement, entities: str | None = None, tool: CutTool = TOOL) -> CutResult:
    path = tmp_path / "part.dxf"
    if entities is None:
        write_bracket(path)
    else:
        path.write_text(dxf_text(entities), encoding="ascii")
    return cut_sheet((PlacedPart(path, "bracket", places or (Placement(10, 10),)),), tool, SHEET, tmp_path / "out.nc")


def test_program_passes_the_checker_in_machine_coordinates(tmp_path: Path) -> None:
    result = cut(tmp_path, Placement(10, 10), Placement(80, 10), Placement(60, 60, 90))
    verdict = check_program(result.program, LIMITS, OFFSET)
    assert verdict.findings == ()
    assert result.copies == 3
    assert verdict.bounds is not None
    assert verdict.bounds.low[2] == pytest.approx(-44.2)
    lines = result.program.read_text(encoding="ascii").splitlines()
    assert len(lines) == result.lines
    assert max(map(len, lines)) <= 70
    assert lines[-3:] == ["M5", "G0 X0 Y0", "M30"]
    assert verdict.moves_s == pytest.approx(result.estimate_s, rel=0.15)


def test_what_is_left_is_the_part(tmp_path: Path) -> None:
    """The kerf of full-depth cuts frees exactly the drawn part, but for its tabs."""
    result = cut(tmp_path)
    deep = [one.flat for one in cuts_of(result.program) if one.start[2] < -4 and one.end[2] < -4]
    swept = shapely.union_all(deep).buffer(1.5)
    part = shapely.box(10, 10, 70, 50).difference(
        shapely.union_all([shapely.Point(x, y).buffer(r) for x, y, r in ((22, 30, 4), (58, 30, 4), (40, 40, 2.5))])
    )
    assert swept.intersection(part).area < 0.03 * 200
    all_depths = shapely.union_all([one.flat for one in cuts_of(result.program)]).buffer(1.5)
    assert all_depths.intersection(part).area < 0.03 * 200
    (inner,) = [piece for piece in shapely.get_parts(all_depths.envelope.difference(all_depths)) if piece.area > 1000]
    assert inner.symmetric_difference(part).area < 0.05 * part.area


def test_inside_comes_before_outside(tmp_path: Path) -> None:
    result = cut(tmp_path, Placement(10, 10), Placement(100, 10))
    outside = [shapely.box(10, 10, 70, 50), shapely.box(100, 10, 160, 50)]
    order = []
    for one in cuts_of(result.program):
        point = shapely.Point(one.end[:2])
        for number, shape in enumerate(outside):
            if shape.buffer(2).contains(point):
                order.append((number, "inside" if shape.contains(point) else "outside"))
    assert list(dict.fromkeys(order)) in (
        [(0, "inside"), (0, "outside"), (1, "inside"), (1, "outside")],
        [(1, "inside"), (1, "outside"), (0, "inside"), (0, "outside")],
    )


def test_tabs_hold_the_outside_and_not_small_holes(tmp_path: Path) -> None:
    result = cut(tmp_path)
    last_pass = [one for one in cuts_of(result.program) if one.start[2] == one.end[2] and one.end[2] < -2.9]
    held = [one for one in last_pass if one.end[2] == pytest.approx(-3.0)]
    through = [one for one in last_pass if one.end[2] == pytest.approx(-4.2)]
    inner = shapely.box(11, 11, 69, 49)
    assert held
    assert not any(inner.contains(one.flat) for one in held)
    assert sum(one.flat.length for one in held) == pytest.approx(2 * 6, abs=1.5)
    assert sum(one.flat.length for one in through) > 190


def test_every_pass_is_within_the_tools_depth(tmp_path: Path) -> None:
    result = cut(tmp_path)
    depths = sorted({round(-one.end[2], 3) for one in cuts_of(result.program) if one.start[2] == one.end[2]})
    assert depths == [1.4, 2.8, 3.0, 4.2]


@pytest.mark.parametrize(
    ("entities", "words"),
    [
        (rectangle(0, 0, 60, 40) + circle(20, 20, 1.2, handle="5A"), "entity 5A"),
        (rectangle(0, 0, 60, 40) + line(10, 10, 20, 10, handle="5B"), "open contours at entity 5B"),
        (rectangle(0, 0, 60, 40) + rectangle(30, 20, 60, 40, handle="5C"), "entity 5C"),
        (line(0, 0, 10, 0, handle="5D"), "entity 5D"),
    ],
)
def test_what_cannot_be_cut_is_named_by_handle(tmp_path: Path, entities: str, words: str) -> None:
    with pytest.raises(CutRefused) as caught:
        cut(tmp_path, entities=entities)
    assert words in str(caught.value)
    assert not (tmp_path / "out.nc").exists()


def test_hole_as_wide_as_the_tool_is_drilled(tmp_path: Path) -> None:
    result = cut(tmp_path, entities=rectangle(0, 0, 60, 40) + circle(20, 20, 1.5))
    near = [one for one in cuts_of(result.program) if shapely.Point(30, 30).distance(one.flat) < 1]
    assert near
    assert all(shapely.Point(30, 30).distance(one.flat) < 0.02 for one in near)
    assert min(one.end[2] for one in near) == pytest.approx(-4.2)


@pytest.mark.parametrize("place", [Placement(-1, 10), Placement(150, 10), Placement(10, 120), Placement(10, 10, 90)])
def test_copy_off_the_sheet(tmp_path: Path, place: Placement) -> None:
    with pytest.raises(CutRefused, match="not on the sheet of 200"):
        cut(tmp_path, place)


def test_copies_in_each_others_cut(tmp_path: Path) -> None:
    with pytest.raises(CutRefused, match=r"2\.00 mm apart"):
        cut(tmp_path, Placement(10, 10), Placement(72, 10))
    assert cut(tmp_path, Placement(10, 10), Placement(73, 10)).copies == 2


def test_same_sheet_gives_the_same_bytes(tmp_path: Path) -> None:
    places = (Placement(10, 10), Placement(80, 10))
    assert cut(tmp_path, *places).sha256 == cut(tmp_path, *places).sha256


def test_length_of_cut(tmp_path: Path) -> None:
    result = cut(tmp_path, entities=circle(50, 50, 20), tool=TOOL)
    ring = 2 * pi * 21.5
    ramps = 3 * 12.0
    assert result.cut_length_mm == pytest.approx(3 * ring + ramps, rel=0.05)


def test_unknown_material_names_the_known() -> None:
    assert tool_for("Plywood", 3).pass_mm == pytest.approx(2.1)
    with pytest.raises(CutRefused, match="plywood"):
        tool_for("unobtainium", 3)


@pytest.mark.parametrize(
    ("name", "unit"), [("Voron-0__Side_Panel.dxf", None), ("Original-Prusa-i3__MK3-front-plate.dxf", "mm")]
)
def test_real_drawings(tmp_path: Path, name: str, unit: str | None) -> None:
    parse(real_file("sheet", name), tmp_path, unit=unit)
    part = PlacedPart(tmp_path / "normalised.dxf", name, (Placement(5, 5),))
    result = cut_sheet((part,), tool_for("acrylic", 3.0), Sheet((300, 300), 3.0), tmp_path / "out.nc")
    assert check_program(result.program, LIMITS, (-590, -390, -40)).ok
