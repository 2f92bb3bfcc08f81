"""What is wrong with a surface is told, with its place; nothing of it takes long."""

from pathlib import Path

import numpy as np
import pytest

from slicer_bridge.errors import BadFile
from slicer_bridge.facts import Finding, MeshFacts, Severity
from slicer_bridge.meshes.defects import HOLES
from tests.slicer_bridge.shapes import Facets, box, parse, real_file, stl_bytes

CUBE = box((20, 20, 20))
LEAF = np.array([[[0.0, 0, 0], [10, 0, 0], [0, 10, 0]]])


def measured(tmp_path: Path, facets: Facets, unit: str | None = None) -> tuple[MeshFacts, dict[str, Finding]]:
    (tmp_path / "part.stl").write_bytes(stl_bytes(facets))
    facts = parse(tmp_path / "part.stl", tmp_path, unit)
    assert facts.mesh is not None
    return facts.mesh, {finding.rule: finding for finding in facts.findings}


def test_each_hole_has_its_place_and_length(tmp_path: Path) -> None:
    """The cube lacks its whole top, and a second one half a side."""
    other = box((10, 10, 10), (50, 0, 0))
    top = (CUBE[:, :, 2] == 20).all(axis=1)
    mesh, findings = measured(tmp_path, np.concatenate([CUBE[~top], other[:-1]]))
    assert [(hole.edges, round(hole.length_mm, 3)) for hole in mesh.holes] == [(4, 80.0), (3, 34.142)]
    assert mesh.holes[0].place == pytest.approx((10, 10, 20))
    assert (mesh.open_edges, mesh.watertight) == (7, False)
    assert findings["open-mesh"].place == pytest.approx((10, 10, 20))
    assert "2 holes" in findings["open-mesh"].message


def test_only_the_longest_holes_are_listed(tmp_path: Path) -> None:
    boxes = [box((5, 5, 5 + n), (10 * n, 0, 0))[:-1] for n in range(HOLES + 3)]
    mesh, findings = measured(tmp_path, np.concatenate(boxes))
    assert len(mesh.holes) == HOLES
    assert f"{HOLES + 3} holes" in findings["open-mesh"].message


def test_doubled_facet_is_non_manifold(tmp_path: Path) -> None:
    mesh, findings = measured(tmp_path, np.concatenate([CUBE, CUBE[:1]]))
    assert (mesh.duplicate_facets, mesh.nonmanifold_edges, mesh.open_edges) == (1, 3, 0)
    assert findings["duplicate-facets"].place == pytest.approx(tuple(CUBE[0].mean(axis=0)))
    assert findings["non-manifold"].severity is Severity.REVIEW


def test_cubes_that_share_an_edge_are_no_more_than_a_note(tmp_path: Path) -> None:
    mesh, findings = measured(tmp_path, np.concatenate([CUBE, box((20, 20, 20), (20, 20, 0))]))
    assert (mesh.nonmanifold_edges, mesh.watertight) == (1, False)
    assert mesh.volume_mm3 == pytest.approx(16000)
    assert findings["non-manifold"].severity is Severity.NOTE
    assert findings["non-manifold"].place == pytest.approx((20, 20, 10))


def test_facets_turned_round_are_counted_and_shown(tmp_path: Path) -> None:
    facets = CUBE.copy()
    facets[4:6] = facets[4:6, ::-1]
    mesh, findings = measured(tmp_path, facets)
    assert mesh.turned_facets == 2
    assert findings["mixed-normals"].measured == 4.0
    assert findings["mixed-normals"].place == pytest.approx(tuple(facets[4].mean(axis=0)))


@pytest.mark.parametrize(
    "facets",
    [LEAF, np.concatenate([LEAF, LEAF]), np.concatenate([LEAF, LEAF[:, ::-1]]), CUBE[(CUBE[:, :, 2] == 0).all(axis=1)]],
    ids=["one triangle", "twice the same", "back to back", "a flat square"],
)
def test_what_is_flat_is_refused(tmp_path: Path, facets: Facets) -> None:
    _, findings = measured(tmp_path, facets)
    assert findings["no-volume"].severity is Severity.REFUSE


@pytest.mark.parametrize(
    ("facets", "words"),
    [
        (np.zeros((4, 3, 3)), "line or a point"),
        (np.array([[[0.0, 0, 0], [5, 5, 5], [10, 10, 10]]] * 3), "no facet has an area"),
        (CUBE * 1e30, "garbled"),
        (CUBE * 1e6, "garbled"),
        (np.where(np.arange(9).reshape(1, 3, 3) == 4, np.nan, CUBE), "no number"),
        (np.where(np.arange(9).reshape(1, 3, 3) == 4, np.inf, CUBE), "no number"),
    ],
    ids=["points", "lines", "1e30", "20 km", "NaN", "infinite"],
)
def test_what_cannot_be_measured_is_an_error(tmp_path: Path, facets: Facets, words: str) -> None:
    with pytest.raises(BadFile, match=words):
        measured(tmp_path, facets, unit="mm")


def test_cube_of_a_metre_is_measured_when_its_unit_is_said(tmp_path: Path) -> None:
    mesh, findings = measured(tmp_path, CUBE * 50, unit="mm")
    assert mesh.volume_mm3 == pytest.approx(1e9)
    assert findings == {}


def test_hundred_thousand_loose_facets_are_told_in_a_moment(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    loose = rng.random((100_000, 1, 3)) * 200 + rng.random((100_000, 3, 3))
    mesh, findings = measured(tmp_path, loose)
    assert (mesh.bodies, mesh.open_edges) == (100_000, 300_000)
    assert set(findings) == {"bodies", "open-mesh"}


def test_a_chain_of_slivers_is_not_welded_away(tmp_path: Path) -> None:
    """A fan of facets thinner than a seam: joining what lies close would join all of it."""
    angles = np.arange(0, 0.5, 2e-5)
    rim = np.stack([30 * np.cos(angles), 30 * np.sin(angles), 0 * angles], axis=1)
    mesh, findings = measured(tmp_path, np.stack([np.zeros_like(rim[1:]), rim[:-1], rim[1:]], axis=1))
    assert mesh.area_mm2 == pytest.approx(225, rel=1e-3)
    assert "seams" not in findings


def test_real_part_is_told_both_as_it_stands_and_welded(tmp_path: Path) -> None:
    """The manifest's 82 edges and 92 facets come out on a grid of 0.1 µm; exactly as it stands it is closed."""
    facts = parse(real_file("stl", "Stethoscope__y_piece.stl"), tmp_path)
    (finding,) = facts.findings
    assert (finding.rule, finding.severity, finding.measured) == ("collapsed-facets", Severity.REVIEW, 82.0)
    assert "92 facets" in finding.message
    assert "exactly as the file stands 0" in finding.message
