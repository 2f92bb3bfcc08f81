"""Lines to rows of moves: the arrays that `modal` fills, piece by piece."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.motion import modal
from slicer_bridge.motion.lexer import Lines
from slicer_bridge.motion.limits import MotionLimits, Planner
from slicer_bridge.motion.marks import Marks

_ROWS = 8192
MOST_LAYERS = 65536
"""Further ones are counted with the last."""


class MoveReader:
    """`box`: low and high of all, of work; `tools`: filament of each, net and at most; `layers`: their heights."""

    def __init__(self, limits: MotionLimits, layer_tag: int) -> None:
        """`layer_tag`: see `marks.layer_tag_of`."""
        self.marks = Marks(layer_tag)
        self.state = _state(limits, layer_tag)
        self.box = np.array([[np.inf] * 3, [-np.inf] * 3] * 2)
        self.tools = np.zeros((modal.TOOLS, 2))
        self.layers = np.full(MOST_LAYERS, np.nan)
        self.lines = 0
        self._rows = np.empty((_ROWS, modal.COLUMNS))

    def rows(self, lines: Lines) -> Iterator[NDArray[np.float64]]:
        """What the lines do, as rows of `modal`; each array is valid until the next."""
        events = self.marks.events(lines)
        line = event = 0
        while line < lines.count:
            line, event, filled = modal.read_moves(
                line, lines.count, lines.flags, lines.first, lines.letters, lines.numbers,
                event, events.count, events.lines, events.codes, events.values,
                self.state, self._rows, self.box, self.tools, self.layers,
            )  # fmt: skip
            yield self._rows[:filled]
        self.lines += lines.count


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
