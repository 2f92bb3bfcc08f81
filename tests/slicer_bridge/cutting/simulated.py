"""GRBL programs carried out by the test's own interpreter: what a round tool leaves of a sheet. Shares no code with the
package under test; arcs after Grbl 1.1 `gcode.c` (centre by I and J, both radii within 0.005 mm or 0.1 %)."""

from dataclasses import dataclass
from math import acos, atan2, ceil, cos, hypot, pi, sin
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

Place = tuple[float, float, float]
FLAT_MM = 0.002


@dataclass(frozen=True)
class Move:
    """One line's motion: corners of its way, the first is where it begins."""

    motion: str
    corners: tuple[Place, ...]
    power: float
    feed: float

    @property
    def rapid(self) -> bool:
        return self.motion == "G0"

    @property
    def start(self) -> Place:
        return self.corners[0]

    @property
    def end(self) -> Place:
        return self.corners[-1]

    @property
    def length(self) -> float:
        return sum(
            hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]) for a, b in zip(self.corners, self.corners[1:], strict=False)
        )


def moves_of(program: Path) -> list[Move]:
    at, motion, power, feed = (0.0, 0.0, 0.0), "G0", 0.0, 0.0
    found = []
    for text in program.read_text(encoding="ascii").splitlines():
        assert len(text) <= 79
        words = [(word[0], float(word[1:])) for word in text.split()]
        values = dict(words)
        motions = [f"G{number:g}" for letter, number in words if letter == "G" and number in (0, 1, 2, 3)]
        motion = motions[0] if motions else motion
        power, feed = values.get("S", power), values.get("F", feed)
        if not {"X", "Y", "Z"} & set(values):
            continue
        end = (values.get("X", at[0]), values.get("Y", at[1]), values.get("Z", at[2]))
        corners: tuple[Place, ...] = (at, end)
        if motion in ("G2", "G3"):
            corners = (at, *_arc(at, end, (at[0] + values["I"], at[1] + values["J"]), clockwise=motion == "G2"))
        found.append(Move(motion, corners, power, feed))
        at = end
    return found


def _arc(start: Place, end: Place, centre: tuple[float, float], *, clockwise: bool) -> list[Place]:
    before, after = hypot(start[0] - centre[0], start[1] - centre[1]), hypot(end[0] - centre[0], end[1] - centre[1])
    assert abs(before - after) <= max(0.005, 0.001 * before), f"radii {before} and {after}"
    first, last = atan2(start[1] - centre[1], start[0] - centre[0]), atan2(end[1] - centre[1], end[0] - centre[0])
    turn = (last - first) % (2 * pi) or 2 * pi
    turn = turn - 2 * pi if clockwise and turn < 2 * pi else (-turn if clockwise else turn)
    steps = max(2, ceil(abs(turn) / (2 * acos(1 - min(FLAT_MM / before, 0.5)))))
    found = []
    for step in range(1, steps + 1):
        share = step / steps
        angle, radius = first + turn * share, before + (after - before) * share
        z = start[2] + (end[2] - start[2]) * share
        found.append((centre[0] + radius * cos(angle), centre[1] + radius * sin(angle), z))
    return [*found[:-1], end]


def cut_at(moves: list[Move], radius: float, z: float) -> BaseGeometry:
    """What a cylinder of `radius` has taken away at height `z`, rapid moves included."""
    ways = set()
    for move in moves:
        for a, b in zip(move.corners, move.corners[1:], strict=False):
            part = _below(a, b, z)
            if part is not None:
                ways.add(tuple(sorted(part)))
    found = np.array(sorted(ways))
    spots = np.all(found[:, 0] == found[:, 1], axis=1)
    lines, points = shapely.linestrings(found[~spots]), shapely.points(found[spots][:, 0])
    return shapely.union_all(np.concatenate([shapely.buffer(one, radius, quad_segs=16) for one in (lines, points)]))


def _below(a: Place, b: Place, z: float) -> list[tuple[float, float]] | None:
    """The part of a straight way that lies at or below `z`, seen from above."""
    if a[2] > z and b[2] > z:
        return None
    low, high = 0.0, 1.0
    if a[2] > z:
        low = (a[2] - z) / (a[2] - b[2])
    elif b[2] > z:
        high = (a[2] - z) / (a[2] - b[2])
    return [(round(a[0] + (b[0] - a[0]) * s, 5), round(a[1] + (b[1] - a[1]) * s, 5)) for s in (low, high)]
