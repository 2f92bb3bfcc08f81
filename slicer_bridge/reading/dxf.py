"""DXF in and out, through ezdxf's recovering reader. Curves are flattened to 0.01 mm."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ezdxf import recover
from ezdxf.disassemble import recursive_decompose
from ezdxf.document import Drawing
from ezdxf.entities.dxfentity import DXFEntity
from ezdxf.lldxf.const import DXFError
from ezdxf.path import Path as DxfPath
from ezdxf.path import make_path
from numpy.typing import NDArray

from slicer_bridge.errors import BadFile, FileTooLarge, UnitUnknown
from slicer_bridge.reading.flat_path import FlatPath
from slicer_bridge.units import MM_PER_UNIT, canonical_unit

FLATTEN_MM = 0.01
MAX_ENTITIES = 200_000
_INSUNITS = {1: "inch", 2: "foot", 4: "mm", 5: "cm", 6: "m", 13: "micron"}
_LINES = frozenset({"LINE", "ARC", "CIRCLE", "ELLIPSE", "SPLINE", "LWPOLYLINE", "POLYLINE"})


@dataclass(frozen=True, slots=True)
class DxfLines:
    """`paths` in mm; `ignored` counts entities that are no lines, by kind (texts, dimensions, points)."""

    unit: str
    paths: tuple[FlatPath, ...]
    ignored: dict[str, int]


def read_dxf(path: Path, unit: str | None = None) -> DxfLines:
    """Lines of the drawing's model space; `unit` overrides what the file says.

    Raises BadFile, UnitUnknown, FileTooLarge.
    """
    if path.stat().st_size == 0:
        raise BadFile(f"{path.name} is empty (0 bytes): export it again")
    try:
        document, _ = recover.readfile(path)
    except (DXFError, OSError, ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        # ezdxf lets several builtin errors through for files that are no DXF
        raise BadFile(f"{path.name} can't be read as DXF ({error}): export it again as DXF R2000 or newer") from error
    name = canonical_unit(unit) if unit else _stated_unit(document, path)
    paths, ignored = _flat_paths(document, MM_PER_UNIT[name], path)
    if not paths:
        raise BadFile(f"{path.name} holds no lines, arcs or curves: nothing to cut; export the model space")
    return DxfLines(name, tuple(paths), ignored)


def _stated_unit(document: Drawing, path: Path) -> str:
    code = document.header.get("$INSUNITS", 0)
    if code not in _INSUNITS:
        raise UnitUnknown(f"{path.name} doesn't say its unit ($INSUNITS is missing or 0): say it (--unit mm or inch)")
    return _INSUNITS[code]


def _flat_paths(document: Drawing, scale: float, path: Path) -> tuple[list[FlatPath], dict[str, int]]:
    paths: list[FlatPath] = []
    ignored: dict[str, int] = {}
    for number, entity in enumerate(recursive_decompose(document.modelspace())):
        if number >= MAX_ENTITIES:
            raise FileTooLarge(f"{path.name} has over {MAX_ENTITIES:,} entities: simplify the drawing")
        kind = entity.dxftype()
        if kind not in _LINES:
            ignored[kind] = ignored.get(kind, 0) + 1
            continue
        found = _flatten(entity, scale)
        if not np.isfinite(found.points).all():
            raise BadFile(f"{path.name}: entity {_handle(entity)} ({kind}) has a coordinate that is no number")
        if len(found.points) > 1:
            paths.append(found)
    return paths, ignored


def _flatten(entity: DXFEntity, scale: float) -> FlatPath:
    line: DxfPath = make_path(entity)
    if len(line) == 0:
        return FlatPath(np.empty((0, 2)), (_handle(entity),))
    points = np.array([(v.x, v.y) for v in line.flattening(FLATTEN_MM / scale, segments=4)]) * scale
    keep = np.concatenate([[True], np.linalg.norm(np.diff(points, axis=0), axis=1) > 1e-9])
    points = points[keep]
    if line.is_closed and len(points) > 2 and not np.array_equal(points[0], points[-1]):
        points = np.concatenate([points, points[:1]])
    return FlatPath(points, (_handle(entity),), _radius(entity, scale))


def _handle(entity: DXFEntity) -> str:
    """Exploded block contents have no handle of their own: theirs is the block reference's."""
    source = entity.source_of_copy
    return str(entity.dxf.handle or (source.dxf.handle if source is not None else None) or "?")


def _radius(entity: DXFEntity, scale: float) -> float | None:
    if entity.dxftype() in {"ARC", "CIRCLE"}:
        return float(entity.dxf.radius) * scale
    return None


def write_dxf(path: Path, closed: list[NDArray[np.float64]], opened: list[NDArray[np.float64]]) -> None:
    """Write polylines in mm as DXF R2000; the same points give the same bytes (no dates, no random ids).

    `closed` and `opened` hold arrays (n, 2); a closed one doesn't repeat its first point. Open ones go on layer OPEN.
    """
    rows = [*_pairs((0, "SECTION"), (2, "HEADER"), (9, "$ACADVER"), (1, "AC1015"), (9, "$INSUNITS"), (70, 4))]
    rows += _pairs((0, "ENDSEC"), (0, "SECTION"), (2, "ENTITIES"))
    for number, points in enumerate([*closed, *opened]):
        is_closed = number < len(closed)
        rows += _pairs((0, "LWPOLYLINE"), (5, f"{0x100 + number:X}"), (100, "AcDbEntity"))
        rows += _pairs((8, "CONTOUR" if is_closed else "OPEN"), (100, "AcDbPolyline"))
        rows += _pairs((90, len(points)), (70, int(is_closed)))
        for x, y in points:
            rows += _pairs((10, f"{x:.6f}"), (20, f"{y:.6f}"))
    rows += _pairs((0, "ENDSEC"), (0, "EOF"))
    path.write_text("\n".join(rows) + "\n", encoding="ascii")


def _pairs(*pairs: tuple[int, str | int]) -> list[str]:
    return [text for code, value in pairs for text in (str(code), str(value))]
