"""What is known of a program once it was planned."""

from dataclasses import dataclass

from slicer_bridge.motion.limits import Planner


@dataclass(frozen=True, slots=True)
class Box:
    """Corners in the program's coordinates, mm."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Layer:
    """`z_mm`: height of its first move that prints or cuts."""

    z_mm: float
    seconds: float


@dataclass(frozen=True, slots=True)
class ObjectTime:
    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Filament:
    """What one tool uses; `mass_g` is None where the density isn't known."""

    tool: int
    length_mm: float
    volume_mm3: float
    mass_g: float | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """`total_s` = `moving_s` + `waiting_s` + `heating_s`; waiting: dwells, homing, tool changes, spin-ups."""

    planner: Planner
    total_s: float
    moving_s: float
    waiting_s: float
    heating_s: float
    stops: int
    """Times that the program waits for a person."""
    moves: int
    arcs: int
    work_mm: float
    """Printed or cut; the rest is travel."""
    travel_mm: float
    longest_mm: float
    bounds: Box | None
    work_bounds: Box | None
    start_s: float
    """Moves before the first layer."""
    layers: tuple[Layer, ...]
    objects: tuple[ObjectTime, ...]
    filament: tuple[Filament, ...]
    lines: int
    unread: int
    """Lines that say nothing known; their time, if any, is not counted."""
