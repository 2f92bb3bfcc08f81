"""How far a machine has physically come, from what the planner still holds. Pure.

With ADVANCED_OK each acknowledgement tells how many planner blocks are free at that moment; what is not free is motion
yet to be made. A line gives no block (a feed alone, a move of less than MIN_STEPS_PER_SEGMENT, anything of an object
left out), one, or many (an arc), so blocks are not lines. But the last lines that together gave at least as many
blocks as are pending hold all of them, and what is before these lines was executed. Only lines that gave a block beyond
doubt are counted: those that end elsewhere than the line before, whichever way their numbers are read (absolute or
relative), by more than any firmware drops.

Sources: Marlin 2.1 `queue.cpp` ok_to_send(), `planner.h` moves_free(), `planner.cpp` _buffer_steps(), `G0_G1.cpp`.
"""

import re
from collections.abc import Collection, Sequence

SURE_MM = 0.2
"""Six steps (MIN_STEPS_PER_SEGMENT) of a machine with 30 steps/mm."""
WALK_LINES = 600
"""So far back it is looked for; moves that are this small keep the count where it was."""
_MOVE = re.compile(r"G0*[0-3](?![\d.])")
_WORDS = re.compile(r"([XYZ])\s*(-?\d*\.?\d+)")
_OBJECT = re.compile(r"M486\s+S\s*(-?\d+)")
_STILL = re.compile(r"(?:M(?:73|82|83|10[4-7]|109|11[37]|118|140|155|190|20[0345]|22[01]|400|900)|G4)(?!\d)")
"""Leaves the tool, and what coordinates mean, as they are."""


def executed(lines: Sequence[str], done: int, pending: int, left_out: Collection[int]) -> int | None:
    """The last of the first `done` lines that the machine has executed for sure; None: nobody can tell.

    `pending` is what the planner held when line `done` was acknowledged; `left_out` are objects by number.
    """
    if pending <= 0:
        return done
    moved = _Moved(bool(left_out))
    for number in range(done, max(0, done - WALK_LINES), -1):
        moved.before(number, lines[number - 1].partition(";")[0].strip(), left_out)
        if len(moved.sure) >= pending:
            return sorted(moved.sure, reverse=True)[pending - 1] - 1
    return None


class _Moved:
    """Lines that gave a block, found from the last one back."""

    def __init__(self, by_object: bool) -> None:
        self.sure: set[int] = set()
        self._by_object = by_object
        self._section: set[int] = set()
        """Those whose object isn't known yet."""
        self._ends: dict[str, tuple[int, float]] = {}
        """By axis: the next line that names it, and where that line ends."""

    def before(self, number: int, line: str, left_out: Collection[int]) -> None:
        if _MOVE.match(line):
            self._move(number, line)
        elif found := _OBJECT.match(line):
            if int(found.group(1)) in left_out:
                self._ends.clear()
            else:
                self.sure |= self._section
            self._section.clear()
        elif line and not _STILL.match(line):
            self._ends.clear()

    def _move(self, number: int, line: str) -> None:
        for axis, text in _WORDS.findall(line):
            begin_mm = float(text)
            later = self._ends.get(axis)
            if later is not None:
                end_mm = later[1]
                # Below zero it may be a software endstop that the move ends at.
                if end_mm >= SURE_MM and abs(end_mm - begin_mm) >= SURE_MM:
                    (self._section if self._by_object else self.sure).add(later[0])
            self._ends[axis] = number, begin_mm
