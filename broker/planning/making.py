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
    reasons: dict[str, int] = {"": 0}
    tables: dict[Table, int] = {}
    judge = _Judge(kinds)
    for lot, line in enumerate(lines):
        for number, kind in enumerate(kinds):
            words = judge.why_not(line, number) or _timed(line, kind, piece_s[lot], number)
            reason[lot, number] = reasons.setdefault(words, len(reasons))
            if not words:
                lot_table[lot, number] = tables.setdefault(kind.table(line.material), len(tables))
    shapes: dict[PartFacts, int] = {}
    lot_shape = np.array([shapes.setdefault(line.facts, len(shapes)) for line in lines], dtype=np.int64)
    geometry = Geometry(tuple(shape(facts) for facts in shapes), lot_shape, tuple(tables), lot_table, alone)
    per_plate = np.where(reason == 0, PIECES_PER_PLATE, 0).astype(np.int64)
    return Making(piece_s, per_plate, reason, tuple(reasons), geometry)


class _Judge:
    """What stands against a line, its shape aside, hangs on process and material alone."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._kinds = kinds
        self._known: dict[tuple[Process, str, int], str] = {}

    def why_not(self, line: OpenLine, kind: int) -> str:
        key = line.process, line.material, kind
        if key not in self._known:
            self._known[key] = self._kinds[kind].why_not(line)
        return self._known[key]


def shape(facts: PartFacts) -> Shape:
    """The ways to lay a part down; a drawing lies flat, and the sheet's thickness is checked with its stock."""
    if facts.mesh is not None:
        ways = facts.mesh.orientations
        return Shape(tuple(Pose(np.array(way.outline, dtype=np.float64), way.size_mm[2]) for way in ways))
    assert facts.drawing is not None  # a part is a mesh or a drawing
    return Shape((Pose(np.array(facts.drawing.outline, dtype=np.float64), _FLAT_MM),))


def _timed(line: OpenLine, kind: Kind, row_s: Floats, number: int) -> str:
    """Fills in the seconds of a piece, or says why that can't be."""
    try:
        seconds = _seconds(line, kind)
    except ArithmeticError as error:
        return f"how long it takes can't be reckoned: {error}"
    if not np.isfinite(seconds):
        return "how long it takes can't be reckoned"
    row_s[number] = seconds
    return ""


def _seconds(line: OpenLine, kind: Kind) -> float:
    if line.facts.mesh is not None:
        return print_s(line.facts.mesh, line.recipe)
    assert line.facts.drawing is not None  # a part is a mesh or a drawing
    return cut_s(line.facts.drawing, line.material, kind.thickness_mm(line.material), kind.spec.tool_mm)
