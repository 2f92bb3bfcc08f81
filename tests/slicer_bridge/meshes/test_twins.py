"""What numba does with large meshes and what numpy does with small ones is the same."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from slicer_bridge.facts import PartFacts
from slicer_bridge.meshes import loops
from slicer_bridge.meshes.edges import Edges, edges_of
from slicer_bridge.meshes.welding import weld_scaled
from tests.slicer_bridge.shapes import Facets, box, l_shape, parse, stl_bytes

pytest.importorskip("numba")


def soup() -> Facets:
    """Facets on a small grid: doubled, turned, collapsed and crowded every way there is."""
    return np.random.default_rng(1).integers(0, 9, (4000, 3, 3)) / 3


def bodies() -> Facets:
    """A void in a box, two boxes that overlap, and an L that stands on its edge."""
    turn = np.array([[1, 0, 0], [0, np.cos(0.6), -np.sin(0.6)], [0, np.sin(0.6), np.cos(0.6)]])
    parts = [
        box((20, 20, 20)),
        box((5, 5, 5), (3, 3, 3))[:, ::-1],
        box((9, 9, 9), (15, 15, 15)),
        l_shape() @ turn.T + 40,
    ]
    return np.concatenate(parts)


def both(monkeypatch: pytest.MonkeyPatch, facets: Facets) -> list[tuple[NDArray[np.float64], NDArray[np.int64], Edges]]:
    found = []
    for worth in (10**9, 0):
        monkeypatch.setattr(loops, "WORTH_FACETS", worth)
        vertices, faces = weld_scaled(facets, 1.3, np.array([0.1, 0.2, 0.3]))
        found.append((vertices, faces, edges_of(faces, len(vertices))))
    return found


@pytest.mark.parametrize("facets", [soup(), bodies(), box((30, 20, 10))[:1]])
def test_vertices_and_edges_are_the_same(monkeypatch: pytest.MonkeyPatch, facets: Facets) -> None:
    (vertices, faces, edges), (other_vertices, other_faces, other_edges) = both(monkeypatch, facets)
    assert np.array_equal(vertices, other_vertices)
    assert np.array_equal(faces, other_faces)
    for field in fields(Edges):
        assert np.array_equal(getattr(edges, field.name), getattr(other_edges, field.name)), field.name


def test_vertices_are_numbered_as_they_appear(monkeypatch: pytest.MonkeyPatch) -> None:
    for _, faces, _ in both(monkeypatch, soup()):
        _, first = np.unique(faces, return_index=True)
        assert (np.diff(first) > 0).all()


def parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, facets: Facets, worth: int) -> PartFacts:
    monkeypatch.setattr(loops, "WORTH_FACETS", worth)
    (tmp_path / "part.stl").write_bytes(stl_bytes(facets))
    return parse(tmp_path / "part.stl", tmp_path)


def test_facts_findings_and_files_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = parsed(tmp_path, monkeypatch, bodies(), 10**9)
    quick = parsed(tmp_path, monkeypatch, bodies(), 0)
    assert plain.findings == quick.findings
    assert plain.normalised_sha256 == quick.normalised_sha256
    assert plain.mesh is not None
    assert quick.mesh is not None
    assert quick.mesh.volume_mm3 == pytest.approx(plain.mesh.volume_mm3, rel=1e-12)
    assert quick.mesh.area_mm2 == pytest.approx(plain.mesh.area_mm2, rel=1e-12)
    assert len(quick.mesh.orientations) == len(plain.mesh.orientations)
    for one, other in zip(plain.mesh.orientations, quick.mesh.orientations, strict=True):
        assert one.rotation == other.rotation
        assert (one.overhang_mm2, one.contact_mm2) == pytest.approx((other.overhang_mm2, other.contact_mm2))


@pytest.mark.parametrize(
    "facets",
    [
        l_shape(),
        l_shape()[:-2],
        np.concatenate([box((10, 10, 10)), box((10, 10, 10), (30, 0, 0))]),
        np.concatenate([box((40, 40, 10)), box((5, 5, 5), (20, 20, 12))]),
    ],
    ids=["L", "open L", "apart", "above"],
)
def test_outline_from_the_rim_covers_the_shadow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, facets: Facets
) -> None:
    """Turned about z, so that no edge lies along the grid."""
    turn = np.array([[np.cos(0.3), -np.sin(0.3), 0], [np.sin(0.3), np.cos(0.3), 0], [0, 0, 1]])
    turned = facets @ turn.T
    facts = parsed(tmp_path, monkeypatch, turned, 0).mesh
    assert facts is not None
    flat = turned[:, :, :2] - turned[:, :, :2].reshape(-1, 2).min(axis=0)
    triangles = np.asarray(shapely.polygons(flat))
    shadow = shapely.union_all(triangles[shapely.area(triangles) > 1e-9])
    if shadow.geom_type == "MultiPolygon":
        shadow = shadow.convex_hull
    upright = next(way for way in facts.orientations if list(way.rotation) == np.eye(3).reshape(-1).tolist())
    outline = shapely.Polygon(upright.outline)
    assert outline.buffer(1e-3).covers(shadow)
    assert shadow.buffer(0.2 + 1e-3, join_style="mitre").covers(outline)
