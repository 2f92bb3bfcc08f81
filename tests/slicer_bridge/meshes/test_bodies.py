"""Bodies that overlap, touch, hold voids or are inside out: volume and surface as they would be made."""

from pathlib import Path

import numpy as np
import pytest

from slicer_bridge.facts import Finding, MeshFacts, Severity
from slicer_bridge.meshes.overlap import MOST_UNITED
from slicer_bridge.meshes.shells import winding
from tests.slicer_bridge.shapes import Facets, box, parse, stl_bytes

CUBE = box((20, 20, 20))
INNER = box((10, 10, 10), (5, 5, 5))


def measured(tmp_path: Path, *parts: Facets, unit: str | None = None) -> tuple[MeshFacts, dict[str, Finding]]:
    (tmp_path / "part.stl").write_bytes(stl_bytes(np.concatenate(parts)))
    facts = parse(tmp_path / "part.stl", tmp_path, unit)
    assert facts.mesh is not None
    return facts.mesh, {finding.rule: finding for finding in facts.findings}


@pytest.mark.parametrize(
    ("parts", "volume", "area", "overlap"),
    [
        ([CUBE, box((20, 20, 20), (10, 10, 0))], 14000, 3800, 2000),
        ([CUBE, box((20, 20, 20), (5, 10, 0))], 13000, 3500, 3000),
        ([CUBE, INNER], 8000, 2400, 1000),
        ([CUBE, CUBE], 8000, 2400, 8000),
        ([CUBE, box((10, 10, 30))], 9000, 2800, 2000),
    ],
    ids=["corner", "16,000 for 13,000", "one in the other", "twice the same", "with a corner in common"],
)
def test_overlapping_bodies_are_counted_once(
    tmp_path: Path, parts: list[Facets], volume: float, area: float, overlap: float
) -> None:
    mesh, findings = measured(tmp_path, *parts)
    assert mesh.volume_mm3 == pytest.approx(volume)
    assert mesh.area_mm2 == pytest.approx(area)
    assert mesh.overlap_mm3 == pytest.approx(overlap)
    assert findings["overlapping-bodies"].measured == pytest.approx(overlap)
    assert findings["overlapping-bodies"].place is not None


@pytest.mark.parametrize("at", [(20, 0, 0), (5, 5, 20)], ids=["whole side", "part of a side"])
def test_touching_bodies_have_one_surface(tmp_path: Path, at: tuple[float, float, float]) -> None:
    size = 20.0 if at[0] == 20 else 10.0
    mesh, findings = measured(tmp_path, CUBE, box((size, size, size), at))
    assert mesh.volume_mm3 == pytest.approx(8000 + size**3)
    assert mesh.area_mm2 == pytest.approx(2400 + 4 * size * size)
    assert findings["touching-bodies"].measured == pytest.approx(size * size)
    assert "overlapping-bodies" not in findings


def test_voids_are_no_overlap_and_islands_in_them_count(tmp_path: Path) -> None:
    mesh, findings = measured(tmp_path, CUBE, INNER[:, ::-1], box((2, 2, 2), (8, 8, 8)))
    assert mesh.volume_mm3 == pytest.approx(8000 - 1000 + 8)
    assert mesh.area_mm2 == pytest.approx(2400 + 600 + 24)
    assert mesh.overlap_mm3 == 0
    assert set(findings) == {"bodies"}


def test_void_beside_a_body_that_overlaps_another(tmp_path: Path) -> None:
    mesh, _ = measured(tmp_path, CUBE, box((4, 4, 4), (1, 1, 1))[:, ::-1], box((20, 20, 20), (10, 10, 0)))
    assert mesh.volume_mm3 == pytest.approx(14000 - 64)


def test_a_body_that_is_inside_out_is_turned_and_listed(tmp_path: Path) -> None:
    mesh, findings = measured(tmp_path, CUBE, box((10, 10, 10), (50, 0, 0))[:, ::-1])
    assert mesh.volume_mm3 == pytest.approx(9000)
    assert (findings["inside-out"].severity, findings["inside-out"].measured) == (Severity.REVIEW, 1.0)


def test_bodies_apart_are_added_up(tmp_path: Path) -> None:
    mesh, findings = measured(tmp_path, CUBE, box((20, 20, 20), (20.5, 0, 0)))
    assert mesh.volume_mm3 == pytest.approx(16000)
    assert (mesh.overlap_mm3, mesh.bodies) == (0, 2)
    assert set(findings) == {"bodies"}


def test_open_body_beside_others_leaves_them_counted_once(tmp_path: Path) -> None:
    mesh, findings = measured(tmp_path, CUBE, box((20, 20, 20), (10, 10, 0)), box((5, 5, 5), (60, 0, 0))[:-1])
    assert mesh.overlap_mm3 == pytest.approx(2000)
    assert {"open-mesh", "overlapping-bodies"} <= set(findings)


def test_too_many_bodies_to_unite_are_said_to_be_untested(tmp_path: Path) -> None:
    row = [box((1.5, 2, 2), (n, 0, 0)) for n in range(MOST_UNITED + 1)]
    mesh, findings = measured(tmp_path, *row, unit="mm")
    assert mesh.volume_mm3 == pytest.approx(6 * len(row))
    assert (findings["overlap-untested"].severity, findings["overlap-untested"].measured) == (Severity.REVIEW, 1001.0)


def test_winding_tells_inside_from_outside() -> None:
    assert winding(CUBE, np.array([3.0, 4, 5])) == pytest.approx(1)
    assert winding(CUBE, np.array([3.0, 4, 25])) == pytest.approx(0)
    assert winding(CUBE[:, ::-1], np.array([3.0, 4, 5])) == pytest.approx(-1)
