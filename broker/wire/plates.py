"""The document of a plate, which agents fetch by its hash."""

from pydantic import Field

from broker.wire.base import Wire
from broker.wire.shop import Process


class Recipe(Wire):
    """What the order says of how a part is made; machine settings are the shop's own."""

    layer_mm: float = 0.2
    perimeters: int = 2
    infill: float = 0.2
    """0 to 1."""


class PlatedPart(Wire):
    """One file and where its copies go.

    A copy's matrix is: the part in mm, turned by `rotation` (row-major 3 × 3), dropped to z = 0 with its
    bounding box's low corner at the origin, turned by `angle_deg` about z, then moved by (x, y).
    Drawings have the unit matrix.
    """

    part_sha256: str
    """Normalised file: binary STL in mm, or DXF in mm."""
    name: str
    lot: str
    rotation: tuple[float, float, float, float, float, float, float, float, float] = (1, 0, 0, 0, 1, 0, 0, 0, 1)
    height_mm: float
    outline: tuple[tuple[float, float], ...]
    """Footprint before `angle_deg` and (x, y), mm; counter-clockwise, not closed."""
    placements: tuple[tuple[float, float, float], ...]
    """x, y, angle_deg of each copy, in the machine's bed or sheet coordinates."""


class Plate(Wire):
    """What is made together in one run."""

    process: Process
    material: str
    size_mm: tuple[float, float]
    """Bed or sheet."""
    usable_mm: tuple[float, float, float, float]
    """x0, y0, x1, y1 within which every outline lies."""
    thickness_mm: float = 0.0
    colour: str = Field(default="", exclude_if=lambda colour: not colour)
    """That all of it must have; empty: any."""
    recipe: Recipe = Recipe()
    parts: tuple[PlatedPart, ...]
