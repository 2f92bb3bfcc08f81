"""What parts are laid on, and the ways to lay them."""

from dataclasses import dataclass

FINEST_CELL_MM = 0.5
COARSE_CELL_MM = 1.0
"""With which four nests are found in the time of one, and hardly fewer."""
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
    finest_mm: float = FINEST_CELL_MM
    """Between two places that are tried."""

    @property
    def cell_mm(self) -> float:
        """Step of the grid of positions for a single plate."""
        return max(self.finest_mm, max(self.width_mm, self.depth_mm) / CELLS_ALONG)


@dataclass(frozen=True, slots=True)
class Variant:
    """A pose of a shape, turned."""

    shape: int
    pose: int
    angle_deg: float
    low_mm: tuple[float, float]
    """Low corner of the turned outline, before it is moved."""
    size_mm: tuple[float, float]
