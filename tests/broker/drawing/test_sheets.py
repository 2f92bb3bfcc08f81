"""A sheet is drawn to scale: parts, clamps, what is kept, and its grain."""

from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.drawing.hatching import hatched
from broker.drawing.sheets import KEPT, WOOD, sheet_svg

SVG = "{http://www.w3.org/2000/svg}"
SHEET = np.array([[0.0, 0.0], [1250.0, 0.0], [1250.0, 600.0], [0.0, 600.0]])
PART = np.array([[10.0, 10.0], [210.0, 10.0], [210.0, 110.0], [10.0, 110.0]])


def drawn(**given: object) -> ElementTree.Element:
    return ElementTree.fromstring(sheet_svg(SHEET, [PART], ["door"], [2], **given))  # type: ignore[arg-type]


def test_parts_lie_with_y_up() -> None:
    (polygon,) = drawn().iter(f"{SVG}polygon")
    points = [tuple(map(float, pair.split(","))) for pair in polygon.attrib["points"].split()]
    assert points == [(10, 590), (210, 590), (210, 490), (10, 490)]
    assert [text.text for text in drawn().iter(f"{SVG}text")] == ["door", "250 mm", "1250 × 600 mm"]


def test_a_sheet_need_not_start_at_the_origin() -> None:
    moved = sheet_svg(SHEET + 70, [PART + 70], ["door"], [2], offcuts=[(370, 70, 1320, 670)], clamps=[PART + 500])
    assert moved == sheet_svg(SHEET, [PART], ["door"], [2], offcuts=[(300, 0, 1250, 600)], clamps=[PART + 430])


def test_what_is_kept_is_hatched_and_has_its_size() -> None:
    root = drawn(offcuts=[(300.0, 0.0, 1250.0, 600.0)])
    assert "950 × 600" in [text.text for text in root.iter(f"{SVG}text")]
    box = next(one for one in root.iter(f"{SVG}rect") if one.attrib.get("stroke") == KEPT)
    assert [box.attrib[name] for name in ("x", "y", "width", "height")] == ["300", "0", "950", "600"]


@pytest.mark.parametrize(("grain", "axis"), [(1, 0), (2, 1)])
def test_the_grain_runs_along_its_axis(grain: int, axis: int) -> None:
    (lines,) = (one for one in drawn(grain=grain).iter(f"{SVG}path") if one.attrib.get("stroke") == WOOD)
    strokes = [
        np.array([[float(value) for value in point.split()] for point in line.split("L")])
        for line in lines.attrib["d"].split("M")[1:]
    ]
    assert len(strokes) > 10
    extents = np.array([np.ptp(stroke, axis=0) for stroke in strokes])
    assert extents[:, axis].sum() > 10 * extents[:, 1 - axis].sum()
    assert min(stroke.min() for stroke in strokes) >= 0


def test_without_grain_there_is_no_wood() -> None:
    assert WOOD not in sheet_svg(SHEET, [PART], ["door"])


def test_clamps_and_margin_are_drawn() -> None:
    plain, full = drawn(), drawn(clamps=[PART + 300], margin_mm=10.0)
    assert len(list(full.iter(f"{SVG}circle"))) == 1
    assert len(list(full.iter(f"{SVG}path"))) == len(list(plain.iter(f"{SVG}path"))) + 2


@settings(max_examples=60, deadline=None)
@given(
    x=st.integers(-50, 50),
    y=st.integers(-50, 50),
    width=st.integers(1, 60),
    height=st.integers(1, 60),
    rising=st.booleans(),
)
def test_hatching_stays_in_its_rectangle_and_slants(x: int, y: int, width: int, height: int, rising: bool) -> None:
    for line in hatched(x, y, width, height, 7, rising=rising).split("M")[1:]:
        (x0, y0), (x1, y1) = (tuple(map(float, point.split())) for point in line.split("L"))
        assert x <= x0 < x1 <= x + width
        assert y <= min(y0, y1) <= max(y0, y1) <= y + height
        assert (y1 - y0) / (x1 - x0) == (-1 if rising else 1)
