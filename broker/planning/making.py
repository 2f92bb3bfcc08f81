"""Which kind of machine can make which line, and how long a piece takes there; shapes are judged by whoever solves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from broker.planning.estimates import cut_s, print_s
from broker.planning.kinds import Kind
from broker.planning.situation import OpenLine
from broker.scheduling.nesting.nester import PIECES_PER_PLATE
from broker.scheduling.network.problem import Bools, Floats, Ints
from broker.scheduling.plates.geometry import Geometry, Table
from broker.scheduling.shapes import Pose, Shape
from broker.wire.shop import Process
from slicer_bridge.facts import PartFacts

_FLAT_MM = 0.1
"""The scheduling core knows no part without height."""


@dataclass(frozen=True, slots=True)
class Making:
    """N lines, C kinds."""

    piece_s: Floats
    """[N, C] inf where the kind can't."""
    per_plate: Ints
    """[N, C]"""
    reason: Ints
    """[N, C] index into `reasons`."""
    reasons: tuple[str, ...]
    geometry: Geometry


def making(lines: Sequence[OpenLine], kinds: Sequence[Kind], alone: Bools) -> Making:
    """`alone`: see `Geometry`."""
    size = len(lines), len(kinds)
    piece_s, reason = np.full(size, np.inf), np.zeros(size, dtype=np.int64)
    lot_table = np.full(size, -1, dtype=np.int64)
    hall = _Hall(kinds)
    for lot, line in enumerate(lines):
        reason[lot], lot_table[lot], groups = hall.row(line)
        for kind, members in groups:
            seconds, words = _timed(line, kind)
            if words:
                reason[lot, members], lot_table[lot, members] = hall.reason(words), -1
            piece_s[lot, members] = seconds
    shapes: dict[PartFacts, int] = {}
    lot_shape = np.array([shapes.setdefault(line.facts, len(shapes)) for line in lines], dtype=np.int64)
    geometry = Geometry(tuple(shape(facts) for facts in shapes), lot_shape, tuple(hall.tables), lot_table, alone)
    per_plate = np.where(reason == 0, PIECES_PER_PLATE, 0).astype(np.int64)
    return Making(piece_s, per_plate, reason, tuple(hall.reasons), geometry)


_Groups = tuple[tuple[Kind, Ints], ...]
"""A kind that can, and all that take as long as it."""


class _Hall:
    """Which kinds can make a line, its shape aside, and on which table, hangs on process and material alone."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._kinds = kinds
        self._known: dict[tuple[Process, str], tuple[Ints, Ints, _Groups]] = {}
        self.reasons: dict[str, int] = {"": 0}
        self.tables: dict[Table, int] = {}

    def reason(self, words: str) -> int:
        return self.reasons.setdefault(words, len(self.reasons))

    def row(self, line: OpenLine) -> tuple[Ints, Ints, _Groups]:
        """[C] reasons, [C] tables, and the kinds that can."""
        key = line.process, line.material
        if key not in self._known:
            self._known[key] = self._found(line)
        return self._known[key]

    def _found(self, line: OpenLine) -> tuple[Ints, Ints, _Groups]:
        reason = np.array([self.reason(kind.why_not(line)) for kind in self._kinds], dtype=np.int64)
        table = np.full(len(reason), -1, dtype=np.int64)
        alike: dict[tuple[float, float], list[int]] = {}
        for number in np.flatnonzero(reason == 0).tolist():
            kind = self._kinds[number]
            table[number] = self.tables.setdefault(kind.table(line.material), len(self.tables))
            alike.setdefault(_pace(line, kind), []).append(number)
        groups = tuple((self._kinds[members[0]], np.array(members, dtype=np.int64)) for members in alike.values())
        return reason, table, groups


def _pace(line: OpenLine, kind: Kind) -> tuple[float, float]:
    """What of a machine says how long a piece takes there."""
    if line.process is Process.FDM:
        return 0.0, 0.0
    return kind.thickness_mm(line.material), kind.spec.tool_mm


def shape(facts: PartFacts) -> Shape:
    """The ways to lay a part down; a drawing lies flat, and the sheet's thickness is checked with its stock."""
    if facts.mesh is not None:
        ways = facts.mesh.orientations
        return Shape(tuple(Pose(np.array(way.outline, dtype=np.float64), way.size_mm[2]) for way in ways))
    assert facts.drawing is not None  # a part is a mesh or a drawing
    return Shape((Pose(np.array(facts.drawing.outline, dtype=np.float64), _FLAT_MM),))


def _timed(line: OpenLine, kind: Kind) -> tuple[float, str]:
    """Seconds of a piece, or inf and why that can't be said."""
    try:
        seconds = _seconds(line, kind)
    except ArithmeticError as error:
        return np.inf, f"how long it takes can't be reckoned: {error}"
    return (seconds, "") if np.isfinite(seconds) else (np.inf, "how long it takes can't be reckoned")


def _seconds(line: OpenLine, kind: Kind) -> float:
    if line.facts.mesh is not None:
        return print_s(line.facts.mesh, line.recipe)
    assert line.facts.drawing is not None  # a part is a mesh or a drawing
    return cut_s(line.facts.drawing, line.material, kind.thickness_mm(line.material), kind.spec.tool_mm)
