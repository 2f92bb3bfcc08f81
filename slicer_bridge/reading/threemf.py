"""3MF in: meshes, components, build items and their unit, through a reader of our own with caps on everything.

3MF Core Specification 1.3 and Production Extension 1.1. Settings, thumbnails and whatever else a 3MF may carry are
never looked at, and never reach a slicer; only what a slicer's project says is no part is left out.
"""

import hashlib
import zipfile
from array import array
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.errors import BadFile, FileTooLarge
from slicer_bridge.reading.threemf_package import MODEL, Package
from slicer_bridge.reading.threemf_volumes import Volumes, volumes
from slicer_bridge.units import MM_PER_UNIT, canonical_unit

MAX_INSTANCES = 20_000
_MAX_DEPTH = 64
_MADE = frozenset({"model", "surface"})
"""Types of objects that are parts; the others are supports, or something else's."""

Matrix = NDArray[np.float64]
Key = tuple[str, str]
"""An object: the model file that it stands in, and its id there."""


@dataclass(frozen=True, slots=True, eq=False)
class ThreeMf:
    """Facets (n, 3, 3) of all build items together, in `unit`."""

    facets: NDArray[np.float64]
    unit: str
    names: tuple[str, ...]
    """Of the build items; "" for one without a name."""
    designs: int
    """Different ones among the items."""
    left_out: tuple[str, ...]
    """What is not counted, in words."""


@dataclass(slots=True)
class _Object:
    name: str = ""
    made: bool = True
    vertices: "array[float]" = field(default_factory=lambda: array("d"))
    triangles: "array[int]" = field(default_factory=lambda: array("q"))
    components: list[tuple[Key, Matrix]] = field(default_factory=list)


def read_3mf(path: Path, max_triangles: int) -> ThreeMf:
    """Raises BadFile, FileTooLarge (zip bombs, too many triangles or instances)."""
    if path.stat().st_size == 0:
        raise BadFile(f"{path.name} is empty (0 bytes): export it again")
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(Package(archive, path.name), max_triangles)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zipfile.LargeZipFile) as error:
        # what zipfile raises for cut-off, lying and oddly packed entries
        raise BadFile(f"{path.name} is no whole 3MF ({error}): export it again") from error


def _read(package: Package, max_triangles: int) -> ThreeMf:
    reader = _Reader(package.name, max_triangles)
    reader.read(package)
    unfolding = _Unfolding(package.name, max_triangles, reader.objects, volumes(package), reader.scales())
    items = [item for item in reader.items if reader.made(item[0])]
    facets = unfolding.facets(items)
    if not len(facets):
        raise BadFile(f"{package.name} holds no facets to make: nothing is on its plate; export it again")
    if not np.isfinite(facets).all():
        raise BadFile(f"{package.name} has a coordinate that is no number: repair the mesh in your CAD")
    names = tuple(reader.objects[key].name for key, _ in items)
    skipped = len(reader.items) - len(items)
    left_out = [f"{skipped} items that are supports"] if skipped else []
    left_out += [f"{reader.unprinted} items that are not to be printed"] if reader.unprinted else []
    left_out += ["modifiers and supports of a slicer's project"] if unfolding.left_out else []
    return ThreeMf(facets, reader.unit, names, len({unfolding.digest(key) for key, _ in items}), tuple(left_out))


class _Reader:
    """Collects what the XML of all model files says; nothing is unfolded."""

    def __init__(self, name: str, max_triangles: int) -> None:
        self.objects: dict[Key, _Object] = {}
        self.items: list[tuple[Key, Matrix]] = []
        self.unprinted = 0
        self._name = name
        self._max = max_triangles
        self._units: dict[str, str] = {}
        self._wanted = [MODEL.lower()]
        self._part = ""
        self._current = _Object()
        self._seen = 0

    @property
    def unit(self) -> str:
        return self._units.get(MODEL.lower(), "mm")

    def scales(self) -> dict[str, float]:
        """By model file: its unit in units of the first one."""
        return {part: MM_PER_UNIT[unit] / MM_PER_UNIT[self.unit] for part, unit in self._units.items()}

    def made(self, key: Key) -> bool:
        return key not in self.objects or self.objects[key].made

    def read(self, package: Package) -> None:
        """The model, and the further model files that its objects are in."""
        for part in self._wanted:  # grows meanwhile
            entry = package.entry(part)
            if entry is None:
                raise BadFile(f"{self._name} has no {part}: it is no 3MF, or lacks a file; export it again")
            self._part = part
            self._units[part] = "mm"
            package.parse(entry, self._start)

    def _start(self, tag: str, values: dict[str, str]) -> None:
        try:
            match tag:
                case "vertex":
                    self._count()
                    self._current.vertices.extend((float(values["x"]), float(values["y"]), float(values["z"])))
                case "triangle":
                    self._count()
                    self._current.triangles.extend((int(values["v1"]), int(values["v2"]), int(values["v3"])))
                case "object":
                    made = values.get("type", "model") in _MADE
                    self._current = self.objects[self._part, values["id"]] = _Object(values.get("name", ""), made)
                case "component":
                    self._current.components.append(self._placed(values))
                case "item" if values.get("printable") == "0":
                    self.unprinted += 1
                case "item" if self._part == MODEL.lower():
                    self.items.append(self._placed(values))
                case "model":
                    self._units[self._part] = canonical_unit(values.get("unit", "millimeter"))
        except (KeyError, ValueError, OverflowError) as error:
            text = str(error)[:100]
            raise BadFile(f"{self._name}: a <{tag}> lacks or garbles a value ({text}): export it again") from error

    def _count(self) -> None:
        self._seen += 1
        if self._seen > 2 * self._max:
            raise FileTooLarge(f"{self._name} has over {2 * self._max:,} vertices and triangles: simplify the mesh")

    def _placed(self, values: dict[str, str]) -> tuple[Key, Matrix]:
        self._count()
        part = values.get("path", self._part).lstrip("/").lower()
        if part not in self._wanted:
            self._wanted.append(part)
        return (part, values["objectid"]), _matrix(values.get("transform"))


