"""Plates of small parts that the tests make themselves."""

import hashlib
from pathlib import Path

import numpy as np

from broker.wire.plates import Plate, PlatedPart
from broker.wire.shop import Process
from slicer_bridge.reading.stl import write_stl

CUBE_MM = 6.0


def cube(path: Path) -> bytes:
    """A closed cube as binary STL, low corner at the origin."""
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=float) * CUBE_MM
    sides = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    facets = [[corners[a], corners[b], corners[c]] for a, b, c, d in sides]
    facets += [[corners[a], corners[c], corners[d]] for a, b, c, d in sides]
    write_stl(path, np.array(facets))
    return path.read_bytes()


def drawing() -> bytes:
    """A square of 20 mm as DXF in mm."""
    corners = [(0, 0), (20, 0), (20, 20), (0, 20)]
    points = "".join(f"10\n{x}\n20\n{y}\n" for x, y in corners)
    line = f"0\nLWPOLYLINE\n5\n100\n100\nAcDbEntity\n8\n0\n100\nAcDbPolyline\n90\n4\n70\n1\n{points}"
    header = "0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1015\n9\n$INSUNITS\n70\n4\n0\nENDSEC\n"
    return f"{header}0\nSECTION\n2\nENTITIES\n{line}0\nENDSEC\n0\nEOF\n".encode()


def plate_of_cubes(data: bytes, copies: int = 2) -> Plate:
    side = CUBE_MM
    part = PlatedPart(
        part_sha256=hashlib.sha256(data).hexdigest(),
        name="cube",
        lot="lot1",
        height_mm=side,
        outline=((0, 0), (side, 0), (side, side), (0, side)),
        placements=tuple((20.0 + 20 * i, 30.0, 0.0) for i in range(copies)),
    )
    return Plate(process=Process.FDM, material="PLA", size_mm=(180, 180), usable_mm=(3, 3, 177, 177), parts=(part,))


def plate_of_squares(data: bytes, copies: int = 2) -> Plate:
    part = PlatedPart(
        part_sha256=hashlib.sha256(data).hexdigest(),
        name="square",
        lot="lot1",
        height_mm=3.0,
        outline=((0, 0), (20, 0), (20, 20), (0, 20)),
        placements=tuple((20.0 + 40 * (i % 8), 20.0 + 40 * (i // 8), 0.0) for i in range(copies)),
    )
    return Plate(
        process=Process.CUT2D,
        material="plywood",
        size_mm=(580, 380),
        usable_mm=(5, 5, 575, 375),
        thickness_mm=3.0,
        parts=(part,),
    )
