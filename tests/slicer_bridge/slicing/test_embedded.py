"""The embedded slicer's own parts: sections, regions, lines."""

from itertools import pairwise
from math import hypot, pi
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from slicer_bridge.errors import SlicerFailed
from slicer_bridge.meshes.mesh import volume_mm3
from slicer_bridge.plates.plate import PlacedPart, Placement
from slicer_bridge.reading.stl import read_stl, write_stl
from slicer_bridge.slicing.embedded.fill import zigzags
from slicer_bridge.slicing.embedded.layers import slice_object
from slicer_bridge.slicing.embedded.sections import sections
from slicer_bridge.slicing.profile import Recipe
from slicer_bridge.slicing.slice import Engine
from tests.slicer_bridge.shapes import Facets, box, l_shape, real_file, write_box
from tests.slicer_bridge.slicing.golden import cone, gear
from tests.slicer_bridge.slicing.plates import PRINTER, needs_slicer, sliced

MIDDLES = (np.arange(300, dtype=np.float64) + 0.5) * 0.02


def section_areas(facets: Facets, planes: NDArray[np.float64]) -> list[float]:
    return [float(one) for one in shapely.area(sections(facets, planes).regions)]


@pytest.mark.parametrize("facets", [gear(), cone(), l_shape(), box((7, 8, 6)), gear()[:, ::-1]])
def test_areas_of_all_layers_make_the_volume(facets: Facets) -> None:
    areas = section_areas(facets, MIDDLES)
    assert sum(areas) * 0.02 == pytest.approx(abs(volume_mm3(facets)), rel=1e-3)


@pytest.mark.parametrize("name", ["Voron-0__A_Idler_Upper_x1.stl", "Stethoscope__y_piece.stl"])
def test_areas_of_real_parts_make_their_volume(name: str) -> None:
    facets = read_stl(real_file("stl", name), 100_000)
    facets -= facets.reshape(-1, 3).min(axis=0)
    height = float(facets[:, :, 2].max())
    planes = (np.arange(500) + 0.5) * height / 500
    assert sum(section_areas(facets, planes)) * height / 500 == pytest.approx(volume_mm3(facets), rel=1e-3)


def test_planes_through_corners_and_flat_sides_cut_once() -> None:
    """At corners' own heights: a corner on the plane counts as above it."""
    assert section_areas(box((10, 10, 5)), np.array([1e-9, 2.5, 5.0])) == pytest.approx([100, 100, 100])
    assert section_areas(box((10, 10, 5)), np.array([0.0])) == [0.0]
    two_steps = np.concatenate([box((10, 10, 5)), box((4, 4, 5), (0, 0, 5))])
    assert section_areas(two_steps, np.array([5.0, 5.1])) == pytest.approx([100, 16])


def test_holes_islands_and_overlaps() -> None:
    tube = np.concatenate([box((20, 20, 5)), box((12, 12, 5), (4, 4, 0))[:, ::-1]])
    assert section_areas(tube, np.array([2.0])) == pytest.approx([400 - 144])
    island = np.concatenate([tube, box((4, 4, 5), (8, 8, 0))])
    assert section_areas(island, np.array([2.0])) == pytest.approx([400 - 144 + 16])
    crossing = np.concatenate([box((20, 10, 5)), box((10, 20, 5))])
    assert section_areas(crossing, np.array([2.0])) == pytest.approx([300])


def test_small_gaps_are_closed_and_large_ones_counted() -> None:
    facets = box((10, 10, 5))
    whole = sections(facets, np.array([2.0]))
    missing = sections(np.delete(facets, 4, axis=0), np.array([2.0]))
    assert (whole.open_planes, missing.open_planes) == (0, 1)
    torn = facets.copy()
    torn[4] += 0.05
    assert sections(torn, np.array([2.0])).open_planes == 0
    assert section_areas(torn, np.array([2.0])) == pytest.approx([100], rel=0.02)


