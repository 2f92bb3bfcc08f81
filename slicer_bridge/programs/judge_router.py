"""Judges programs for GRBL 1.1, one line at a time, knowing the program's state at that line.

Positions are work coordinates; with the work offset known they are judged in machine coordinates. Homing, unlocking
and settings ($…) are the driver's business and never stand in a program. Units and distance mode are said by the
program before anything moves: GRBL keeps those of whatever ran before.
"""

from math import inf, sqrt

from slicer_bridge.programs.arcs import arc_between
from slicer_bridge.programs.blocks import BlockSpan
from slicer_bridge.programs.limits import MachineLimits
from slicer_bridge.programs.router_code import MAX_LINE, MOVE, Block, block_of, check_use, code_of
from slicer_bridge.programs.spindle import Spindle
from slicer_bridge.programs.text import LONGEST_LINE
from slicer_bridge.programs.travel import STEEP, Refused, Travel, travel_of
from slicer_bridge.programs.words import ALWAYS_REFUSED, Dialect

_INCH_MM = 25.4
_MOTIONS = frozenset({"G0", "G1", "G2", "G3", "G80"})
_AXES = "XYZ"

Offset = tuple[float, float, float]


class RouterJudge:
    """`feed` judges the next line. `work_offset`: machine position of the work's zero, mm; None: not known yet."""

    def __init__(self, limits: MachineLimits, work_offset: Offset | None = None) -> None:
        self.limits = limits
        self.travel: Travel = travel_of(limits, work_offset, fixed=work_offset is not None)
        self.spindle = Spindle(limits)
        self.at: list[float | None] = [None, None, None]
        self.motion: str | None = None
        self.relative: bool | None = None
        """None: not said yet, as with `scale`."""
        self.scale: float | None = None
        self.feed_mm_s = 0.0
        self.ended = False
        self.block: BlockSpan | None = None
        self._words = limits.words
        self._max_feed = limits.max_feed_mm_s
        self._max_z = limits.max_feed_z_mm_s or limits.max_feed_mm_s

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
        """The block's last line has been judged: what the owner declares of it holds. Raises Refused."""
        self.block = None
        for axis, at in enumerate(block.effects.position_mm):
            if at is not None:
                self._check_machine(axis, at)
                self.at[axis] = at - self.travel.offset[axis] if self.travel.fixed else None
        self.travel.seconds += block.effects.duration_s

    def finish(self) -> list[str]:
        """What is wrong with the state in which the program ends."""
        reasons = self.spindle.left_on()
        limit = self.limits.max_duration_s
        if limit is not None and self.travel.seconds > limit:
            reasons.append(f"its moves alone take {self.travel.seconds:.0f} s; this machine's limit is {limit:.0f} s")
        return reasons

    def _line(self, line: str) -> None:
        if len(line) > LONGEST_LINE:
            raise Refused(f"a line of over {LONGEST_LINE} characters")
        code = code_of(line)
        if not code:
            return
        if self.ended:
            raise Refused("a command after the program's end (M2 or M30)")
        if len(line) > MAX_LINE and len(code) > MAX_LINE:
            raise Refused(f"{len(code)} characters; GRBL takes {MAX_LINE}")
        match = MOVE(code)
        if match is None:
            self._judge(block_of(code))
            return
        motion, x, y, z, f = match.groups()
        if f is not None:
            self._set_feed(float(f))
        if motion is not None:
            self._set_motion(f"G{motion}")
        if x is not None or y is not None or z is not None:
            if self.motion not in {"G0", "G1"}:
                raise Refused("a position without G0 or G1 in force: write the motion")
            self._straight(
                None if x is None else float(x), None if y is None else float(y), None if z is None else float(z)
            )

    def _straight(self, x: float | None, y: float | None, z: float | None) -> None:
        """G0 and G1 in the work's coordinates."""
        scale = self._known_scale()
        goals = list(self.at)
        square, blind = 0.0, False
        for axis, value in ((0, x), (1, y), (2, z)):
            if value is None:
                continue
            goal, before = value * scale, self.at[axis]
            if self.relative:
                if before is None:
                    raise Refused(f"{_AXES[axis]} moves by a step before any position is known: begin with G90 moves")
                goal += before
            self.travel.visit(axis, goal)
            goals[axis] = goal
            if before is None:
                blind = True
            else:
                square += (goal - before) ** 2
        distance = sqrt(square)
        speed = self._max_feed
        if self.motion == "G1":
            speed = self._cutting_feed()
            if z is not None and speed > self._max_z:
                self._check_z(goals[2], distance, speed, blind=blind)
        self.at = goals
        self.travel.seconds += distance / speed

    def _check_z(self, goal: float | None, distance: float, speed: float, *, blind: bool) -> None:
        """Speed of a move that is mostly one of Z."""
        before = self.at[2]
        if before is not None and goal is not None and not blind and abs(goal - before) <= STEEP * distance:
            return
        raise Refused(f"Z would move at {speed:.1f} mm/s; the limit is {self._max_z:g}")

    def _cutting_feed(self) -> float:
        if self.feed_mm_s <= 0.0:
            raise Refused("a cutting move without a feed: the first one needs F")
        return self.feed_mm_s

    def _known_scale(self) -> float:
        if self.scale is None or self.relative is None:
            raise Refused("a move before G21 (or G20) and G90 (or G91): the machine would read it as it read its last")
        return self.scale

    def _set_feed(self, per_min: float) -> None:
        if self.scale is None:
            raise Refused("F before G21 or G20: in which unit?")
        speed = per_min * self.scale / 60.0
        if not 0.0 < speed <= self._max_feed:
            raise Refused(f"F {per_min:g} is {speed:.1f} mm/s; it must be above 0 and up to {self._max_feed:g}")
        self.feed_mm_s = speed

    def _judge(self, block: Block) -> None:
        own = self.block.words if self.block is not None else frozenset()
        if any(word in own and word not in self._words for word in block.commands):
            if rest := [word for word in block.commands if word not in own]:
                raise Refused(f"{', '.join(rest)} beside a word of the block's own: one of them a line")
            self.at = [None, None, None]
            return
        for word in block.commands:
            refused = ALWAYS_REFUSED[Dialect.GRBL].get(word)
            if refused is not None:
                raise Refused(f"{word} is always refused: {refused}")
            if word not in self._words:
                raise Refused(f"{word} is not on this machine's list")
        self._execute(block)

    def _execute(self, block: Block) -> None:
        """One line's words, in the order in which GRBL 1.1 executes them (gcode.c, step 4)."""
        commands, values = block.commands, block.values
        motion = next((word for word in commands if word in _MOTIONS), self.motion)
        check_use(block, motion)
        if "G20" in commands or "G21" in commands:
            self.scale = _INCH_MM if "G20" in commands else 1.0
        if "F" in values:
            self._set_feed(values["F"])
        self.spindle.command(commands, values.get("S"))
        if "G4" in commands:
            self._dwell(values.get("P", inf))
        if "G90" in commands or "G91" in commands:
            self.relative = "G91" in commands
        for word in _MOTIONS.intersection(commands):
            self._set_motion(word)
        if not values.keys().isdisjoint(_AXES) or "G2" in commands or "G3" in commands:
            self._moves(commands, values)
        if "M2" in commands or "M30" in commands:
            self.spindle.end()
            self.ended = True

    def _set_motion(self, word: str) -> None:
        """GRBL asks for a feed when the motion is named, moves or not."""
        if word in {"G1", "G2", "G3"}:
            self._cutting_feed()
        self.motion = None if word == "G80" else word

    def _dwell(self, seconds: float) -> None:
        if not 0.0 <= seconds <= self.limits.max_dwell_s:
            raise Refused(f"a dwell of {seconds:g} s; the limit is {self.limits.max_dwell_s:g}")
        self.spindle.dwell(seconds)
        self.travel.seconds += seconds

    def _moves(self, commands: tuple[str, ...], values: dict[str, float]) -> None:
        if "G53" in commands:
            self._machine_move(values)
        elif self.motion is None:
            raise Refused("a position without a motion: G0 or G1 comes first")
        elif self.motion in {"G2", "G3"}:
            self._arc(values, clockwise=self.motion == "G2")
        else:
            self._straight(values.get("X"), values.get("Y"), values.get("Z"))

    def _machine_move(self, values: dict[str, float]) -> None:
        """G53: a straight move in machine coordinates, whatever the offset."""
        scale = self._known_scale()
        if self.motion not in {"G0", "G1"} or self.relative:
            raise Refused("G53 only with G0 or G1, in absolute mode")
        if self.motion == "G1" and self._cutting_feed() > self._max_z and "Z" in values:
            raise Refused(f"Z would move at {self.feed_mm_s:.1f} mm/s; the limit is {self._max_z:g}")
        for axis, letter in enumerate(_AXES):
            if letter not in values:
                continue
            goal = values[letter] * scale
            self._check_machine(axis, goal)
            self.at[axis] = goal - self.travel.offset[axis] if self.travel.fixed else None

    def _check_machine(self, axis: int, at: float) -> None:
        low, high = self.travel.low[axis], self.travel.high[axis]
        if not low <= at <= high:
            raise Refused(f"{_AXES[axis]} {at:.3f} is outside the machine's {low:g} to {high:g}")

    def _arc(self, values: dict[str, float], *, clockwise: bool) -> None:
        scale = self._known_scale()
        x, y, z = self.at
        if x is None or y is None:
            raise Refused("an arc before any position is known: begin with G0 or G1")
        if self.relative:
            raise Refused("an arc in relative mode: G90 comes first")
        if "X" not in values and "Y" not in values:
            raise Refused("an arc without X or Y: GRBL takes none")
        end = (values["X"] * scale if "X" in values else x, values["Y"] * scale if "Y" in values else y)
        centre = (values.get("I", 0.0) * scale, values.get("J", 0.0) * scale)
        radius = values["R"] * scale if "R" in values else None
        arc = arc_between((x, y), end, centre, radius, clockwise)
        if arc is None:
            raise Refused("an arc whose start and end lie on no common circle")
        speed = self._cutting_feed()
        for axis in (0, 1):
            self.travel.visit(axis, arc.low[axis])
            self.travel.visit(axis, arc.high[axis])
        length, goal = arc.length, z
        if "Z" in values:
            goal = values["Z"] * scale
            self.travel.visit(2, goal)
            length = sqrt(length**2 + (goal - z) ** 2) if z is not None else length
            if speed > self._max_z:
                self._check_z(goal, length, speed, blind=z is None)
        self.at = [end[0], end[1], goal]
        self.travel.seconds += length / speed
