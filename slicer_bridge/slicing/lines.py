"""Reads a program's lines as they go by: objects and where they lie, layers, filament by tool."""

import re
from math import inf, pi

from slicer_bridge.errors import SlicerFailed
from slicer_bridge.slicing.contract import Layers, MaterialUse, ObjectBox, PrintedBounds
from slicer_bridge.slicing.profile import FilamentProfile

_OBJECT = re.compile(r"; printing object (.+) id:\d+ (copy \d+)")
_STOP = "; stop printing object"
_COORDINATE = re.compile(r"([XYZEF])(-?[\d.]+)")
_Box = list[float]


class ProgramLines:
    """Fed with each line once, comments too. Distances of filament are relative (M83): every engine is told so."""

    def __init__(self) -> None:
        self.commands = 0
        self._boxes: dict[str, _Box] = {}
        self._box: _Box | None = None
        self._heights: dict[str, list[float]] = {}
        self._now: list[float] = []
        """Heights of the object that is printed."""
        self._at = [0.0, 0.0, 0.0]
        self._tool = 0
        self._filament: dict[int, float] = {}
        self._printed: dict[float, _Box] = {}
        """Box of what is extruded at each height."""
        self._started = False

    def feed(self, line: str) -> None:
        """Any line of a program labelled as PrusaSlicer does."""
        if line.startswith(";"):
            if line.startswith(";LAYER"):
                self._started = True
            self._comment(line)
        elif line.strip():
            self._command(line)

    def _comment(self, line: str) -> None:
        match = _OBJECT.match(line)
        if match:
            self._started = True
            label = f"{match[1]} {match[2]}"
            self._box = self._boxes.setdefault(label, [inf, inf, -inf, -inf])
            self._now = self._heights.setdefault(label, [])
        elif line.startswith(_STOP):
            self._box = None

    def _command(self, line: str) -> None:
        self.commands += 1
        if line.startswith(("G1 ", "G0 ")):
            self._move(line)
        elif line.startswith("T") and line[1:2].isdigit():
            self._tool = int(line[1:].partition(";")[0])

    def foreign(self, line: str) -> None:
        """Of a shop's own block: what it draws is no part, and it leaves the head where the slicer goes on."""
        if line.partition(";")[0].strip():
            self.commands += 1

    def _move(self, line: str) -> None:
        at = self._at
        x, y = at[0], at[1]
        amount = 0.0
        for letter, text in _COORDINATE.findall(line):
            if letter == "X":
                at[0] = float(text)
            elif letter == "Y":
                at[1] = float(text)
            elif letter == "E":
                amount = float(text)
            elif letter == "Z":
                at[2] = float(text)
        if amount:
            self._filament[self._tool] = self._filament.get(self._tool, 0.0) + amount
        if amount > 0 and self._started and (x != at[0] or y != at[1]):
            self._extruded(x, y)

    def _extruded(self, x: float, y: float) -> None:
        here = self._printed.get(self._at[2])
        if here is None:
            here = self._printed[self._at[2]] = [inf, inf, -inf, -inf]
        if self._box is not None and (not self._now or self._now[-1] != self._at[2]):
            self._now.append(self._at[2])
        for box in (here, self._box) if self._box is not None else (here,):
            for a, b in ((x, y), (self._at[0], self._at[1])):
                box[0], box[1] = min(box[0], a), min(box[1], b)
                box[2], box[3] = max(box[2], a), max(box[3], b)

    def objects(self) -> tuple[ObjectBox, ...]:
        return tuple(
            ObjectBox(label, (b[0], b[1]), (b[2], b[3]), tuple(sorted(set(self._heights[label]))))
            for label, b in self._boxes.items()
            if b[0] <= b[2]
        )

    def layers(self) -> Layers:
        return Layers(len(self._printed), tuple(sorted(self._printed)))

    def bounds(self) -> PrintedBounds:
        """Raises SlicerFailed if nothing is printed."""
        if not self._printed:
            raise SlicerFailed("the slicer's program prints nothing: is the part thinner than a line or a layer?")
        boxes = list(self._printed.values())
        low = (min(b[0] for b in boxes), min(b[1] for b in boxes), min(self._printed))
        return PrintedBounds(low, (max(b[2] for b in boxes), max(b[3] for b in boxes), max(self._printed)))

    def materials(self, material: FilamentProfile) -> tuple[MaterialUse, ...]:
        """By the program's own moves."""
        area = pi * material.diameter_mm**2 / 4
        return tuple(
            MaterialUse(tool, material.name, length, length * area * material.density_g_cm3 / 1000)
            for tool, length in sorted(self._filament.items())
        )
