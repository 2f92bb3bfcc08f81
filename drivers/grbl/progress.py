"""How many lines of a program are surely executed, told from reports; an `ok` means queued.

What a report shows as done may still lie in the steppers' segment buffer (SEGMENT_BUFFER_SIZE in gnea/grbl `stepper.h`,
FluidNC `stepping/segments`): it counts once the machine has run on for longer than that lasts.
"""

import re
from collections.abc import Sequence

from drivers.gcode import without_comments
from drivers.grbl.reports import Report

SEGMENTS_S = 0.15
_AXIS = re.compile(r"([XYZABCUVW])\s*([-+]?\d*\.?\d+)", re.IGNORECASE)
_SURE_MOVE = 0.02
"""Anything shorter might be less than a step, which takes no place in the planner; lengths as in the program."""
_LOOK_BACK = 400
"""Lines behind the last acknowledged one that are looked at for moves."""


class Progress:
    """`executed` never falls within a program."""

    def __init__(self) -> None:
        self.blocks = 0
        """What the planner holds; 0: unknown."""
        self.begin(())

    def begin(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self.executed = 0
        self._soon: tuple[float, int] | None = None

    def synced(self, acked: int) -> None:
        """The machine rests, and has nothing left of the lines acknowledged."""
        self.executed = max(self.executed, acked)
        self._soon = None

    def heard(self, report: Report, now_s: float) -> None:
        if report.state != "Run":
            self._soon = None
            return
        if self._soon is not None and now_s - self._soon[0] < SEGMENTS_S:
            return
        if self._soon is not None:
            self.executed = max(self.executed, self._soon[1])
        self._soon = now_s, self._bound(report)

    def _bound(self, report: Report) -> int:
        by_number = min(report.line - 1, report.acked) if report.line is not None else 0
        if not self.blocks:
            return by_number
        queued = self.blocks - (report.blocks_free or 0)
        return max(by_number, surely_executed(self._lines, report.acked, max(0, queued)))


def surely_executed(lines: Sequence[str], acked: int, queued: int) -> int:
    """How many lines are executed if those up to `acked` are acknowledged and at most `queued` blocks wait or run.

    Only a line that surely moves, whichever of G90 and G91 holds, is taken for one of those blocks: what is told is
    never more than what is executed.
    """
    if not queued:
        return acked
    seen: dict[str, float] = {}
    moves = [number for number in range(max(0, acked - _LOOK_BACK), acked) if _moves(lines[number], seen)]
    return moves[-queued] if len(moves) >= queued else 0


def _moves(line: str, seen: dict[str, float]) -> bool:
    """Some axis surely moves; `seen` keeps each one's last value."""
    moving = False
    for letter, text in _AXIS.findall(without_comments(line)):
        axis, value = letter.upper(), float(text)
        before = seen.get(axis)
        moving = moving or (before is not None and min(abs(value), abs(value - before)) > _SURE_MOVE)
        seen[axis] = value
    return moving
