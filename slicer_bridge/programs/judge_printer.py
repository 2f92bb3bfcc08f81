"""Judges programs for Marlin and Klipper, one line at a time, knowing the program's state at that line.

Read as Marlin 2.1 (`parser.cpp`, `G0_G1.cpp`, `G2_G3.cpp`, `M104_M109.cpp`) and Klipper (`gcode.py`, `gcode_move.py`,
`gcode_arcs.py`, `heaters.py`) do; refused where they, or older releases, differ.
"""

from math import sqrt

from slicer_bridge.programs.arcs import arc_between
from slicer_bridge.programs.blocks import BlockKind, BlockSpan, first_word, moves_nothing
from slicer_bridge.programs.filament import Filament
from slicer_bridge.programs.heat import Heat
from slicer_bridge.programs.limits import Dialect, MachineLimits
from slicer_bridge.programs.printer_code import MAX_LINE, MOVE, Values, check_length, command, values_of
from slicer_bridge.programs.printer_words import (
    check_extended,
    check_feed_factor,
    check_foreign,
    check_label,
    check_setting,
)
from slicer_bridge.programs.text import check_text
from slicer_bridge.programs.travel import STEEP, Refused, Travel, travel_of
from slicer_bridge.programs.words import ALWAYS_REFUSED, DEFAULT_WORDS

_AXES = "XYZ"
_MODES = frozenset({"G90", "G91", "M82", "M83"})
_HEATERS = frozenset({"M104", "M109", "M140", "M141", "M190", "M191"})
_SETTERS = frozenset({"M201", "M203", "M204", "M205", "M220", "M221"})
_JUDGED = _MODES | _HEATERS | _SETTERS | {"G0", "G1", "G2", "G3", "G4", "G21", "M18", "M84"}
"""What these do is always known: no approval makes them anything else."""


