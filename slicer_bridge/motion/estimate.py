"""How long a program takes on a machine, what it uses, and where it goes."""

from dataclasses import dataclass
from math import isnan, pi
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.motion import junctions, modal, planner
from slicer_bridge.motion.lexer import Lines
from slicer_bridge.motion.limits import DEFAULTS, MotionLimits, Planner, prusaslicer_motion
from slicer_bridge.motion.marks import MOST_OBJECTS, Events, Marks, layer_tag_of
from slicer_bridge.motion.pieces import ends_of, pieces
from slicer_bridge.motion.waits import Waits

_ROWS = 8192
_MOST_LAYERS = 65536
_MOST_AHEAD = 1 << 18
"""Blocks: Klipper's way ahead is cut there, with one stop too many."""
_PLANNERS = {
    Planner.PRUSASLICER: junctions.PRUSASLICER,
    Planner.MARLIN: junctions.MARLIN,
    Planner.GRBL: junctions.GRBL,
    Planner.KLIPPER: junctions.KLIPPER,
}


@dataclass(frozen=True, slots=True)
class Box:
    """Corners in the program's coordinates, mm."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Layer:
    """`z_mm`: height of its first move that prints or cuts."""

    z_mm: float
    seconds: float


@dataclass(frozen=True, slots=True)
class ObjectTime:
    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Filament:
    """What one tool uses; `mass_g` is None where the density isn't known."""

    tool: int
    length_mm: float
    volume_mm3: float
    mass_g: float | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """`total_s` = `moving_s` + `waiting_s` + `heating_s`; waiting: dwells, homing, tool changes, spin-ups."""

    planner: Planner
    total_s: float
    moving_s: float
    waiting_s: float
    heating_s: float
    stops: int
    """Times that the program waits for a person."""
    moves: int
    arcs: int
    work_mm: float
    """Printed or cut; the rest is travel."""
    travel_mm: float
    longest_mm: float
    bounds: Box | None
    work_bounds: Box | None
    start_s: float
    """Moves before the first layer."""
    layers: tuple[Layer, ...]
    objects: tuple[ObjectTime, ...]
    filament: tuple[Filament, ...]
    lines: int
    unread: int
    """Lines that say nothing known; their time, if any, is not counted."""


