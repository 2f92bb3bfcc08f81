"""What is known of a part after measuring it. Lengths are mm, areas mm², volumes mm³; JSON-ready."""

from dataclasses import dataclass
from enum import StrEnum

from slicer_bridge.features import PartFeatures, Place

Polygon = tuple[tuple[float, float], ...]
"""Counter-clockwise, not closed, mm."""
Rotation = tuple[float, float, float, float, float, float, float, float, float]
"""Row-major 3 × 3."""


class Severity(StrEnum):
    REFUSE = "refuse"
    REVIEW = "review"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    rule: str
    severity: Severity
    message: str
    measured: float | None = None
    limit: float | None = None
    place: Place | None = None
    source: str = ""
    """Of the limit."""
    places: tuple[Place, ...] = ()
    """All of them, `place` the first; in the frame of the normalised file, mm."""
    entities: tuple[str, ...] = ()
    """Of a drawing, by handle."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """One stable way to lay a mesh on the bed; its low corner at the origin."""

    rotation: Rotation
    size_mm: tuple[float, float, float]
    outline: Polygon
    """Simple polygon that covers the whole shadow of the part (may be its convex hull), low corner at (0, 0)."""
    overhang_mm2: float
    contact_mm2: float


@dataclass(frozen=True, slots=True)
class MeshFacts:
    triangles: int
    bodies: int
    watertight: bool
    volume_mm3: float
    area_mm2: float
    size_mm: tuple[float, float, float]
    orientations: tuple[Orientation, ...]
    """Best first; the first is the default."""


@dataclass(frozen=True, slots=True)
class DrawingFacts:
    size_mm: tuple[float, float]
    outline: Polygon
    """Of the outermost contour, low corner of the drawing at (0, 0)."""
    holes: tuple[Polygon, ...]
    area_mm2: float
    """Enclosed by the outer contour less its holes."""
    cut_length_mm: float
    contours: int
    open_contours: int
    smallest_inside_radius_mm: float | None


@dataclass(frozen=True, slots=True)
class PartFacts:
    format: str
    """stl, 3mf, obj, dxf, svg."""
    unit: str
    """Unit of the file, as stated or as given: mm, inch, cm, m."""
    source_sha256: str
    normalised_sha256: str
    """Of the file written beside: binary STL in mm, or DXF in mm."""
    mesh: MeshFacts | None
    drawing: DrawingFacts | None
    findings: tuple[Finding, ...]
    features: PartFeatures | None = None
    """Measured on demand."""
