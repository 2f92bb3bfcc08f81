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
class Hole:
    """A connected piece of a mesh's rim: where facets are missing."""

    place: tuple[float, float, float]
    """Middle of its corners, mm, in the normalised file."""
    edges: int
    length_mm: float


@dataclass(frozen=True, slots=True)
class MeshFacts:
    triangles: int
    bodies: int
    """Facets that share an edge are of one body; the shell of a void counts too."""
    watertight: bool
    """Every edge joins exactly two facets, which agree on the outside."""
    volume_mm3: float
    """Bodies that overlap are counted once. A guess unless the mesh is closed."""
    area_mm2: float
    """Of the surface; what lies inside another body doesn't count."""
    size_mm: tuple[float, float, float]
    orientations: tuple[Orientation, ...]
    """Best first; the first is the default."""
    open_edges: int = 0
    """Edges of a single facet."""
    nonmanifold_edges: int = 0
    """Edges of three facets or more."""
    turned_facets: int = 0
    """Facets that disagree with most of their body on which side is out."""
    duplicate_facets: int = 0
    """Facets on the same three corners as another, counted beyond the first."""
    holes: tuple[Hole, ...] = ()
    """The longest first; at most as many as `meshes.defects.HOLES`."""
    overlap_mm3: float = 0.0
    """What adding up the bodies would count too much."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What a repair did to a mesh; facets are told apart by their corners."""

    facets_before: int
    facets_after: int
    facets_removed: int
    facets_added: int
    facets_turned: int
    doubles_removed: int
    seam_edges_joined: int
    holes_closed: int
    scraps_dropped: int
    """Small bodies that stayed open."""
    bodies_united: int
    volume_before_mm3: float
    """A guess if it was open."""
    volume_after_mm3: float
    area_before_mm2: float
    area_after_mm2: float
    moved_mm: float
    """Furthest from a corner that is gone to the nearest one that is there now."""
    watertight: bool


@dataclass(frozen=True, slots=True)
class ClosedContour:
    """One closed line of a drawing: `depth` contours lie around it, so odd ones are holes."""

    depth: int
    length_mm: float
    area_mm2: float
    circle: tuple[float, float, float] | None
    """Centre x and y, from the drawing's low corner, and diameter; None for any other shape."""
    handles: tuple[str, ...]
    """Names of the first of its entities in the file."""


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
    """Of the curves along which a tool turns inside; None without any. Sharp corners, whose radius is 0, are counted
    in `sharp_inside_corners` instead."""
    sharp_inside_corners: int = 0
    closed: tuple[ClosedContour, ...] = ()
    """Outermost and largest first."""


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
