"""Small parts and files for tests, written by hand: the code under test makes none of them."""

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from slicer_bridge.facts import PartFacts
from slicer_bridge.intake.child import read_part
from slicer_bridge.intake.parsing import Request

Facets = NDArray[np.float64]
_DATA = Path(__file__).parents[3] / "shared" / "data" / "models"
_CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=np.float64)
# Two triangles a side, corners counter-clockwise from outside; corner number = 4x + 2y + z.
_SIDES = [
    (0, 1, 3, 2),
    (4, 6, 7, 5),
    (0, 4, 5, 1),
    (2, 3, 7, 6),
    (0, 2, 6, 4),
    (1, 5, 7, 3),
]


def real_file(*names: str) -> Path:
    """A real part of the shared data; the test is skipped where there are none."""
    path = _DATA.joinpath(*names)
    if not path.is_file():
        pytest.skip(f"no shared data here: {'/'.join(names)}")
    return path


def parse(path: Path, workdir: Path, unit: str | None = None, *, features: bool = False) -> PartFacts:
    """Facts as the child process finds them, without the cost of starting one."""
    return read_part(Request.of_ours(path, workdir, 1_000_000, unit, features=features))


def box(size: tuple[float, float, float], at: tuple[float, float, float] = (0, 0, 0)) -> Facets:
    """12 facets, outside out."""
    corners = _CORNERS * size + at
    return np.array([corners[list(pick)] for a, b, c, d in _SIDES for pick in ((a, b, c), (a, c, d))])


def l_shape() -> Facets:
    """An L of 30 × 20 × 5 mm with arms 10 mm wide, extruded from six corners."""
    outline = [(0, 0), (30, 0), (30, 10), (10, 10), (10, 20), (0, 20)]
    floor = [(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5)]
    low = [np.array([*point, 0.0]) for point in outline]
    high = [np.array([*point, 5.0]) for point in outline]
    facets = [(low[a], low[c], low[b]) for a, b, c in floor] + [(high[a], high[b], high[c]) for a, b, c in floor]
    for i in range(6):
        j = (i + 1) % 6
        facets += [(low[i], low[j], high[j]), (low[i], high[j], high[i])]
    return np.array(facets)


def stl_bytes(facets: Facets, *, count: int | None = None) -> bytes:
    """Binary STL; `count` lies about the number of facets."""
    records = b"".join(struct.pack("<12fH", 0, 0, 0, *facet.reshape(-1), 0) for facet in facets.astype(np.float32))
    return b"\0" * 80 + struct.pack("<I", len(facets) if count is None else count) + records


def ascii_stl(facets: Facets) -> str:
    lines = ["solid part"]
    for facet in facets:
        lines += ["facet normal 0 0 0", "outer loop"]
        lines += [f"vertex {x:g} {y:g} {z:g}" for x, y, z in facet]
        lines += ["endloop", "endfacet"]
    return "\n".join([*lines, "endsolid part"]) + "\n"


def write_box(path: Path, size: tuple[float, float, float]) -> Path:
    path.write_bytes(stl_bytes(box(size)))
    return path


def dxf_text(entities: str, *, unit: int | None = 4) -> str:
    stated = "" if unit is None else f"9\n$INSUNITS\n70\n{unit}\n"
    header = f"0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1015\n{stated}0\nENDSEC\n"
    return f"{header}0\nSECTION\n2\nENTITIES\n{entities}0\nENDSEC\n0\nEOF\n"


def polyline(points: list[tuple[float, float]], *, closed: bool = True, handle: str = "A0") -> str:
    corners = "".join(f"10\n{x}\n20\n{y}\n" for x, y in points)
    return (
        f"0\nLWPOLYLINE\n5\n{handle}\n100\nAcDbEntity\n8\n0\n100\nAcDbPolyline\n"
        f"90\n{len(points)}\n70\n{int(closed)}\n{corners}"
    )


def rectangle(x: float, y: float, width: float, depth: float, *, handle: str = "A0") -> str:
    return polyline([(x, y), (x + width, y), (x + width, y + depth), (x, y + depth)], handle=handle)


def circle(x: float, y: float, radius: float, *, handle: str = "C0") -> str:
    return f"0\nCIRCLE\n5\n{handle}\n100\nAcDbEntity\n8\n0\n100\nAcDbCircle\n10\n{x}\n20\n{y}\n40\n{radius}\n"


def line(x0: float, y0: float, x1: float, y1: float, *, handle: str = "B0") -> str:
    head = f"0\nLINE\n5\n{handle}\n100\nAcDbEntity\n8\n0\n100\nAcDbLine\n"
    return f"{head}10\n{x0}\n20\n{y0}\n11\n{x1}\n21\n{y1}\n"


def write_bracket(path: Path) -> Path:
    """A plate of 60 × 40 mm with two holes of 8 mm and one of 5."""
    holes = circle(12, 20, 4, handle="C1") + circle(48, 20, 4, handle="C2") + circle(30, 30, 2.5, handle="C3")
    path.write_text(dxf_text(rectangle(0, 0, 60, 40, handle="A1") + holes), encoding="ascii")
    return path
