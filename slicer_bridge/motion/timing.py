"""Rows of moves to seconds, by the rules of one planner."""

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.motion import junctions, planner
from slicer_bridge.motion.limits import MotionLimits, Planner

_BLOCKS = 1 << 15
_MOST_AHEAD = 1 << 18
"""Blocks: Klipper's way ahead is cut there, with one stop too many."""
_PLANNERS = {
    Planner.PRUSASLICER: junctions.PRUSASLICER,
    Planner.MARLIN: junctions.MARLIN,
    Planner.GRBL: junctions.GRBL,
    Planner.KLIPPER: junctions.KLIPPER,
}


class Timing:
    """`layer_s` and `object_s`: seconds of motion by the rows' layers and objects."""

    def __init__(self, limits: MotionLimits, layers: int, objects: int) -> None:
        self.layer_s, self.object_s = np.zeros(layers), np.zeros(objects)
        self._limits = limits
        self._values = limits.values()
        self._previous = np.zeros(junctions.PREVIOUS)
        self._blocks = np.empty((_BLOCKS, junctions.BLOCKS))
        self._entries = np.empty(_BLOCKS)
        self._held = self._planned = 0
        self._start2 = 0.0

    def read(self, rows: NDArray[np.float64]) -> None:
        """Time what can be timed by now."""
        self._plan(rows, end=False)

    def finish(self) -> None:
        """No more moves: time the rest."""
        self._plan(np.empty((0, 13)), end=True)

    def _plan(self, rows: NDArray[np.float64], *, end: bool) -> None:
        while self._held + len(rows) > len(self._blocks):
            self._blocks = np.concatenate([self._blocks, np.empty_like(self._blocks)])
            self._entries = np.concatenate([self._entries, np.empty_like(self._entries)])
        blocks, limits = self._blocks, self._limits
        number = _PLANNERS[limits.planner]
        held = junctions.read_blocks(rows, len(rows), self._values, self._previous, number, blocks, self._held)
        times = (self.layer_s, self.object_s)
        match limits.planner:
            case Planner.PRUSASLICER:
                done, self._planned = planner.plan_batches(blocks, held, self._entries, self._planned, end, *times)
            case Planner.MARLIN | Planner.GRBL:
                done, self._start2 = planner.plan_queue(blocks, held, limits.queue, end, self._start2, *times)
            case Planner.KLIPPER:
                done = self._plan_ahead(held, end=end)
        self._held = held - done
        blocks[: self._held] = blocks[done:held].copy()
        self._entries[: self._held] = self._entries[done:held].copy()

    def _plan_ahead(self, held: int, *, end: bool) -> int:
        """Klipper: all blocks up to the last that begins at rest."""
        rests = np.flatnonzero(self._blocks[:held, junctions.BREAK])
        done = held if end or held > _MOST_AHEAD else int(rests[-1]) if len(rests) else 0
        if done:
            ends = np.empty((done, 3))
            planner.limit_starts(self._blocks, done, ends)
            planner.plan_ahead(self._blocks, done, self.layer_s, self.object_s, ends, np.empty(done, np.int64))
        return done
