"""What lies under the runs of a network's chart: when somebody is there, and when machines are taken."""

import numpy as np
from numpy.typing import NDArray

from broker.drawing.hatching import hatched
from broker.drawing.ink import GREY, number
from broker.drawing.rows import Frame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def shaded(frame: Frame, workshop: Ints, shift_s: Floats) -> list[str]:
    """Every workshop's rows, and its shifts a shade darker; each kind is one path."""
    rows = frame.rows
    low, high = frame.low_s, frame.high_s
    ground, shifts = [], []
    place = {one: k for k, one in enumerate(rows.workshop.tolist())}
    for top, height in zip(rows.group_top.tolist(), rows.group_height.tolist(), strict=True):
        ground.append(_box(frame.left, frame.y + top + rows.heading, (high - low) * frame.scale, height))
    for one, (begin, end) in zip(workshop.tolist(), np.clip(shift_s, low, high).tolist(), strict=True):
        if one in place and end > begin:
            k = place[one]
            top, height = frame.y + float(rows.group_top[k]) + rows.heading, float(rows.group_height[k])
            shifts.append(_box(frame.x(begin), top, (end - begin) * frame.scale, height))
    return [
        f'<path d="{"".join(ground)}" fill="{GREY}" fill-opacity="0.07"/>',
        f'<path d="{"".join(shifts)}" fill="{GREY}" fill-opacity="0.15"/>',
    ]


def blocked(frame: Frame, machine: Ints, block_s: Floats) -> list[str]:
    """Grey, and crossed where there is room."""
    rows = frame.rows
    grey, crossed = [], []
    for one, (begin, end) in zip(machine.tolist(), np.clip(block_s, frame.low_s, frame.high_s).tolist(), strict=True):
        top = frame.y + float(rows.top[one])
        if end <= begin or np.isnan(top):
            continue
        x, width = frame.x(begin), (end - begin) * frame.scale
        grey.append(_box(x, top, width, rows.row))
        if rows.named:
            crossed += [hatched(x, top, width, rows.row, 7, rising=rising) for rising in (True, False)]
    drawn = [f'<path d="{"".join(grey)}" fill="{GREY}" fill-opacity="0.38"/>'] if grey else []
    lines = f'<path d="{"".join(crossed)}" fill="none" stroke="{GREY}" stroke-width="0.7"/>'
    return drawn + ([lines] if crossed else [])


def _box(x: float, y: float, width: float, height: float) -> str:
    return f"M{x:.1f} {number(y)}h{width:.1f}v{number(height)}H{x:.1f}z"
