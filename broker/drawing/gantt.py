"""A Gantt chart: a row a machine, a bar for each stretch of its time."""

from collections.abc import Sequence
from dataclasses import dataclass

from broker.drawing.ink import GREY, colour, number, svg, text

ROW = 26.0
NAMES = 150.0
CHART = 760.0
HEAD = 22.0
STEPS_S = (1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 2 * 86400, 7 * 86400, 28 * 86400)


@dataclass(frozen=True, slots=True)
class Bar:
    """From `start_s` to `end_s` on one machine's row; the same group has the same colour."""

    machine: int
    start_s: float
    end_s: float
    label: str
    group: int = 0
    setup_s: float = 0.0
    """Of a person, just before the start; drawn thin."""


def gantt_svg(
    machines: Sequence[str],
    bars: Sequence[Bar],
    *,
    now_s: float | None = None,
    title: str = "Plan",
    width_px: int = 960,
) -> str:
    """SVG of the bars on their machines' rows; times in seconds from the plan's zero, names and labels escaped.

    Raises
    ------
    IndexError
        A bar stands on a machine that has no row.
    """
    low = min([0.0, *(bar.start_s - bar.setup_s for bar in bars)])
    high = max([low + 1.0, *(bar.end_s for bar in bars), *([] if now_s is None else [now_s])])
    scale = CHART / (high - low)
    height = HEAD + ROW * len(machines)
    body = _frame(machines, low, high, scale, height)
    for bar in bars:
        if not 0 <= bar.machine < len(machines):
            raise IndexError(f"bar {bar.label!r} is on machine {bar.machine} of {len(machines)}")
        body += _bar(bar, low, scale)
    if now_s is not None:
        x = number(NAMES + (now_s - low) * scale)
        body.append(f'<path d="M{x} {number(HEAD - 6)}V{number(height)}" stroke="#c2394f" stroke-width="1.5"/>')
    return svg(NAMES + CHART + 20, height + 10, title, body, width_px=width_px)


def _frame(machines: Sequence[str], low: float, high: float, scale: float, height: float) -> list[str]:
    step = next((s for s in STEPS_S if (high - low) / s <= 10), (high - low) / 10)
    drawn = []
    tick = -(-low // step) * step
    while tick <= high:
        x = NAMES + (tick - low) * scale
        drawn.append(
            f'<path d="M{number(x)} {number(HEAD - 4)}V{number(height)}" stroke="{GREY}" stroke-opacity="0.3"/>'
        )
        drawn.append(text(x, HEAD - 8, duration(tick), size=10, anchor="middle"))
        tick += step
    for row, name in enumerate(machines):
        y = HEAD + row * ROW
        drawn.append(text(NAMES - 10, y + ROW * 0.65, cut(name, 24), size=11, anchor="end"))
        drawn.append(f'<path d="M{number(NAMES)} {number(y + ROW)}h{number(CHART)}" stroke="{GREY}" opacity="0.3"/>')
    return drawn


def _bar(bar: Bar, low: float, scale: float) -> list[str]:
    x, width = NAMES + (bar.start_s - low) * scale, max(0.0, (bar.end_s - bar.start_s) * scale)
    y, fill = HEAD + bar.machine * ROW, colour(bar.group)
    drawn = []
    if bar.setup_s > 0:
        setup = bar.setup_s * scale
        drawn.append(
            f'<rect x="{number(x - setup)}" y="{number(y + 10)}" width="{number(setup)}" height="{number(ROW - 20)}"'
            f' fill="{GREY}"/>'
        )
    drawn.append(
        f'<rect x="{number(x)}" y="{number(y + 4)}" width="{number(width)}" height="{number(ROW - 8)}" rx="2.5"'
        f' fill="{fill}" fill-opacity="0.85" stroke="{fill}"/>'
    )
    letters = int((width - 6) / 5.8)
    if bar.label and letters >= min(len(bar.label), 3):
        drawn.append(text(x + 4, y + ROW * 0.64, cut(bar.label, letters), size=10, fill="#ffffff"))
    return drawn


def cut(words: str, letters: int) -> str:
    """No longer than so many letters."""
    return words if len(words) <= letters else words[: max(letters - 1, 0)] + "…"


def duration(seconds: float) -> str:
    """3 d 4 h, 4 h 15, 2 min 5 s."""
    whole = round(seconds)
    days, rest = divmod(abs(whole), 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    if days:
        words = f"{days} d {hours} h" if hours else f"{days} d"
    elif hours:
        words = f"{hours} h {minutes:02d}" if minutes else f"{hours} h"
    elif minutes:
        words = f"{minutes} min {rest} s" if rest else f"{minutes} min"
    else:
        words = f"{rest} s" if rest else "0"
    return f"−{words}" if whole < 0 else words
