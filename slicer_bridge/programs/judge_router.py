"""Judges programs for GRBL 1.1, one line at a time, knowing the program's state at that line.

Positions are work coordinates; with the work offset known they are judged in machine coordinates. Homing, unlocking
and settings ($…) are the driver's business and never stand in a program.
"""

import re
from math import inf

from slicer_bridge.programs.arcs import centre_of, sweep
from slicer_bridge.programs.blocks import BlockSpan
from slicer_bridge.programs.limits import MachineLimits
from slicer_bridge.programs.travel import Refused, Travel, travel_of
from slicer_bridge.programs.words import ALWAYS_REFUSED, Dialect, canonical_word

MAX_LINE = 79
"""GRBL 1.1 config.h: LINE_BUFFER_SIZE 80, one of them the closing zero."""
_REALTIME = frozenset("~!?\x18")
_INCH_MM = 25.4
_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+))"
_MOVE = re.compile(rf"(?:G([01]) ?)?(?:X{_NUMBER} ?)?(?:Y{_NUMBER} ?)?(?:Z{_NUMBER} ?)?(?:F{_NUMBER})?").fullmatch
_WORD = re.compile(rf"([A-Z]){_NUMBER}").match
_COMMENT = re.compile(r"\([^()]*\)")
_MOTIONS = frozenset({"G0", "G1", "G2", "G3", "G80"})
_SPINDLE = frozenset({"M3", "M4", "M5"})
_GROUPS = (_MOTIONS, _SPINDLE, frozenset({"G90", "G91"}), frozenset({"G20", "G21"}), frozenset({"G4", "G53"}))
"""Modal groups: one word of each a line."""
_AXES = "XYZ"

Offset = tuple[float, float, float]


