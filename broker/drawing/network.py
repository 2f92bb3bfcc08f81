"""A Gantt chart of a whole network: machines as rows by workshop, runs by family, changes of people hatched.

A few machines have names and words; of many, each row is two pixels high, and what can't be told apart is drawn as one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from broker.drawing.bars import Runs, bars, strokes
from broker.drawing.gantt import STEPS_S, duration
from broker.drawing.ground import blocked, shaded
from broker.drawing.ink import GREY, number, svg, text
from broker.drawing.key import families, key, signs
from broker.drawing.rows import Frame, Rows, rows_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NAMES = 170.0
EDGE = 14.0
WIDTH = 1200.0
HEAD = 26.0
MOST_BARS = 1500
"""Runs that are drawn one by one."""


@dataclass(frozen=True, slots=True)
class Chart:
    """M machines, W workshops, R runs, F families; seconds from the plan's zero."""

    machine_workshop: Ints
    """[M]"""
    runs: Runs
    shift_workshop: Ints
    """[A]"""
    shift_s: Floats
    """[A, 2] from, until: somebody is there."""
    block_machine: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """[B]"""
    block_s: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    """[B, 2] from, until: the machine is taken."""
    machine_names: Sequence[str] = ()
    """Empty: machines are numbered."""
    workshop_names: Sequence[str] = ()
    family_names: Sequence[str] = ()
    now_s: float | None = None


def network_svg(chart: Chart, *, title: str = "Plan of the network", width_px: int = 1200) -> str:
    """SVG, words escaped; a few megabytes at most, however large the plan.

    Raises
    ------
    IndexError
        A run or a blocked time is on no machine.
    """
    _check(chart)
    rows = rows_of(chart.machine_workshop)
    left = NAMES if rows.named else EDGE
    low, high = _span(chart)
    frame = Frame(rows, HEAD, left, low, high, (WIDTH - left - EDGE) / (high - low))
    body = shaded(frame, chart.shift_workshop, chart.shift_s)
    body += _axis(frame)
    body += _names(chart, rows) if rows.named else []
    body += blocked(frame, chart.block_machine, chart.block_s)
    one_by_one = rows.named and len(chart.runs.machine) <= MOST_BARS
    body += (bars if one_by_one else strokes)(frame, chart.runs)
    if chart.now_s is not None:
        body += _now(frame.x(chart.now_s), HEAD + rows.height)
    marks = families(chart.runs.family, chart.family_names)
    marks += signs(chart.runs.late, chart.block_s, hatching=one_by_one)
    below, height = key(marks, WIDTH)
    body += [f'<g transform="translate(0 {number(HEAD + rows.height + 14)})">', *below, "</g>"]
    body += _more(rows, len(chart.machine_workshop))
    return svg(WIDTH, HEAD + rows.height + 20 + height, title, body, width_px=width_px)


def _check(chart: Chart) -> None:
    machines = len(chart.machine_workshop)
    for name, array in (("run", chart.runs.machine), ("blocked time", chart.block_machine)):
        wrong = np.flatnonzero((array < 0) | (array >= machines))
        if wrong.size:
            raise IndexError(f"{name} {wrong[0]} is on machine {array[wrong[0]]} of {machines}")


def _span(chart: Chart) -> tuple[float, float]:
    """From the plan's zero, or what comes before it, to the last end."""
    low = min(0.0, float(chart.runs.begin_s.min(initial=0.0)))
    now = low if chart.now_s is None else chart.now_s
    return low, max(low + 1.0, now, float(chart.runs.end_s.max(initial=low + 1.0)))


def _axis(frame: Frame) -> list[str]:
    low, high, bottom = frame.low_s, frame.high_s, HEAD + frame.rows.height
    step = next((s for s in STEPS_S if (high - low) / s <= 16), (high - low) / 16)
    drawn = []
    tick = -(-low // step) * step
    while tick <= high:
        x = frame.x(tick)
        drawn.append(f'<path d="M{number(x)} {number(HEAD - 4)}V{number(bottom)}" stroke="{GREY}" opacity="0.3"/>')
        drawn.append(text(x, HEAD - 9, duration(tick), size=10, anchor="middle"))
        tick += step
    return drawn


def _names(chart: Chart, rows: Rows) -> list[str]:
    drawn = []
    for machine, y in enumerate(rows.top.tolist()):
        name = chart.machine_names[machine] if chart.machine_names else f"machine {machine + 1}"
        size = min(11.0, rows.row * 0.8)
        drawn.append(text(NAMES - 10, HEAD + y + rows.row / 2 + size * 0.36, _cut(name), size=size, anchor="end"))
    for workshop, y in zip(rows.workshop.tolist(), rows.group_top.tolist(), strict=True):
        name = chart.workshop_names[workshop] if chart.workshop_names else f"Workshop {workshop + 1}"
        drawn.append(
            f'<path d="M{number(EDGE)} {number(HEAD + y + 2)}H{number(WIDTH - EDGE)}" stroke="{GREY}" opacity="0.5"/>'
        )
        drawn.append(text(EDGE, HEAD + y + 14.5, _cut(name), size=11.5))
    return drawn


def _cut(name: str) -> str:
    return name if len(name) <= 26 else name[:25] + "…"


def _now(x: float, bottom: float) -> list[str]:
    return [
        f'<path d="M{number(x)} {number(HEAD - 4)}V{number(bottom)}" stroke="{GREY}" stroke-width="1.5"'
        ' stroke-dasharray="5 3"/>',
        text(x, bottom + 10, "now", size=9.5, anchor="middle"),
    ]


def _more(rows: Rows, machines: int) -> list[str]:
    shown = int(np.isfinite(rows.top).sum())
    if shown == machines:
        return []
    words = f"{machines - shown} machines more"
    return [text(WIDTH - EDGE, HEAD + rows.height + 10, words, size=9.5, anchor="end")]
