"""What Marlin would do with a line, byte by byte, in any of the builds and releases that are about.

Sources: Marlin 2.1 `queue.cpp` (characters), `parser.cpp` (words), `gcode.cpp`, `G0_G1.cpp`, `G2_G3.cpp`, `G4.cpp`,
`G28.cpp`, `G92.cpp`, `M104_M109.cpp`, `M486.cpp`, `M200-M205.cpp`; Marlin 1.1 `set_relative_mode` (E stays).
"""

import re
from dataclasses import dataclass, field
from math import hypot, sqrt

from slicer_bridge.programs.limits import MachineLimits
from tests.slicer_bridge.programs.firmwares.body import Machine

_DIGITS = "0123456789"
_LENGTH = 95
_QUIET = {"G17", "G21", "M17", "M73", "M106", "M107", "M300", "M400"}
"""May pass, and change nothing that matters here."""
_PLAIN = re.compile(r"[^\r\n\\;()\x08]{0,94}").fullmatch
"""Nothing in it that isn't just put into the buffer."""
_FLOAT = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)", re.ASCII)


@dataclass(frozen=True)
class Build:
    """How one Marlin differs from another."""

    brackets: bool = False
    """PAREN_COMMENTS."""
    any_case: bool = False
    """GCODE_CASE_INSENSITIVE."""
    slow: bool = False
    """Without FASTER_GCODE_PARSER the first of two equal letters counts, otherwise the last."""
    motion_modes: bool = False
    old: bool = False
    """1.1: G90 and G91 leave E alone."""
    skipping: bool = False
    """The operator has left out every labelled object."""
    corner: int = 0
    """Where the head stands before homing: the envelope's low or high corner."""
    left_relative_e: bool = False
    """The last program ended with M83."""


BUILDS = (
    Build(),
    Build(brackets=True, any_case=True, slow=True, motion_modes=True, corner=1, left_relative_e=True),
    Build(old=True, skipping=True, corner=1),
)


