from pathlib import Path

import numpy as np
import pytest
import shapely

from slicer_bridge.facts import MeshFacts, Severity
from slicer_bridge.facts_json import facts_from_json, facts_to_json
from slicer_bridge.intake.measure import measure_file
from tests.slicer_bridge.shapes import ascii_stl, box, l_shape, parse, real_file, stl_bytes, write_box


def measured(path: Path, workdir: Path, unit: str | None = None) -> MeshFacts:
    mesh = parse(path, workdir, unit=unit).mesh
    assert mesh is not None
    return mesh


def test_box_has_the_facts_of_a_box(tmp_path: Path) -> None:
    facts = parse(write_box(tmp_path / "box.stl", (30, 20, 10)), tmp_path)
    mesh = facts.mesh
    assert mesh is not None
    assert (mesh.triangles, mesh.bodies, mesh.watertight) == (12, 1, True)
    assert mesh.volume_mm3 == pytest.approx(6000)
    assert mesh.area_mm2 == pytest.approx(2200)
    assert mesh.size_mm == pytest.approx((30, 20, 10))
    assert facts.unit == "mm"
    assert facts.findings == ()
    assert (tmp_path / "normalised.stl").stat().st_size == 84 + 50 * 12


def test_child_process_finds_the_same(tmp_path: Path) -> None:
    for name, unit in (("box.stl", None), ("box.stl", "inch")):
        path = write_box(tmp_path / name, (30, 20, 10))
        assert measure_file(path, tmp_path, unit=unit) == parse(path, tmp_path, unit)
        (tmp_path / "normalised.stl").unlink()


def test_facts_survive_json(tmp_path: Path) -> None:
    facts = parse(write_box(tmp_path / "box.stl", (30, 20, 10)), tmp_path)
    assert facts_from_json(facts_to_json(facts)) == facts


def test_ascii_and_binary_give_the_same_part(tmp_path: Path) -> None:
    (tmp_path / "a.stl").write_text(ascii_stl(box((30, 20, 10))), encoding="ascii")
    text = parse(tmp_path / "a.stl", tmp_path)
    binary = parse(write_box(tmp_path / "b.stl", (30, 20, 10)), tmp_path)
    assert text.normalised_sha256 == binary.normalised_sha256
    assert text.source_sha256 != binary.source_sha256
    assert text.mesh == binary.mesh


def test_inches_become_millimetres(tmp_path: Path) -> None:
    path = write_box(tmp_path / "box.stl", (1, 2, 0.5))
    assert measured(path, tmp_path, unit="inch").size_mm == pytest.approx((25.4, 50.8, 12.7))


def test_own_orientation_comes_first_and_others_stand_on_flat_sides(tmp_path: Path) -> None:
    mesh = measured(write_box(tmp_path / "box.stl", (30, 20, 10)), tmp_path)
    assert mesh.orientations[0].rotation == pytest.approx((1, 0, 0, 0, 1, 0, 0, 0, 1))
    assert {round(way.size_mm[2]) for way in mesh.orientations} == {10, 20, 30}
    for way in mesh.orientations:
        assert way.contact_mm2 == pytest.approx(way.size_mm[0] * way.size_mm[1])
        assert way.overhang_mm2 == 0


def test_part_standing_on_an_edge_is_laid_flat(tmp_path: Path) -> None:
    turn = np.array([[1, 0, 0], [0, np.cos(0.6), -np.sin(0.6)], [0, np.sin(0.6), np.cos(0.6)]])
    (tmp_path / "tilted.stl").write_bytes(stl_bytes(box((30, 20, 10)) @ turn.T))
    first = measured(tmp_path / "tilted.stl", tmp_path).orientations[0]
    assert first.contact_mm2 == pytest.approx(600, rel=1e-3)
    assert sorted(first.size_mm) == pytest.approx([10, 20, 30], abs=1e-3)


def test_outline_follows_the_shadow(tmp_path: Path) -> None:
    (tmp_path / "l.stl").write_bytes(stl_bytes(l_shape()))
    outline = shapely.Polygon(measured(tmp_path / "l.stl", tmp_path).orientations[0].outline)
    shadow = shapely.Polygon([(0, 0), (30, 0), (30, 10), (10, 10), (10, 20), (0, 20)])
    assert outline.buffer(1e-3).covers(shadow)
    assert outline.area < 1.1 * shadow.area
    assert outline.bounds == pytest.approx((0, 0, 30, 20))
    assert shapely.is_ccw(outline.exterior)


def test_bodies_side_by_side_are_counted(tmp_path: Path) -> None:
    two = np.concatenate([box((10, 10, 10)), box((10, 10, 10), (20, 0, 0))])
    (tmp_path / "two.stl").write_bytes(stl_bytes(two))
    facts = parse(tmp_path / "two.stl", tmp_path)
    assert facts.mesh is not None
    assert facts.mesh.bodies == 2
    assert [finding.rule for finding in facts.findings] == ["bodies"]


