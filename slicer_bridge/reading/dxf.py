"""DXF in, through ezdxf; its recovering reader takes over where the strict one gives up."""

from collections.abc import Sequence
from math import cos, radians, sin, tan
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np
from ezdxf import recover
from ezdxf.document import Drawing
from ezdxf.entities.arc import Arc
from ezdxf.entities.circle import Circle
from ezdxf.entities.dxfgfx import DXFGraphic
from ezdxf.entities.line import Line
from ezdxf.entities.lwpolyline import LWPolyline
from ezdxf.entities.polyline import Polyline
from ezdxf.filemanagement import readfile
from ezdxf.lldxf.const import DXFError
from ezdxf.math import Vec3
from ezdxf.path import make_path
from numpy.typing import NDArray

from slicer_bridge.errors import BadFile, FileTooLarge, UnitUnknown
from slicer_bridge.reading.drawing_lines import MAX_POINTS, DrawingLines, checked
from slicer_bridge.reading.dxf_blocks import Unfolding
from slicer_bridge.reading.flat_path import FLATTEN_MM, FlatPath, circle_corners, straight, without_standstill
from slicer_bridge.units import MM_PER_UNIT, canonical_unit

MAX_TEXT_LINES = 1_500_000
_INSUNITS = {1: "inch", 2: "foot", 4: "mm", 5: "cm", 6: "m", 13: "micron"}
_LINES = frozenset({"LINE", "ARC", "CIRCLE", "ELLIPSE", "SPLINE", "LWPOLYLINE", "POLYLINE"})
_MAX_DEGREE = 20
_BINARY = b"AutoCAD Binary DXF"
_TAIL = 1000
_CURVE_FITTED = 2 | 4
"""Bits of POLYLINE's flags: its vertices are control points, or were added by AutoCAD."""


def read_dxf(path: Path, unit: str | None = None) -> DrawingLines:
    """Lines of the drawing's model space; `unit` overrides what the file says.

    Raises BadFile, UnitUnknown, FileTooLarge.
    """
    _check_bulk(path)
    try:
        document = _document(path)
        name = canonical_unit(unit) if unit else _stated_unit(document, path)
        paths, ignored = _flat_paths(document, MM_PER_UNIT[name], path)
    except (DXFError, OSError, ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError) as error:
        # ezdxf lets several builtin errors through for files that are no DXF
        raise BadFile(f"{path.name} can't be read as DXF ({error}): export it again as DXF R2000 or newer") from error
    except (OverflowError, ZeroDivisionError, AssertionError) as error:
        raise BadFile(f"{path.name} holds numbers that make no shape ({error}): export it again") from error
    if not paths:
        raise BadFile(f"{path.name} holds no lines, arcs or curves{_elsewhere(document, ignored)}: nothing to cut")
    return DrawingLines(name, tuple(paths), ignored)


def _check_bulk(path: Path) -> None:
    if path.stat().st_size == 0:
        raise BadFile(f"{path.name} is empty (0 bytes): export it again")
    lines = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            lines += chunk.count(b"\n")
            if b"\n" not in chunk and len(chunk) == 1 << 20:
                raise BadFile(f"{path.name} is no DXF: a line of it has over a million characters; export it again")
    if lines > MAX_TEXT_LINES:
        raise FileTooLarge(
            f"{path.name} has {lines:,} lines of text; at most {MAX_TEXT_LINES:,} are read: simplify the drawing"
        )
    if not _ended(path):
        raise BadFile(f"{path.name} was cut off: 'EOF' is missing at its end; export or upload it again")


def _ended(path: Path) -> bool:
    """What comes after a cut would be missing without a word: ezdxf reads as far as it gets."""
    with path.open("rb") as file:
        head = file.read(len(_BINARY))
        file.seek(max(path.stat().st_size - _TAIL, 0))
        return head == _BINARY or b"EOF" in file.read()


def _document(path: Path) -> Drawing:
    try:
        return readfile(path)
    except (DXFError, OSError, ValueError, IndexError, KeyError, TypeError, AttributeError):
        return recover.readfile(path)[0]


def _stated_unit(document: Drawing, path: Path) -> str:
    code = document.header.get("$INSUNITS", 0) if _names_unit(path) else 0
    if code not in _INSUNITS:
        raise UnitUnknown(f"{path.name} doesn't say its unit ($INSUNITS is missing or 0): say it (--unit mm or inch)")
    return _INSUNITS[code]