@dataclass
class Marlin:
    limits: MachineLimits
    build: Build = Build()
    body: Machine = field(init=False)
    relative: bool = False
    relative_e: bool = False
    e: float = 0.0
    feed: float = 25.0
    factor: float = 1.0
    leaving_out: bool = False
    motion: str = ""
    percent: int = 100
    percent_kept: int = 150
    """Whatever some operator has kept once."""

    def __post_init__(self) -> None:
        box = self.limits.envelope_mm
        self.relative_e = self.build.left_relative_e
        self.body = Machine(self.limits, tuple(span[self.build.corner] for span in (box.x, box.y, box.z)))  # type: ignore[arg-type]

    def read(self, line: str) -> list[str]:
        """One line of a file, without its end; what was wrong about it."""
        self.body.wrong = []
        for code in self._commands(line):
            self._parse(code)
        return self.body.wrong

    def finish(self) -> list[str]:
        return self.body.left_on()

    def _commands(self, line: str) -> list[str]:
        """As characters come in: comments, escapes, backspaces, ends of lines, overflow."""
        if _PLAIN(line):
            return [line] if line.strip(" ") else []
        done: list[str] = []
        buffer, ended, bracket, escaped = "", False, False, False
        for char in line + "\n":
            if char in "\r\n":
                done.append(buffer)
                buffer, ended, bracket, escaped = "", False, False, False
            elif ended:
                continue
            elif bracket:
                bracket = char != ")"
            elif char == "\\" and not escaped:
                escaped = True
                continue
            elif char == ";" and not escaped:
                ended = True
            elif char == "(" and not escaped and self.build.brackets:
                bracket = True
            elif char == "\x08":
                buffer = buffer[:-1]
            else:
                buffer += char
                if len(buffer) >= _LENGTH:
                    self.body.note("a line too long for the buffer")
                    ended = True
            escaped = False
        return [code for code in done if code.strip(" ")]

    def _parse(self, code: str) -> None:
        code = code.lstrip(" ")
        upper = code.upper() if self.build.any_case else code
        if upper[:1] == "N" and upper[1:2] in _DIGITS + "-+":
            upper = upper.partition(" ")[2].lstrip(" ")
        upper = upper.partition("*")[0].rstrip(" ")
        letter = upper[:1]
        if letter not in {"G", "M", "T"}:
            if self.build.motion_modes and letter and letter in "XYZEF" and self.motion:
                self._run(self.motion, upper)
            elif upper:
                self.body.note(f"no command: {upper!r}")
            return
        match = re.match(r"[GMT] *(\d+)(?:\.(\d+))? *", upper, re.ASCII)
        if match is None:
            self.body.note(f"no number: {upper!r}")
            return
        word = f"{letter}{int(match[1]) & 0xFFFF}"
        if match[2]:
            word += f".{int(match[2])}"
        if word in {"G0", "G1", "G2", "G3"}:
            self.motion = word
        self._run(word, upper[match.end() :])

    def _letters(self, text: str) -> dict[str, float | None]:
        """The parser's loop over parameters: letters, with a value where a number follows."""
        found: dict[str, float | None] = {}
        at = 0
        while at < len(text):
            param = text[at]
            at += 1
            if "A" <= param <= "Z":
                while at < len(text) and text[at] == " ":
                    at += 1
                match = _FLOAT.match(text, at)
                if not (self.build.slow and param in found):
                    found[param] = float(match[0]) if match else None
            if at < len(text) and not "A" <= text[at] <= "Z":
                while at < len(text) and text[at] in "0123456789.+-":
                    at += 1
                while at < len(text) and text[at] == " ":
                    at += 1
        return found

    def _run(self, word: str, text: str) -> None:  # noqa: PLR0912 - a firmware's own switch
        body = self.body
        if word == "M486":
            self._label(text)
            return
        seen = self._letters(text)
        value = {letter: number for letter, number in seen.items() if number is not None}
        match word:
            case "G0" | "G1" | "G2" | "G3":
                self._move(word, value)
            case "G4":
                body.wait(value["S"] if "S" in value else value.get("P", 0.0) / 1000)
            case "G10" | "G11":
                if seen:
                    body.note("G10 with something")
                if body.tool not in body.waited:
                    body.note("cold filament")
            case "G28":
                self._home(seen)
            case "G90" | "G91":
                self.relative = word == "G91"
                if not self.build.old:
                    self.relative_e = self.relative
            case "M82" | "M83":
                self.relative_e = word == "M83"
            case "G92":
                self._set_position(seen, value)
            case "M18" | "M84":
                named = [axis for axis in range(3) if "XYZ"[axis] in seen]
                if named or "E" not in seen:
                    body.release(named or [0, 1, 2])
            case _:
                self._set(word, seen, value)

    def _set(self, word: str, seen: dict[str, float | None], value: dict[str, float]) -> None:  # noqa: PLR0912 - a firmware's own switch
        body = self.body
        match word:
            case "M104" | "M109":
                self._heat(word, value)
            case "M140" | "M190" | "M141" | "M191":
                target = (
                    value["S"] if "S" in value else value.get("R", 0.0) if word[-1] != "0" or word == "M190" else 0.0
                )
                if "I" in seen:
                    body.note("a preset")
                if word in {"M140", "M190"}:
                    body.heat_bed(target)
                else:
                    body.heat_chamber(target)
            case "M201" | "M203" | "M204" | "M205":
                self._set_motion(word, value)
            case "M220":
                before = self.percent
                self.percent = self.percent_kept if "R" in seen else before
                self.percent_kept = before if "B" in seen else self.percent_kept
                self.percent = int(value.get("S", self.percent))
                if not seen or not 0 < self.percent <= 100:
                    body.note(f"a factor of feeds of {self.percent} %")
            case "M221":
                self.factor = value.get("S", 100.0) / 100
                if not 0.5 <= self.factor <= 1.5:
                    body.note("a factor of flow")
            case "M900":
                if value.get("K", 0.0) < 0:
                    body.note("an advance below 0")
            case _ if word[0] == "T":
                self._choose(int(word[1:]))
            case _ if word not in _QUIET:
                body.note(f"a forbidden word: {word}")
            case "M106" if not 0 <= value.get("S", 0.0) < 256:
                body.note("a fan beyond 255")
            case _:
                pass

    def _set_motion(self, word: str, value: dict[str, float]) -> None:
        limits, filament = self.limits, "R" if word == "M204" else "E"
        for letter, number in value.items():
            if word == "M203":
                limit: float | None = limits.max_feed_mm_s
            elif word == "M205":
                limit = {"S": 0.0, "T": 0.0, "B": None, "J": 0.3}.get(letter, limits.max_jerk_mm_s)
            else:
                limit = limits.max_acceleration_e_mm_s2 if letter == filament else limits.max_acceleration_mm_s2
            if number < 0 or (limit is not None and number > limit):
                self.body.note(f"{word} {letter}{number:g}")

    def _heat(self, word: str, value: dict[str, float]) -> None:
        tool = int(value.get("T", self.body.tool))
        if not 0 <= tool < self.limits.tools:
            self.body.note(f"no hotend {tool}")
            return
        if "S" in value or (word == "M109" and "R" in value):
            self.body.heat(tool, float(int(value["S"] if "S" in value else value["R"])), waits=word == "M109")
        if {"I", "B", "F"} & set(value):
            self.body.note("a preset or automatic temperature")

    def _choose(self, tool: int) -> None:
        if tool >= self.limits.tools:
            self.body.note(f"no tool {tool}")
        self.body.tool = tool

    def _label(self, text: str) -> None:
        """Names reach the firmware only where the driver doesn't take them off; what cancels is the driver's."""
        if text.strip(" ")[:1] == "A":
            return
        seen = self._letters(text)
        if set(seen) - {"S", "T"}:
            self.body.note("M486 leaves parts out")
        if seen.get("S") is not None:
            self.leaving_out = self.build.skipping and (seen["S"] or 0.0) >= 0

    def _home(self, seen: dict[str, float | None]) -> None:
        named = [axis for axis in range(3) if "XYZ"[axis] in seen] or [0, 1, 2]
        if set(seen) - set("XYZ"):
            self.body.note("G28 with more than axes")
        if named == [2] and not (self.body.homed[0] and self.body.homed[1]):
            return  # Z_SAFE_HOMING: "home XY first"
        self.body.home(named)

    def _set_position(self, seen: dict[str, float | None], value: dict[str, float]) -> None:
        if set(seen) != {"E"}:
            self.body.note("G92 shifts the coordinates")
        self.e = value.get("E", self.e)

    def _move(self, word: str, value: dict[str, float]) -> None:
        body = self.body
        if value.get("F", 0.0) > 0:
            self.feed = value["F"] / 60
        named = [axis for axis in range(3) if "XYZ"[axis] in value]
        goal = list(body.at)
        for axis in named:
            number = value["XYZ"[axis]]
            goal[axis] = goal[axis] + number if self.relative else number
        step = 0.0
        if "E" in value:
            goal_e = self.e + value["E"] if self.relative_e else value["E"]
            step, self.e = goal_e - self.e, goal_e
        if self.leaving_out:
            return
        if word in {"G0", "G1"}:
            if named or step:
                body.move(goal, named, self.feed, step * self.factor)
            return
        self._arc(word, value, goal, step * self.factor)

    def _arc(self, word: str, value: dict[str, float], goal: list[float], filament: float) -> None:
        here, clockwise = self.body.at, word == "G2"
        centre = (here[0] + value.get("I", 0.0), here[1] + value.get("J", 0.0))
        if value.get("R"):
            r = value["R"]
            dx, dy = (goal[0] - here[0]) / 2, (goal[1] - here[1]) / 2
            half = hypot(dx, dy)
            if not half:
                return
            height = sqrt(max((r - half) * (r + half), 0.0)) * (-1 if clockwise ^ (r < 0) else 1)
            centre = (here[0] + dx - dy / half * height, here[1] + dy + dx / half * height)
        if centre == (here[0], here[1]):
            self.body.note("an arc without a centre")
            return
        self.body.arc(goal, centre, clockwise, self.feed, filament)
