"""Judges programs for Marlin and Klipper, one line at a time, knowing the program's state at that line.

Stricter than the firmwares where they differ: one command a line, capitals, plain decimal numbers, no line numbers
or checksums (the driver adds them), letters only where the command knows them.
"""

import re
from math import inf, pi, sqrt

from slicer_bridge.programs.arcs import centre_of, sweep
from slicer_bridge.programs.blocks import BlockSpan, first_word
from slicer_bridge.programs.limits import Dialect, MachineLimits
from slicer_bridge.programs.travel import SLACK_MM, Refused, Travel, travel_of
from slicer_bridge.programs.words import ALWAYS_REFUSED, DEFAULT_WORDS

MAX_LINE = 80
"""Marlin's MAX_CMD_SIZE is 96, of which line number and checksum take up to 16."""
MAX_MACRO = 250
"""Klipper reads lines of any length; macros of approved blocks take many values."""
_NUMBER = r"(-?(?:\d+\.?\d*|\.\d+))"
_MOVE = re.compile(rf"G[01](?: X{_NUMBER})?(?: Y{_NUMBER})?(?: Z{_NUMBER})?(?: E{_NUMBER})?(?: F{_NUMBER})?").fullmatch
_COMMAND = re.compile(r"([GMT]\d+(?:\.\d+)?|[A-Z][A-Z_]+)(.*)", re.ASCII).fullmatch
_LETTERS = re.compile(rf"\s*([A-Z])\s*{_NUMBER[:-1]})?").match
_OBJECT = re.compile(r"(?: [A-Z]+=[\w.,\[\]+-]+)*", re.ASCII).fullmatch
_MAX_FACTOR = 100.0
_FLOW_FACTORS = (50.0, 150.0)
_AXES = "XYZ"

Values = dict[str, float | None]


