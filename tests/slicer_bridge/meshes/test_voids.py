import numpy as np
import pytest
from manifold3d import Manifold

from tests.slicer_bridge.solids import block, rod, shape_of, voids_of

BOX = block((30, 20, 20))
ROOM = block((20, 10, 10), (5, 5, 5))


def test_solid_block_has_no_room_inside() -> None:
    features = voids_of(BOX)
    assert (features.cavities, features.cups_mm3) == ((), 0)


def test_closed_hollow_is_found_with_its_volume() -> None:
    (cavity,) = voids_of(BOX - ROOM).cavities
    assert (cavity.volume_mm3, cavity.opening_mm) == pytest.approx((2000, 0))
    assert cavity.place == pytest.approx((15, 10, 10))


def test_nested_shells() -> None:
    """A ball loose in a hollow: the hollow counts, the ball doesn't."""
    (cavity,) = voids_of(BOX - ROOM + Manifold.sphere(3, 32).translate((15, 10, 10))).cavities
    assert cavity.volume_mm3 == pytest.approx(2000)


def test_hollow_between_two_bodies() -> None:
    """A lid on a box: neither body has a hollow of its own."""
    lid, open_box = block((30, 20, 3), (0, 0, 20)), BOX - block((20, 10, 15), (5, 5, 5))
    both = shape_of(open_box, lid)
    assert both.closed
    assert not both.watertight  # they touch along the edges of the lid
    (cavity,) = voids_of(open_box, lid).cavities
    assert cavity.volume_mm3 == pytest.approx(3000, rel=0.05)
    assert cavity.opening_mm == 0


@pytest.mark.parametrize(("drain", "low", "high"), [(1.6, 1.0, 1.5), (2.6, 2.0, 2.5), (3.8, 3.0, 3.5)])
def test_hollow_tells_the_width_of_its_opening(drain: float, low: float, high: float) -> None:
    (cavity,) = voids_of(BOX - ROOM - rod(drain, 10, (15, 10, -1))).cavities
    assert low <= cavity.opening_mm <= high
    assert np.abs(np.subtract(cavity.place, (15, 10, 10))).max() < 6


def test_thin_gap_between_two_bodies_is_no_hollow() -> None:
    """A hinge printed in place: the gap is finer than the grid, and open at both ends."""
    pin = rod(19.4, 200, (0, 0, 0))
    assert voids_of(rod(30, 200) - rod(20, 200), pin).cavities == ()


def test_wide_opening_leaves_no_hollow() -> None:
    assert voids_of(BOX - block((20, 10, 30), (5, 5, 5))).cavities == ()
    assert voids_of(BOX - ROOM - rod(7.5, 10, (15, 10, -1))).cavities == ()


def test_blind_hole_is_no_hollow() -> None:
    assert voids_of(BOX - rod(2, 30, (15, 10, 5))).cavities == ()


def test_mug_is_a_cup_as_it_stands() -> None:
    room = block((20, 10, 30), (5, 5, 5))
    mug = voids_of(BOX - room)
    assert mug.cups_mm3 == pytest.approx(20 * 10 * 15, rel=0.05)
    assert mug.cup is not None
    assert (np.array(mug.cup) > (5, 5, 5)).all()
    assert (np.array(mug.cup) < (25, 15, 20)).all()
    assert voids_of(BOX - room.translate((0, 0, -20))).cups_mm3 == 0  # upside down
    assert voids_of(BOX - room - rod(3, 10, (15, 10, -1))).cups_mm3 == 0  # with a hole in its floor
