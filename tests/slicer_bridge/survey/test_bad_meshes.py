"""Meshes that no solid has: each is measured without an error, and what comes out is JSON with finite numbers."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import TypeAdapter

from slicer_bridge.facts import Rotation
from slicer_bridge.features import MeshFeatures
from slicer_bridge.meshes.mesh import topology
from slicer_bridge.survey.mesh import mesh_features
from tests.slicer_bridge.shapes import box

UPRIGHT: Rotation = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
LEAF = np.array([[[0.0, 0, 0], [9, 0, 0], [0, 9, 5]]])
FORM = TypeAdapter(MeshFeatures)


def soup(count: int) -> NDArray[np.float64]:
    return np.random.default_rng(11).uniform(0, 20, (count, 3, 3))


def turned(facets: NDArray[np.float64]) -> NDArray[np.float64]:
    odd = facets.copy()
    odd[::3] = odd[::3, ::-1]
    return odd


@pytest.mark.parametrize(
    "facets",
    [
        pytest.param(LEAF, id="one facet"),
        pytest.param(np.concatenate([LEAF, LEAF[:, ::-1]]), id="both sides of one facet"),
        pytest.param(soup(400), id="soup"),
        pytest.param(turned(box((20, 10, 5))), id="normals at odds"),
        pytest.param(box((20, 10, 5))[:, ::-1], id="inside out"),
        pytest.param(np.concatenate([box((20, 10, 5))] * 3), id="three times the same"),
        pytest.param(box((0.01, 0.01, 900.0)), id="needle"),
        pytest.param(box((90_000.0, 90_000.0, 90_000.0)), id="as long as anything made"),
        pytest.param(box((0.02, 0.02, 0.02)), id="crumb"),
        pytest.param(box((20, 10, 5)) * [1, 1, 1e-4], id="flat"),
        pytest.param(np.concatenate([box((20, 10, 5)), box((20, 10, 5), (7, 3, 2)), soup(50)]), id="solids in soup"),
    ],
)
def test_bad_mesh_is_measured(facets: NDArray[np.float64]) -> None:
    features = mesh_features(topology(facets - facets.reshape(-1, 3).min(axis=0)), UPRIGHT)
    text = FORM.dump_json(features)
    assert FORM.validate_json(text) == features
    assert features.walls.smallest_mm is None or features.walls.smallest_mm > 0
    assert all(math.isfinite(one.span_mm) for one in features.overhangs)
    assert all(0 <= share <= 1 + 1e-9 for share in (*features.walls.shares, *features.gaps.shares))
