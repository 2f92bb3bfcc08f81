"""Which triangles of a slicer's project are no part: modifiers, blockers and enforcers of supports.

PrusaSlicer 2.5 `src/libslic3r/Format/3mf.cpp`: Metadata/Slic3r_PE_model.config names ranges of an object's triangles.
Bambu Studio and OrcaSlicer `bbs_3mf.cpp`: Metadata/model_settings.config names components. The rest is not used.
"""

from dataclasses import dataclass, field

from slicer_bridge.errors import BadFile
from slicer_bridge.reading.threemf_package import Package

_FILES = ("Metadata/Slic3r_PE_model.config", "Metadata/model_settings.config")
_PARTS = frozenset({"ModelPart", "normal_part"})
_NEGATIVE = frozenset({"NegativeVolume", "negative_part"})


@dataclass(slots=True)
class Volumes:
    """`ranges`: per object, first and last triangle of what is no part; `components`: per object, ids of such."""

    name: str
    ranges: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    components: dict[str, set[str]] = field(default_factory=dict)
    _object: str = ""
    _range: tuple[int, int] | None = None

    def start(self, tag: str, values: dict[str, str]) -> None:
        match tag:
            case "object":
                self._object, self._range = values.get("id", ""), None
            case "volume":
                self._range = (int(values.get("firstid", 0)), int(values.get("lastid", -1)))
            case "metadata" if self._range is not None and values.get("key") == "volume_type":
                if self._no_part(values.get("value", "ModelPart")):
                    self.ranges.setdefault(self._object, []).append(self._range)
            case "part" if self._no_part(values.get("subtype", "normal_part")):
                self.components.setdefault(self._object, set()).add(values.get("id", ""))

    def _no_part(self, kind: str) -> bool:
        if kind in _NEGATIVE:
            raise BadFile(f"{self.name} cuts a negative volume out of its part: apply it, and export the part as STL")
        return kind not in _PARTS


def volumes(package: Package) -> Volumes:
    """Raises BadFile."""
    found = Volumes(package.name)
    for name in _FILES:
        entry = package.entry(name)
        if entry is None:
            continue
        try:
            package.parse(entry, found.start)
        except ValueError as error:
            raise BadFile(f"{package.name}: {name} garbles a number ({error}): export it again as STL") from error
    return found
