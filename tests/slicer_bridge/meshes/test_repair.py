"""Repair is asked for, counted, and refused where it would invent or lose too much."""

import json
from pathlib import Path

import numpy as np
import pytest

from slicer_bridge.command_line.main import DONE, REFUSED, main
from slicer_bridge.errors import BadFile, RepairRefused
from slicer_bridge.facts import MeshFacts
from slicer_bridge.intake.repair import repair_file
from slicer_bridge.meshes.repair import Repaired, repair_mesh
from slicer_bridge.meshes.solid import measure_solid
from tests.slicer_bridge.shapes import Facets, box, l_shape, real_file, stl_bytes, write_bracket

CUBE = box((20, 20, 20))


def repaired(*parts: Facets) -> tuple[Repaired, MeshFacts]:
    """The repair, and what measuring finds of the repaired mesh."""
    made = repair_mesh(np.concatenate(parts), "part")
    return made, measure_solid(made.shape.facets, "part").facts


def test_sound_mesh_stays_as_it_is() -> None:
    made, mesh = repaired(CUBE)
    assert (made.done.facets_added, made.done.facets_removed, made.done.moved_mm) == (0, 0, 0)
    assert mesh.volume_mm3 == pytest.approx(8000)


def test_hole_is_closed_by_new_facets() -> None:
    made, mesh = repaired(l_shape()[:-1])
    assert (made.done.holes_closed, made.done.facets_added, made.done.facets_removed) == (1, 1, 0)
    assert mesh.watertight
    assert mesh.volume_mm3 == pytest.approx(30 * 10 * 5 + 10 * 10 * 5)


def test_doubled_and_turned_facets() -> None:
    made, mesh = repaired(CUBE, CUBE[:1])
    assert made.done.doubles_removed == 1
    assert mesh.watertight
    facets = CUBE.copy()
    facets[3] = facets[3, ::-1]
    made, mesh = repaired(facets)
    assert (made.done.facets_turned, made.done.facets_added) == (1, 0)
    assert (mesh.watertight, mesh.turned_facets) == (True, 0)


def test_facet_inside_with_its_back_is_dropped() -> None:
    """Two boxes that share a side: the wall between them goes."""
    made, mesh = repaired(CUBE, box((20, 20, 20), (20, 0, 0)))
    assert made.done.doubles_removed == 4
    assert (mesh.watertight, mesh.bodies) == (True, 1)
    assert mesh.volume_mm3 == pytest.approx(16000)
    assert mesh.area_mm2 == pytest.approx(4000)


def test_overlapping_bodies_are_united() -> None:
    made, mesh = repaired(CUBE, box((20, 20, 20), (5, 10, 0)), box((5, 5, 5), (40, 0, 0)))
    assert made.done.bodies_united == 2
    assert (mesh.bodies, mesh.overlap_mm3) == (2, 0)
    assert mesh.volume_mm3 == pytest.approx(13000 + 125)
    assert made.done.volume_before_mm3 == pytest.approx(16000 + 125)


def test_body_inside_out_is_turned() -> None:
    made, mesh = repaired(CUBE, box((10, 10, 10), (50, 0, 0))[:, ::-1])
    assert made.done.facets_turned == 12
    assert made.done.volume_after_mm3 == pytest.approx(9000)
    assert mesh.watertight


def test_void_stays() -> None:
    _, mesh = repaired(CUBE[:-1], box((10, 10, 10), (5, 5, 5))[:, ::-1])
    assert mesh.volume_mm3 == pytest.approx(7000)


def test_scrap_is_dropped_and_counted() -> None:
    scrap = np.array([[[30.0, 0, 0], [31, 0, 0], [30, 1, 0]]])
    made, mesh = repaired(CUBE, scrap)
    assert (made.done.scraps_dropped, mesh.bodies) == (1, 1)
    assert mesh.size_mm[0] == pytest.approx(20)


def test_seam_is_joined() -> None:
    facets = CUBE.copy()
    facets[0] += 5e-3
    made, mesh = repaired(facets)
    assert made.done.seam_edges_joined == 6
    assert made.done.moved_mm < 0.01
    assert mesh.watertight


@pytest.mark.parametrize(
    "facets",
    [CUBE[(CUBE[:, :, 2] == 0).all(axis=1)], CUBE[(CUBE[:, :, 2] < 20).any(axis=1)][2:]],
    ids=["one side", "four sides"],
)
def test_what_would_be_invented_is_refused(facets: Facets) -> None:
    with pytest.raises(RepairRefused, match="mend it in your CAD"):
        repair_mesh(facets, "part")


def test_real_part_with_needles_is_left_as_good_as_it_was(tmp_path: Path) -> None:
    done = repair_file(real_file("stl", "Stethoscope__y_piece.stl"), tmp_path / "out.stl")
    assert done.watertight
    assert done.volume_after_mm3 == pytest.approx(2502.426, abs=1e-3)
    assert done.moved_mm < 1e-3


def test_command_writes_the_file_and_says_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "open.stl").write_bytes(stl_bytes(l_shape()[:-1]))
    out = tmp_path / "mended.stl"
    assert main(["measure", str(tmp_path / "open.stl"), "--repair", str(out), "--json"]) == DONE
    (told,) = json.loads(capsys.readouterr().out)
    assert told["repair"]["holes_closed"] == 1
    assert [finding["rule"] for finding in told["findings"]] == ["open-mesh"]
    assert out.stat().st_size == 84 + 50 * 20
    assert main(["measure", str(out)]) == DONE
    assert "closed" in capsys.readouterr().out


def test_command_leaves_nothing_when_it_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "side.stl").write_bytes(stl_bytes(CUBE[(CUBE[:, :, 2] == 0).all(axis=1)]))
    assert main(["measure", str(tmp_path / "side.stl"), "--repair", str(tmp_path / "out.stl")]) == REFUSED
    assert "mend it" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["side.stl"]


def test_drawing_is_not_repaired(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no mesh"):
        repair_file(write_bracket(tmp_path / "bracket.dxf"), tmp_path / "out.stl")
