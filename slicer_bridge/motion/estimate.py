"""How long a program takes on a machine, what it uses, and where it goes."""

from math import isnan, pi
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.motion import modal
from slicer_bridge.motion.estimated import Box, Estimate, Filament, Layer, ObjectTime
from slicer_bridge.motion.lexer import Lines
from slicer_bridge.motion.limits import DEFAULTS, MotionLimits, Planner, prusaslicer_motion
from slicer_bridge.motion.marks import MOST_OBJECTS, layer_tag_of
from slicer_bridge.motion.pieces import ends_of, pieces
from slicer_bridge.motion.reader import MOST_LAYERS, MoveReader
from slicer_bridge.motion.timing import Timing
from slicer_bridge.motion.waits import Waits


class Estimator:
    """`read` takes a program's lines, piece by piece; `finish` says what came of them."""

    def __init__(self, limits: MotionLimits, layer_tag: int = 0) -> None:
        """`layer_tag`: see `marks.layer_tag_of`."""
        self._limits = limits
        self._reader = MoveReader(limits, layer_tag)
        self._timing = Timing(limits, MOST_LAYERS, MOST_OBJECTS + 1)
        self._waits = Waits(limits)

    def read(self, lines: Lines) -> None:
        for rows in self._reader.rows(lines):
            self._waits.read(rows)
            self._timing.read(rows)

    def finish(self) -> Estimate:
        self._timing.finish()
        state = self._reader.state
        moving, waiting, heating = float(self._timing.layer_s.sum()), self._waits.waiting_s, self._waits.heating_s
        count = int(state[modal.S_LAYER])
        heights, seconds = self._reader.layers[1 : count + 1].tolist(), self._timing.layer_s[1 : count + 1].tolist()
        return Estimate(
            planner=self._limits.planner,
            total_s=moving + waiting + heating,
            moving_s=moving,
            waiting_s=waiting,
            heating_s=heating,
            stops=self._waits.stops,
            moves=int(state[modal.S_MOVES]),
            arcs=int(state[modal.S_ARCS]),
            work_mm=float(state[modal.S_WORK_MM]),
            travel_mm=float(state[modal.S_TRAVEL_MM]),
            longest_mm=float(state[modal.S_LONGEST_MM]),
            bounds=_box(self._reader.box[:2]),
            work_bounds=_box(self._reader.box[2:]),
            start_s=float(self._timing.layer_s[0]),
            layers=tuple(Layer(z, s) for z, s in zip(heights, seconds, strict=True) if not isnan(z)),
            objects=tuple(
                ObjectTime(name, float(self._timing.object_s[number]))
                for number, name in enumerate(self._reader.marks.names, 1)
                if number <= MOST_OBJECTS
            ),
            filament=self._filament(),
            lines=self._reader.lines,
            unread=int(state[modal.S_UNREAD]),
        )

    def _filament(self) -> tuple[Filament, ...]:
        area, density = pi * self._limits.filament_mm**2 / 4, self._limits.density_g_cm3
        used = []
        for tool, length in enumerate(self._reader.tools[:, 1].tolist()):
            if length > 0.0:
                volume = length * area
                used.append(Filament(tool, length, volume, volume * density / 1000 if density else None))
        return tuple(used)


def estimate(program: Path | bytes, limits: MotionLimits) -> Estimate:
    """Time, material and bounds of a whole program. Raises OSError if it can't be read."""
    estimator = Estimator(limits, layer_tag_of(ends_of(program)[0]))
    for lines in pieces(program, router=limits.planner is Planner.GRBL):
        estimator.read(lines)
    return estimator.finish()


def limits_of(program: Path | bytes) -> MotionLimits:
    """What to estimate with where nobody says: PrusaSlicer's own settings from its tail, else a firmware's defaults.

    Raises OSError if it can't be read.
    """
    head, tail = ends_of(program)
    found = prusaslicer_motion(tail)
    if found is not None:
        return found
    if any(word in head for word in (b"EXCLUDE_OBJECT", b"SET_VELOCITY_LIMIT", b"PRINT_START")):
        return DEFAULTS[Planner.KLIPPER]
    printer = any(word in head for word in (b"M104", b"M109", b"M82", b"M83", b"G92 E", b" E"))
    return DEFAULTS[Planner.MARLIN if printer else Planner.GRBL]


def _box(corners: NDArray[np.float64]) -> Box | None:
    if not np.isfinite(corners).all():
        return None
    low, high = corners.tolist()
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))
