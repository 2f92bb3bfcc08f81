"""Grbl's modal state and coordinate systems. Source: Grbl 1.1h gcode.h, gcode.c gc_init()."""

from dataclasses import dataclass, field

from hardware_sim.firmware.planner import Point

ORIGIN: Point = (0.0, 0.0, 0.0)
INCH_MM = 25.4


@dataclass(slots=True)
class Modal:
    """What a reset puts back to its defaults."""

    motion: int = 0
    """0-3, 80; 382-385 are G38.2 to G38.5."""
    wcs: int = 0
    """0 = G54 … 5 = G59."""
    plane: int = 17
    inches: bool = False
    absolute: bool = True
    spindle: int = 5
    """3, 4 or 5, as in M3."""
    mist: bool = False
    flood: bool = False
    tool: int = 0
    feed_mm_min: float = 0.0
    rpm: float = 0.0
    g92: Point = ORIGIN
    tool_length_mm: float = 0.0
    """G43.1."""
    probe: Point = ORIGIN
    """Where the last probing made contact, machine coordinates."""
    probed: bool = False
    """The last probing made contact."""
    position: Point = ORIGIN
    """Where the lines parsed so far lead, machine coordinates."""


@dataclass(slots=True)
class Offsets:
    """What the EEPROM keeps."""

    wcs: list[Point] = field(default_factory=lambda: [ORIGIN] * 6)
    g28: Point = ORIGIN
    g30: Point = ORIGIN


def plus(a: Point, b: Point) -> Point:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def minus(a: Point, b: Point) -> Point:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])