class PrinterJudge:
    """`feed` judges the next line: None, or why it is refused."""

    def __init__(self, limits: MachineLimits) -> None:
        self.limits = limits
        self.travel: Travel = travel_of(limits, None, fixed=True)
        self.hotend_c = self.bed_c = 0.0
        self.filament_mm = 0.0
        self.warm = False
        self._words = limits.words
        self._letters = {**DEFAULT_WORDS[limits.dialect], **dict.fromkeys(limits.allow, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
        self.at: list[float | None] = [None, None, None]
        self.e = 0.0
        self.relative = self.relative_e = False
        self.feed_mm_s = 0.0
        self._max_feed = limits.max_feed_mm_s
        self._max_z = limits.max_feed_z_mm_s or limits.max_feed_mm_s
        self._max_e = limits.max_feed_e_mm_s or limits.max_feed_mm_s
        self._max_flow = limits.max_flow_mm3_s or inf
        self.block: BlockSpan | None = None
        self.strange = False
        self._filament_mm2 = pi * limits.filament_mm**2 / 4

    def feed(self, line: str) -> str | None:
        code = line.partition(";")[0].strip()
        if not code:
            return None
        match = _MOVE(code)
        try:
            if match is not None and len(code) <= MAX_LINE:
                x, y, z, e, f = match.groups()
                self._move(
                    None if x is None else float(x),
                    None if y is None else float(y),
                    None if z is None else float(z),
                    None if e is None else float(e),
                    None if f is None else float(f),
                )
            else:
                self._judge(code)
        except Refused as refused:
            return str(refused)
        return None

    def enter(self, block: BlockSpan) -> None:
        """The next line is the block's first."""
        self.block, self.strange = block, False

    def leave(self, block: BlockSpan) -> None:
        """The block's last line has been judged: what the owner declares of it holds."""
        self.block, self.strange = None, False
        effects = block.effects
        if effects.hotend_c is not None:
            self.hotend_c = effects.hotend_c
            self.warm = effects.hotend_c >= self.limits.min_extrusion_c
        if effects.bed_c is not None:
            self.bed_c = effects.bed_c
        for axis, at in enumerate(effects.position_mm):
            if at is not None:
                self.at[axis] = at
            elif effects.homed and self.at[axis] is None:
                self.at[axis] = self.limits.home_mm[axis]
        self.travel.seconds += effects.duration_s

    def finish(self) -> list[str]:
        """What is wrong with the state in which the program ends."""
        reasons = []
        if self.hotend_c > 0:
            reasons.append(f"the program ends with the hotend at {self.hotend_c:g} °C: end with M104 S0")
        if self.bed_c > 0:
            reasons.append(f"the program ends with the bed at {self.bed_c:g} °C: end with M140 S0")
        limit = self.limits.max_duration_s
        if limit is not None and self.travel.seconds > limit:
            reasons.append(f"its moves alone take {self.travel.seconds:.0f} s; this machine's limit is {limit:.0f} s")
        return reasons

    def _move(self, x: float | None, y: float | None, z: float | None, e: float | None, f: float | None) -> None:
        """G0 and G1: the hot path, a whole program passes here twice."""
        speed = self.feed_mm_s if f is None else f / 60.0
        if not 0.0 < speed <= self._max_feed:
            raise _bad_feed(speed, self._max_feed)
        travel, at = self.travel, self.at
        square = 0.0
        goals: list[float | None] = [x, y, z]
        for axis in (0, 1, 2):
            goal = goals[axis]
            if goal is None:
                goals[axis] = at[axis]
                continue
            before = at[axis]
            if before is None:
                goals[axis] = self._from_unknown(axis, goal)
                continue
            if self.relative:
                goal += before
                goals[axis] = goal
            if not travel.reached_low[axis] <= goal <= travel.reached_high[axis]:
                travel.visit(axis, goal)
            square += (goal - before) * (goal - before)
        if z is not None and x is None and y is None and speed > self._max_z:
            raise Refused(f"Z would move at {speed:.1f} mm/s; the limit is {self._max_z:g}")
        distance = sqrt(square)
        if e is not None:
            self._extrude(e, distance, speed)
        self.at = goals
        self.feed_mm_s = speed
        travel.seconds += distance / speed

    def _from_unknown(self, axis: int, goal: float) -> float | None:
        """Where a move of an axis ends that nobody homed: only approved blocks may do that."""
        if self.block is None:
            raise Refused(f"{_AXES[axis]} moves before it was homed: G28 comes first")
        if self.relative:
            return None
        self.travel.visit(axis, goal)
        return goal

    def _extrude(self, e: float, distance: float, speed: float) -> None:
        amount = e if self.relative_e else e - self.e
        if amount == 0.0:
            return
        if not self.warm and not self.strange:
            raise Refused(
                f"the filament moves before the hotend was waited for at {self.limits.min_extrusion_c:g} °C or more: "
                "M109 comes first"
            )
        if distance == 0.0:
            if speed > self._max_e:
                raise Refused(f"the filament would move at {speed:.1f} mm/s; the limit is {self._max_e:g}")
            self.travel.seconds += abs(amount) / speed
        elif amount * self._filament_mm2 * speed > self._max_flow * distance and amount > SLACK_MM:
            flow = amount * self._filament_mm2 * speed / distance
            raise Refused(f"{flow:.1f} mm³/s of filament; the limit is {self._max_flow:g}")
        self.e = self.e + amount
        self.filament_mm += amount

    def _judge(self, code: str) -> None:
        if not code.isascii() or not code.isprintable():
            raise Refused("a byte that is no printable ASCII")
        longest = MAX_LINE if self.block is None or self.limits.dialect is Dialect.MARLIN else MAX_MACRO
        if len(code) > longest:
            raise Refused(f"{len(code)} characters; at most {longest} are safe")
        try:
            command = self._read(code)
        except Refused:
            if self.block is None or first_word(code) not in self.block.words:
                raise
            self._strange()
            return
        if command is not None:
            self._apply(*command)

    def _read(self, code: str) -> tuple[str, Values] | None:
        """The command, if its word and form are those of a program; None for one that marks an object."""
        match = _COMMAND(code)
        if match is None:
            raise Refused(
                "no command of this dialect: one command a line, in capitals, without line number or checksum"
            )
        word, rest = match[1], match[2]
        refused = ALWAYS_REFUSED[self.limits.dialect].get(word)
        if refused is not None:
            raise Refused(f"{word} is always refused: {refused}")
        if word not in self._words:
            raise Refused(f"{word} is not on this machine's list")
        if "_" in word:
            if not _OBJECT(rest):
                raise Refused(f"{word}: only NAME=VALUE with plain values may follow")
            return None
        values = _values(rest)
        if values is None:
            raise Refused(f"{word}: what follows is not a letter and a plain number each, once")
        foreign = [letter for letter in values if letter not in self._letters[word]]
        if foreign:
            raise Refused(f"{word} with {', '.join(foreign)}: only {self._letters[word] or 'nothing'} may follow")
        self._check_form(word, values)
        return word, values

    def _check_form(self, word: str, values: Values) -> None:
        match word:
            case "G0" | "G1" | "G2" | "G3" if None in values.values():
                raise Refused(f"{word}: a letter without its number")
            case "G92" if values.get("E") is None:
                raise Refused("G92 only as G92 E<number>: anything else shifts the coordinates")
            case "M104" | "M109" | "M140" | "M190" if ("S" in values) == ("R" in values):
                raise Refused(f"{word} needs one S (or R where it waits)")
            case "M104" | "M109" if values.get("T") not in {None, 0.0}:
                raise Refused("only hotend T0 is known")
            case _:
                pass

    def _strange(self) -> None:
        """A word that an approved block may use: what it does is declared for the block as a whole."""
        self.strange = True
        self.at = [None, None, None]

    def _apply(self, word: str, values: Values) -> None:
        match word:
            case "G0" | "G1" | "G2" | "G3":
                if word in {"G2", "G3"}:
                    self._arc(values, clockwise=word == "G2")
                else:
                    self._move(*(values.get(letter) for letter in "XYZEF"))
            case "G4":
                self._dwell(values)
            case "G28":
                self._home(values)
            case "G90" | "G91" | "M82" | "M83":
                self._set_modes(word)
            case "G92":
                self.e = values["E"] or 0.0
            case "M18" | "M84":
                self._release(values)
            case "M104" | "M109" | "M140" | "M190":
                self._heat(word, values)
            case _:
                self._other(word, values)

    def _set_modes(self, word: str) -> None:
        match word:
            case "M82" | "M83":
                self.relative_e = word == "M83"
            case _:
                self.relative = word == "G91"
                if self.limits.dialect is Dialect.MARLIN:  # 2.0 `set_relative_mode` sets E too; Klipper's leaves it
                    self.relative_e = self.relative

    def _home(self, values: Values) -> None:
        named = [axis for axis, letter in enumerate(_AXES) if letter in values] or [0, 1, 2]
        for axis in named:
            self.at[axis] = self.limits.home_mm[axis]
            self.travel.visit(axis, self.limits.home_mm[axis])

    def _release(self, values: Values) -> None:
        """Motors without current: nobody knows where the head is any more."""
        for axis, letter in enumerate(_AXES):
            if not values or letter in values:
                self.at[axis] = None

    def _dwell(self, values: Values) -> None:
        seconds = (values.get("S") or 0.0) + (values.get("P") or 0.0) / 1000.0
        if not 0.0 <= seconds <= self.limits.max_dwell_s:
            raise Refused(f"a dwell of {seconds:g} s; the limit is {self.limits.max_dwell_s:g}")
        self.travel.seconds += seconds

    def _heat(self, word: str, values: Values) -> None:
        target = values["S"] if "S" in values else values["R"]
        bed = word in {"M140", "M190"}
        limit = self.limits.max_bed_c if bed else self.limits.max_hotend_c
        if target is None or not 0.0 <= target <= limit:
            raise Refused(f"{'bed' if bed else 'hotend'} at {target} °C; the limit is {limit:g}")
        if bed:
            self.bed_c = target
            return
        self.warm = target >= self.limits.min_extrusion_c and (word == "M109" or self.warm)
        self.hotend_c = target

    def _other(self, word: str, values: Values) -> None:
        numbers = {letter: number or 0.0 for letter, number in values.items()}
        match word:
            case "M106":
                if not 0 <= numbers.get("S", 0.0) <= 255 or numbers.get("P", 0.0) != 0.0:
                    raise Refused("M106 only for fan 0, S 0 to 255")
            case "M201" | "M204":
                limit = self.limits.max_acceleration_mm_s2 or inf
                if any(not 0 < number <= limit for number in numbers.values()):
                    raise Refused(f"an acceleration above the limit of {limit:g} mm/s², or not above 0")
            case "M203":
                self._set_max_feeds(numbers)
            case "M220":
                if not 0 < numbers.get("S", 0.0) <= _MAX_FACTOR:
                    raise Refused(f"M220 only with S above 0 and up to {_MAX_FACTOR:g}: more would pass every limit")
            case "M221":
                low, high = _FLOW_FACTORS
                if not low <= numbers.get("S", 0.0) <= high:
                    raise Refused(f"M221 only with S from {low:g} to {high:g}")
            case _:
                pass  # M17, M73, M107, M205, M400, M900, T0 and what the machine's list adds change nothing we track

    def _set_max_feeds(self, numbers: dict[str, float]) -> None:
        limits = {"X": self._max_feed, "Y": self._max_feed, "Z": self._max_feed, "E": self._max_feed}
        for letter, number in numbers.items():
            if not 0 < number <= limits[letter]:
                raise Refused(f"M203 {letter}{number:g}: the limit is {limits[letter]:g} mm/s")

    def _arc(self, values: Values, *, clockwise: bool) -> None:
        x, y = self.at[0], self.at[1]
        if x is None or y is None:
            raise Refused("an arc before X and Y were homed: G28 comes first")
        if self.relative:
            raise Refused("an arc in relative mode: G90 comes first")
        goal = (values.get("X") if "X" in values else x, values.get("Y") if "Y" in values else y)
        end = (goal[0] or 0.0, goal[1] or 0.0)
        radius = values.get("R")
        if radius is not None:
            centre = centre_of((x, y), end, radius, clockwise)
        else:
            centre = (x + (values.get("I") or 0.0), y + (values.get("J") or 0.0))
        arc = sweep((x, y), end, centre, clockwise) if centre is not None else None
        if arc is None:
            raise Refused("an arc whose start and end lie on no common circle")
        for axis in (0, 1):
            self.travel.visit(axis, arc.low[axis])
            self.travel.visit(axis, arc.high[axis])
        self._move(end[0], end[1], values.get("Z"), values.get("E"), values.get("F"))


def _bad_feed(speed: float, limit: float) -> Refused:
    if speed <= 0.0:
        return Refused("a move without a feed: the first one needs F")
    return Refused(f"F {speed * 60:.0f} is {speed:.1f} mm/s; the limit is {limit:g}")


def _values(rest: str) -> Values | None:
    """Letters and their numbers (None: a letter alone); None if anything else stands there, or one twice."""
    values: Values = {}
    at = 0
    while at < len(rest):
        if rest[at:].isspace():
            break
        match = _LETTERS(rest, at)
        if match is None or match[1] in values:
            return None
        values[match[1]] = None if match[2] is None else float(match[2])
        at = match.end()
    return values
