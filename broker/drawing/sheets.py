"""A sheet from above, to scale: its grain and clamps, parts in their lots' colours, what goes back to stock hatched."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from broker.drawing.hatching import hatched
from broker.drawing.ink import GREY, colour, number, svg, text
from broker.drawing.pieces import piece
from broker.drawing.scale import grid_step, scale_bar

Floats = NDArray[np.float64]
WOOD = "#a8845a"
KEPT = "#2e9a63"
GRAIN_LINES = 34
NO_GRAIN, ALONG_X, ALONG_Y = 0, 1, 2
"""A sheet's grain: none, along x, along y."""


def sheet_svg(
    sheet: Floats,
    outlines: Sequence[Floats],
    labels: Sequence[str],
    groups: Sequence[int] | None = None,
    *,
    margin_mm: float = 0.0,
    grain: int = NO_GRAIN,
    clamps: Sequence[Floats] = (),
    offcuts: Sequence[Sequence[float]] = (),
    title: str = "Sheet",
    width_px: int = 640,
) -> str:
    """SVG of a sheet, y up as on the machine.

    Parameters
    ----------
    sheet
        Outline `[k, 2]` float64, mm.
    outlines
        A polygon `[k, 2]` float64 for each part, mm, where it lies on the sheet.
    labels
        A word for each part; long ones are cut to its width. Escaped.
    groups
        A number for each part: the same number, the same colour. None: all alike.
    grain
        0: none, 1: along x, 2: along y.
    clamps
        Polygons `[k, 2]` float64, mm.
    offcuts
        x0, y0, x1, y1 of each rectangle that goes back to stock.
    """
    low = sheet.min(axis=0)
    width, depth = (float(size) for size in np.ptp(sheet, axis=0))
    step, font = grid_step(width, depth), max(width, depth) / 42
    edge = 1.2 * font
    whole = shapely.Polygon(sheet - low)
    body = [f'<g transform="translate({number(edge)} {number(edge)})">']
    body += _board(whole, margin_mm, grain, depth, font)
    for box in offcuts:
        body += _offcut([float(v) - float(low[k % 2]) for k, v in enumerate(box)], depth, font)
    for place, (outline, label) in enumerate(zip(outlines, labels, strict=True)):
        body += piece(outline - low, label, colour(groups[place] if groups is not None else 0), depth, font)
    for clamp in clamps:
        body += _clamp(clamp - low, depth, font)
    body += [*scale_bar(width, depth, step, font), "</g>"]
    return svg(width + 2 * edge, depth + 2 * edge + 1.8 * font, title, body, width_px=width_px)


def _board(whole: shapely.Polygon, margin_mm: float, grain: int, depth: float, font: float) -> list[str]:
    fill = GREY if grain == NO_GRAIN else WOOD
    drawn = [
        f'<path d="{_path(whole, depth)}" fill="{fill}" fill-opacity="0.13" stroke="{GREY}"'
        f' stroke-width="{number(font / 7)}" stroke-linejoin="round"/>'
    ]
    if grain != NO_GRAIN:
        drawn.append(
            f'<path d="{_grain(whole, grain, depth)}" fill="none" stroke="{WOOD}" stroke-opacity="0.55"'
            f' stroke-width="{number(font / 14)}" stroke-linecap="round"/>'
        )
    if margin_mm > 0:
        inside = shapely.buffer(whole, -margin_mm, join_style="mitre")
        drawn.append(
            f'<path d="{_path(inside, depth)}" fill="none" stroke="{GREY}" stroke-width="{number(font / 20)}"'
            f' stroke-dasharray="{number(font / 2)}"/>'
        )
    return drawn


def _grain(whole: shapely.Polygon, grain: int, depth: float) -> str:
    """Long waves with gaps, as on a planed board; the same on every drawing."""
    x0, y0, x1, y1 = whole.bounds
    length, across = (x1 - x0, y1 - y0) if grain == ALONG_X else (y1 - y0, x1 - x0)
    pitch = max(length, across) / GRAIN_LINES
    rng = np.random.default_rng(1)
    along = np.linspace(0.0, length, 25)
    lines = []
    for line in range(1, int(across / pitch) + 1):
        bend = np.sin(along / length * rng.uniform(3, 8) + rng.uniform(0, 6)) * pitch * rng.uniform(0.05, 0.22)
        at = (line - 0.5 + rng.uniform(-0.2, 0.2)) * pitch + bend
        points = np.stack([along, at] if grain == ALONG_X else [at, along], axis=1)
        first, last = np.sort(rng.integers(3, 22, 2))
        lines += [points[: first + 1], points[min(first + 2, 23) : last + 2], points[min(last + 3, 23) :]]
    drawn = shapely.intersection(whole, shapely.MultiLineString([line for line in lines if len(line) > 1]))
    return _path(drawn, depth)


def _offcut(box: list[float], depth: float, font: float) -> list[str]:
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    x, y = x0, depth - y1
    label, words = f"{width:.0f} × {height:.0f}", []
    size = min(font, height * 0.7, width / (0.6 * len(label)))
    wide = 0.6 * size * len(label)
    if size > font / 3:
        # A plate for the words, that hatching doesn't strike them through.
        words = [
            f'<rect x="{number(x + width / 2 - wide / 2)}" y="{number(y + height / 2 - size * 0.7)}"'
            f' width="{number(wide)}" height="{number(size * 1.4)}" rx="{number(size / 4)}" fill="{KEPT}"/>',
            text(x + width / 2, y + height / 2 + size * 0.33, label, size=size * 0.9, fill="#ffffff", anchor="middle"),
        ]
    return [
        f'<path d="{hatched(x, y, width, height, font * 1.1)}" fill="none" stroke="{KEPT}" stroke-opacity="0.6"'
        f' stroke-width="{number(font / 12)}"/>',
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}" fill="{KEPT}"'
        f' fill-opacity="0.12" stroke="{KEPT}" stroke-width="{number(font / 9)}"/>',
        *words,
    ]


def _clamp(clamp: Floats, depth: float, font: float) -> list[str]:
    polygon = shapely.Polygon(clamp)
    spot, radius = polygon.representative_point(), min(np.ptp(clamp, axis=0)) / 5
    return [
        f'<path d="{_path(polygon, depth)}" fill="{GREY}" stroke="{GREY}" stroke-width="{number(font / 9)}"'
        f' stroke-linejoin="round"/>',
        f'<circle cx="{number(spot.x)}" cy="{number(depth - spot.y)}" r="{number(radius)}" fill="#ffffff"'
        ' fill-opacity="0.85"/>',
    ]


def _path(shape: BaseGeometry, depth: float) -> str:
    """Path data of polygons' edges and of lines, y down."""
    drawn = ""
    for part in shapely.get_parts(shape):
        rings = shapely.get_rings(part) if part.geom_type == "Polygon" else [part]
        for ring in rings:
            points = [f"{number(x)} {number(depth - y)}" for x, y in shapely.get_coordinates(ring).tolist()]
            drawn += f"M{'L'.join(points)}" + ("Z" if part.geom_type == "Polygon" else "")
    return drawn