def test_open_mesh_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "open.stl").write_bytes(stl_bytes(box((30, 20, 10))[:-1]))
    facts = parse(tmp_path / "open.stl", tmp_path)
    assert facts.mesh is not None
    assert not facts.mesh.watertight
    (finding,) = facts.findings
    assert (finding.rule, finding.severity, finding.measured) == ("open-mesh", Severity.REVIEW, 3.0)
    assert finding.place is not None


def test_mesh_turned_inside_out_is_turned_back(tmp_path: Path) -> None:
    (tmp_path / "inverted.stl").write_bytes(stl_bytes(box((30, 20, 10))[:, ::-1]))
    facts = parse(tmp_path / "inverted.stl", tmp_path)
    assert facts.mesh is not None
    assert facts.mesh.volume_mm3 == pytest.approx(6000)
    assert [finding.rule for finding in facts.findings] == ["inside-out"]


def test_one_facet_turned_round_is_a_finding(tmp_path: Path) -> None:
    facets = box((30, 20, 10))
    facets[0] = facets[0, ::-1]
    (tmp_path / "mixed.stl").write_bytes(stl_bytes(facets))
    assert [finding.rule for finding in parse(tmp_path / "mixed.stl", tmp_path).findings] == ["mixed-normals"]


def test_seams_of_rounding_are_closed_and_listed(tmp_path: Path) -> None:
    facets = box((30, 20, 10))
    facets[0] += 2e-4
    (tmp_path / "seam.stl").write_bytes(stl_bytes(facets))
    facts = parse(tmp_path / "seam.stl", tmp_path)
    assert facts.mesh is not None
    assert facts.mesh.watertight
    assert [finding.rule for finding in facts.findings] == ["seams"]


def test_real_part_with_collapsed_facets_is_for_review(tmp_path: Path) -> None:
    facts = parse(real_file("stl", "Stethoscope__y_piece.stl"), tmp_path)
    assert [(finding.rule, finding.severity) for finding in facts.findings] == [("collapsed-facets", Severity.REVIEW)]


@pytest.mark.parametrize(
    ("name", "height", "own"),
    [
        ("SpotiStation__Display-Arm-Left.stl", 49.9, False),
        ("Voron-0__A_Idler_Upper_x1.stl", 31.5, True),
        ("nimble__rack_leg_21_units.stl", 20.0, True),
        ("ZACplus__kammer_01.stl", 210.0, True),
    ],
)
def test_real_parts_lie_as_one_would_print_them(tmp_path: Path, name: str, height: float, own: bool) -> None:
    """The arm lies down, which saves support and two thirds of its height; the others stay as they were drawn."""
    first = measured(real_file("stl", name), tmp_path).orientations[0]
    assert first.size_mm[2] == pytest.approx(height, abs=0.05)
    assert (first.rotation == pytest.approx((1, 0, 0, 0, 1, 0, 0, 0, 1))) is own


def test_stick_that_stands_is_laid_down(tmp_path: Path) -> None:
    ways = measured(write_box(tmp_path / "stick.stl", (5, 5, 60)), tmp_path).orientations
    assert [round(way.size_mm[2]) for way in ways] == [5, 5, 5, 5, 60, 60]


@pytest.mark.parametrize(
    "name", ["Stethoscope__ring.stl", "nimble__rpi_4b_shelf.stl", "LibreWater__feed-frontwall.stl"]
)
def test_real_parts_measure_as_trimesh_has_them(tmp_path: Path, name: str) -> None:
    trimesh = pytest.importorskip("trimesh")
    path = real_file("stl", name)
    mesh, other = measured(path, tmp_path), trimesh.load_mesh(path)
    assert mesh.volume_mm3 == pytest.approx(other.volume, rel=1e-6)
    assert mesh.area_mm2 == pytest.approx(other.area, rel=1e-6)
    assert mesh.watertight is bool(other.is_watertight)


@pytest.mark.parametrize(
    ("name", "size", "volume_cm3"),
    [
        ("Stethoscope__ring.stl", (45.0, 45.0, 6.0), 1.40),
        ("nimble__rack_leg_21_units.stl", (294.0, 20.0, 20.0), 90.92),
        ("Original-Prusa-i3__extruder-body.stl", (62.0, 84.5, 20.0), 28.56),
    ],
)
def test_real_parts_have_the_published_facts(
    tmp_path: Path, name: str, size: tuple[float, float, float], volume_cm3: float
) -> None:
    mesh = measured(real_file("stl", name), tmp_path)
    assert mesh.size_mm == pytest.approx(size, abs=0.05)
    assert mesh.volume_mm3 / 1000 == pytest.approx(volume_cm3, abs=0.01)
    assert mesh.watertight
