"""What GRBL 1.1 would do with a line, byte by byte.

Sources: GRBL 1.1 `serial.c` (real-time bytes), `protocol.c` (characters, comments, overflow), `gcode.c` (words, groups,
order), `nuts_bolts.c` (numbers), `motion_control.c` (arcs). What it answers with an error counts as forbidden: a
program would stop in its middle.
"""

from dataclasses import dataclass, field
from math import hypot, sqrt

from slicer_bridge.programs.limits import MachineLimits
from tests.slicer_bridge.programs.firmwares.body import Machine

_REALTIME = set("?~!\x18") | {chr(byte) for byte in range(0x80, 0x100)}
_GROUPS = {
    0: (400, 1000, 2800, 2810, 3000, 3010, 5300, 9200, 9210),
    1: (0, 100, 200, 300, 3820, 3830, 3840, 3850, 8000),
    2: (1700, 1800, 1900),
    3: (9000, 9100),
    4: (9110,),
    5: (9300, 9400),
    6: (2000, 2100),
    7: (4000,),
    8: (4310, 4900),
    12: (5400, 5500, 5600, 5700, 5800, 5900),
    13: (6100,),
}
_FINE = {0, 100, 200, 300, 400, 1700, 2000, 2100, 4000, 4900, 5300, 5400, 6100, 8000, 9000, 9100, 9110, 9400}
"""Hundredths of G words that a program may hold."""


class Error(Exception):
    """GRBL's answer to the line."""


@dataclass
class Leftover:
    """What the last program left."""

    inches: bool = False
    relative: bool = False
    corner: int = 0


LEFTOVERS = (Leftover(), Leftover(inches=True, relative=True, corner=1))


