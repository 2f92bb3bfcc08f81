"""What parts are laid on, and the ways to lay them."""

from dataclasses import dataclass

FINEST_CELL_MM = 0.5
CELLS_ALONG = 500
Zone = tuple[tuple[float, float], ...]
"""Corners of a simple polygon, mm from the bed's usable corner."""


@dataclass(frozen=True, slots=True)
class Bed:
    """The usable rectangle of a machine, its height, and the least distance between parts, mm."""

    width_mm: float
    depth_mm: float
    height_mm: float
    spacing_mm: float
    forbidden: tuple[Zone, ...] = ()
    """What no part may overlap: clamps, or what a round plate lacks of its rectangle."""

    @property
    def cell_mm(self) -> float:
        """Step of the grid of positions for a single plate."""
        return max(FINEST_CELL_MM, max(self.width_mm, self.depth_mm) / CELLS_ALONG)


@dataclass(frozen=True, slots=True)
class Variant:
    """A pose of a shape, turned."""

    shape: int
    pose: int
    angle_deg: float
    low_mm: tuple[float, float]
    """Low corner of the turned outline, before it is moved."""
    size_mm: tuple[float, float]
