"""Slanting lines within a rectangle, as a path of their own: patterns need names, and a page has many drawings."""

from broker.drawing.ink import number


def hatched(x: float, y: float, width: float, height: float, step: float, *, rising: bool = True) -> str:
    """Path data of lines at 45 degrees, `step` apart along x; the same lines whatever rectangle they are cut to."""
    drawn = []
    # A rising line is x + y = c, a falling one x - y = c.
    low = x + y if rising else x - y - height
    c = -(-low // step) * step
    while c <= low + width + height:
        if rising:
            x0, x1 = max(x, c - y - height), min(x + width, c - y)
            y0, y1 = c - x0, c - x1
        else:
            x0, x1 = max(x, c + y), min(x + width, c + y + height)
            y0, y1 = x0 - c, x1 - c
        if x1 > x0:
            drawn.append(f"M{number(x0)} {number(y0)}L{number(x1)} {number(y1)}")
        c += step
    return "".join(drawn)
