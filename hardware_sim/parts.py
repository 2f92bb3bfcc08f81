"""The demo's own parts, made here: two to print, one to cut. The same bytes every time."""

from dataclasses import dataclass
from pathlib import Path

import manifold3d
import numpy as np
from ezdxf._options import options
from ezdxf.filemanagement import new as new_drawing
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Part:
    """A file that a producer may order. `process` is `print` or `cut`."""

    path: Path
    process: str
    title: str
    size_mm: tuple[float, float, float]
    """Extents; the last is 0 for drawings."""


def write_parts(folder: Path) -> list[Part]:
    """`knob.stl`, `bracket.stl` and `plate.dxf` into this folder, which is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    knob, bracket, plate = folder / "knob.stl", folder / "bracket.stl", folder / "plate.dxf"
    write_stl(knob, knob_triangles())
    write_stl(bracket, bracket_triangles())
    write_plate(plate)
    return [
        Part(knob, "print", "Cable knob", (16.0, 11.0, 4.0)),
        Part(bracket, "print", "Bracket", (20.0, 12.0, 7.0)),
        Part(plate, "cut", "Mounting plate", (120.0, 80.0, 0.0)),
    ]


def solid_triangles(solid: manifold3d.Manifold) -> NDArray[np.float32]:
    """Triangles of a solid, (n, 3, 3) mm, in an order that doesn't depend on the kernel."""
    mesh = solid.to_mesh()
    corners = np.asarray(mesh.vert_properties, dtype=np.float32)[:, :3]
    triangles = np.round(corners[np.asarray(mesh.tri_verts)], 4)
    # Each triangle begins with its smallest corner, and triangles stand in order: the winding stays.
    for index, triangle in enumerate(triangles):
        first = min(range(3), key=lambda corner: tuple(triangle[corner]))
        triangles[index] = np.roll(triangle, -first, axis=0)
    order = np.lexsort(triangles.reshape(len(triangles), 9).T[::-1])
    ordered: NDArray[np.float32] = triangles[order]
    return ordered


def knob_triangles() -> NDArray[np.float32]:
    """A knob of 16 x 11 x 4 mm: a rounded block with a hole for the cable through it."""
    corners = [(x, y) for x in (3.0, 13.0) for y in (3.0, 8.0)]
    posts = [manifold3d.Manifold.cylinder(4.0, 3.0, 3.0, 12).translate((x, y, 0.0)) for x, y in corners]
    block = manifold3d.Manifold.batch_hull(posts)
    hole = manifold3d.Manifold.cylinder(6.0, 2.0, 2.0, 12).translate((8.0, 5.5, -1.0))
    return solid_triangles(block - hole)


def bracket_triangles() -> NDArray[np.float32]:
    """An angle bracket of 20 x 12 x 7 mm, 3 mm thick, with a hole in its foot."""
    foot = manifold3d.Manifold.cube((20.0, 12.0, 3.0))
    wall = manifold3d.Manifold.cube((20.0, 3.0, 7.0))
    hole = manifold3d.Manifold.cylinder(5.0, 2.0, 2.0, 12).translate((10.0, 7.5, -1.0))
    return solid_triangles(foot + wall - hole)


def write_stl(path: Path, triangles: NDArray[np.float32]) -> None:
    """Binary STL of triangles (n, 3, 3), mm."""
    record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    facets = np.zeros(len(triangles), dtype=record)
    facets["corners"] = triangles
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    facets["normal"] = normals / np.where(length > 0, length, 1.0)
    header = b"llagar demo part".ljust(80, b"\0")
    path.write_bytes(header + np.uint32(len(triangles)).tobytes() + facets.tobytes())


def write_plate(path: Path, *, units: int | None = 4) -> None:
    """A plate of 120 x 80 mm with corners of 8 mm and four holes of 6.5 mm; `$INSUNITS` 4 is mm, None leaves 0."""
    # Dates, version numbers and random ids are the only bytes that would differ from one time to the next.
    options.write_fixed_meta_data_for_testing = True
    try:
        drawing = new_drawing("R2010")
        drawing.header["$INSUNITS"] = 0 if units is None else units
        space = drawing.modelspace()
        space.add_lwpolyline(_rounded(120.0, 80.0, 8.0), format="xyb", close=True)
        for x in (15.0, 105.0):
            for y in (15.0, 65.0):
                space.add_circle((x, y), 3.25)
        drawing.saveas(path)
    finally:
        options.write_fixed_meta_data_for_testing = False


def _rounded(width: float, depth: float, radius: float) -> list[tuple[float, float, float]]:
    """x, y and bulge of a rectangle with rounded corners, counter-clockwise from the lower left."""
    quarter = 0.41421356237309503
    return [
        (radius, 0.0, 0.0), (width - radius, 0.0, quarter),
        (width, radius, 0.0), (width, depth - radius, quarter),
        (width - radius, depth, 0.0), (radius, depth, quarter),
        (0.0, depth - radius, 0.0), (0.0, radius, quarter),
    ]  # fmt: skip
