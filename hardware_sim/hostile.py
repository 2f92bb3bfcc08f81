"""Every kind of bad file that a producer may send, on purpose or not. For tests and for the rig's own checks."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ezdxf.filemanagement import new as new_drawing
from numpy.typing import NDArray

from hardware_sim.parts import knob_triangles, write_plate, write_stl


@dataclass(frozen=True, slots=True)
class HostileFile:
    """`refused`: must end in an error (exit code 2 or a 4xx); else it is a finding on a part that is still measured."""

    name: str
    path: Path
    refused: bool
    says: tuple[str, ...]
    """Words of which a good message holds at least one, in lower case."""


def box_triangles(width: float, depth: float, height: float) -> NDArray[np.float32]:
    """A closed box with its corner at the origin, (12, 3, 3) mm."""
    corners = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)]) * (width, depth, height)
    faces = [
        (0, 2, 3), (0, 3, 1), (4, 5, 7), (4, 7, 6), (0, 1, 5), (0, 5, 4),
        (2, 6, 7), (2, 7, 3), (0, 4, 6), (0, 6, 2), (1, 3, 7), (1, 7, 5),
    ]  # fmt: skip
    triangles: NDArray[np.float32] = corners[np.array(faces)].astype(np.float32)
    return triangles


def write_hostile(folder: Path) -> list[HostileFile]:
    """One file of each kind into this folder, which is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds: list[tuple[str, Callable[[Path], None], bool, tuple[str, ...]]] = [
        ("garbage.stl", _garbage, True, ("stl", "format", "recognised", "read")),
        ("empty.stl", _empty, True, ("empty", "0 bytes")),
        ("truncated.stl", _truncated, True, ("truncated", "bytes", "short", "size")),
        ("lying-count.stl", _lying_count, True, ("count", "facets", "bytes", "triangles")),
        ("no-facets.stl", _no_facets, True, ("no facets", "no triangles", "empty", "0 ")),
        ("nan.stl", _nan, True, ("nan", "finite", "number")),
        ("open.stl", _open_mesh, False, ("open", "watertight", "edges", "closed")),
        ("too-large.stl", _too_large, True, ("large", "fits", "exceeds", "longer", "mm")),
        ("garbage.dxf", _garbage, True, ("dxf", "read", "format")),
        ("empty.dxf", _empty, True, ("empty", "0 bytes")),
        ("no-units.dxf", _no_units, True, ("unit",)),
        ("no-contours.dxf", _no_contours, True, ("contour", "outline", "closed", "nothing")),
        ("bomb.3mf", _zip_bomb, True, ("ratio", "compressed", "zip", "bomb", "format", "large")),
        ("doctype.3mf", _doctype, True, ("doctype", "entit", "format", "3mf")),
    ]
    files = []
    for name, write, refused, says in kinds:
        path = folder / name
        write(path)
        files.append(HostileFile(name, path, refused, says))
    return files


def write_oversize(path: Path, size_bytes: int) -> None:
    """A well-formed STL header with zeros after it, sparse on disk: for caps on a file's size."""
    with path.open("wb") as out:
        out.write(b"oversize".ljust(80, b"\0") + np.uint32((size_bytes - 84) // 50).tobytes())
        out.truncate(size_bytes)


def _garbage(path: Path) -> None:
    path.write_bytes(np.random.default_rng(7).integers(0, 256, 5000, dtype=np.uint8).tobytes())


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _truncated(path: Path) -> None:
    write_stl(path, knob_triangles())
    path.write_bytes(path.read_bytes()[:-733])


def _lying_count(path: Path) -> None:
    write_stl(path, knob_triangles())
    data = path.read_bytes()
    path.write_bytes(data[:80] + np.uint32(4_000_000_000).tobytes() + data[84:])


def _no_facets(path: Path) -> None:
    write_stl(path, np.zeros((0, 3, 3), dtype=np.float32))


def _nan(path: Path) -> None:
    triangles = knob_triangles()
    triangles[3, 1, 2] = np.nan
    write_stl(path, triangles)


def _open_mesh(path: Path) -> None:
    write_stl(path, box_triangles(20.0, 20.0, 10.0)[:-2])


def _too_large(path: Path) -> None:
    write_stl(path, box_triangles(900.0, 400.0, 30.0))


def _no_units(path: Path) -> None:
    write_plate(path, units=None)


def _no_contours(path: Path) -> None:
    drawing = new_drawing("R2010")
    drawing.header["$INSUNITS"] = 4
    drawing.modelspace().add_text("cut me out")
    drawing.saveas(path)


def _zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        with archive.open("3D/3dmodel.model", "w") as member:
            for _ in range(200):
                member.write(bytes(1 << 20))
        archive.writestr("[Content_Types].xml", "<Types/>")


def _doctype(path: Path) -> None:
    model = (
        '<?xml version="1.0"?><!DOCTYPE model [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><model>&b;</model>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3D/3dmodel.model", model)
