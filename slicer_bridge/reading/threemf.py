"""3MF in: meshes, components, build items and their unit, through a reader of our own with caps on everything.

Settings, thumbnails and whatever else a 3MF may carry are never looked at, and never reach a slicer.
"""

import zipfile
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.errors import BadFile, FileTooLarge, UnsupportedFormat
from slicer_bridge.units import canonical_unit

MAX_ENTRIES = 1000
MAX_UNPACKED_BYTES = 1_000_000_000
MAX_RATIO = 100
MAX_INSTANCES = 100_000
_MODEL = "3D/3dmodel.model"
_CHUNK = 1 << 16
_MAX_DEPTH = 64

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ThreeMf:
    """Facets (n, 3, 3) of all build items together, in `unit`."""

    facets: NDArray[np.float64]
    unit: str
    items: int


@dataclass(slots=True)
class _Object:
    vertices: "array[float]" = field(default_factory=lambda: array("d"))
    triangles: "array[int]" = field(default_factory=lambda: array("q"))
    components: list[tuple[str, Matrix]] = field(default_factory=list)


def read_3mf(path: Path, max_triangles: int) -> ThreeMf:
    """Raises BadFile, FileTooLarge (zip bombs, too many triangles or instances), UnsupportedFormat."""
    if path.stat().st_size == 0:
        raise BadFile(f"{path.name} is empty (0 bytes): export it again")
    reader = _Reader(path.name, max_triangles)
    try:
        with zipfile.ZipFile(path) as archive:
            _stream(archive, path.name, reader)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        # zipfile raises the last three for encrypted, oddly packed and cut-off entries
        raise BadFile(f"{path.name} is no whole 3MF ({error}): export it again") from error
    except expat.ExpatError as error:
        raise BadFile(f"{path.name}: its model is broken XML ({error}): export it again") from error
    facets = reader.expanded()
    if not len(facets):
        raise BadFile(f"{path.name} holds no facets to make: nothing is on its plate; export it again")
    if not np.isfinite(facets).all():
        raise BadFile(f"{path.name} has a coordinate that is no number: repair the mesh in your CAD")
    return ThreeMf(facets, reader.unit, len(reader.items))


def _stream(archive: zipfile.ZipFile, name: str, reader: "_Reader") -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise FileTooLarge(f"{name} packs {len(entries):,} files; at most {MAX_ENTRIES:,} are looked at")
    model = next((one for one in entries if one.filename.lstrip("/").lower() == _MODEL.lower()), None)
    if model is None:
        raise BadFile(f"{name} has no {_MODEL}: it is no 3MF, or of a kind that splits its model; export it anew")
    allowed = min(MAX_UNPACKED_BYTES, MAX_RATIO * max(model.compress_size, 1000))
    parser = reader.parser()
    unpacked = 0
    with archive.open(model) as stream:
        while chunk := stream.read(_CHUNK):
            unpacked += len(chunk)
            if unpacked > allowed:
                raise FileTooLarge(
                    f"{name} unpacks to over {allowed:,} bytes, {MAX_RATIO} times what it packs or more: "
                    "refused as a zip bomb"
                )
            parser.Parse(chunk, False)
    parser.Parse(b"", True)


