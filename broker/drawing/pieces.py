"""A part where it lies, with as much of its name as it has room for."""

import numpy as np
import shapely
from numpy.typing import NDArray

from broker.drawing.ink import number, text

Floats = NDArray[np.float64]


def piece(outline: Floats, label: str, fill: str, depth: float, font: float) -> list[str]:
    """`outline[k, 2]`, mm, y up from the low edge of a drawing that is `depth` high."""
    points = " ".join(f"{number(x)},{number(depth - y)}" for x, y in outline.tolist())
    drawn = [
        f'<polygon points="{points}" fill="{fill}" fill-opacity="0.85" stroke="{fill}"'
        f' stroke-width="{number(font / 12)}" stroke-linejoin="round"/>'
    ]
    x, y, room = _widest(shapely.Polygon(outline))
    size = min(font, float(np.ptp(outline[:, 1])) * 0.6)
    letters = int(room / (0.58 * size)) if size > font / 4 else 0
    shown = label if len(label) <= letters else label[: max(letters - 1, 0)] + "…"
    if label and letters >= min(len(label), 2):
        drawn.append(text(x, depth - y + size * 0.35, shown, size=size, fill="#ffffff", anchor="middle"))
    return drawn


def _widest(polygon: shapely.Polygon) -> tuple[float, float, float]:
    """Middle and length of a level line inside even a ring or an angle, where the middle of its box lies beside it."""
    x0, _, x1, _ = polygon.bounds
    spot = polygon.representative_point()
    level = shapely.intersection(polygon, shapely.LineString([(x0, spot.y), (x1, spot.y)]))
    longest = max(shapely.get_parts(level), key=shapely.length, default=level)
    left, _, right, _ = longest.bounds if not longest.is_empty else (spot.x, spot.y, spot.x, spot.y)
    return (left + right) / 2, spot.y, right - left
