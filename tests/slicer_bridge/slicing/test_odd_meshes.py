"""Meshes that are wrong: each engine makes the whole part of them, or one clear error; never a part of the part."""

from pathlib import Path

import numpy as np
import pytest

from slicer_bridge.errors import BadFile, SlicerFailed
from slicer_bridge.plates.plate import PlacedPart, Placement
from slicer_bridge.reading.stl import write_stl
from slicer_bridge.slicing.profile import Recipe
from slicer_bridge.slicing.slice import Engine
from tests.slicer_bridge.shapes import Facets, box, stl_bytes
from tests.slicer_bridge.slicing.plates import each_engine, left_in, sliced

BOX = box((20, 20, 6))
DENSE = Recipe(0.3, 1, 1.0)


def in_place(tmp_path: Path, facets: Facets) -> PlacedPart:
    write_stl(tmp_path / "odd.stl", facets)
    return PlacedPart(tmp_path / "odd.stl", "odd", (Placement(50, 50),))


UNDERSTOOD = {
    "inside out": BOX[:, ::-1],
    "one facet turned": np.concatenate([BOX[:5], BOX[5:6, ::-1], BOX[6:]]),
    "doubled": np.concatenate([BOX, BOX]),
    "no bottom": BOX[BOX[:, :, 2].max(axis=1) > 0],
    "two that overlap": np.concatenate([BOX, box((20, 20, 6), (8, 8, 0))]),
}
"""All but the last are 2,400 mm³ of box; that is 3,936."""


@each_engine
def test_whole_parts_of_meshes_that_can_be_understood(tmp_path: Path, engine: Engine) -> None:
    parts = []
    for number, (name, facets) in enumerate(UNDERSTOOD.items()):
        write_stl(tmp_path / f"{number}.stl", facets)
        parts.append(PlacedPart(tmp_path / f"{number}.stl", name, (Placement(30 * number, 50),)))
    result = sliced(tmp_path, *parts, engine=engine, recipe=DENSE)
    assert result.filament_mm * 3.14159 * 1.75**2 / 4 == pytest.approx(4 * 2400 + 3936, rel=0.02)
    assert len(result.objects) == 5
    assert result.layers.count == 20


@each_engine
@pytest.mark.parametrize(
    ("facets", "words"),
    [
        pytest.param(np.delete(BOX, 4, axis=0), "the mesh is open", id="a facet is missing"),
        pytest.param(
            np.concatenate([BOX, box((0.2, 0.2, 9), (10, 10, 6))]), "between 6.00 and 15.00|thinner", id="thin spike"
        ),
        pytest.param(BOX[BOX[:, :, 2].max(axis=1) == 0], "below half a layer", id="a sheet without height"),
    ],
)
def test_part_of_a_part_is_refused(tmp_path: Path, engine: Engine, facets: Facets, words: str) -> None:
    with pytest.raises(SlicerFailed, match=words):
        sliced(tmp_path, in_place(tmp_path, facets), engine=engine, recipe=DENSE)
    assert left_in(tmp_path) == ["odd.stl"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (stl_bytes(np.concatenate([BOX, np.full((1, 3, 3), np.nan)])), "no number"),
        (stl_bytes(BOX)[:-30], "cut off"),
        (stl_bytes(BOX[:0]), "no facets"),
        (b"PK\x03\x04" + b"Metadata/Slic3r_PE.config; post_process = /bin/sh" * 20, "no whole STL"),
    ],
)
def test_files_that_are_no_mesh_never_reach_a_slicer(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "odd.stl").write_bytes(content)
    with pytest.raises(BadFile, match=words):
        sliced(tmp_path, PlacedPart(tmp_path / "odd.stl", "odd", (Placement(50, 50),)))
    assert left_in(tmp_path) == ["odd.stl"]
