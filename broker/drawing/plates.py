"""A plate from above, to scale: its bed with a grid, the usable area, every piece in its line's colour."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from broker.drawing.ink import GREY, colour, number, svg
from broker.drawing.pieces import piece
from broker.drawing.scale import grid_step, scale_bar

Floats = NDArray[np.float64]


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
    step = grid_step(width, depth)
    font = max(width, depth) / 42
    margin = 1.2 * font
    body = [f'<g transform="translate({number(margin)} {number(margin)})">', *_bed(width, depth, usable_mm, step)]
    for place, (outline, label) in enumerate(zip(outlines, labels, strict=True)):
        body += piece(outline, label, colour(groups[place] if groups is not None else 0), depth, font)
    body += [*scale_bar(width, depth, step, font), "</g>"]
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
