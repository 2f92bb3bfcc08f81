import numpy as np
import pytest
from manifold3d import Manifold

from slicer_bridge.meshes.holes import edges_of
from slicer_bridge.meshes.overhangs import overhangs
from tests.slicer_bridge.solids import block, hangs_of, rod, shape_of


def test_block_and_cone_hang_nowhere() -> None:
    assert hangs_of(block((20, 20, 10))) == ()
    assert hangs_of(Manifold.cylinder(20, 10, 2, 48)) == ()


def test_bridge_is_as_long_as_its_gap() -> None:
    (bridge,) = hangs_of(block((40, 10, 15)) - block((24, 10, 10), (8, 0, 0)))
    assert bridge.area_mm2 == pytest.approx(240)
    assert bridge.span_mm == pytest.approx(24, rel=0.02)
    assert (bridge.flat, bridge.carried) == (True, True)
    assert bridge.place[2] == pytest.approx(10)


def test_ledge_counts_twice_its_length() -> None:
    """A bridge carried at one end only."""
    (ledge,) = hangs_of(block((10, 10, 20)) + block((18, 10, 4), (0, 0, 16)))
    assert ledge.span_mm == pytest.approx(16, rel=0.02)


def test_body_in_the_air_is_carried_by_nothing() -> None:
    (floats,) = hangs_of(block((30, 10, 2)), block((5, 5, 5), (2, 2, 9)))
    assert not floats.carried
    assert (floats.area_mm2, floats.place[2]) == pytest.approx((25, 9))


def test_lying_hole_hangs_little() -> None:
    """Its roof leans out by over 45° over a good two thirds of its width."""
    hole = rod(6, 40).rotate((90, 0, 0)).translate((10, 30, 10))
    (roof,) = hangs_of(block((20, 20, 20)) - hole)
    assert roof.carried
    assert not roof.flat
    assert 3 < roof.span_mm < 5


def test_slope_of_45_degrees_hangs_not_and_a_flatter_one_does() -> None:
    def funnel(rise: float) -> Manifold:
        return Manifold.cylinder(rise, 5, 15, 64)

    assert hangs_of(funnel(10.5)) == ()
    (flat,) = hangs_of(funnel(6))
    assert flat.area_mm2 > 500


def test_places_are_in_the_files_own_frame() -> None:
    """Lying on another side, a hanging side is still where it is in the file."""
    shape = shape_of(block((10, 10, 20)) + block((18, 10, 4), (0, 0, 16)))
    edges = edges_of(shape)
    over = np.diag([1.0, -1.0, -1.0])
    assert overhangs(shape, edges, over) == ()
    sideways = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])  # what was +x lies on the bed
    (hang,) = overhangs(shape, edges, sideways)
    assert hang.place[0] == pytest.approx(10)
    assert hang.place[2] < 16
    assert hang.span_mm == pytest.approx(32, rel=0.02)