class _Reader:
    """Collects what the XML says; nothing is expanded before its size is known."""

    def __init__(self, name: str, max_triangles: int) -> None:
        self.name = name
        self.unit = "mm"
        self.items: list[tuple[str, Matrix]] = []
        self._max = max_triangles
        self._objects: dict[str, _Object] = {}
        self._skipped: set[str] = set()
        self._current = _Object()
        self._seen = 0

    def parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.buffer_text = True
        return parser

    def _doctype(self, *_: object) -> None:
        raise BadFile(f"{self.name}: its model declares a DOCTYPE: refused, no 3MF needs one")

    def _start(self, tag: str, values: dict[str, str]) -> None:
        try:
            match tag.rpartition(":")[2]:
                case "vertex":
                    self._count()
                    self._current.vertices.extend((float(values["x"]), float(values["y"]), float(values["z"])))
                case "triangle":
                    self._count()
                    self._current.triangles.extend((int(values["v1"]), int(values["v2"]), int(values["v3"])))
                case "object":
                    self._current = self._objects[values["id"]] = _Object()
                    if values.get("type", "model") not in {"model", "solidsupport", "surface"}:
                        self._skipped.add(values["id"])
                case "component":
                    self._refers(values)
                    self._current.components.append((values["objectid"], _matrix(values.get("transform"))))
                case "item":
                    self._refers(values)
                    self.items.append((values["objectid"], _matrix(values.get("transform"))))
                case "model":
                    self.unit = canonical_unit(values.get("unit", "millimeter"))
        except (KeyError, ValueError, OverflowError) as error:
            raise BadFile(f"{self.name}: a <{tag}> lacks or garbles a value ({error}): export it again") from error

    def _count(self) -> None:
        self._seen += 1
        if self._seen > 2 * self._max:
            raise FileTooLarge(f"{self.name} has over {2 * self._max:,} vertices and triangles: simplify the mesh")

    def _refers(self, values: dict[str, str]) -> None:
        self._count()
        if any(key.rpartition(":")[2] == "path" for key in values):
            raise UnsupportedFormat(f"{self.name} keeps its parts in further files: export it as one plain 3MF or STL")

    def expanded(self) -> NDArray[np.float64]:
        """Facets of all items. Raises FileTooLarge before anything is multiplied beyond the cap."""
        totals: dict[str, tuple[int, int]] = {}
        wanted = [item for item in self.items if item[0] not in self._skipped]
        sizes = [self._total(one, totals, ()) for one, _ in wanted]
        facets, instances = sum(size[0] for size in sizes), sum(size[1] for size in sizes)
        if facets > self._max or instances > MAX_INSTANCES:
            raise FileTooLarge(
                f"{self.name} unfolds to {facets:,} facets in {instances:,} instances; "
                f"at most {self._max:,} and {MAX_INSTANCES:,} are read: simplify it"
            )
        parts = [part for one, matrix in wanted for part in self._unfold(one, matrix)]
        return np.concatenate(parts) if parts else np.empty((0, 3, 3))

    def _total(self, one: str, totals: dict[str, tuple[int, int]], above: tuple[str, ...]) -> tuple[int, int]:
        """Facets and instances that an object unfolds to; each object is looked into once."""
        if one in totals:
            return totals[one]
        if one not in self._objects:
            raise BadFile(f"{self.name} refers to object {one}, which is not there: export it again")
        if one in above or len(above) > _MAX_DEPTH:
            raise BadFile(f"{self.name}: object {one} holds itself, or is nested over {_MAX_DEPTH} deep")
        found = self._objects[one]
        below = [self._total(part, totals, (*above, one)) for part, _ in found.components]
        facets = len(found.triangles) // 3 + sum(size[0] for size in below)
        totals[one] = facets, 1 + sum(size[1] for size in below)
        return totals[one]

    def _unfold(self, one: str, matrix: Matrix) -> list[NDArray[np.float64]]:
        found = self._objects[one]
        parts = [part for child, inner in found.components for part in self._unfold(child, _chained(inner, matrix))]
        if len(found.triangles):
            vertices = np.frombuffer(found.vertices, dtype=np.float64).reshape(-1, 3)
            faces = np.frombuffer(found.triangles, dtype=np.int64).reshape(-1, 3)
            if faces.min() < 0 or faces.max() >= len(vertices):
                raise BadFile(f"{self.name}: object {one} has a triangle without its vertex: export it again")
            facets = (vertices @ matrix[:3] + matrix[3])[faces]
            parts.append(facets[:, ::-1] if np.linalg.det(matrix[:3]) < 0 else facets)
        return parts


def _matrix(text: str | None) -> Matrix:
    """3MF's transform as (4, 3): a point's row times the first three rows, plus the last. Raises ValueError."""
    if text is None:
        return np.vstack([np.eye(3), np.zeros((1, 3))])
    return np.array([float(number) for number in text.split()], dtype=np.float64).reshape(4, 3)


def _chained(inner: Matrix, outer: Matrix) -> Matrix:
    return np.vstack([inner[:3] @ outer[:3], inner[3:] @ outer[:3] + outer[3:]])
