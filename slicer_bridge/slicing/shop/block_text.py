"""The shop's own start, end, change and layer G-code: templates with PrusaSlicer's placeholders, told apart by hash.

What the owner approves is a template, so its text is what is hashed. What it becomes in one program depends on that
program's settings; the checker judges those lines, knowing which they are.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from slicer_bridge.programs.blocks import BlockKind, first_word

SLOTS = {
    "start_gcode": BlockKind.START,
    "start_filament_gcode": BlockKind.START,
    "end_filament_gcode": BlockKind.END,
    "end_gcode": BlockKind.END,
    "toolchange_gcode": BlockKind.CHANGE,
    "color_change_gcode": BlockKind.CHANGE,
    "before_layer_gcode": BlockKind.LAYER,
    "layer_gcode": BlockKind.LAYER,
}
"""PrusaSlicer's setting → what its lines are for."""
PER_FILAMENT = frozenset({"start_filament_gcode", "end_filament_gcode"})
"""Settings that are a list with one text a tool."""
MAX_BYTES = 64_000
_INLINE = re.compile(r"\{\s*if\b[^{}]*\}((?:(?!\{\s*if\b).)*?)\{\s*endif\s*\}")
_OTHERWISE = re.compile(r"\{\s*(?:elsif|else)\b[^{}]*\}")
_CONDITION = re.compile(r"\{\s*(?:if|elsif|else|endif)\b[^{}]*\}")
_PLACE = re.compile(r"\{([^{}\n]*)\}|\[(\w+(?:\[\w+\])?)\]")
_MOST_WAYS = 256
_STAND_IN = "100.0"
"""In place of a value: a speed, a temperature, a percentage or a place that any machine could have; and no number any
more if it is written behind another one."""
_PLUS = re.compile(r"\b([XYZEFIJ])\+(?=[\d.])")
_COUNTER = re.compile(r"G92 E0(?:\.0*)?")


@dataclass(frozen=True, slots=True)
class Block:
    """`slot`: PrusaSlicer's setting."""

    slot: str
    text: str

    @property
    def kind(self) -> BlockKind:
        return SLOTS[self.slot]

    @property
    def sha256(self) -> str:
        """Of the text with plain line ends."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def make_block(slot: str, text: str) -> Block | None:
    """With plain line ends; None for what moves nothing and heats nothing: comments, and the filament counter's reset
    at a layer, which every program of ours has.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    commands = [line.partition(";")[0].strip() for line in plain.split("\n")]
    commands = [line for line in commands if line]
    resets = slot in {"before_layer_gcode", "layer_gcode"} and all(_COUNTER.fullmatch(line) for line in commands)
    return None if not commands or resets else Block(slot, plain)


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """A line as some program may have it. `code`: without comment, and with a stand-in for each value of `template`."""

    number: int
    """Of the template, from 1."""
    raw: str
    template: str
    code: str

    @property
    def word(self) -> str:
        return first_word(self.code)


def template_lines(text: str) -> Iterator[TemplateLine]:
    """Each command that the template may become, whichever way its conditions go; comments are left out."""
    for number, raw in enumerate(text.split("\n"), 1):
        seen: set[str] = set()
        for line in islice(_ways(raw), _MOST_WAYS):
            code = plain_code(_PLACE.sub(_stand_in, line).partition(";")[0])
            if code and code not in seen:
                seen.add(code)
                yield TemplateLine(number, raw.strip(), line.partition(";")[0], code)


def plain_code(code: str) -> str:
    return " ".join(_PLUS.sub(r"\1", code).split())


def _ways(line: str) -> Iterator[str]:
    """The line with each of its conditions decided one way after the other.

    Conditions over several lines are left open: all their lines count.
    """
    match = _INLINE.search(line)
    if match is None:
        yield _CONDITION.sub("", line)
        return
    ways = _OTHERWISE.split(match[1])
    for way in dict.fromkeys((*ways, "") if len(ways) == 1 else ways):
        yield from _ways(line[: match.start()] + way + line[match.end() :])


def _stand_in(match: re.Match[str]) -> str:
    """Tools are counted from 0, and there is one."""
    expression = match[1] or match[2] or ""
    return "0" if re.search(r"extruder\b|tool\b", expression) and "temperature" not in expression else _STAND_IN
