import pytest
from manifold3d import Manifold

from tests.slicer_bridge.solids import block, milled, rod

BLOCK = block((40, 30, 20))


def test_block_is_reached_from_above() -> None:
    milling = milled(BLOCK)
    assert (milling.side, milling.hidden_mm2, milling.unreachable_mm2, milling.sloped_mm2) == ("+z", 0, 0, 0)
    assert (milling.narrowest, milling.deepest) == (None, None)


def test_open_pocket_is_reached_and_measured() -> None:
    milling = milled(BLOCK - block((6, 20, 20), (10, 5, 5)))
    assert (milling.side, milling.hidden_mm2) == ("+z", 0)
    assert milling.narrowest is not None
    assert milling.narrowest.value_mm == pytest.approx(6)
    assert milling.deepest is not None
    assert milling.deepest.value_mm == pytest.approx(15 / 6, rel=0.01)


def test_drilled_hole_is_no_pocket() -> None:
    milling = milled(BLOCK - rod(3, 40, (20, 15, -5)))
    assert (milling.narrowest, milling.deepest) == (None, None)


def test_hole_from_the_side_needs_another_side() -> None:
    across = rod(5, 60).rotate((90, 0, 0)).translate((20, 40, 10))
    milling = milled(BLOCK + block((10, 10, 30), (0, 0, 0)) - across)
    assert milling.hidden_mm2 > 0.3 * 3.14 * 5 * 30 or milling.side in ("+y", "-y")
    assert milling.unreachable_mm2 == 0


def test_t_slot_is_hidden_in_part_but_open_at_its_ends() -> None:
    slot = block((8, 30, 12), (16, 0, 8)) + block((20, 30, 5), (10, 0, 5))
    milling = milled(BLOCK - slot)
    assert milling.unreachable_mm2 == 0
    closed = milled(BLOCK - slot + block((40, 3, 20)) + block((40, 3, 20), (0, 27, 0)))
    roof = 2 * 6 * 24
    assert closed.unreachable_mm2 == pytest.approx(3 * roof, rel=0.5)
    assert all(5 - 0.1 <= place[2] <= 10 + 0.1 for place in closed.unreachable)


def test_closed_hollow_is_out_of_reach() -> None:
    milling = milled(BLOCK - block((20, 10, 10), (10, 10, 5)))
    assert milling.unreachable_mm2 == pytest.approx(2 * (200 + 200 + 100), rel=0.1)


def test_cone_slopes() -> None:
    assert milled(Manifold.cylinder(20, 15, 5, 64)).sloped_mm2 == pytest.approx(3.1416 * 20 * 500**0.5, rel=0.05)