class RouterJudge:
    """`feed` judges the next line. `work_offset`: machine position of the work's zero, mm; None: not known yet."""

    def __init__(self, limits: MachineLimits, work_offset: Offset | None = None) -> None:
        self.limits = limits
        self.travel: Travel = travel_of(limits, work_offset, fixed=work_offset is not None)
        self.spindle_on = False
        self.spindle_rpm = 0.0
        self._words = limits.words
        self.at: list[float | None] = [None, None, None]
        self.motion: str | None = None
        self.relative = False
        self.scale = 1.0
        self.feed_mm_s = 0.0
        self._max_feed = limits.max_feed_mm_s
        self._max_z = limits.max_feed_z_mm_s or limits.max_feed_mm_s
        self.ended = False
        self.block: BlockSpan | None = None

    def feed(self, line: str) -> str | None:
        try:
            self._line(line)
        except Refused as refused:
            return str(refused)
        return None

    def enter(self, block: BlockSpan) -> None:
        """The next line is the block's first."""
        self.block = block

    def leave(self, block: BlockSpan) -> None:
        """The block's last line has been judged: what the owner declares of it holds."""
        self.block = None
        for axis, at in enumerate(block.effects.position_mm):
            if at is not None:
                self.at[axis] = at - self.travel.offset[axis] if self.travel.fixed else None
        self.travel.seconds += block.effects.duration_s

    def finish(self) -> list[str]:
        """What is wrong with the state in which the program ends."""
        reasons = []
        if self.spindle_on:
            reasons.append("the program ends with the spindle on: end with M5")
        limit = self.limits.max_duration_s
        if limit is not None and self.travel.seconds > limit:
            reasons.append(f"its moves alone take {self.travel.seconds:.0f} s; this machine's limit is {limit:.0f} s")
        return reasons

    def _line(self, line: str) -> None:
        if not _REALTIME.isdisjoint(line):
            raise Refused("~ ! ? and control-X act at once wherever they stand, even in a comment")
        if not line.isascii():
            raise Refused("a byte of 0x80 or above: GRBL takes it as a command, even in a comment")
        code = line.partition(";")[0]
        code = (_COMMENT.sub("", code) if "(" in code else code).strip().upper()
        if not code:
            return
        if self.ended:
            raise Refused("a command after the program's end (M2 or M30)")
        match = _MOVE(code)
        if match is None or len(line) > MAX_LINE:
            self._judge(code, len(line))
            return
        motion, x, y, z, f = match.groups()
        if f is not None:
            self._set_feed(float(f))
        self.motion = self.motion if motion is None else f"G{motion}"
        if x is not None or y is not None or z is not None:
            if self.motion not in {"G0", "G1"}:
                raise Refused("a position without G0 or G1 in force: write the motion")
            self._straight(x, y, z)

    def _straight(self, x: str | None, y: str | None, z: str | None) -> None:
        """G0 and G1 in the work's coordinates."""
        goals = list(self.at)
        for axis, text in ((0, x), (1, y), (2, z)):
            if text is None:
                continue
            goal = float(text) * self.scale
            if self.relative:
                before = self.at[axis]
                if before is None:
                    raise Refused(f"{_AXES[axis]} moves by a step before any position is known: begin with G90 moves")
                goal += before
            self.travel.visit(axis, goal)
            goals[axis] = goal
        speed = self._max_feed
        if self.motion == "G1":
            speed = self.feed_mm_s
            if speed <= 0.0:
                raise Refused("a cutting move without a feed: the first one needs F")
            if z is not None and x is None and y is None and speed > self._max_z:
                raise Refused(f"Z would move at {speed:.1f} mm/s; the limit is {self._max_z:g}")
        self.travel.spend(self.at, goals, speed)
        self.at = goals

    def _set_feed(self, mm_min: float) -> None:
        speed = mm_min * self.scale / 60.0
        if not 0.0 < speed <= self._max_feed:
            raise Refused(f"F {mm_min:g} is {speed:.1f} mm/s; it must be above 0 and up to {self._max_feed:g}")
        self.feed_mm_s = speed

    def _judge(self, code: str, length: int) -> None:
        if length > MAX_LINE:
            raise Refused(f"{length} characters; GRBL takes {MAX_LINE}")
        if code.startswith("$"):
            raise Refused("$ commands change the machine's settings or state; a program has none")
        words = _words(code)
        if words is None:
            raise Refused("not made of GRBL's words: letters with plain numbers")
        commands = [canonical_word(f"{letter}{number}") for letter, number in words if letter in "GMT"]
        values = {letter: float(number) for letter, number in words if letter not in "GM"}
        if len(values) + sum(letter in "GM" for letter, _ in words) != len(words):
            raise Refused("a letter stands twice in one line")
        own = self.block.words if self.block is not None else frozenset()
        if strange := [word for word in commands if word in own and word not in self._words]:
            self.at = [None, None, None]
            commands = [word for word in commands if word not in strange]
            values = {}
        for word in commands:
            refused = ALWAYS_REFUSED[Dialect.GRBL].get(word)
            if refused is not None:
                raise Refused(f"{word} is always refused: {refused}")
            if word not in self._words:
                raise Refused(f"{word} is not on this machine's list")
        foreign = set(values) - set("XYZIJRFSPT")
        if foreign:
            raise Refused(f"{', '.join(sorted(foreign))}: no letter that this machine's programs use")
        self._block(commands, values)

    def _block(self, commands: list[str], values: dict[str, float]) -> None:
        """One line's words, in the order in which GRBL 1.1 executes them (gcode.c, step 4)."""
        for group in _GROUPS:
            together = [word for word in commands if word in group]
            if len(together) > 1:
                raise Refused(f"{' and '.join(together)} in one line")
        self._set_units(commands)
        if "F" in values:
            self._set_feed(values["F"])
        self._set_spindle(commands, values)
        self._dwell(commands, values)
        if "G90" in commands or "G91" in commands:
            self.relative = "G91" in commands
        self._set_motion(commands)
        if any(letter in values for letter in "XYZ") or "G2" in commands or "G3" in commands:
            self._moves(commands, values)
        if "M2" in commands or "M30" in commands:
            self.spindle_on, self.ended = False, True

    def _set_motion(self, commands: list[str]) -> None:
        for word in commands:
            if word in _MOTIONS:
                self.motion = None if word == "G80" else word

    def _set_units(self, commands: list[str]) -> None:
        if "G20" in commands:
            self.scale = _INCH_MM
        elif "G21" in commands:
            self.scale = 1.0

    def _set_spindle(self, commands: list[str], values: dict[str, float]) -> None:
        on = [word for word in commands if word in _SPINDLE]
        speed = values.get("S", self.spindle_rpm)
        high = self.limits.max_spindle_rpm
        if on and on[0] != "M5" and high == 0:
            raise Refused(f"{on[0]}: this machine has no spindle")
        if "S" in values and speed != 0 and not self.limits.min_spindle_rpm <= speed <= high:
            raise Refused(f"S {speed:g}: the spindle turns from {self.limits.min_spindle_rpm:g} to {high:g} rpm")
        self.spindle_rpm = speed
        if on:
            self.spindle_on = on[0] != "M5"

    def _dwell(self, commands: list[str], values: dict[str, float]) -> None:
        if "G4" not in commands:
            return
        seconds = values.get("P", inf)
        if not 0.0 <= seconds <= self.limits.max_dwell_s:
            raise Refused(f"a dwell of {seconds:g} s; the limit is {self.limits.max_dwell_s:g}")
        self.travel.seconds += seconds

    def _moves(self, commands: list[str], values: dict[str, float]) -> None:
        if "G53" in commands:
            self._machine_move(values)
        elif self.motion is None:
            raise Refused("a position without a motion: G0 or G1 comes first")
        elif self.motion in {"G2", "G3"}:
            self._arc(values, clockwise=self.motion == "G2")
        else:
            x, y, z = (str(values[letter]) if letter in values else None for letter in _AXES)
            self._straight(x, y, z)

    def _machine_move(self, values: dict[str, float]) -> None:
        """G53: a straight move in machine coordinates, whatever the offset."""
        if self.motion not in {"G0", "G1"} or self.relative:
            raise Refused("G53 only with G0 or G1, in absolute mode")
        travel = self.travel
        for axis, letter in enumerate(_AXES):
            if letter not in values:
                continue
            goal = values[letter] * self.scale
            if not travel.low[axis] <= goal <= travel.high[axis]:
                raise Refused(
                    f"{letter} {goal:.3f} is outside the machine's {travel.low[axis]:g} to {travel.high[axis]:g}"
                )
            self.at[axis] = goal - travel.offset[axis] if travel.fixed else None

    def _arc(self, values: dict[str, float], *, clockwise: bool) -> None:
        x, y = self.at[0], self.at[1]
        if x is None or y is None:
            raise Refused("an arc before any position is known: begin with G0 or G1")
        if self.relative:
            raise Refused("an arc in relative mode: G90 comes first")
        scaled = {letter: number * self.scale for letter, number in values.items()}
        end = (scaled.get("X", x), scaled.get("Y", y))
        if "R" in scaled:
            centre = centre_of((x, y), end, scaled["R"], clockwise)
        else:
            centre = (x + scaled.get("I", 0.0), y + scaled.get("J", 0.0))
        arc = sweep((x, y), end, centre, clockwise) if centre is not None else None
        if arc is None:
            raise Refused("an arc whose start and end lie on no common circle")
        if self.feed_mm_s <= 0.0:
            raise Refused("a cutting move without a feed: the first one needs F")
        for axis in (0, 1):
            self.travel.visit(axis, arc.low[axis])
            self.travel.visit(axis, arc.high[axis])
        if "Z" in scaled:
            self.travel.visit(2, scaled["Z"])
            self.at[2] = scaled["Z"]
        self.at[0], self.at[1] = end
        self.travel.seconds += arc.length / self.feed_mm_s


def _words(code: str) -> list[tuple[str, str]] | None:
    """Letters and the texts of their numbers; None if anything else stands there."""
    text = code.replace(" ", "").replace("\t", "")
    words, at = [], 0
    while at < len(text):
        match = _WORD(text, at)
        if match is None:
            return None
        words.append((match[1], match[2]))
        at = match.end()
    return words
