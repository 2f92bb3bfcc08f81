"""A plate as 3MF holds the same objects at the same places, whoever reads it."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from slicer_bridge.errors import BadFile, SlicerFailed
from slicer_bridge.plates.grid import grid
from slicer_bridge.plates.plate import PlacedPart, Placement, plate_mesh
from slicer_bridge.reading.threemf import read_3mf
from tests.slicer_bridge.shapes import l_shape, stl_bytes, write_box
from tests.slicer_bridge.slicing.plates import needs_slicer

FLAT = (1.0, 0, 0, 0, 0, -1, 0, 1, 0)
"""Turned about x: what looked along y looks up."""


def two_kinds(tmp_path: Path) -> tuple[PlacedPart, ...]:
    (tmp_path / "l.stl").write_bytes(stl_bytes(l_shape()))
    write_box(tmp_path / "box.stl", (12, 8, 3))
    bracket = PlacedPart(tmp_path / "l.stl", "bracket <&>", (Placement(10, 20), Placement(60, 20, 90)), lot="a")
    return bracket, PlacedPart(tmp_path / "box.stl", "box", tuple(Placement(100, 20 * n) for n in range(3)), lot="b")


def test_transform_is_turn_drop_spin_move(tmp_path: Path) -> None:
    write_box(tmp_path / "box.stl", (30, 20, 10))
    part = PlacedPart(tmp_path / "box.stl", "box", (Placement(50, 60, 90), Placement(5, 6)), FLAT)
    spun, straight = plate_mesh((part,), tmp_path / "plate.3mf")
    assert (*straight.low, *straight.high) == pytest.approx((5, 6, 0, 35, 16, 20))
    assert (*spun.low, *spun.high) == pytest.approx((40, 60, 0, 50, 90, 20))


def test_every_copy_has_a_label_of_its_own_and_its_lot(tmp_path: Path) -> None:
    copies = plate_mesh(two_kinds(tmp_path), tmp_path / "plate.3mf")
    assert [(copy.label, copy.lot) for copy in copies] == [
        ("000-bracket copy 0", "a"),
        ("001-bracket copy 0", "a"),
        ("002-box copy 0", "b"),
        ("002-box copy 1", "b"),
        ("002-box copy 2", "b"),
    ]


def test_same_plate_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.3mf", "two.3mf"):
        plate_mesh(two_kinds(tmp_path), tmp_path / name)
    assert (tmp_path / "one.3mf").read_bytes() == (tmp_path / "two.3mf").read_bytes()


def test_a_reader_finds_the_same_objects_at_the_same_places(tmp_path: Path) -> None:
    copies = plate_mesh(two_kinds(tmp_path), tmp_path / "plate.3mf")
    read = read_3mf(tmp_path / "plate.3mf", 1000)
    counts = [20, 20, 12, 12, 12]
    pieces = np.split(read.facets, np.cumsum(counts)[:-1])
    boxes = [(*one.reshape(-1, 3).min(axis=0), *one.reshape(-1, 3).max(axis=0)) for one in pieces]
    assert len(read.facets) == sum(counts)
    for found, copy in zip(boxes, copies, strict=True):
        assert found == pytest.approx((*copy.low, *copy.high), abs=1e-5)


@needs_slicer
def test_prusaslicer_reads_the_same_objects(tmp_path: Path) -> None:
    copies = plate_mesh(two_kinds(tmp_path), tmp_path / "plate.3mf")
    command = ["prusa-slicer", "--info", "--dont-arrange", "--loglevel", "1", "plate.3mf"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True).stdout
    sizes = zip(*(re.findall(rf"size_{axis} = ([\d.]+)", told) for axis in "xyz"), strict=True)
    assert [tuple(map(float, size)) for size in sizes] == [(30, 20, 5), (20, 30, 5), (12, 8, 3)]
    assert re.findall(r"volume = ([\d.]+)", told) == ["2000.000000", "2000.000000", "288.000000"]
    assert len(copies) == 5


def test_only_meshes_make_a_plate(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"drawing\.dxf is no STL"):
        plate_mesh((PlacedPart(tmp_path / "drawing.dxf", "x", (Placement(0, 0),)),), tmp_path / "plate.3mf")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("count", "size"), [(1, (300.0, 10.0)), (1, (20, 30)), (7, (20, 30)), (12, (55, 45)), (24, (5, 90))]
)
def test_grid_is_in_the_middle_and_apart(count: int, size: tuple[float, float]) -> None:
    places = grid(size, count, (250, 210), 5.0)
    low = np.array([(one.x_mm, one.y_mm) for one in places])
    high = low + size
    assert len(places) == count
    if count > 1:
        assert low.min() >= 0
        assert (high <= (250, 210)).all()
    for one in range(count):
        for other in range(one):
            apart = np.maximum(low[one] - high[other], low[other] - high[one])
            assert apart.max() >= 5.0 - 1e-9
    if count == 1:
        assert (low + high)[0] == pytest.approx((250, 210))


@pytest.mark.parametrize(("count", "words"), [(0, "at least one"), (5, "4 do, in rows")])
def test_grid_that_does_not_fit(count: int, words: str) -> None:
    with pytest.raises(SlicerFailed, match=words):
        grid((100, 100), count, (250, 210), 5.0)
