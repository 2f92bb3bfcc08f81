import numpy as np
import pytest
from manifold3d import CrossSection, JoinType, Manifold

from slicer_bridge.features import Hole
from slicer_bridge.meshes.mesh import topology
from tests.slicer_bridge.shapes import l_shape
from tests.slicer_bridge.solids import block, corners_of, holes_of, rod, shape_of

PLATE = block((60, 40, 8))


def round_holes(*solids: Manifold) -> list[Hole]:
    return [hole for hole in holes_of(*solids) if hole.round]


@pytest.mark.parametrize("sides", [12, 48])
def test_holes_have_diameter_depth_axis_and_place(sides: int) -> None:
    through, blind = rod(5, 20, (15, 20, -5), sides), rod(3, 20, (45, 10, 2), sides)
    small, large = round_holes(PLATE - through - blind)
    assert (small.diameter_mm, small.depth_mm) == pytest.approx((3, 6), abs=1e-3)
    assert (large.diameter_mm, large.depth_mm) == pytest.approx((5, 8), abs=1e-3)
    assert small.place == pytest.approx((45, 10, 5), abs=1e-3)
    assert large.place == pytest.approx((15, 20, 4), abs=1e-3)
    assert [abs(value) for value in large.axis] == pytest.approx([0, 0, 1], abs=1e-6)


def test_slanted_hole() -> None:
    slanted = rod(4, 60).translate((0, 0, -30)).rotate((35, 0, 0)).translate((30, 20, 4))
    (hole,) = round_holes(PLATE - slanted)
    assert hole.diameter_mm == pytest.approx(4, abs=1e-3)
    assert np.abs(hole.axis) == pytest.approx([0, np.sin(np.radians(35)), np.cos(np.radians(35))], abs=1e-4)


def test_pins_and_square_pockets_are_no_holes() -> None:
    assert holes_of(PLATE + rod(6, 10, (20, 20, 4)) - block((10, 10, 10), (40, 10, 3))) == ()


def test_counterbore_is_two_holes() -> None:
    holes = round_holes(PLATE - rod(4, 20, (30, 20, -5)) - rod(9, 20, (30, 20, 5)))
    assert [hole.diameter_mm for hole in holes] == pytest.approx([4, 9], abs=1e-3)
    assert [hole.depth_mm for hole in holes] == pytest.approx([5, 3], abs=1e-3)


def test_hole_that_a_slot_crosses_is_one() -> None:
    (hole,) = holes_of(PLATE - rod(10, 20, (30, 20, -5)) - block((2, 40, 20), (29, 0, -5)))
    assert hole.diameter_mm == pytest.approx(10, abs=1e-3)


def test_pocket_with_rounded_corners() -> None:
    """Its sides run on tangentially: four arcs of a quarter each, and no circle."""
    outline = CrossSection.square((20, 10)).offset(-3, JoinType.Round, circular_segments=64)
    pocket = Manifold.extrude(outline.offset(3, JoinType.Round, circular_segments=64), 10)
    arcs = holes_of(PLATE - pocket.translate((20, 15, 3)))
    assert [arc.diameter_mm for arc in arcs] == [pytest.approx(6, abs=1e-2)] * 4
    assert all(60 < arc.span_deg < 120 and not arc.round for arc in arcs)


def test_sharp_inside_corner_of_an_l() -> None:
    (corner,) = corners_of(topology(l_shape()))
    assert (corner.axis, corner.length_mm) == pytest.approx((2, 5))
    assert corner.places == ((10, 10, 2.5),)


def test_block_has_neither() -> None:
    assert (holes_of(PLATE), corners_of(shape_of(PLATE))) == ((), ())
