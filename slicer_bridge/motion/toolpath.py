"""Where a program's tool goes: its moves as segments, for pictures."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.motion import modal
from slicer_bridge.motion.limits import MotionLimits, Planner
from slicer_bridge.motion.marks import layer_tag_of
from slicer_bridge.motion.pieces import ends_of, pieces
from slicer_bridge.motion.reader import MoveReader


@dataclass(frozen=True, slots=True)
class Toolpath:
    """Straight moves and chords of arcs, in the program's order.

    Parameters
    ----------
    starts, ends : (n, 3) mm, program coordinates
    works : (n,) whether it prints or cuts
    layers : (n,) from 0 (before the first)
    """

    starts: NDArray[np.float32]
    ends: NDArray[np.float32]
    works: NDArray[np.bool_]
    layers: NDArray[np.int32]


def toolpath(program: Path | bytes, limits: MotionLimits) -> Toolpath:
    """All moves of a program in X, Y or Z. Raises OSError if it can't be read."""
    router = limits.planner is Planner.GRBL
    reader = MoveReader(limits, layer_tag_of(ends_of(program)[0]))
    parts = [_segments(rows, router=router) for lines in pieces(program, router=router) for rows in reader.rows(lines)]
    nothing = _segments(np.empty((0, modal.COLUMNS)), router=router)
    starts, ends, works, layers = (np.concatenate(column) for column in zip(nothing, *parts, strict=True))
    return Toolpath(starts, ends, works, layers)


def _segments(
    rows: NDArray[np.float64], *, router: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_], NDArray[np.int32]]:
    units = rows[:, modal.UNIT_X : modal.UNIT_Z + 1]
    rows = rows[(rows[:, modal.KIND] < modal.PAUSE) & units.any(axis=1)]
    steps = rows[:, modal.UNIT_X : modal.UNIT_Z + 1] * rows[:, modal.LENGTH, None]
    ends = rows[:, modal.END_X : modal.END_Z + 1]
    works = rows[:, modal.KIND] < modal.RAPID if router else rows[:, modal.UNIT_E] > 0.0
    return (
        (ends - steps).astype(np.float32),
        ends.astype(np.float32),
        works,
        rows[:, modal.LAYER].astype(np.int32),
    )
