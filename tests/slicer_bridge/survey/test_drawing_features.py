import numpy as np
import pytest

from slicer_bridge.features import DrawingFeatures
from slicer_bridge.reading.flat_path import FlatPath, circle_corners, straight
from slicer_bridge.survey.drawing import drawing_features


def loop(*points: tuple[float, float], name: str = "A") -> FlatPath:
    return FlatPath(straight(np.array([*points, points[0]], dtype=np.float64)), (name,))


def sheet(width: float, depth: float, at: tuple[float, float] = (0, 0), name: str = "A") -> FlatPath:
    x, y = at
    return loop((x, y), (x + width, y), (x + width, y + depth), (x, y + depth), name=name)


def disc(x: float, y: float, radius: float, name: str = "C") -> FlatPath:
    return FlatPath(circle_corners(x, y, radius), (name,))


def featured(*paths: FlatPath) -> DrawingFeatures:
    return drawing_features(list(paths))


def test_plain_sheet_has_no_narrow_place() -> None:
    features = featured(sheet(100, 60))
    assert (features.webs, features.slots, features.openings, features.corners) == ((), (), (), ())
    assert (features.open_lines, features.crossing, features.duplicates) == ((), (), ())


def test_web_between_hole_and_edge_by_entity() -> None:
    web = featured(sheet(100, 60, name="A1"), disc(50, 6.5, 5, name="C7")).webs[0]
    assert web.width_mm == pytest.approx(1.5, abs=0.02)
    assert web.place == pytest.approx((50, 0.75, 0), abs=0.5)
    assert set(web.entities) == {"A1", "C7"}


def test_web_between_two_holes() -> None:
    features = featured(sheet(100, 60), disc(40, 30, 5, name="C1"), disc(52, 30, 5, name="C2"))
    assert features.webs[0].width_mm == pytest.approx(2, abs=0.01)
    assert [hole.width_mm for hole in features.openings] == [pytest.approx(10, abs=1e-3)] * 2


def test_corner_that_points_at_an_edge() -> None:
    """No line at right angles to either side tells this web."""
    diamond = loop((50, 1), (59, 10), (50, 19), (41, 10), name="D")
    assert featured(sheet(100, 60), diamond).webs[0].width_mm == pytest.approx(1)


def test_neck_of_one_contour() -> None:
    half = [(0.0, 0.0), (40.0, 0.0), (40.0, 9.0), (60.0, 9.0), (60.0, 0.0), (100.0, 0.0)]
    neck = loop(*half, *((x, 20.0 - y) for x, y in reversed(half)))
    features = featured(neck)
    assert features.webs[0].width_mm == pytest.approx(2)
    assert 40 <= features.webs[0].place[0] <= 60
    assert len(features.corners) == 4


def test_slot_is_air_and_not_material() -> None:
    slotted = loop((0, 0), (100, 0), (100, 60), (51, 60), (51, 20), (50, 20), (50, 60), (0, 60))
    features = featured(slotted)
    assert features.slots[0].width_mm == pytest.approx(1)
    assert features.webs == ()
    assert len(features.corners) == 2


def test_pieces_on_one_sheet_are_apart_by_air() -> None:
    features = featured(sheet(30, 30), sheet(30, 30, (30.4, 0), name="B"))
    assert features.slots[0].width_mm == pytest.approx(0.4)
    assert features.webs == ()


def test_opening_is_as_wide_as_the_circle_that_fits() -> None:
    slot = featured(sheet(100, 60), sheet(40, 2.5, (20, 20), name="S")).openings[0]
    assert slot.width_mm == pytest.approx(2.5, abs=0.01)
    assert slot.entities == ("S",)


def test_rounded_corner_tells_its_radius() -> None:
    turn = np.linspace(np.pi, 1.5 * np.pi, 13)
    arc = [(22 + 2 * np.cos(one), 22 + 2 * np.sin(one)) for one in turn]
    features = featured(sheet(100, 60), loop(*arc, (60, 20), (60, 40), (20, 40), name="P"))
    assert features.rounded is not None
    assert features.rounded.width_mm == pytest.approx(2, rel=0.02)
    assert len(features.corners) == 3


def test_places_are_measured_from_the_low_corner_of_the_piece() -> None:
    web = featured(sheet(100, 60, (500, -300)), disc(550, -293.5, 5)).webs[0]
    assert web.place == pytest.approx((50, 0.75, 0), abs=0.5)


def test_open_crossing_and_double_lines_by_entity() -> None:
    gap = FlatPath(straight(np.array([[10.0, 10.0], [20.0, 10.0], [20.0, 20.0]])), ("E1",))
    bow = loop((60, 10), (80, 30), (80, 10), (60, 30), name="X1")
    again = FlatPath(gap.turned.corners, ("E2",))
    features = featured(sheet(100, 60), gap, bow, sheet(100, 60, name="A9"))
    assert [one.entities for one in features.open_lines] == [("E1",)]
    assert features.open_lines[0].width_mm == pytest.approx(14.142, abs=1e-3)
    assert [(one.entities, one.place) for one in features.crossing] == [(("X1",), (70, 20, 0))]
    assert [one.entities for one in features.duplicates] == [("A", "A9")]
    assert [one.entities for one in featured(sheet(100, 60), gap, again).duplicates] == [("E1", "E2")]
