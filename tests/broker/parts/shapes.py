"""Small files as a producer's CAD would write them."""

import struct
from collections.abc import Sequence

Point = tuple[float, float, float]


def box_stl(width: float, depth: float, height: float) -> bytes:
    """A closed box as binary STL."""
    corners = [(x, y, z) for x in (0.0, width) for y in (0.0, depth) for z in (0.0, height)]
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    facets = [
        (corners[a], corners[b], corners[c]) for q in quads for a, b, c in ((q[0], q[1], q[2]), (q[0], q[2], q[3]))
    ]
    return stl(facets)


def stl(facets: Sequence[tuple[Point, Point, Point]]) -> bytes:
    body = b"".join(
        struct.pack("<12fH", 0, 0, 0, *(value for corner in facet for value in corner), 0) for facet in facets
    )
    return b"\0" * 80 + struct.pack("<I", len(facets)) + body


def rectangle_dxf(width: float, height: float, *, unit: int | None = 4) -> bytes:
    """One closed polyline; `unit` is $INSUNITS (4 = mm), None leaves it out."""
    points = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    header = ["0", "SECTION", "2", "HEADER", "9", "$ACADVER", "1", "AC1015"]
    if unit is not None:
        header += ["9", "$INSUNITS", "70", str(unit)]
    entity = ["0", "LWPOLYLINE", "5", "A1", "8", "0", "100", "AcDbEntity", "100", "AcDbPolyline", "90", "4", "70", "1"]
    for x, y in points:
        entity += ["10", str(x), "20", str(y)]
    lines = [*header, "0", "ENDSEC", "0", "SECTION", "2", "ENTITIES", *entity, "0", "ENDSEC", "0", "EOF"]
    return "\n".join([*lines, ""]).encode()