@dataclass
class Grbl:
    limits: MachineLimits
    offset: tuple[float, float, float]
    left: Leftover = field(default_factory=Leftover)
    body: Machine = field(init=False)
    motion: int = 0
    feed_mm_min: float = 0.0
    speed: float = 1e9
    spindle: int = 5
    coolant: bool = False
    ended: bool = False

    def __post_init__(self) -> None:
        box = self.limits.envelope_mm
        self.body = Machine(
            self.limits.model_copy(update={"max_flow_mm3_s": None}),
            tuple(span[self.left.corner] for span in (box.x, box.y, box.z)),  # type: ignore[arg-type]
        )
        self.body.homed = [True, True, True]
        self.inches, self.relative = self.left.inches, self.left.relative

    def read(self, line: str) -> list[str]:
        self.body.wrong = []
        buffer, comment = "", ""
        for char in line + "\n":
            if char in _REALTIME:
                self.body.note(f"a real-time command: {char!r}")
            elif char in "\r\n":
                self._line(buffer)
                buffer, comment = "", ""
            elif comment:
                if char == ")" and comment == "(":
                    comment = ""
            elif char in "(;":
                comment = char
            elif char > " " and char != "/":
                buffer += char.upper()
                if len(buffer) > 79:
                    self.body.note("overflow")
                    buffer, comment = "", ";"
        return self.body.wrong

    def finish(self) -> list[str]:
        return (["spindle"] if self.spindle != 5 else []) + (["coolant"] if self.coolant else [])

    def _line(self, text: str) -> None:
        if not text:
            return
        if text[0] == "$":
            self.body.note("a $ command")
            return
        if self.ended:
            self.body.note("goes on after its end")
        try:
            self._execute(*self._words(text))
        except Error as error:
            self.body.note(f"error: {error}")

    def _number(self, text: str, at: int) -> tuple[float, int]:
        begin = at
        if text[at : at + 1] in {"-", "+"} and text[at : at + 1]:
            at += 1
        digits = ""
        while at < len(text) and (text[at] in "0123456789" or (text[at] == "." and "." not in digits)):
            digits += text[at]
            at += 1
        if not digits.strip("."):
            raise Error("bad number")
        return float(digits) * (-1 if text[begin] == "-" else 1), at

    def _words(self, text: str) -> tuple[dict[int, int], list[int], dict[str, float]]:
        """G words in hundredths by group, M words, values."""
        groups: dict[int, int] = {}
        switches: list[int] = []
        values: dict[str, float] = {}
        at = 0
        while at < len(text):
            letter = text[at]
            if not "A" <= letter <= "Z":
                raise Error("expected a letter")
            number, at = self._number(text, at + 1)
            if letter == "G":
                code = (int(number) & 0xFF) * 100 + round(100 * (number - int(number)))
                group = next((key for key, codes in _GROUPS.items() if code in codes), None)
                if group is None or group in groups:
                    raise Error(f"G{number:g}")
                groups[group] = code
                if code not in _FINE:
                    self.body.note(f"a forbidden word: G{number:g}")
            elif letter == "M":
                if number != int(number):
                    raise Error("M with decimals")
                switches.append(int(number) & 0xFF)
            elif letter in "FIJKLNPRSTXYZ":
                if letter in values or (letter in "FNPST" and number < 0):
                    raise Error(f"{letter} twice or below 0")
                values[letter] = number
            else:
                raise Error(f"{letter}?")
        return groups, switches, values

    def _execute(self, groups: dict[int, int], switches: list[int], values: dict[str, float]) -> None:  # noqa: PLR0912 - a firmware's own switch
        limits = self.limits
        for number in switches:
            if number not in {2, 3, 4, 5, 7, 8, 9, 30}:
                self.body.note(f"a forbidden word: M{number}")
        if len([n for n in switches if n in {3, 4, 5}]) > 1 or len([n for n in switches if n in {7, 8, 9}]) > 1:
            raise Error("two of one group")
        if 6 in groups:
            self.inches = groups[6] == 2000
        scale = 25.4 if self.inches else 1.0
        if "F" in values:
            self.feed_mm_min = values["F"] * scale
        if "S" in values:
            self.speed = values["S"]
            self._check_speed()
        for number in switches:
            if number in {3, 4, 5}:
                self.spindle = number
                if number != 5 and not (limits.max_spindle_rpm or limits.max_laser_s):
                    self.body.note("no spindle")
                if number != 5:
                    self._check_speed()
            elif number in {7, 8, 9}:
                self.coolant = number != 9
        used = {"F", "S", "T", "N"}
        if groups.get(0) == 400:
            if "P" not in values:
                raise Error("no P")
            used.add("P")
            self.body.wait(values["P"])
            if limits.max_laser_s and self.spindle == 3 and self.speed and values["P"] > 1:
                self.body.note("the laser stands still")
        if 3 in groups:
            self.relative = groups[3] == 9100
        named = [axis for axis in range(3) if "XYZ"[axis] in values]
        explicit = 1 in groups and groups[1] != 8000
        if 1 in groups:
            self.motion = groups[1]
        if 8 in groups and (explicit or named):
            raise Error("axis conflict")
        if named or explicit:
            used |= self._go(groups, values, named, scale) | set("XYZ")
        if unused := set(values) - used:
            raise Error(f"unused {unused}")
        if {2, 30} & set(switches):
            self.ended, self.spindle, self.coolant = True, 5, False

    def _check_speed(self) -> None:
        limits = self.limits
        high = limits.max_laser_s or limits.max_spindle_rpm
        low = 0.0 if limits.max_laser_s else limits.min_spindle_rpm
        if self.speed and not low <= self.speed <= high:
            self.body.note(f"S {self.speed:g}")

    def _go(self, groups: dict[int, int], values: dict[str, float], named: list[int], scale: float) -> set[str]:  # noqa: PLR0912 - a firmware's own switch
        """Executes a motion; returns the letters that it has used."""
        if self.motion == 8000:
            raise Error("G80 is active")
        body, here = self.body, list(self.body.at)
        goal = list(here)
        for axis in named:
            number = values["XYZ"[axis]] * scale
            if groups.get(0) == 5300:
                goal[axis] = number
            elif self.relative:
                goal[axis] += number
            else:
                goal[axis] = number + self.offset[axis]
        rapid = self.motion == 0
        if groups.get(0) == 5300 and self.motion not in {0, 100}:
            raise Error("G53 needs G0 or G1")
        if not rapid and not self.feed_mm_min:
            raise Error("no feed")
        body.steep_share = 2.0 if rapid else 0.87
        speed = self.limits.max_feed_mm_s if rapid else self.feed_mm_min / 60
        if self.motion in {0, 100}:
            if named:
                body.move(goal, named, speed, 0.0)
            return set()
        if not {0, 1} & set(named):
            raise Error("no axis in the plane")
        dx, dy = goal[0] - here[0], goal[1] - here[1]
        clockwise = self.motion == 200
        if "R" in values:
            if not dx and not dy:
                raise Error("no way")
            r = values["R"] * scale
            four = 4 * r * r - dx * dx - dy * dy
            if four < -1e-3:
                raise Error("radius")
            height = -sqrt(max(four, 0.0)) / hypot(dx, dy) * (-1 if not clockwise else 1) * (-1 if r < 0 else 1)
            i, j = (dx - dy * height) / 2, (dy + dx * height) / 2
            body.arc(goal, (here[0] + i, here[1] + j), clockwise, speed, 0.0)
            return {"R"}
        if "I" not in values and "J" not in values:
            raise Error("no centre")
        i, j = values.get("I", 0.0) * scale, values.get("J", 0.0) * scale
        radius, gap = hypot(i, j), abs(hypot(dx - i, dy - j) - hypot(i, j))
        if gap > 0.5 or (gap > 0.005 and gap > 0.001 * radius):
            raise Error("radii differ")
        body.arc(goal, (here[0] + i, here[1] + j), clockwise, speed, 0.0)
        return {"I", "J", "K"}
