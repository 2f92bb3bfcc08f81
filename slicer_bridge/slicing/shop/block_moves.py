"""Where a block's own moves go and how fast, as far as its text says: for limits to propose, never to judge by."""

import re
from dataclasses import dataclass, field
from math import hypot, pi

from slicer_bridge.programs.filament import BURST_MM
from slicer_bridge.programs.travel import STEEP
from slicer_bridge.slicing.shop.block_text import Block, template_lines

_LETTER = re.compile(r"([XYZEFIJ])\s*([+-]?(?:\d+\.?\d*|\.\d+))", re.IGNORECASE)
_PLACE = re.compile(r"([XYZEF])[-+\d.]*(?:\{[^{}]*\}|\[[^\[\]]*(?:\[\w+\])?\])[\d.]*", re.IGNORECASE)


@dataclass(slots=True)
class Reach:
    """Extremes of the moves whose numbers stand in the text; mm, mm/s, mm³/s."""

    low: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    high: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    feed_mm_s: float = 0.0
    feed_z_mm_s: float = 0.0
    feed_e_mm_s: float = 0.0
    flow_mm3_s: float = 0.0
    dwell_s: float = 0.0


@dataclass(slots=True)
class _Walk:
    reach: Reach
    filament_mm2: float
    at: list[float | None] = field(default_factory=lambda: [None, None, None])
    feed: float = 0.0
    e: float = 0.0
    relative: bool = False
    relative_e: bool = False

    def line(self, code: str, template: str) -> None:
        word = code.split(" ", maxsplit=1)[0].upper()
        unknown = {match[1].upper() for match in _PLACE.finditer(template)}
        values = {
            letter.upper(): float(text) for letter, text in _LETTER.findall(code) if letter.upper() not in unknown
        }
        match word:
            case "G90" | "G91":
                self.relative = self.relative_e = word == "G91"
            case "M82" | "M83":
                self.relative_e = word == "M83"
            case "G92":
                self.e = values.get("E", self.e)
            case "G28" | "G29" | "G80":
                self.at = [None, None, None]
            case "G0" | "G1" | "G2" | "G3":
                self._move(values, unknown)
            case "G4":
                seconds = re.search(r"\bS(\d+(?:\.\d+)?)", code)
                millis = re.search(r"\bP(\d+(?:\.\d+)?)", code)
                total = (float(seconds[1]) if seconds else 0.0) + (float(millis[1]) / 1000 if millis else 0.0)
                self.reach.dwell_s = max(self.reach.dwell_s, total)
            case _:
                pass

    def _move(self, values: dict[str, float], unknown: set[str]) -> None:
        reach = self.reach
        self.feed = values.get("F", 0.0 if "F" in unknown else self.feed * 60) / 60
        before, moved = list(self.at), [letter for letter in "XYZ" if letter in values or letter in unknown]
        for axis, letter in enumerate("XYZ"):
            if letter in unknown:
                self.at[axis] = None
            elif letter in values and not self.relative:
                goal = self.at[axis] = values[letter]
                reach.low[axis] = min(reach.low[axis], goal)
                reach.high[axis] = max(reach.high[axis], goal)
            elif letter in values and self.at[axis] is not None:
                self.at[axis] = (self.at[axis] or 0.0) + values[letter]
        reach.feed_mm_s = max(reach.feed_mm_s, self.feed)
        if self._is_steep(before, moved):
            reach.feed_z_mm_s = max(reach.feed_z_mm_s, self.feed)
        if "E" in values:
            self._extrude(values["E"], before, moved)

    def _is_steep(self, before: list[float | None], moved: list[str]) -> bool:
        """Whether the move is one of Z, or might be one for all that is known: the checker holds those to Z's limit."""
        if "Z" not in moved:
            return False
        steps = [b - a for a, b in zip(before, self.at, strict=True) if a is not None and b is not None]
        return len(steps) < 3 or abs(steps[2]) > STEEP * hypot(*steps)

    def _extrude(self, e: float, before: list[float | None], moved: list[str]) -> None:
        amount = e if self.relative_e else e - self.e
        self.e += amount
        if not moved:
            self.reach.feed_e_mm_s = max(self.reach.feed_e_mm_s, self.feed)
            if amount > BURST_MM:
                self.reach.flow_mm3_s = max(self.reach.flow_mm3_s, self.feed * self.filament_mm2)
            return
        steps = [abs(b - a) for a, b in zip(before, self.at, strict=True) if a is not None and b is not None]
        distance = hypot(*steps)
        if distance > 0 and amount > 0:
            self.reach.flow_mm3_s = max(self.reach.flow_mm3_s, amount * self.filament_mm2 * self.feed / distance)


def reach_of(blocks: tuple[Block, ...], filament_mm: float) -> Reach:
    reach = Reach()
    for block in blocks:
        walk = _Walk(reach, pi * filament_mm**2 / 4)
        for line in template_lines(block.text):
            walk.line(line.code, line.template)
    return reach
