from pathlib import Path

import ezdxf.filemanagement
import pytest
import trimesh

from hardware_sim.hostile import write_hostile, write_oversize
from hardware_sim.parts import write_parts


def test_the_same_bytes_every_time(tmp_path: Path) -> None:
    first, second = write_parts(tmp_path / "a"), write_parts(tmp_path / "b")
    assert [part.path.read_bytes() for part in first] == [part.path.read_bytes() for part in second]


def test_printed_parts_are_closed_and_as_large_as_they_say(tmp_path: Path) -> None:
    for part in write_parts(tmp_path):
        if part.process == "print":
            mesh = trimesh.load_mesh(part.path)
            assert mesh.is_watertight
            assert mesh.volume > 0
            assert mesh.extents.tolist() == pytest.approx(part.size_mm, abs=1e-3)


def test_the_drawing_tells_its_unit_and_its_contours(tmp_path: Path) -> None:
    drawing = ezdxf.filemanagement.readfile(write_parts(tmp_path)[2].path)
    assert drawing.header["$INSUNITS"] == 4
    assert drawing.dxfversion == "AC1024"
    assert sorted(entity.dxftype() for entity in drawing.modelspace()) == ["CIRCLE"] * 4 + ["LWPOLYLINE"]


def test_every_kind_of_bad_file_is_written(tmp_path: Path) -> None:
    files = write_hostile(tmp_path)
    assert len({file.name for file in files}) == len(files) >= 14
    assert all(file.path.is_file() for file in files)
    write_oversize(tmp_path / "huge.stl", 150_000_000)
    assert (tmp_path / "huge.stl").stat().st_size == 150_000_000
