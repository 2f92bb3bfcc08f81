"""A small picture of a program: what it prints seen at an angle, what it cuts from above; travel faint."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.motion.toolpath import Toolpath

Box = tuple[tuple[float, float, float], tuple[float, float, float]]
"""Low and high corner, mm."""
Points = NDArray[np.float64]

_UNITS = 960
"""The picture's width and height in whole numbers, by which paths are written."""
_EDGE = 0.04
_MOST_POINTS = 24_000
_MOST_TRAVEL = 1_500
_DEPTHS = 12
"""Colours, from low to high."""
_LOW, _HIGH = np.array([36.0, 60.0, 120.0]), np.array([240.0, 150.0, 40.0])


@dataclass(frozen=True, slots=True)
class _View:
    """Millimetres to the picture's whole numbers: `turn` (2, 3), then scale and shift."""

    turn: Points
    scale: float
    shift: Points

    def at(self, points: NDArray[np.float32] | Points) -> NDArray[np.int32]:
        flat = points.astype(np.float64) @ self.turn.T
        return np.round(flat * self.scale + self.shift).astype(np.int32)


def toolpath_svg(path: Toolpath, *, above: bool, machine: Box | None = None, width_px: int = 480) -> str:
    """At most some 200 kB however long the program is: layers are left out, then details.

    Parameters
    ----------
    above : seen from above (routers), else at an angle
    machine : outline of what the machine can reach, in the program's coordinates
    """
    shown = _worked(path)
    view = _view(path, shown, machine, above=above)
    inside = _outline(view, machine, above=above) if machine else ""
    inside += _strokes(view, path, _sample(~path.works), "#888", 0.25, cap=_MOST_TRAVEL)
    low, high = _heights(path, shown)
    kept = _kept_layers(view, path, shown)
    bands = np.clip(((path.ends[:, 2] - low) / ((high - low) or 1.0) * _DEPTHS).astype(np.int32), 0, _DEPTHS - 1)
    for band in range(_DEPTHS):
        colour = _LOW + (_HIGH - _LOW) * band / (_DEPTHS - 1)
        red, green, blue = (int(part) for part in colour)
        inside += _strokes(view, path, kept & (bands == band), f"#{red:02x}{green:02x}{blue:02x}", 0.9)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_UNITS} {_UNITS}" '
        f'width="{width_px}" height="{width_px}">{inside}</svg>'
    )


def _worked(path: Toolpath) -> NDArray[np.bool_]:
    """What sets the picture's scale: work within layers; all work, or all moves, where there is none."""
    for shown in (path.works & (path.layers > 0), path.works):
        if shown.any():
            return shown
    return np.ones(len(path.works), np.bool_)


def _heights(path: Toolpath, shown: NDArray[np.bool_]) -> tuple[float, float]:
    heights = path.ends[shown, 2]
    return (float(heights.min()), float(heights.max())) if len(heights) else (0.0, 0.0)


def _view(path: Toolpath, shown: NDArray[np.bool_], machine: Box | None, *, above: bool) -> _View:
    up = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
    angle = np.array([[0.7071, 0.7071, 0.0], [0.4082, -0.4082, -0.8165]])
    turn = up if above else angle
    corners = [path.starts[shown].astype(np.float64), path.ends[shown].astype(np.float64)]
    if machine:
        corners.append(_floor(machine))
    flat = np.concatenate([*corners, np.zeros((0, 3))]) @ turn.T
    if not len(flat):
        return _View(turn, 1.0, np.full(2, _UNITS / 2))
    low, high = flat.min(axis=0), flat.max(axis=0)
    scale = _UNITS * (1 - 2 * _EDGE) / (float((high - low).max()) or 1.0)
    return _View(turn, scale, _UNITS / 2 - (low + high) / 2 * scale)


def _floor(machine: Box) -> Points:
    (x, y, z), (far_x, far_y, _) = machine
    return np.array([[x, y, z], [far_x, y, z], [far_x, far_y, z], [x, far_y, z]])


def _outline(view: _View, machine: Box, *, above: bool) -> str:
    corners = " ".join(f"{x},{y}" for x, y in view.at(_floor(machine)).tolist())
    fill = "none" if above else "#f4f2ee"
    return f'<polygon points="{corners}" fill="{fill}" stroke="#999" stroke-width="2"/>'


def _sample(wanted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Evenly, not too many."""
    where = np.flatnonzero(wanted)
    kept = np.zeros(len(wanted), np.bool_)
    kept[where[:: max(1, len(where) // _MOST_TRAVEL)]] = True
    return kept


def _kept_layers(view: _View, path: Toolpath, shown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Every so many layers, and the last: as many as there is room for."""
    moves = (view.at(path.starts) != view.at(path.ends)).any(axis=1)
    seen = shown & moves
    counts = np.bincount(path.layers[seen], minlength=1)
    full = np.flatnonzero(counts)
    step = 1
    while len(full) > 2 and counts[full[::-step]].sum() > _MOST_POINTS and step < len(full):
        step += 1
    kept: NDArray[np.bool_] = seen & np.isin(path.layers, full[::-step])
    return kept


def _strokes(
    view: _View, path: Toolpath, wanted: NDArray[np.bool_], colour: str, opacity: float, cap: int = _MOST_POINTS
) -> str:
    """One path element of all wanted segments; ever coarser until there are few enough."""
    starts, ends = path.starts[wanted], path.ends[wanted]
    grid = 1
    while True:
        begins, stops = view.at(starts) // grid, view.at(ends) // grid
        moved = (begins != stops).any(axis=1)
        if moved.sum() <= cap or grid > _UNITS:
            break
        grid *= 2
    if not moved.any():
        return ""
    drawn = _joined(begins[moved] * grid, stops[moved] * grid)
    return f'<path fill="none" stroke="{colour}" stroke-opacity="{opacity}" stroke-width="1.6" d="{drawn}"/>'


def _joined(begins: NDArray[np.int32], stops: NDArray[np.int32]) -> str:
    """Segments that follow on each other as one line, by relative steps."""
    follows = np.zeros(len(begins), np.bool_)
    follows[1:] = (begins[1:] == stops[:-1]).all(axis=1)
    steps = (stops - begins).tolist()
    words = []
    for (x, y), (dx, dy), joined in zip(begins.tolist(), steps, follows.tolist(), strict=True):
        if not joined:
            words.append(f"M{x} {y}l")
        words.append(f"{dx} {dy} ")
    return "".join(words)
