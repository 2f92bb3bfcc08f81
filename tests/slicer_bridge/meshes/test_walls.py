import subprocess
import sys

import numpy as np
import pytest
from manifold3d import Manifold

from slicer_bridge.meshes.crossings import MOST, Crossings, caster, every_facet
from slicer_bridge.meshes.mesh import normals_and_areas
from tests.slicer_bridge.shapes import box
from tests.slicer_bridge.solids import block, facets_of, rod, walls_of


@pytest.mark.parametrize("thickness", [0.3, 0.9, 4.0])
def test_plate_is_as_thick_as_it_is(thickness: float) -> None:
    measured = walls_of(box((30, 20, thickness)))
    assert measured.walls.smallest_mm == pytest.approx(thickness)
    flat = 2 * 30 * 20 / (2 * (30 * 20 + (30 + 20) * thickness))
    assert measured.walls.share_below(thickness + 0.1) == pytest.approx(flat, abs=0.01)
    assert measured.walls.share_below(thickness - 0.1) == 0
    assert measured.gaps.smallest_mm is None


def test_places_lie_on_the_thin_wall() -> None:
    thin = block((20, 0.8, 15), (0, 6, 3))
    measured = walls_of(facets_of(block((20, 10, 3)) + thin))
    assert measured.walls.smallest_mm == pytest.approx(0.8)
    places = np.array([spot.place for spot in measured.walls.spots if spot.value_mm < 1])
    assert len(places) > 5
    assert (places[:, 2] >= 3 - 1e-3).all()
    assert (np.abs(places[:, 1] - 6.4) <= 0.41).all()


def test_tube_and_shell() -> None:
    tube = walls_of(facets_of(rod(20, 30) - rod(18, 30)))
    assert tube.walls.smallest_mm == pytest.approx(1.0, abs=0.02)
    assert tube.gaps.smallest_mm == pytest.approx(18.0, abs=0.05)
    ball = Manifold.sphere(10, 96) - Manifold.sphere(9.5, 96)
    assert walls_of(facets_of(ball)).walls.smallest_mm == pytest.approx(0.5, abs=0.02)


def test_wedge_is_no_thin_wall() -> None:
    """Its tip is sharp, and its sides are far from parallel."""
    wedge = Manifold.hull_points(np.array([[0, 0, 0], [20, 0, 0], [0, 12, 0], [0, 0, 9], [20, 0, 9], [0, 12, 9]]))
    measured = walls_of(facets_of(wedge))
    assert measured.walls.smallest_mm == pytest.approx(9.0)


def test_gap_between_two_bodies_and_in_one() -> None:
    bodies = walls_of(np.concatenate([box((10, 10, 2)), box((10, 10, 2), (0, 0, 2.3))]))
    assert bodies.gaps.smallest_mm == pytest.approx(0.3)
    assert bodies.walls.smallest_mm == pytest.approx(2.0)
    slotted = walls_of(facets_of(block((20, 10, 10)) - block((0.5, 10, 6), (8, 0, 4))))
    assert slotted.gaps.smallest_mm == pytest.approx(0.5)


@pytest.mark.parametrize("lap", [0.0, 3.0])
def test_bodies_that_touch_or_overlap_are_one(lap: float) -> None:
    """Neither the wall between them nor what one covers of the other is counted."""
    both = walls_of(np.concatenate([box((10, 10, 5)), box((10, 10, 5), (0, 0, 5 - lap))]))
    assert both.walls.smallest_mm == pytest.approx(min(10.0, 10 - lap))
    assert both.gaps.smallest_mm is None


def test_the_same_body_twice_is_one() -> None:
    assert walls_of(np.concatenate([box((10, 8, 3)), box((10, 8, 3))])).walls.smallest_mm == pytest.approx(3.0)


def test_open_mesh_is_measured_too() -> None:
    measured = walls_of(box((30, 20, 0.9))[:-1], closed=False)
    assert measured.walls.smallest_mm == pytest.approx(0.9)


def test_grid_finds_what_testing_every_facet_finds() -> None:
    solid = facets_of(Manifold.sphere(10, 40) - block((4, 30, 4), (-2, -15, -2)))
    normals, _ = normals_and_areas(solid)
    random = np.random.default_rng(7)
    origins = random.uniform(-12, 12, (500, 3))
    ways = random.normal(size=(500, 3))
    ways[:60] = np.repeat(np.eye(3), 20, axis=0)
    ways /= np.linalg.norm(ways, axis=1)[:, None]
    fast = caster(solid, normals).cross(origins, ways)
    plain: Crossings = every_facet(solid, normals, origins, ways)
    assert np.isfinite(plain.at).sum() > 500
    assert plain.at.shape == (500, MOST)
    np.testing.assert_allclose(fast.at, plain.at, rtol=0, atol=1e-9)
    assert (fast.lost == plain.lost).all()


_WITHOUT = """
import sys
sys.modules["numba"] = None
from slicer_bridge.meshes.mesh import topology
from slicer_bridge.survey.mesh import mesh_features
from tests.slicer_bridge.shapes import box
features = mesh_features(topology(box((30, 20, 0.9))), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
print(round(features.walls.smallest_mm, 6), features.milling.side, features.cavities)
"""


def test_without_numba_the_same_is_found() -> None:
    done = subprocess.run([sys.executable, "-c", _WITHOUT], capture_output=True, text=True, timeout=100, check=False)
    assert done.stdout.split() == ["0.9", "+z", "()"], done.stderr


def test_line_through_too_many_walls_says_so() -> None:
    stack = np.concatenate([box((10, 10, 0.1), (0, 0, 0.2 * level)) for level in range(40)])
    normals, _ = normals_and_areas(stack)
    lines = caster(stack, normals).cross(
        np.array([[3.3, 4.1, -1.0], [-1, 4.1, 0.05]]), np.array([[0, 0, 1.0], [1, 0, 0]])
    )
    assert lines.lost.tolist() == [True, False]
