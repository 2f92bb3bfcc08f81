"""DXF out: the drawing in mm that goes to the workshops. Arcs stay arcs."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from string import hexdigits

import numpy as np
from numpy.typing import NDArray

_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True, eq=False)
class OutLine:
    """`corners` (n, 3) mm with bulges, a closed line's last one at its first; `circle`: centre x and y, diameter."""

    corners: NDArray[np.float64]
    handle: str
    closed: bool
    circle: tuple[float, float, float] | None = None
    layer: str = ""
    """As the drawing names it: what is done with the line may depend on it."""


def write_dxf(path: Path, lines: Iterable[OutLine]) -> None:
    """Write lines as DXF R2000; the same lines give the same bytes (no dates, no random ids).

    Lines of layer 0 go on CONTOUR and OPEN, others stay on theirs. Handles stay where they are hexadecimal,
    as DXF wants them, and used once.
    """
    rows = [*_pairs((0, "SECTION"), (2, "HEADER"), (9, "$ACADVER"), (1, "AC1015"), (9, "$INSUNITS"), (70, 4))]
    rows += _pairs((0, "ENDSEC"), (0, "SECTION"), (2, "ENTITIES"))
    used: set[int] = set()
    for line in lines:
        handle = _free(line.handle, used)
        layer = _layer(line)
        rows += _circle(line.circle, handle, layer) if line.circle else _polyline(line, handle, layer)
    rows += _pairs((0, "ENDSEC"), (0, "EOF"))
    path.write_text("\n".join(rows) + "\n", encoding="ascii")


def _layer(line: OutLine) -> str:
    if line.layer not in ("", "0") and line.layer.isascii() and line.layer.isprintable():
        return line.layer[:_LONGEST_NAME]
    return "CONTOUR" if line.closed else "OPEN"


def _free(handle: str, used: set[int]) -> str:
    plain = 0 < len(handle) <= 8 and all(letter in hexdigits for letter in handle)
    number = int(handle, 16) if plain else 0
    if number == 0 or number in used:
        number = max(used, default=0xFF) + 1
    used.add(number)
    return f"{number:X}"


def _circle(circle: tuple[float, float, float], handle: str, layer: str) -> list[str]:
    x, y, diameter = circle
    rows = _pairs((0, "CIRCLE"), (5, handle), (100, "AcDbEntity"), (8, layer), (100, "AcDbCircle"))
    return rows + _pairs((10, f"{x:.6f}"), (20, f"{y:.6f}"), (40, f"{diameter / 2:.6f}"))


def _polyline(line: OutLine, handle: str, layer: str) -> list[str]:
    corners = line.corners[:-1] if line.closed else line.corners
    rows = _pairs((0, "LWPOLYLINE"), (5, handle), (100, "AcDbEntity"), (8, layer), (100, "AcDbPolyline"))
    rows += _pairs((90, len(corners)), (70, int(line.closed)))
    for x, y, bulge in corners:
        rows += _pairs((10, f"{x:.6f}"), (20, f"{y:.6f}"))
        rows += _pairs((42, f"{bulge:.9f}")) if bulge else []
    return rows


def _pairs(*pairs: tuple[int, str | int]) -> list[str]:
    return [text for code, value in pairs for text in (str(code), str(value))]
