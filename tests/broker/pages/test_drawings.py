import numpy as np
import pytest

from broker.pages.plate_drawing import draw_plate, placed
from broker.pages.shops import Shop
from broker.pages.sketch import sketch
from broker.pages.town_map import town_map
from broker.wire.plates import Plate, PlatedPart
from broker.wire.shop import Process
from broker.wire.tracking import Link
from slicer_bridge.facts import DrawingFacts, PartFacts

_TRIANGLE = ((0.0, 0.0), (20.0, 0.0), (0.0, 10.0))


def _part(name: str, lot: str) -> PlatedPart:
    return PlatedPart(
        part_sha256="0" * 64,
        name=name,
        lot=lot,
        height_mm=5,
        outline=_TRIANGLE,
        placements=((5, 5, 0), (100, 50, 90)),
    )


def test_copies_are_turned_and_then_moved() -> None:
    first, second = placed(_part("a.stl", "lot_a"))
    np.testing.assert_allclose(first, [(5, 5), (25, 5), (5, 15)])
    np.testing.assert_allclose(second, [(100, 50), (100, 70), (90, 50)], atol=1e-9)


def test_names_of_lots_that_one_may_not_see_stay_out_and_markup_is_escaped() -> None:
    plate = Plate(
        process=Process.FDM,
        material="PLA",
        size_mm=(120, 120),
        usable_mm=(3, 3, 117, 117),
        parts=(_part("<b>x", "lot_a"), _part("secret", "lot_b")),
    )
    drawn = draw_plate(plate, {"lot_a": 0}, "Plate of <shop>")
    assert drawn.count("<polygon") == 4
    assert "secret" not in drawn
    assert "<b>" not in drawn
    assert "Plate of &lt;shop&gt;" in drawn


def test_a_sketch_has_the_holes_and_keeps_the_proportions() -> None:
    hole = ((1.0, 1.0), (1.0, 2.0), (2.0, 2.0))
    drawing = DrawingFacts(
        size_mm=(20, 10), outline=_TRIANGLE, holes=(hole,), area_mm2=99.5, cut_length_mm=60, contours=2,
        open_contours=0, smallest_inside_radius_mm=None,
    )  # fmt: skip
    drawn = sketch("a.dxf", PartFacts("dxf", "mm", "", "", None, drawing, ()))
    assert drawn.count("M") == drawn.count("Z") == 2
    assert 'viewBox="0 0 22.4 22.4"' in drawn


@pytest.mark.parametrize("count", [1, 2])
def test_the_map_shows_every_place_and_escapes_it(count: int) -> None:
    found = [
        Shop(str(n), f"<{n}>", "<Gijón>", (43.5 + n / 10, -5.7), Link.CONNECTED, ("PLA",), ()) for n in range(count)
    ]
    drawn = town_map(found)
    assert drawn is not None
    assert drawn.count("<circle") == count
    assert "<Gijón>" not in drawn
    assert "&lt;0&gt;" in drawn


def test_without_positions_there_is_no_map() -> None:
    assert town_map([Shop("1", "a", "b", None, Link.CONNECTED, (), ())]) is None