class Estimator:
    """`read` takes a program's lines, piece by piece; `finish` says what came of them."""

    def __init__(self, limits: MotionLimits, layer_tag: int = 0) -> None:
        self._limits = limits
        self._planner = _PLANNERS[limits.planner]
        self._marks = Marks(layer_tag)
        self._state = _state(limits, layer_tag)
        self._values = limits.values()
        self._previous = np.zeros(junctions.PREVIOUS)
        self._rows = np.empty((_ROWS, modal.COLUMNS))
        self._blocks = np.empty((4 * _ROWS, junctions.BLOCKS))
        self._entries = np.empty(len(self._blocks))
        self._held = self._planned = self._lines = 0
        self._start2 = 0.0
        self._waits = Waits(limits)
        self._box = np.array([[np.inf] * 3, [-np.inf] * 3] * 2)
        self._tools = np.zeros((modal.TOOLS, 2))
        self._layers = np.full(_MOST_LAYERS, np.nan)
        self._layer_s, self._object_s = np.zeros(_MOST_LAYERS), np.zeros(MOST_OBJECTS + 1)

    def read(self, lines: Lines) -> None:
        events = self._marks.events(lines)
        line = event = 0
        while line < lines.count:
            line, event = self.read_rows(lines, line, events, event)[:2]
            self._waits.read(self._rows[: self._filled])
            self._plan(self._filled)
        self._lines += lines.count

    def read_rows(self, lines: Lines, line: int, events: Events, event: int) -> tuple[int, int, NDArray[np.float64]]:
        """Carry out lines from `line` on; the next line and event, and the rows of `modal` that came of it."""
        line, event, self._filled = modal.read_moves(
            line, lines.count, lines.flags, lines.first, lines.letters, lines.numbers,
            event, events.count, events.lines, events.codes, events.values,
            self._state, self._rows, self._box, self._tools, self._layers,
        )  # fmt: skip
        return line, event, self._rows[: self._filled]

    def _plan(self, rows: int, *, end: bool = False) -> None:
        if self._held + rows > len(self._blocks):
            self._grow()
        held = junctions.read_blocks(
            self._rows, rows, self._values, self._previous, self._planner, self._blocks, self._held
        )
        times = (self._layer_s, self._object_s)
        match self._limits.planner:
            case Planner.PRUSASLICER:
                done, self._planned = planner.plan_batches(
                    self._blocks, held, self._entries, self._planned, end, *times
                )
            case Planner.MARLIN | Planner.GRBL:
                done, self._start2 = planner.plan_queue(
                    self._blocks, held, self._limits.queue, end, self._start2, *times
                )
            case Planner.KLIPPER:
                done = self._plan_ahead(held, end=end)
        left = held - done
        self._blocks[:left] = self._blocks[done:held].copy()
        self._entries[:left] = self._entries[done:held].copy()
        self._held = left

    def _plan_ahead(self, held: int, *, end: bool) -> int:
        rests = np.flatnonzero(self._blocks[:held, junctions.BREAK])
        done = held if end or held > _MOST_AHEAD else int(rests[-1]) if len(rests) else 0
        if done:
            ends = np.empty((done, 3))
            planner.limit_starts(self._blocks, 0, done, ends)
            planner.plan_ahead(self._blocks, 0, done, self._layer_s, self._object_s, ends, np.empty(done, np.int64))
        return done

    def _grow(self) -> None:
        self._blocks = np.concatenate([self._blocks, np.empty_like(self._blocks)])
        self._entries = np.concatenate([self._entries, np.empty_like(self._entries)])

    def finish(self) -> Estimate:
        self._plan(0, end=True)
        state = self._state
        moving, waiting, heating = float(self._layer_s.sum()), self._waits.waiting_s, self._waits.heating_s
        count = int(state[modal.S_LAYER])
        heights, seconds = self._layers[1 : count + 1].tolist(), self._layer_s[1 : count + 1].tolist()
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
            bounds=_box(self._box[:2]),
            work_bounds=_box(self._box[2:]),
            start_s=float(self._layer_s[0]),
            layers=tuple(Layer(z, s) for z, s in zip(heights, seconds, strict=True) if not isnan(z)),
            objects=tuple(
                ObjectTime(name, float(self._object_s[number]))
                for number, name in enumerate(self._marks.names, 1)
                if number <= MOST_OBJECTS
            ),
            filament=self._filament(),
            lines=self._lines,
            unread=int(state[modal.S_UNREAD]),
        )

    def _filament(self) -> tuple[Filament, ...]:
        area, density = pi * self._limits.filament_mm**2 / 4, self._limits.density_g_cm3
        used = []
        for tool, length in enumerate(self._tools[:, 1].tolist()):
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


def _state(limits: MotionLimits, layer_tag: int) -> NDArray[np.float64]:
    state = np.zeros(modal.STATE)
    router = limits.planner is Planner.GRBL
    state[modal.S_SCALE] = state[modal.S_FACTOR] = state[modal.S_FLOW] = 1.0
    state[modal.S_LAYER_Z] = np.nan
    state[modal.S_MARKED], state[modal.S_ROUTER] = layer_tag, router
    state[modal.S_SPINDLE] = 5.0
    state[modal.S_SLICER] = limits.planner is Planner.PRUSASLICER
    state[modal.S_JOINT] = limits.planner is Planner.MARLIN
    state[modal.S_TOLERANCE], state[modal.S_SEGMENT] = limits.arc_tolerance_mm, limits.arc_segment_mm
    return state


def _box(corners: NDArray[np.float64]) -> Box | None:
    if not np.isfinite(corners).all():
        return None
    low, high = corners.tolist()
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))
