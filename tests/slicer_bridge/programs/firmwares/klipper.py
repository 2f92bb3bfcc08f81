"""What Klipper would do with a line.

Sources: Klipper `klippy/gcode.py` (words, parameters, quoting), `extras/gcode_move.py`, `extras/gcode_arcs.py`,
`extras/heaters.py`, `extras/exclude_object.py`, `toolhead.py`, `kinematics/extruder.py`, `extras/virtual_sdcard.py`
(a file is read as UTF-8 and split at line feeds).
"""

import re
import shlex
from dataclasses import dataclass, field

from slicer_bridge.programs.limits import MachineLimits
from tests.slicer_bridge.programs.firmwares.body import Machine

_PARTS = re.compile(r"([A-Z_]+|[A-Z*])")
_IGNORED = {"G17", "G21", "M17", "M73", "M106", "M107", "M201", "M203", "M205", "M300", "M400", "M900"}
"""Known and harmless, or unknown: Klipper says so and goes on."""
_RELEASES = {"M18", "M84"}


@dataclass
class Klipper:
    limits: MachineLimits
    skipping: bool = False
    corner: int = 0
    body: Machine = field(init=False)
    absolute: bool = True
    absolute_e: bool = True
    base_e: float = 0.0
    """Where E counted zero when it was last set, in filament that really moved."""
    moved_e: float = 0.0
    factor: float = 1.0
    feed: float = 25.0
    leaving_out: bool = False

    def __post_init__(self) -> None:
        box = self.limits.envelope_mm
        self.absolute_e = not self.corner  # as the last program left it
        self.body = Machine(self.limits, tuple(span[self.corner] for span in (box.x, box.y, box.z)))  # type: ignore[arg-type]

    def read(self, line: str) -> list[str]:
        self.body.wrong = []
        try:
            text = line.encode("latin-1").decode("utf-8")
        except UnicodeError:
            return ["no UTF-8: the file can't be read"]
        for part in re.split(r"[\r\n]", text):
            try:
                self._command(part)
            except ValueError as error:
                self.body.note(f"refused by Klipper: {error}")
        return self.body.wrong

    def finish(self) -> list[str]:
        return self.body.left_on()

    def _command(self, line: str) -> None:
        line = line.strip()
        code = line.partition(";")[0]
        parts = _PARTS.split(code.upper())
        word = "".join(parts[3:5] if parts[:2] == ["", "N"] else parts[:3]).strip()
        values = {parts[i]: parts[i + 1].strip() for i in range(1, len(parts), 2)}
        if not word:
            return
        if re.fullmatch(r"[A-Z]\d+(\.\d+)?", word):
            self._traditional(word, values)
        else:
            self._extended(word, line)

    def _number(self, values: dict[str, str], letter: str, default: float = 0.0) -> float:
        return float(values[letter]) if letter in values else default

    def _traditional(self, word: str, values: dict[str, str]) -> None:  # noqa: PLR0912 - a firmware's own switch
        body = self.body
        match word:
            case "G0" | "G1" | "G2" | "G3":
                numbers = {letter: float(values[letter]) for letter in "XYZEFIJR" if letter in values}
                self._move(word, numbers)
            case "G4":
                body.wait(self._number(values, "P") / 1000)
            case "G10" | "G11":
                if body.tool not in body.waited:
                    body.note("cold filament")
            case "G28":
                named = [axis for axis in range(3) if "XYZ"[axis] in values] or [0, 1, 2]
                if named == [2] and not (body.homed[0] and body.homed[1]):
                    raise ValueError("must home X and Y axes first")
                body.home(named)
            case "G90" | "G91":
                self.absolute = word == "G90"
            case "M82" | "M83":
                self.absolute_e = word == "M82"
            case "G92":
                if "E" not in values or set(values) & set("XYZ"):
                    body.note("G92 shifts the coordinates")
                if "E" in values:
                    self.base_e = self.moved_e - float(values["E"]) * self.factor
            case _ if word in _RELEASES:
                body.release([0, 1, 2])
            case _:
                self._set(word, values)

    def _set(self, word: str, values: dict[str, str]) -> None:  # noqa: PLR0912 - a firmware's own switch
        body = self.body
        match word:
            case "M104" | "M109":
                tool = int(self._number(values, "T"))
                if not 0 <= tool < self.limits.tools:
                    body.note(f"no extruder {tool}")
                else:
                    body.heat(tool, self._number(values, "S"), waits=word == "M109")
            case "M140" | "M190":
                body.heat_bed(self._number(values, "S"))
            case "M141" | "M191":
                body.heat_chamber(self._number(values, "S"))
            case "M204":
                names = ("S",) if "S" in values else ("P", "T")
                for name in names:
                    if name in values and not 0 < float(values[name]) <= (self.limits.max_acceleration_mm_s2 or 1e9):
                        body.note("an acceleration")
            case "M220":
                if not 0 < self._number(values, "S", 100.0) <= 100:
                    body.note("a factor of feeds")
            case "M221":
                factor = self._number(values, "S", 100.0) / 100
                if not 0.5 <= factor <= 1.5:
                    body.note("a factor of flow")
                self.base_e = self.moved_e - (self.moved_e - self.base_e) / self.factor * factor
                self.factor = factor
            case _ if word[0] == "T":
                body.tool = int(word[1:])
                if body.tool >= self.limits.tools:
                    body.note(f"no tool {body.tool}")
            case _ if word not in _IGNORED:
                body.note(f"a forbidden word: {word}")
            case _:
                pass

    def _extended(self, word: str, line: str) -> None:
        reader = shlex.shlex(line[len(word) :], posix=True)
        reader.whitespace_split = True
        reader.commenters = "#;"
        pairs = {key.upper(): value for key, value in (one.split("=", 1) for one in reader)}
        limits = self.limits
        most = {
            "VELOCITY": limits.max_feed_mm_s,
            "ACCEL": limits.max_acceleration_mm_s2,
            "ACCEL_TO_DECEL": limits.max_acceleration_mm_s2,
            "SQUARE_CORNER_VELOCITY": limits.max_jerk_mm_s,
            "ADVANCE": 2.0,
        }
        match word:
            case "EXCLUDE_OBJECT_START" | "EXCLUDE_OBJECT_END":
                self.leaving_out = self.skipping and word.endswith("START")
            case "EXCLUDE_OBJECT_DEFINE":
                if "NAME" not in pairs:
                    self.body.note("objects forgotten")
            case "SET_VELOCITY_LIMIT" | "SET_PRESSURE_ADVANCE":
                for key, value in pairs.items():
                    limit = most.get(key)
                    if key != "EXTRUDER" and (float(value) < 0 or (limit is not None and float(value) > limit)):
                        self.body.note(f"{key}={value}")
            case "TURN_OFF_HEATERS":
                self.body.hot.clear()
                self.body.waited.clear()
                self.body.bed = self.body.chamber = 0.0
            case "SET_PRINT_STATS_INFO":
                pass
            case _:
                self.body.note(f"a forbidden word: {word}")

    def _move(self, word: str, numbers: dict[str, float]) -> None:
        body = self.body
        if word in {"G2", "G3"} and (not self.absolute or "R" in numbers):
            raise ValueError("relative arcs and radii")
        named = [axis for axis in range(3) if "XYZ"[axis] in numbers]
        goal = list(body.at)
        for axis in named:
            number = numbers["XYZ"[axis]]
            goal[axis] = number if self.absolute else goal[axis] + number
        step = 0.0
        if "E" in numbers:
            end = numbers["E"] * self.factor + (self.base_e if self.absolute_e else self.moved_e)
            step, self.moved_e = end - self.moved_e, end
        if "F" in numbers:
            if numbers["F"] <= 0:
                raise ValueError("invalid speed")
            self.feed = numbers["F"] / 60
        if self.leaving_out:
            return
        if word in {"G0", "G1"}:
            if named or step:
                body.move(goal, named, self.feed, step)
            return
        offset = (numbers.get("I", 0.0), numbers.get("J", 0.0))
        if offset == (0.0, 0.0):
            raise ValueError("G2/G3 requires IJ, IK or JK parameters")
        body.arc(goal, (body.at[0] + offset[0], body.at[1] + offset[1]), word == "G2", self.feed, step)