class PrinterJudge:
    """`feed` judges the next line: None, or why it is refused."""

    def __init__(self, limits: MachineLimits) -> None:
        self.limits = limits
        self.travel: Travel = travel_of(limits, None, fixed=True)
        self.heat = Heat(limits)
        self.filament = Filament(limits)
        self.at: list[float | None] = [None, None, None]
        """None: nobody knows, though it may be homed."""
        self.homed = [False, False, False]
        self.relative = False
        self.feed_mm_s = 0.0
        self.factor_kept = False
        """M220 B was said."""
        self.block: BlockSpan | None = None
        self.strange = False
        """The block under way has used a word of its own, or ends a program that was hot."""
        self._before = list(self.at)
        self._klipper = limits.dialect is Dialect.KLIPPER
        self._words = limits.words
        self._letters = {**DEFAULT_WORDS[limits.dialect], **dict.fromkeys((f"T{n}" for n in range(limits.tools)), "")}
        self._refused = ALWAYS_REFUSED[limits.dialect]
        self._max_feed = limits.max_feed_mm_s
        self._max_z = limits.max_feed_z_mm_s or limits.max_feed_mm_s

    def feed(self, line: str) -> str | None:
        try:
            check_text(line)
            code = line.partition(";")[0].strip()
            if code:
                self._code(code)
        except Refused as refused:
            return str(refused)
        return None

    def enter(self, block: BlockSpan) -> None:
        """The next line is the block's first. At the end filament is drawn back after the heater was switched off."""
        self.block, self.strange = block, block.kind is BlockKind.END and self.heat.warm
        self._before = list(self.at)

    def leave(self, block: BlockSpan) -> None:
        """The block's last line has been judged: what the owner declares of it holds. Raises Refused."""
        effects, self.block, self.strange = block.effects, None, False
        if effects.returns:
            self.at = list(self._before)
        if effects.homed:
            self.homed = [True, True, True]
        for axis, at in enumerate(effects.position_mm):
            if at is not None:
                self.travel.visit(axis, at)
                self.at[axis] = at
            if not self.homed[axis]:
                self.at[axis] = None
        self.heat.declare(effects.hotend_c, effects.bed_c)
        self.travel.seconds += effects.duration_s

    def finish(self) -> list[str]:
        """What is wrong with the state in which the program ends."""
        reasons = self.heat.left_on()
        limit = self.limits.max_duration_s
        if limit is not None and self.travel.seconds > limit:
            reasons.append(f"its moves alone take {self.travel.seconds:.0f} s; this machine's limit is {limit:.0f} s")
        return reasons

    def _code(self, code: str) -> None:
        match = MOVE(code)
        if match is None or len(code) > MAX_LINE:
            self._judge(code)
            return
        x, y, z, e, f = match.groups()
        self._move(
            None if x is None else float(x),
            None if y is None else float(y),
            None if z is None else float(z),
            None if e is None else float(e),
            None if f is None else float(f),
        )

    def _move(self, x: float | None, y: float | None, z: float | None, e: float | None, f: float | None) -> None:
        """G0 and G1: the hot path, a whole program passes here twice."""
        speed = self.feed_mm_s if f is None else f / 60.0
        if not 0.0 < speed <= self._max_feed:
            raise _bad_feed(speed, self._max_feed)
        travel, at = self.travel, self.at
        square = 0.0
        blind = False
        goals: list[float | None] = [x, y, z]
        for axis in (0, 1, 2):
            goal = goals[axis]
            if goal is None:
                goals[axis] = at[axis]
                continue
            before = at[axis]
            if before is None:
                goals[axis] = self._from_unknown(axis, goal)
                blind = True
                continue
            if self.relative:
                goal += before
                goals[axis] = goal
            if not travel.reached_low[axis] <= goal <= travel.reached_high[axis]:
                travel.visit(axis, goal)
            square += (goal - before) * (goal - before)
        distance = sqrt(square)
        if z is not None and speed > self._max_z:
            self._check_z(at[2], goals[2], distance, speed)
        self._go(goals, distance, e, speed, blind=blind)

    def _check_z(self, before: float | None, goal: float | None, distance: float, speed: float) -> None:
        """Speed of a move that is mostly one of Z."""
        if before is not None and goal is not None and abs(goal - before) <= STEEP * distance:
            return
        raise Refused(f"Z would move at {speed:.1f} mm/s; the limit is {self._max_z:g}")

    def _go(self, goals: list[float | None], distance: float, e: float | None, speed: float, *, blind: bool) -> None:
        seconds = distance / speed
        filament = self.filament
        amount = 0.0 if e is None else filament.amount(e, in_block=self.block is not None)
        if amount == 0.0:
            filament.rest(seconds)
        else:
            self._check_warm()
            if blind and self.block is None:
                raise Refused("filament moves along a way that nobody knows: a move without E comes first")
            if blind:
                filament.push_blind(amount)
            elif distance:
                filament.push(amount, distance, seconds)
            else:
                seconds = filament.push_alone(amount, speed)
        self.at = goals
        self.feed_mm_s = speed
        self.travel.seconds += seconds

    def _check_warm(self) -> None:
        if not self.heat.warm and not self.strange:
            raise Refused(
                f"the filament moves before the hotend was waited for at {self.limits.min_extrusion_c:g} °C or more: "
                "M109 comes first"
            )

    def _from_unknown(self, axis: int, goal: float) -> float | None:
        """Where a move of an axis ends whose start nobody knows; unhomed ones are for approved blocks."""
        if self.block is None:
            if not self.homed[axis]:
                raise Refused(f"{_AXES[axis]} moves before it was homed: G28 comes first")
            if self.relative:
                raise Refused(f"{_AXES[axis]} moves by a step from where nobody knows: an absolute move comes first")
        if self.relative:
            return None
        self.travel.visit(axis, goal)
        return goal

    def _judge(self, code: str) -> None:
        try:
            word, rest, values = self._read(code)
        except Refused:
            word = first_word(code)
            if self.block is None or word not in self.block.words or word in _JUDGED:
                raise
            self._strange(word, code)
            return
        if word not in self._letters:
            self._added(word, rest)
        elif "_" in word:
            self._extended(word, rest)
        elif word == "M486":
            check_label(rest)
            self.at = [None, None, None]
        else:
            self._apply(word, values)

    def _read(self, code: str) -> tuple[str, str, Values]:
        """Word, what follows it, and its letters: if they may stand in a program at all. Raises Refused."""
        word, rest = command(code, self.limits.dialect, in_block=self.block is not None)
        if word in self._refused:
            raise Refused(f"{word} is always refused: {self._refused[word]}")
        if word not in self._words:
            raise Refused(f"{word} is not on this machine's list")
        if word not in self._letters or "_" in word or word == "M486":
            return word, rest, {}
        values = values_of(word, rest, self._letters[word])
        if word == "G92" and "E" not in values:
            raise Refused("G92 only as G92 E<number>: anything else shifts the coordinates")
        return word, rest, values

    def _strange(self, word: str, code: str) -> None:
        """A word that an approved block may use: what it does is declared for the block as a whole."""
        check_length(code, self.limits.dialect, in_block=True)
        check_foreign(word, code, self.limits)
        if not moves_nothing(word):
            self.strange = self.filament.lost = True
            self.at = [None, None, None]

    def _added(self, word: str, rest: str) -> None:
        """A word of this machine's own list: mostly nobody knows where it leaves the head."""
        check_foreign(word, rest, self.limits)
        if not moves_nothing(word):
            self.at = [None, None, None]

    def _extended(self, word: str, rest: str) -> None:
        check_extended(word, rest, self.limits)
        if word == "TURN_OFF_HEATERS":
            self.heat.turn_off()
        elif word != "EXCLUDE_OBJECT_DEFINE" and word.startswith("EXCLUDE_"):
            self.at = [None, None, None]  # the object before it may have been left out

    def _apply(self, word: str, values: Values) -> None:
        numbers = {letter: number for letter, number in values.items() if number is not None}
        if word in {"G0", "G1"}:
            self._move(*(numbers.get(letter) for letter in "XYZEF"))
        elif word in {"G2", "G3"}:
            self._arc(numbers, clockwise=word == "G2")
        elif word in _MODES:
            self._set_modes(word)
        elif word in _HEATERS:
            self._heat(word, numbers)
        else:
            self._apply_rarer(word, values, numbers)

    def _apply_rarer(self, word: str, values: Values, numbers: dict[str, float]) -> None:
        match word:
            case "G4":
                self._dwell(numbers)
            case "G10" | "G11":
                self._check_warm()
            case "G28":
                self._home(values)
            case "G92":
                self.filament.place(numbers["E"])
            case "M18" | "M84":
                self._release(values)
            case "M220":
                check_feed_factor(values, kept=self.factor_kept)
                self.factor_kept = self.factor_kept or "B" in values
            case _ if word.startswith("T"):
                self._choose(int(word[1:]))
            case _:
                check_setting(word, numbers, self.limits)
                if word == "M221":
                    self.filament.factor = numbers["S"] / 100.0

    def _choose(self, tool: int) -> None:
        """Marlin's `tool_change.cpp` brings the new tool to where the old one was; Klipper's changes are macros."""
        if tool != self.heat.tool and self._klipper:
            self.at = [None, None, None]
        self.heat.choose(tool)
        self.filament.choose(tool)

    def _set_modes(self, word: str) -> None:
        if word in {"M82", "M83"}:
            self.filament.set_mode(relative=word == "M83")
            return
        self.relative = word == "G91"
        if not self._klipper:  # from Marlin 2.0 on `set_relative_mode` sets E too; Klipper and older releases leave it
            self.filament.relative = self.relative

    def _home(self, values: Values) -> None:
        named = [axis for axis, letter in enumerate(_AXES) if letter in values] or [0, 1, 2]
        if 2 in named and not all(axis in named or self.homed[axis] for axis in (0, 1)):
            raise Refused("Z is homed before X and Y: firmwares that home Z in the middle of the bed leave it out")
        home = self.limits.home_mm
        for axis in named:
            self.homed[axis] = True
        self.at = [None, None, None]  # homing one axis may lift Z, homing Z may go to the middle of the bed
        if home is not None and len(named) == 3:
            self.at = list(home)
            for axis in named:
                self.travel.visit(axis, home[axis])

    def _release(self, values: Values) -> None:
        """Motors without current: nobody knows where the head is any more. Klipper releases all of them."""
        for axis, letter in enumerate(_AXES):
            if not values or letter in values or self._klipper:
                self.at[axis] = None
                self.homed[axis] = False

    def _dwell(self, numbers: dict[str, float]) -> None:
        parts = (numbers.get("S", 0.0), numbers.get("P", 0.0) / 1000.0)
        if not 0.0 <= min(parts) <= sum(parts) <= self.limits.max_dwell_s:
            raise Refused(f"a dwell of {sum(parts):g} s; the limit is {self.limits.max_dwell_s:g}")
        self.filament.rest(sum(parts))
        self.travel.seconds += sum(parts)

    def _heat(self, word: str, numbers: dict[str, float]) -> None:
        if ("S" in numbers) == ("R" in numbers):
            raise Refused(f"{word} needs one S (or R where it waits)")
        target = numbers["S"] if "S" in numbers else numbers["R"]
        if word in {"M140", "M190"}:
            self.heat.set_bed(target)
        elif word in {"M141", "M191"}:
            self.heat.set_chamber(target)
        else:
            tool = numbers.get("T")
            if tool is not None and tool not in range(self.limits.tools):
                raise Refused(f"{word} T{tool:g}: the machine has T0 to T{self.limits.tools - 1}")
            self.heat.set_hotend(target, None if tool is None else int(tool), waits=word == "M109")

    def _arc(self, numbers: dict[str, float], *, clockwise: bool) -> None:
        x, y, z = self.at
        if x is None or y is None:
            raise Refused("an arc from where nobody knows: a straight move of X and Y comes first")
        if self.relative:
            raise Refused("an arc in relative mode: G90 comes first")
        if "R" in numbers and ("I" in numbers or "J" in numbers):
            raise Refused("an arc with R and with I or J: one of them says where its centre is")
        speed = numbers["F"] / 60.0 if "F" in numbers else self.feed_mm_s
        if not 0.0 < speed <= self._max_feed:
            raise _bad_feed(speed, self._max_feed)
        end = (numbers.get("X", x), numbers.get("Y", y))
        centre = (numbers.get("I", 0.0), numbers.get("J", 0.0))
        arc = arc_between((x, y), end, centre, numbers.get("R"), clockwise)
        if arc is None:
            raise Refused("an arc whose start and end lie on no common circle")
        for axis in (0, 1):
            self.travel.visit(axis, arc.low[axis])
            self.travel.visit(axis, arc.high[axis])
        goal, length, blind = z, arc.length, False
        if "Z" in numbers:
            goal = numbers["Z"]
            length, blind = self._rise(z, goal, arc.length, speed)
        self._go([end[0], end[1], goal], length, numbers.get("E"), speed, blind=blind)

    def _rise(self, before: float | None, goal: float, length: float, speed: float) -> tuple[float, bool]:
        """Z of a helix: its length in all, and whether it is not known."""
        self.travel.visit(2, goal)
        if before is None:
            self._from_unknown(2, goal)
            return length, True
        length = sqrt(length**2 + (goal - before) ** 2)
        if speed > self._max_z:
            self._check_z(before, goal, length, speed)
        return length, False


def _bad_feed(speed: float, limit: float) -> Refused:
    if speed <= 0.0:
        return Refused("a move without a feed: the first one needs F")
    return Refused(f"F {speed * 60:.0f} is {speed:.1f} mm/s; the limit is {limit:g}")
