"""What colours and marks of a network's chart mean, in lines below it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from broker.drawing.hatching import hatched
from broker.drawing.ink import ALARM, GREY, number, text, tone

LINE, SWATCH, EDGE = 18.0, 14.0, 14.0
MOST_FAMILIES = 24
Mark = tuple[list[str], str]
"""What is drawn at the origin, and its words."""


def families(family: NDArray[np.int64], names: Sequence[str]) -> list[Mark]:
    """Those that runs have."""
    return [([_box(*tone(one))], _name(one, names)) for one in np.unique(family)[:MOST_FAMILIES].tolist()]


def signs(late: NDArray[np.bool_], block_s: NDArray[np.float64], *, hatching: bool) -> list[Mark]:
    """What else there is; without `hatching` as plain as where rows are low."""
    lines = _lines(hatched(0, 0, SWATCH, 10, 4)) if hatching else _box(GREY, 0.75)
    marks = [([_box(GREY, 0.15), lines], "change by a person"), ([_box(GREY, 0.28)], "somebody there")]
    if len(block_s):
        crossed = _lines(hatched(0, 0, SWATCH, 10, 5) + hatched(0, 0, SWATCH, 10, 5, rising=False))
        marks.append(([_box(GREY, 0.38), crossed if hatching else ""], "machine taken"))
    if late.any():
        flag = f"M{number(SWATCH)} 0h-7l7 7zM{number(SWATCH - 1.4)} 0h1.4v10h-1.4z" if hatching else "M5 0h3v10h-3z"
        marks.append(([f'<path d="{flag}" fill="{ALARM}"/>'], "misses its due time"))
    return marks


def key(marks: Sequence[Mark], width: float) -> tuple[list[str], float]:
    """Marks in lines, from (0, 0) down, and their height."""
    drawn: list[str] = []
    x, y = EDGE, 0.0
    for shapes, words in marks:
        needed = SWATCH + 7 + 5.9 * len(words) + 18
        if x > EDGE and x + needed > width - EDGE:
            x, y = EDGE, y + LINE
        drawn += [f'<g transform="translate({number(x)} {number(y)})">', *shapes]
        drawn += [text(SWATCH + 7, 9, words, size=10.5), "</g>"]
        x += needed
    return drawn, y + LINE


def _lines(path: str) -> str:
    return f'<path d="{path}" stroke="{GREY}" fill="none"/>'


def _box(fill: str, opacity: float) -> str:
    return f'<rect width="{number(SWATCH)}" height="10" rx="2" fill="{fill}" fill-opacity="{opacity}"/>'


def _name(family: int, names: Sequence[str]) -> str:
    return names[family][:32] if names else f"family {family + 1}"
