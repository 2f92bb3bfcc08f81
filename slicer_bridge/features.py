"""Measured features of a part, on demand: walls, gaps, holes, cavities, overhangs, what a mill reaches, webs.

Lengths are mm, areas mm², volumes mm³. Places of a mesh are in the frame of its normalised file (low corner at the
origin); places of a drawing have z = 0. JSON-ready.
"""

from dataclasses import dataclass

Place = tuple[float, float, float]
"""A point of the part, mm."""
STEP_MM = 0.1
"""Between the limits at which `Walls.share_below` is stored."""


ROUND_DEG = 300.0
"""Of a circle: a hole, though a slot may cross it."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One measured length and where."""

    place: Place
    value_mm: float


@dataclass(frozen=True, slots=True)
class Widths:
    """Distances between opposite, nearly parallel surfaces: of material (walls) or of air (gaps)."""

    smallest_mm: float | None
    """None: nothing faces anything."""
    shares: tuple[float, ...]
    """Share of the part's area with a width below 0.1, 0.2, 0.3 … mm."""
    spots: tuple[Spot, ...]
    """Narrowest first; one for each small neighbourhood, of widths up to 5 mm."""

    def share_below(self, limit_mm: float) -> float:
        """Share of the area, 0 to 1, interpolated; limits beyond the stored ones get the last."""
        at = limit_mm / STEP_MM
        known = (0.0, *self.shares)
        low = min(int(at), len(known) - 1)
        high = min(low + 1, len(known) - 1)
        return known[low] + (known[high] - known[low]) * min(at - low, 1.0)


@dataclass(frozen=True, slots=True)
class Hole:
    """A round hole, or an inside corner rounded by `diameter_mm` / 2 if it spans less than a circle."""

    diameter_mm: float
    depth_mm: float
    axis: Place
    """Unit vector."""
    place: Place
    """Middle of its axis."""
    span_deg: float
    """Of the circle that is there."""

    @property
    def round(self) -> bool:
        return self.span_deg > ROUND_DEG


@dataclass(frozen=True, slots=True)
class SharpCorners:
    """Inside edges sharper than a cutter leaves them: those along one axis of the part."""

    axis: int
    """0, 1 or 2."""
    length_mm: float
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Cavity:
    """Room inside the part."""

    place: Place
    volume_mm3: float
    opening_mm: float
    """Widest ball that gets out, to half a millimetre; 0: closed."""


@dataclass(frozen=True, slots=True)
class Overhang:
    """A connected area that leans out by more than 45° in the default orientation, without the bed's."""

    place: Place
    area_mm2: float
    span_mm: float
    """Twice the longest way, seen from above, to what carries it: of a bridge, the distance between its ends."""
    flat: bool
    carried: bool
    """False: it begins in the air."""


@dataclass(frozen=True, slots=True)
class Milling:
    """What a cutter reaches from the best of six sides, and from all six."""

    side: str
    """+x, -x, +y, -y, +z or -z: where the spindle stands."""
    hidden_mm2: float
    """Not reached from that side."""
    hidden: tuple[Place, ...]
    unreachable_mm2: float
    """Not reached from any of the six."""
    unreachable: tuple[Place, ...]
    sloped_mm2: float
    """Neither level nor upright seen from that side: needs 3D finishing."""
    narrowest: Spot | None
    """The narrowest slot between upright walls."""
    deepest: Spot | None
    """Where a pocket's depth over its width is largest; the value is that ratio."""


@dataclass(frozen=True, slots=True)
class MeshFeatures:
    walls: Widths
    gaps: Widths
    holes: tuple[Hole, ...]
    """Round holes and rounded inside corners, smallest first."""
    corners: tuple[SharpCorners, ...]
    cavities: tuple[Cavity, ...]
    """Closed ones, and those with an opening narrower than themselves; largest first."""
    drains_known_from_mm: float | None
    """Openings narrower than this were too fine for the grid of this part; None: an open mesh has no inside."""
    cups_mm3: float
    """Room that is open upwards only, in the default orientation."""
    cup: Place | None
    """In the largest cup."""
    overhangs: tuple[Overhang, ...]
    """Largest first."""
    milling: Milling | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """Something in a drawing: where, how wide (0 where that means nothing), and by which entities."""

    place: Place
    width_mm: float
    entities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DrawingFeatures:
    webs: tuple[Drawn, ...]
    """Narrow material between two lines of one contour or of two; narrowest first."""
    slots: tuple[Drawn, ...]
    """Narrow air between two lines; narrowest first."""
    openings: tuple[Drawn, ...]
    """Holes and the widest circle that fits in each; smallest first."""
    corners: tuple[Drawn, ...]
    """Inside corners without a radius."""
    rounded: Drawn | None
    """The rounded inside corner with the smallest radius, and that radius."""
    open_lines: tuple[Drawn, ...]
    """The width is that of the gap between the ends."""
    crossing: tuple[Drawn, ...]
    duplicates: tuple[Drawn, ...]


@dataclass(frozen=True, slots=True)
class PartFeatures:
    mesh: MeshFeatures | None = None
    drawing: DrawingFeatures | None = None
