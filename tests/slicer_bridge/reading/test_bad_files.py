"""Files that are not what they say: each gives a clear error, and nothing stays behind."""

from pathlib import Path

import numpy as np
import pytest

from slicer_bridge.errors import BadFile, BridgeError, FileTooLarge, ParserDied, UnitUnknown, UnsupportedFormat
from slicer_bridge.intake.measure import ParseLimits, measure_file
from tests.slicer_bridge.shapes import ascii_stl, box, parse, stl_bytes, write_box

BOX = box((30, 20, 10))


def _nan() -> bytes:
    facets = BOX.copy()
    facets[3, 1, 2] = np.nan
    return stl_bytes(facets)


BAD_MESHES = {
    "empty file": (b"", "empty"),
    "garbage": (bytes(range(256)) * 40, "promises"),
    "short garbage": (b"hello", "no STL"),
    "truncated": (stl_bytes(BOX)[:-70], "cut off"),
    "lying count": (stl_bytes(BOX, count=4_000_000_000), "4,000,000,000"),
    "no facets": (stl_bytes(BOX[:0]), "no facets"),
    "not a number": (_nan(), "facet 4"),
    "truncated ascii": (ascii_stl(BOX).encode()[:-300], "cut off"),
    "ascii without numbers": (ascii_stl(BOX).replace("vertex 30", "vertex three").encode(), "no number"),
    "ascii without facets": (b"solid nothing\nendsolid nothing\n", "no facets"),
    "solid prose": (b"solid advice: never trust a header " * 20, "neither ASCII nor"),
    "only slivers": (stl_bytes(np.repeat(BOX[:1, :1], 3, axis=1)), "--unit"),
}


@pytest.mark.parametrize("case", BAD_MESHES)
def test_bad_mesh_is_refused_with_words(tmp_path: Path, case: str) -> None:
    content, words = BAD_MESHES[case]
    path = tmp_path / "bad.stl"
    path.write_bytes(content)
    with pytest.raises(BadFile) as caught:
        parse(path, tmp_path)
    assert words in str(caught.value)
    assert not (tmp_path / "normalised.stl").exists()


def test_childs_words_reach_the_parent(tmp_path: Path) -> None:
    (tmp_path / "bad.stl").write_bytes(BAD_MESHES["truncated"][0])
    with pytest.raises(BadFile, match="cut off"):
        measure_file(tmp_path / "bad.stl", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.stl"]


@pytest.mark.parametrize("size", [(0.5, 0.2, 0.1), (3000, 20, 10)])
def test_doubtful_unit_is_asked_for(tmp_path: Path, size: tuple[float, float, float]) -> None:
    path = write_box(tmp_path / "box.stl", size)
    with pytest.raises(UnitUnknown, match="--unit"):
        measure_file(path, tmp_path)
    facts = measure_file(path, tmp_path, unit="mm").mesh
    assert facts is not None
    assert facts.size_mm == pytest.approx(size)


@pytest.mark.parametrize("name", ["bad.dxf", "bad.3mf", "bad.obj", "bad.svg"])
def test_garbage_of_other_formats(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(bytes(range(256)) * 40)
    with pytest.raises(BadFile):
        parse(tmp_path / name, tmp_path)


def test_unknown_words_and_names(tmp_path: Path) -> None:
    path = write_box(tmp_path / "box.stl", (30, 20, 10))
    with pytest.raises(BadFile, match="unknown unit 'furlong'"):
        measure_file(path, tmp_path, unit="furlong")
    with pytest.raises(UnsupportedFormat, match="no reader"):
        measure_file(path.rename(tmp_path / "box.exe"), tmp_path)
    with pytest.raises(BadFile, match="no file"):
        measure_file(tmp_path / "absent.stl", tmp_path)


def test_file_over_the_cap(tmp_path: Path) -> None:
    path = write_box(tmp_path / "box.stl", (30, 20, 10))
    with pytest.raises(FileTooLarge, match="at most 100"):
        measure_file(path, tmp_path, limits=ParseLimits(max_bytes=100))
    with pytest.raises(FileTooLarge, match="at most 5"):
        measure_file(path, tmp_path, limits=ParseLimits(max_triangles=5))


@pytest.mark.parametrize(
    "limits",
    [ParseLimits(wall_s=0.01), ParseLimits(memory_bytes=150_000_000), ParseLimits(file_bytes=100)],
    ids=["time", "memory", "written bytes"],
)
def test_child_over_a_limit_is_one_clear_error(tmp_path: Path, limits: ParseLimits) -> None:
    path = write_box(tmp_path / "box.stl", (30, 20, 10))
    with pytest.raises(BridgeError) as caught:
        measure_file(path, tmp_path, limits=limits)
    assert isinstance(caught.value, ParserDied)
    assert not (tmp_path / "normalised.stl").exists()