def test_open_mesh_is_refused_with_its_layers(tmp_path: Path) -> None:
    write_stl(tmp_path / "open.stl", np.delete(box((10, 10, 3)), 4, axis=0))
    part = PlacedPart(tmp_path / "open.stl", "open", (Placement(50, 50),))
    with pytest.raises(SlicerFailed, match=r"000-open: the mesh is open at \d+ of 10 layers: repair it"):
        sliced(tmp_path, part, engine=Engine.EMBEDDED)


def test_thin_walls_are_reported(tmp_path: Path) -> None:
    thin = np.concatenate([box((10, 10, 3)), box((10, 0.3, 3), (9, 5, 0))])
    write_stl(tmp_path / "thin.stl", thin)
    result = sliced(tmp_path, PlacedPart(tmp_path / "thin.stl", "fin", (Placement(50, 50),)), engine=Engine.EMBEDDED)
    (note,) = result.notes
    assert "000-fin: " in note
    assert "mm² in 10 layers are thinner than a line of 0.45 mm and left out" in note
    write_box(tmp_path / "box.stl", (10, 10, 3))
    solid = PlacedPart(tmp_path / "box.stl", "box", (Placement(50, 50),))
    assert sliced(tmp_path, solid, engine=Engine.EMBEDDED).notes == ()


@settings(deadline=None, max_examples=40)
@given(angle=st.floats(-90, 90), spacing=st.floats(0.3, 4), turn=st.floats(0, 90))
def test_lines_fill_their_region_and_stay_in_it(angle: float, spacing: float, turn: float) -> None:
    region = shapely.affinity.rotate(shapely.box(0, 0, 40, 25).difference(shapely.box(12, 8, 22, 16)), turn)
    chains = zigzags(region, spacing, angle)
    lines = [line for chain in chains for line in zip(chain[::2], chain[1::2], strict=True)]
    assert sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in lines) * spacing == pytest.approx(
        region.area, abs=60 * spacing
    )
    inside = region.buffer(1e-6)
    assert all(inside.covers(shapely.LineString(line)) for line in lines)
    joints = [joint for chain in zigzags(region, spacing, angle, 0.4) for joint in pairwise(chain)]
    assert all(region.buffer(0.41).covers(shapely.LineString(joint)) for joint in joints)


def test_closed_layers_are_where_something_ends() -> None:
    made = slice_object(np.concatenate([box((20, 20, 6)), box((10, 20, 6), (0, 0, 6))]), PRINTER, Recipe(0.3, 2, 0.2))
    kinds = [(bool(one.closed), bool(one.bridges), bool(one.infill)) for one in made.layers]
    assert len(kinds) == 40
    assert kinds[:4] == [(True, False, False)] * 4
    assert kinds[8] == (False, False, True)
    assert kinds[15] == (False, False, True)
    assert kinds[16] == (False, True, True)  # the step's top begins, over infill
    assert kinds[19] == (True, False, True)
    assert kinds[25] == (False, False, True)
    assert kinds[-1] == (True, False, False)


def test_lines_carry_what_their_section_says() -> None:
    made = slice_object(box((20, 20, 3)), PRINTER, Recipe(0.3, 2, 1.0))
    layer = made.layers[4]
    width, height = layer.line.width_mm, layer.line.height_mm
    assert layer.line.area_mm2 == pytest.approx(height * (width - height) + pi * height**2 / 4)
    length = sum(
        hypot(b[0] - a[0], b[1] - a[1])
        for path in (*layer.outlines, *layer.outermost, *layer.closed)
        for a, b in pairwise(path)
    )
    assert length * layer.line.area_mm2 == pytest.approx(400 * height, rel=0.03)


@needs_slicer
@pytest.mark.parametrize("facets", [gear(), cone()])
def test_uses_as_much_as_prusaslicer(tmp_path: Path, facets: Facets) -> None:
    write_stl(tmp_path / "part.stl", facets)
    part = PlacedPart(tmp_path / "part.stl", "part", (Placement(50, 50),))
    ours, theirs = (
        sliced(tmp_path, part, engine=engine, recipe=Recipe(0.2, 2, 0.2)) for engine in (Engine.EMBEDDED, Engine.PRUSA)
    )
    assert ours.filament_g == pytest.approx(theirs.filament_g, rel=0.06)
    assert ours.layers.count == pytest.approx(theirs.layers.count, abs=1)