def _names_unit(path: Path) -> bool:
    """ezdxf gives a file without header one of its own, in metres: what the document says isn't what the file says."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as text:
        return text.find(b"$INSUNITS") >= 0


def _elsewhere(document: Drawing, ignored: dict[str, int]) -> str:
    papers = [layout for layout in document.layouts if not layout.is_modelspace]
    if any(entity.dxftype() in _LINES for layout in papers for entity in layout):
        return " in its model space, only in paper space: export the model space"
    return f" that can be seen, only {in_words(ignored)}" if ignored else ""


def in_words(counted: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counted.items()))


def _flat_paths(document: Drawing, scale: float, path: Path) -> tuple[list[FlatPath], dict[str, int]]:
    paths: list[FlatPath] = []
    ignored: dict[str, int] = {}
    unfolding = Unfolding(document, path.name)
    points = 0
    for entity in unfolding.entities():
        kind = entity.dxftype()
        if kind not in _LINES or (isinstance(entity, Polyline) and not _is_line(entity)):
            ignored[kind] = ignored.get(kind, 0) + 1
            continue
        corners = without_standstill(checked(_corners(entity, scale), f"{path.name}: entity {_handle(entity)}"))
        if len(corners) > 1:
            paths.append(FlatPath(corners, (_handle(entity),), str(entity.dxf.layer)))
            points += len(paths[-1].points)
        if points > MAX_POINTS:
            raise FileTooLarge(f"{path.name}: its curves flatten to over {MAX_POINTS:,} points: simplify the drawing")
    if unfolding.hidden:
        ignored["hidden"] = unfolding.hidden
    return paths, ignored


def _is_line(entity: Polyline) -> bool:
    return bool(entity.is_2d_polyline or entity.is_3d_polyline)


def _handle(entity: DXFGraphic) -> str:
    """Exploded block contents have no handle of their own: theirs is the one of the block's entity."""
    source = entity.source_of_copy
    return str(entity.dxf.handle or (source.dxf.handle if source is not None else None) or "?")


def _corners(entity: DXFGraphic, scale: float) -> NDArray[np.float64]:
    """Corners (n, 3) in mm with bulges, seen from above. Curves, and arcs that look down, are flattened."""
    upright = Vec3(entity.dxf.get("extrusion", (0, 0, 1))).isclose((0, 0, 1))
    match entity:
        case Line():
            found = straight(np.array([entity.dxf.start.vec2, entity.dxf.end.vec2], dtype=np.float64))
        case Arc() if upright:
            found = _arc(entity)
        case Circle() if upright:
            found = circle_corners(entity.dxf.center.x, entity.dxf.center.y, abs(entity.dxf.radius))
        case LWPolyline() if upright:
            found = _closing(entity.get_points("xyb"), entity.closed)
        case Polyline() if upright and entity.is_2d_polyline and not entity.dxf.flags & _CURVE_FITTED:
            vertices = [vertex.dxf for vertex in entity.vertices]
            found = _closing(
                [(one.location.x, one.location.y, one.get("bulge", 0.0)) for one in vertices], entity.is_closed
            )
        case _:
            found = _flattened(entity, scale)
    found[:, :2] *= scale
    return found


def _arc(entity: Arc) -> NDArray[np.float64]:
    x, y, radius = entity.dxf.center.x, entity.dxf.center.y, abs(entity.dxf.radius)
    start, end = entity.dxf.start_angle, entity.dxf.end_angle
    sweep = (end - start) % 360.0 or 360.0
    middle = radians(start + sweep / 2)
    bulge = tan(radians(sweep) / 8)  # two halves: a full turn has no bulge
    angles = (radians(start), middle, radians(start + sweep))
    return np.array([(x + radius * cos(angle), y + radius * sin(angle), bulge) for angle in angles])


def _closing(rows: Sequence[Sequence[float]], closed: bool) -> NDArray[np.float64]:
    corners = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return np.concatenate([corners, corners[:1]]) if closed else corners


def _flattened(entity: DXFGraphic, scale: float) -> NDArray[np.float64]:
    if entity.dxftype() == "SPLINE" and entity.dxf.get("degree", 3) > _MAX_DEGREE:
        raise ValueError(f"entity {_handle(entity)} is a spline of degree {entity.dxf.degree}")
    line = make_path(entity)
    if len(line) == 0:
        return np.empty((0, 3))
    controls = np.array([point.vec2 for point in line.control_vertices()], dtype=np.float64)
    checked(straight(controls * scale), f"entity {_handle(entity)}")
    points = np.array([point.vec2 for point in line.flattening(FLATTEN_MM / scale, segments=4)], dtype=np.float64)
    return straight(np.concatenate([points, points[:1]]) if line.is_closed else points)
