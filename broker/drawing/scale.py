"""How long a millimetre is: the grid's step, and a bar below the drawing."""

from broker.drawing.ink import GREY, number, text

STEPS_MM = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
"""Of the grid; a scale bar is five of them at most."""


def grid_step(width: float, depth: float) -> int:
    return next((s for s in STEPS_MM if max(width, depth) / s <= 30), STEPS_MM[-1])


def scale_bar(width: float, depth: float, step: int, font: float) -> list[str]:
    """Below a drawing of `width` × `depth`, with its size."""
    length = step * max(1, min(5, int(width / step / 2)))
    y = depth + 1.1 * font
    tick = font / 3
    path = f"M0 {number(y - tick)}v{number(2 * tick)}M0 {number(y)}h{length}m0 {number(-tick)}v{number(2 * tick)}"
    return [
        f'<path d="{path}" fill="none" stroke="{GREY}" stroke-width="{number(font / 9)}"/>',
        text(length + font / 2, y + font * 0.35, f"{length} mm", size=font),
        text(width, y + font * 0.35, f"{number(width)} × {number(depth)} mm", size=font, anchor="end"),
    ]
