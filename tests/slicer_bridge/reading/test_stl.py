"""STL as programs really write it."""

import struct
from pathlib import Path

import pytest

from slicer_bridge.facts import MeshFacts
from tests.slicer_bridge.shapes import ascii_stl, box, parse, stl_bytes

BOX = box((30, 20, 10))


def read(tmp_path: Path, content: bytes) -> MeshFacts:
    (tmp_path / "part.stl").write_bytes(content)
    mesh = parse(tmp_path / "part.stl", tmp_path).mesh
    assert mesh is not None
    return mesh


def _exponents() -> bytes:
    lines = ascii_stl(BOX).splitlines()
    return "\n".join(
        "  vertex " + " ".join(f"{float(one):+.6E}" for one in line.split()[1:]) if line.startswith("vertex") else line
        for line in lines
    ).encode()


VARIANTS = {
    "upper case": ascii_stl(BOX).upper().encode(),
    "CRLF": ascii_stl(BOX).replace("\n", "\r\n").encode(),
    "tabs": ascii_stl(BOX).replace("vertex ", "\t\tvertex\t").encode(),
    "exponents": _exponents(),
    "no name": ascii_stl(BOX).replace("solid part", "solid").encode(),
    "name with facets": ascii_stl(BOX).replace("solid part", "solid my facet collection", 1).encode(),
    "binary that begins with solid": b"solid of a CAD program" + stl_bytes(BOX)[22:],
    "colours of Materialise": b"COLOR=\x7f\x7f\x7f\xff,MATERIAL=" + stl_bytes(BOX)[20:],
    "attributes": stl_bytes(BOX)[:132] + struct.pack("<H", 0x7FFF) + stl_bytes(BOX)[134:],
}


@pytest.mark.parametrize("case", VARIANTS)
def test_variants_give_the_same_box(tmp_path: Path, case: str) -> None:
    mesh = read(tmp_path, VARIANTS[case])
    assert (mesh.triangles, mesh.watertight) == (12, True)
    assert mesh.size_mm == pytest.approx((30, 20, 10))


def test_several_solids_in_one_text_are_all_read(tmp_path: Path) -> None:
    two = ascii_stl(BOX) + ascii_stl(box((5, 5, 5), (50, 0, 0)))
    mesh = read(tmp_path, two.encode())
    assert (mesh.triangles, mesh.bodies) == (24, 2)
    assert mesh.volume_mm3 == pytest.approx(6125)
