"""Runs on the rows of a network's chart: one by one, or as strokes where there are too many to tell apart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broker.drawing.hatching import hatched
from broker.drawing.ink import ALARM, GREY, number, tone
from broker.drawing.rows import Frame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

HATCH = 4.0
MOST_STROKES = 60_000
"""Of a whole chart; gaps are closed until they are no more."""
FARTHEST = 1000.0


@dataclass(frozen=True, slots=True)
class Runs:
    machine: Ints
    """[R]"""
    begin_s: Floats
    """[R] the change before the run begins."""
    start_s: Floats
    """[R]"""
    end_s: Floats
    """[R]"""
    family: Ints
    """[R] in 0..F-1."""
    late: Bools
    """[R] something of it misses its due time."""


def bars(frame: Frame, runs: Runs) -> list[str]:
    """A rectangle each, its change hatched before it, and a red flag on what is late."""
    rows = frame.rows
    x = frame.xs(np.stack([runs.begin_s, runs.start_s, runs.end_s], axis=1))
    drawn: list[str] = []
    flags: list[str] = []
    inset = rows.row * 0.14
    for run, (begin, start, end) in enumerate(x.tolist()):
        top, height = frame.y + float(rows.top[runs.machine[run]]) + inset, rows.row - 2 * inset
        fill, opacity = tone(int(runs.family[run]))
        drawn += _change(begin, start, top, height, fill)
        drawn.append(
            f'<rect x="{number(start)}" y="{number(top)}" width="{number(max(end - start, 0.6))}"'
            f' height="{number(height)}" rx="{number(min(2.0, (end - start) / 4))}" fill="{fill}"'
            f' fill-opacity="{opacity}" stroke="{fill}" stroke-width="0.6"/>'
        )
        if runs.late[run]:
            side = min(rows.row * 0.42, end - start)
            flags.append(f"M{number(end)} {number(top)}h{number(-side)}l{number(side)} {number(side)}z")
            flags.append(f"M{number(end - 2)} {number(top)}h2v{number(height)}h-2z")
    return drawn + ([f'<path d="{"".join(flags)}" fill="{ALARM}"/>'] if flags else [])


def _change(begin: float, start: float, top: float, height: float, fill: str) -> list[str]:
    if start - begin < 0.3:
        return []
    lines = hatched(begin, top, start - begin, height, HATCH)
    return [
        f'<path d="M{number(begin)} {number(top)}H{number(start)}v{number(height)}H{number(begin)}z" fill="{fill}"'
        f' fill-opacity="0.16" stroke="{fill}" stroke-width="0.5"/>',
        f'<path d="{lines}" fill="none" stroke="{fill}" stroke-width="1.1"/>' if lines else "",
    ]


def strokes(frame: Frame, runs: Runs) -> list[str]:
    """A path a family; changes grey under them; ends of what is late red over them."""
    rows = frame.rows
    seen = ~np.isnan(rows.top[runs.machine])
    middle = frame.y + rows.top[runs.machine[seen]] + rows.row / 2
    begin, start, end = (frame.xs(times[seen]) for times in (runs.begin_s, runs.start_s, runs.end_s))
    lines = [(middle, begin, start)]
    kinds = [(GREY, 0.75)]
    look = [tone(one) for one in runs.family[seen].tolist()]
    for one in sorted(set(look)):
        mine = np.array([other == one for other in look])
        lines.append((middle[mine], start[mine], end[mine]))
        kinds.append(one)
    flagged = runs.late[seen]
    lines.append((middle[flagged], end[flagged] - 1.2, end[flagged]))
    kinds.append((ALARM, 1.0))
    thick = rows.row - min(1.0, rows.row * 0.15)
    return [_strokes(some, *kind, thick) for some, kind in zip(_joined(lines), kinds, strict=True) if len(some)]


def _joined(lines: list[tuple[Floats, Floats, Floats]]) -> list[Floats]:
    """[n, 3] y, x0, x1: level strokes of each kind; those that no pixel, or not enough of them, parts are one."""
    apart = 0.35
    while True:
        found = [_closed(*some, apart) for some in lines]
        if sum(len(some) for some in found) <= MOST_STROKES or apart > FARTHEST:
            return found
        apart *= 1.5


def _closed(y: Floats, x0: Floats, x1: Floats, apart: float) -> Floats:
    order = np.lexsort((x0, y))
    y, x0, x1 = y[order], x0[order], x1[order]
    new = np.ones(len(y), dtype=np.bool_)
    new[1:] = (y[1:] != y[:-1]) | (x0[1:] > x1[:-1] + apart)
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(y))[: len(first)] - 1
    return np.stack([y[first], x0[first], np.maximum(x1[last], x0[first] + 0.4)], axis=1)


def _strokes(lines: Floats, colour: str, opacity: float, thick: float) -> str:
    path = "".join(f"M{x0:.1f} {number(y)}h{x1 - x0:.1f}" for y, x0, x1 in lines.tolist())
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-opacity="{opacity}" stroke-width="{number(thick)}"/>'
