"""What every slicing engine takes and gives, and what is kept of each run so that it can be made again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.plates.plate import Copy
from slicer_bridge.plates.plate_file import PlateObject
from slicer_bridge.programs.blocks import BlockSpan
from slicer_bridge.slicing.profile import FilamentProfile, PrinterProfile, Recipe
from slicer_bridge.slicing.shop.approval import ApprovedProfile


class Engine(StrEnum):
    PRUSA = "prusa"
    CURA = "cura"
    EMBEDDED = "embedded"
    """Of this package: sections, perimeters and straight infill; no supports. For machines without the others."""


@dataclass(frozen=True, slots=True)
class SliceLimits:
    memory_bytes: int = 6_000_000_000
    """Address space, of which libraries take over 1 GB."""
    cpu_s: int = 900
    wall_s: float = 1200.0
    file_bytes: int = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Job:
    """One plate to slice; `copies` in the order of the objects' moves."""

    objects: tuple[PlateObject, ...]
    copies: tuple[Copy, ...]
    printer: PrinterProfile
    recipe: Recipe
    material: FilamentProfile
    limits: SliceLimits
    shop: ApprovedProfile | None = None
    """The shop's own PrusaSlicer profile, in place of printer's and material's figures."""

    def placed_facets(self) -> Iterator[NDArray[np.float64]]:
        """Facets (n, 3, 3) of each copy in bed coordinates, mm; in the order of `copies`."""
        for one in self.objects:
            for x, y in one.moves:
                yield one.facets + np.array([x, y, 0.0])


@dataclass(frozen=True, slots=True)
class Provenance:
    """Enough to make the same bytes again."""

    engine: Engine
    embedded: bool
    """True: no slicer was at hand, and this package's own made the program."""
    version: str
    binary_sha256: str
    """Of the slicer's executable; of the embedded one, of its source."""
    settings_sha256: str
    cores: tuple[int, ...]
    """CPUs that the slicer was held to."""
    profile_sha256: str = ""
    """Of the shop's own profile, if it was sliced by one."""


@dataclass(frozen=True, slots=True)
class MaterialUse:
    tool: int
    material: str
    length_mm: float
    mass_g: float


@dataclass(frozen=True, slots=True)
class Layers:
    count: int
    tops_mm: tuple[float, ...]
    """Z of each, lowest first."""


@dataclass(frozen=True, slots=True)
class SlicedObject:
    """One copy on the bed, as the program labels it; corners of its extruded moves (x, y), mm."""

    label: str
    part: str
    lot: str
    low: tuple[float, float]
    high: tuple[float, float]


@dataclass(frozen=True, slots=True)
class PrintedBounds:
    """Corners of all that is extruded from the first layer on, mm; a purge line of the start block is not in it."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class SliceResult:
    """`lines` counts commands, without comments and blanks. `estimate_s` is the engine's own and has no heat-up."""

    program: Path
    sha256: str
    lines: int
    estimate_s: float
    filament_mm: float
    filament_g: float
    made_by: str
    settings_sha256: str
    objects: tuple[SlicedObject, ...]
    materials: tuple[MaterialUse, ...]
    layers: Layers
    bounds: PrintedBounds
    provenance: Provenance
    notes: tuple[str, ...] = ()
    """What the engine left out or could not do, such as walls thinner than a line."""
    blocks: tuple[BlockSpan, ...] = ()
    """Lines by the shop's own approved blocks, for the checker."""


@dataclass(frozen=True, slots=True)
class ObjectBox:
    """Corners (x, y) of the extruded moves of one copy, and their heights, ascending; mm."""

    label: str
    low: tuple[float, float]
    high: tuple[float, float]
    heights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SlicedProgram:
    """What a program says of itself, read back from its lines."""

    commands: int
    estimate_s: float
    materials: tuple[MaterialUse, ...]
    version: str
    objects: tuple[ObjectBox, ...]
    layers: Layers
    bounds: PrintedBounds
    notes: tuple[str, ...] = ()
    blocks: tuple[BlockSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """An engine's program before it is checked against its plate."""

    program: Path
    sliced: SlicedProgram
    binary_sha256: str
    settings_sha256: str
    cores: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Slicer:
    """An engine. `make` writes nothing outside the folder it is given; it raises SlicerFailed, BadLimits."""

    engine: Engine
    title: str
    program: str | None
    """Executable to look for on PATH; None: always there."""
    make: Callable[[Job, Path, Path], Draft]
    """Job, the executable, an empty folder to work in."""
    supports: bool = True
