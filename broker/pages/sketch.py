"""A part's outline as seen from above, small."""

from broker.drawing.ink import colour, number, svg
from slicer_bridge.facts import PartFacts, Polygon

_MARGIN = 0.06
_WIDTH_PX = 104


def sketch(name: str, facts: PartFacts) -> str:
    """SVG of the drawing with its holes, or of the shadow of the mesh as it lies on the bed."""
    if facts.drawing is not None:
        rings: tuple[Polygon, ...] = (facts.drawing.outline, *facts.drawing.holes)
    else:
        rings = tuple(orientation.outline for orientation in facts.mesh.orientations[:1]) if facts.mesh else ()
    points = [point for ring in rings for point in ring]
    if not points:
        return svg(1, 1, name, [], width_px=_WIDTH_PX)
    x0, y0 = min(x for x, _ in points), min(y for _, y in points)
    x1, y1 = max(x for x, _ in points), max(y for _, y in points)
    side = max(x1 - x0, y1 - y0, 1e-6)
    edge = side * _MARGIN
    left, top = edge + (side - (x1 - x0)) / 2 - x0, edge + (side - (y1 - y0)) / 2 + y1
    path = "".join(_ring(ring, left, top) for ring in rings if ring)
    drawn = f'<path d="{path}" fill="{colour(0)}" fill-opacity="0.85" fill-rule="evenodd"/>'
    return svg(side + 2 * edge, side + 2 * edge, f"Outline of {name}", [drawn], width_px=_WIDTH_PX)


def _ring(ring: Polygon, left: float, top: float) -> str:
    """y down, as SVG has it."""
    return "M" + "L".join(f"{number(left + x)} {number(top - y)}" for x, y in ring) + "Z"
