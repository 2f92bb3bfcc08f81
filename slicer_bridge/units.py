"""Units of files. Everything is in mm inside; a doubtful unit is asked for, never guessed."""

from slicer_bridge.errors import BadFile, UnitUnknown

MM_PER_UNIT = {
    "mm": 1.0,
    "cm": 10.0,
    "m": 1000.0,
    "inch": 25.4,
    "foot": 304.8,
    "micron": 0.001,
    "px": 25.4 / 96,
    "pt": 25.4 / 72,
}
_ALIASES = {
    "millimeter": "mm",
    "millimetre": "mm",
    "centimeter": "cm",
    "meter": "m",
    "in": "inch",
    "inches": "inch",
    "feet": "foot",
}

DOUBTFUL_BELOW_MM = 1.0
DOUBTFUL_ABOVE_MM = 1000.0
STATED_DOUBTFUL_BELOW_MM = 0.1
STATED_DOUBTFUL_ABOVE_MM = 10_000.0
"""Exports write units that nobody chose: what a file says is doubted too where no workshop could make it."""


def canonical_unit(unit: str) -> str:
    """`mm`, `cm`, `m`, `inch`, `foot`, `micron`, or a drawing's `px` or `pt`. Raises BadFile for any other word."""
    name = _ALIASES.get(unit.strip().lower(), unit.strip().lower())
    if name not in MM_PER_UNIT:
        raise BadFile(f"unknown unit {unit!r}: say one of {', '.join(MM_PER_UNIT)}")
    return name


def check_extent(extent_mm: float, what: str) -> None:
    """Raises UnitUnknown if a thing of this size, read as mm, was more likely drawn in another unit."""
    if extent_mm < DOUBTFUL_BELOW_MM:
        raise UnitUnknown(
            f"{what} would be only {extent_mm:.4g} mm long: it may be in inches or metres; "
            "say its unit (--unit inch, m or mm)"
        )
    if extent_mm > DOUBTFUL_ABOVE_MM:
        raise UnitUnknown(
            f"{what} would be {extent_mm / 1000:.4g} m long: it may be in micrometres or scaled; "
            "say its unit (--unit mm if so)"
        )


def check_stated(extent_mm: float, what: str, unit: str) -> None:
    """Raises UnitUnknown if a thing of this size can't be meant in the `unit` that its file states."""
    if 0.0 < extent_mm < STATED_DOUBTFUL_BELOW_MM or extent_mm > STATED_DOUBTFUL_ABOVE_MM:
        raise UnitUnknown(
            f"{what} says that its unit is {unit}: then it would be {extent_mm:.4g} mm long, which nobody makes; "
            "say its unit (--unit mm or inch)"
        )
