from pathlib import Path

import numpy as np
import pytest
from manifold3d import Manifold

from slicer_bridge.facts import Rotation
from slicer_bridge.features import PartFeatures
from slicer_bridge.intake.measure import measure_file
from slicer_bridge.meshes.mesh import topology
from slicer_bridge.reading.stl import read_stl
from slicer_bridge.survey.mesh import mesh_features
from tests.slicer_bridge.shapes import box, real_file, stl_bytes
from tests.slicer_bridge.solids import block, facets_of, rod

UPRIGHT: Rotation = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def test_open_mesh_has_walls_but_no_inside() -> None:
    features = mesh_features(topology(box((30, 20, 0.9))[:-1]), UPRIGHT)
    assert features.walls.smallest_mm == pytest.approx(0.9)
    assert (features.milling, features.drains_known_from_mm, features.cavities) == (None, None, ())


def test_bodies_that_touch_along_edges_have_an_inside() -> None:
    touching = topology(np.concatenate([box((10, 10, 5)), box((10, 10, 5), (10, 10, 0))]))
    assert not touching.watertight
    features = mesh_features(touching, UPRIGHT)
    assert features.milling is not None
    assert features.walls.smallest_mm == pytest.approx(5)


def test_features_come_back_from_the_child_process(tmp_path: Path) -> None:
    solid: Manifold = block((40, 30, 6)) - rod(3, 20, (10, 10, -5))
    (tmp_path / "part.stl").write_bytes(stl_bytes(facets_of(solid)))
    facts = measure_file(tmp_path / "part.stl", tmp_path, features=True)
    assert isinstance(facts.features, PartFeatures)
    assert facts.features.mesh is not None
    assert [hole.diameter_mm for hole in facts.features.mesh.holes] == [pytest.approx(3, abs=1e-3)]
    assert measure_file(tmp_path / "part.stl", tmp_path).features is None


def test_real_part_has_the_holes_of_its_drawing() -> None:
    """The body of an extruder: screws of 3 mm, clearance 3.3."""
    file = real_file("stl", "Original-Prusa-i3__extruder-body.stl")
    features = mesh_features(topology(read_stl(file, 10**6)), UPRIGHT)
    assert sum(hole.round and abs(hole.diameter_mm - 3.3) < 0.05 for hole in features.holes) >= 8
    assert features.cavities == ()
