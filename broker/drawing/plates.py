"""A plate from above, to scale: its bed with a grid, the usable area, every piece in its line's colour."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from broker.drawing.ink import GREY, colour, number, svg, text

Floats = NDArray[np.float64]
STEPS_MM = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
"""Of the grid; a scale bar is five of them at most."""


def plate_svg(
    size_mm: tuple[float, float],
    usable_mm: Sequence[float],
    outlines: Sequence[Floats],
    labels: Sequence[str],
    groups: Sequence[int] | None = None,
    *,
    title: str = "Plate",
    width_px: int = 640,
) -> str:
    """SVG of a plate, y up as on the machine.

    Parameters
    ----------
    size_mm
        Width and depth of the bed or sheet; its corner at (0, 0).
    usable_mm
        x0, y0, x1, y1 that pieces must keep to.
    outlines
        A polygon `[k, 2]` float64 for each piece, mm, where it lies on the bed.
    labels
        A word for each piece; long ones are cut to its width. Escaped.
    groups
        A number for each piece: the same number, the same colour. None: all alike.
    """
    width, depth = size_mm
    step = next((s for s in STEPS_MM if max(width, depth) / s <= 30), STEPS_MM[-1])
    font = max(width, depth) / 42
    margin = 1.2 * font
    body = [f'<g transform="translate({number(margin)} {number(margin)})">', *_bed(width, depth, usable_mm, step)]
    for place, (outline, label) in enumerate(zip(outlines, labels, strict=True)):
        body += _piece(outline, label, colour(groups[place] if groups is not None else 0), depth, font)
    body += [*_scale_bar(width, depth, step, font), "</g>"]
    return svg(width + 2 * margin, depth + 2 * margin + 1.8 * font, title, body, width_px=width_px)


def _bed(width: float, depth: float, usable_mm: Sequence[float], step: int) -> list[str]:
    lines = "".join(f"M{x} 0V{number(depth)}" for x in range(step, int(np.ceil(width)), step))
    lines += "".join(f"M0 {number(depth - y)}H{number(width)}" for y in range(step, int(np.ceil(depth)), step))
    stroke = number(max(width, depth) / 900)
    x0, y0, x1, y1 = (float(value) for value in usable_mm)
    return [
        f'<rect width="{number(width)}" height="{number(depth)}" fill="{GREY}" fill-opacity="0.08" stroke="{GREY}"'
        f' stroke-width="{number(max(width, depth) / 300)}"/>',
        f'<path d="{lines}" fill="none" stroke="{GREY}" stroke-opacity="0.3" stroke-width="{stroke}"/>',
        f'<rect x="{number(x0)}" y="{number(depth - y1)}" width="{number(x1 - x0)}" height="{number(y1 - y0)}"'
        f' fill="none" stroke="{GREY}" stroke-width="{stroke}" stroke-dasharray="{number(step / 4)}"/>',
    ]


def _piece(outline: Floats, label: str, fill: str, depth: float, font: float) -> list[str]:
    points = " ".join(f"{number(x)},{number(depth - y)}" for x, y in outline.tolist())
    drawn = [
        f'<polygon points="{points}" fill="{fill}" fill-opacity="0.85" stroke="{fill}"'
        f' stroke-width="{number(font / 12)}" stroke-linejoin="round"/>'
    ]
    # Inside even a ring or an angle, where the middle of the box lies beside the part.
    spot = shapely.Polygon(outline).representative_point()
    room = float(np.ptp(outline[:, 0]))
    size = min(font, float(np.ptp(outline[:, 1])) * 0.6)
    letters = int(room / (0.58 * size)) if size > font / 4 else 0
    shown = label if len(label) <= letters else label[: max(letters - 1, 0)] + "…"
    if label and letters >= min(len(label), 2):
        drawn.append(text(spot.x, depth - spot.y + size * 0.35, shown, size=size, fill="#ffffff", anchor="middle"))
    return drawn


def _scale_bar(width: float, depth: float, step: int, font: float) -> list[str]:
    length = step * max(1, min(5, int(width / step / 2)))
    y = depth + 1.1 * font
    tick = font / 3
    path = f"M0 {number(y - tick)}v{number(2 * tick)}M0 {number(y)}h{length}m0 {number(-tick)}v{number(2 * tick)}"
    return [
        f'<path d="{path}" fill="none" stroke="{GREY}" stroke-width="{number(font / 9)}"/>',
        text(length + font / 2, y + font * 0.35, f"{length} mm", size=font),
        text(width, y + font * 0.35, f"{number(width)} × {number(depth)} mm", size=font, anchor="end"),
    ]
