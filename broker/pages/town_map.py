"""Where the workshops are, as a drawing of our own: no map service learns who looks."""

from collections.abc import Sequence
from html import escape
from math import cos, radians

from broker.drawing.ink import GREY, number, svg, text
from broker.pages.shops import Shop

_WIDTH, _HEIGHT, _EDGE = 640.0, 300.0, 60.0
_KM_PER_DEGREE = 111.2
_SMALLEST_KM = 20.0
"""Shown across at least, so that neighbours don't seem a continent apart."""
_ACCENT = "#2e9a63"


def town_map(shops: Sequence[Shop]) -> str | None:
    """SVG, north up, distances true near the middle latitude; None if no shop says where it is."""
    placed = [(shop, shop.position) for shop in shops if shop.position is not None]
    if not placed:
        return None
    middle = sum(position[0] for _, position in placed) / len(placed)
    east = [position[1] * _KM_PER_DEGREE * cos(radians(middle)) for _, position in placed]
    north = [position[0] * _KM_PER_DEGREE for _, position in placed]
    scale = min(
        (_WIDTH - 2 * _EDGE) / max(max(east) - min(east), _SMALLEST_KM),
        (_HEIGHT - 2 * _EDGE) / max(max(north) - min(north), _SMALLEST_KM),
    )
    centre = ((max(east) + min(east)) / 2, (max(north) + min(north)) / 2)
    body = [f'<rect width="{number(_WIDTH)}" height="{number(_HEIGHT)}" rx="8" fill="{GREY}" fill-opacity="0.08"/>']
    for (shop, _), x_km, y_km in zip(placed, east, north, strict=True):
        x = _WIDTH / 2 + (x_km - centre[0]) * scale
        y = _HEIGHT / 2 - (y_km - centre[1]) * scale
        body += _spot(shop, x, y)
    body += _scale_bar(scale)
    return svg(_WIDTH, _HEIGHT, "Workshops on the map", body, width_px=int(_WIDTH))


def _spot(shop: Shop, x: float, y: float) -> list[str]:
    return [
        f'<circle cx="{number(x)}" cy="{number(y)}" r="7" fill="{_ACCENT}"><title>{escape(shop.name)}</title></circle>',
        text(x, y - 14, shop.place or shop.name, size=15, anchor="middle"),
    ]


def _scale_bar(scale: float) -> list[str]:
    """`scale`: drawing units per km."""
    length_km = max(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if step == 1 or step * scale <= 140)
    path = f"M20 {number(_HEIGHT - 20)}h{number(length_km * scale)}"
    return [
        f'<path d="{path}" stroke="{GREY}" stroke-width="2" fill="none"/>',
        text(20, _HEIGHT - 28, f"{length_km} km", size=13),
    ]