@dataclass(slots=True)
class _Unfolding:
    """Nothing is multiplied before its size is known."""

    name: str
    max_triangles: int
    objects: dict[Key, _Object]
    no_parts: Volumes
    scales: dict[str, float]
    left_out: int = 0
    _totals: dict[Key, tuple[int, int]] = field(default_factory=dict)
    _digests: dict[Key, bytes] = field(default_factory=dict)

    def facets(self, items: list[tuple[Key, Matrix]]) -> NDArray[np.float64]:
        """Of all items. Raises FileTooLarge before anything is multiplied beyond the cap."""
        sizes = [self._total(key, ()) for key, _ in items]
        facets, instances = sum(size[0] for size in sizes), sum(size[1] for size in sizes)
        if facets > self.max_triangles or instances > MAX_INSTANCES:
            raise FileTooLarge(
                f"{self.name} unfolds to {facets:,} facets in {instances:,} instances; "
                f"at most {self.max_triangles:,} and {MAX_INSTANCES:,} are read: simplify it"
            )
        parts = [part for key, matrix in items for part in self._unfold(key, matrix)]
        return np.concatenate(parts) if parts else np.empty((0, 3, 3))

    def digest(self, key: Key) -> bytes:
        """Equal for objects of the same facets, whatever their ids."""
        if key not in self._digests:
            found = self.objects[key]
            hashed = hashlib.sha256(found.vertices.tobytes() + found.triangles.tobytes())
            for child, matrix in found.components:
                hashed.update((self.digest(child) if self._made(child) else b"") + matrix.tobytes())
            self._digests[key] = hashed.digest()
        return self._digests[key]

    def _total(self, key: Key, above: tuple[Key, ...]) -> tuple[int, int]:
        """Facets and instances that an object unfolds to; each object is looked into once."""
        if key in self._totals:
            return self._totals[key]
        if key not in self.objects:
            raise BadFile(f"{self.name} refers to object {key[1][:40]}, which is not there: export it again")
        if key in above or len(above) > _MAX_DEPTH:
            raise BadFile(f"{self.name}: object {key[1][:40]} holds itself, or is nested over {_MAX_DEPTH} deep")
        found = self.objects[key]
        below = [self._total(part, (*above, key)) for part, _ in self._components(key)]
        facets = len(found.triangles) // 3 + sum(size[0] for size in below)
        self._totals[key] = facets, 1 + sum(size[1] for size in below)
        return self._totals[key]

    def _components(self, key: Key) -> list[tuple[Key, Matrix]]:
        """Without those that are no parts."""
        no_parts = self.no_parts.components.get(key[1], set())
        components = self.objects[key].components
        return [one for one in components if one[0][1] not in no_parts and self._made(one[0])]

    def _made(self, key: Key) -> bool:
        return key not in self.objects or self.objects[key].made

    def _unfold(self, key: Key, matrix: Matrix) -> list[NDArray[np.float64]]:
        found = self.objects[key]
        components = self._components(key)
        self.left_out += len(found.components) - len(components)
        parts = [part for child, inner in components for part in self._unfold(child, _chained(inner, matrix))]
        if len(found.triangles):
            vertices = np.frombuffer(found.vertices, dtype=np.float64).reshape(-1, 3) * self.scales[key[0]]
            faces = np.frombuffer(found.triangles, dtype=np.int64).reshape(-1, 3)
            if faces.min() < 0 or faces.max() >= len(vertices):
                raise BadFile(f"{self.name}: object {key[1]} has a triangle without its vertex: export it again")
            faces = self._of_parts(key, faces)
            with np.errstate(over="ignore", invalid="ignore"):
                facets = (vertices @ matrix[:3] + matrix[3])[faces]
                parts.append(facets[:, ::-1] if np.linalg.det(matrix[:3]) < 0 else facets)
        return parts

    def _of_parts(self, key: Key, faces: NDArray[np.int64]) -> NDArray[np.int64]:
        kept = np.ones(len(faces), dtype=np.bool_)
        for first, last in self.no_parts.ranges.get(key[1], []):
            kept[max(first, 0) : max(last + 1, 0)] = False
        self.left_out += int((~kept).any())
        return faces[kept]


def _matrix(text: str | None) -> Matrix:
    """3MF's transform as (4, 3): a point's row times the first three rows, plus the last. Raises ValueError."""
    if text is None:
        return np.vstack([np.eye(3), np.zeros((1, 3))])
    return np.array([float(number) for number in text.split()], dtype=np.float64).reshape(4, 3)


def _chained(inner: Matrix, outer: Matrix) -> Matrix:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.vstack([inner[:3] @ outer[:3], inner[3:] @ outer[:3] + outer[3:]])
