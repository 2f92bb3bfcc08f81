"""Pockets: everything inside is cleared to its depth, nothing outside, islands stand, and no step is too wide."""

from itertools import pairwise
from pathlib import Path

import pytest
import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.feeds import CutTool, laser_for
from slicer_bridge.errors import CutRefused
from tests.slicer_bridge.cutting.sheets import TOOL, Job, cut, gouged, on
from tests.slicer_bridge.shapes import circle, polyline, rectangle

FRAME = rectangle(0, 0, 100, 80, handle="A1")
ELL: list[tuple[float, float]] = [(10, 10), (60, 10), (60, 60), (40, 60), (40, 30), (10, 30)]
CASES = {
    "square": (rectangle(20, 20, 30, 20, handle="F1"), shapely.box(30, 30, 60, 50)),
    "round": (circle(50, 40, 12, handle="F1"), Point(60, 50).buffer(12, quad_segs=64)),
    "ell": (polyline(ELL, handle="F1"), shapely.Polygon([(x + 10, y + 10) for x, y in ELL])),
    "narrow": (rectangle(20, 20, 40, 3.2, handle="F1"), shapely.box(30, 30, 70, 33.2)),
    "just wider than the tool": (circle(50, 40, 1.8, handle="F1"), Point(60, 50).buffer(1.8, quad_segs=64)),
    "island": (
        rectangle(20, 20, 50, 40, handle="F1") + circle(45, 40, 8, handle="F2"),
        shapely.box(30, 30, 80, 70).difference(Point(55, 50).buffer(8, quad_segs=64)),
    ),
    "two islands": (
        rectangle(10, 10, 70, 50, handle="F1")
        + rectangle(20, 20, 10, 30, handle="F2")
        + circle(55, 35, 9, handle="F3"),
        shapely.box(20, 20, 90, 70).difference(shapely.box(30, 30, 40, 60)).difference(Point(65, 45).buffer(9)),
    ),
}  # fmt: skip


def reachable(area: BaseGeometry, radius: float = 1.5) -> BaseGeometry:
    return area.buffer(-radius - 0.02, quad_segs=64).buffer(radius, quad_segs=64)


def pocket(folder: Path, entities: str, layer: str = "POCKET d=3") -> Job:
    return cut(folder, FRAME + on(layer, entities))


@pytest.mark.parametrize("name", CASES)
def test_cleared_to_its_depth_and_no_further(tmp_path: Path, name: str) -> None:
    entities, area = CASES[name]
    job = pocket(tmp_path, entities)
    inside = shapely.box(12, 12, 108, 88)
    for z in (-0.01, -1.4, -2.99):
        taken = job.cut_at(z).intersection(inside)
        assert gouged(taken, inside.difference(area)) == 0
        assert reachable(area).difference(taken.buffer(0.005)).area < 0.02
    assert job.cut_at(-3.01).intersection(inside).area == 0
    assert job.result.removed_mm3 > 3 * reachable(area).area


def test_walls_are_cut_last_and_climbing(tmp_path: Path) -> None:
    job = pocket(tmp_path, CASES["square"][0])
    deep = [move for move in job.moves if move.start[2] == move.end[2] == -3.0 and 12 < move.end[0] < 108]
    deep = [move for move in deep if 12 < move.end[1] < 88]
    edge = shapely.box(31.5, 31.5, 58.5, 48.5).exterior
    wall = [move for move in deep if all(edge.distance(Point(p[:2])) < 0.01 for p in (move.start, move.end))]
    assert deep[-len(wall) :] == wall
    ring = [move.end for move in wall]
    assert sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)) > 0


def test_no_step_is_wider_than_asked(tmp_path: Path) -> None:
    """Between the ways at one depth lies no more than the stepover."""
    job = pocket(tmp_path, CASES["square"][0])
    floor = [move for move in job.moves if move.start[2] == move.end[2] == pytest.approx(-1.5)]
    rings = sorted({round(shapely.box(30, 30, 60, 50).exterior.distance(Point(m.end[:2])), 2) for m in floor[:-1]})
    gaps = [b - a for a, b in pairwise(rings)]
    assert max(gaps) <= 0.4 * 3 + 0.02


def test_the_way_down_is_a_ramp(tmp_path: Path) -> None:
    for name in ("square", "round", "island", "just wider than the tool"):
        job = pocket(tmp_path, CASES[name][0])
        for move in job.moves:
            level = ((move.end[0] - move.start[0]) ** 2 + (move.end[1] - move.start[1]) ** 2) ** 0.5
            inside = shapely.box(12, 12, 108, 88).contains(Point(move.end[:2]))
            if inside and not move.rapid and move.end[2] < move.start[2] - 1e-6 and level == 0:
                again = [one for one in job.moves if one.end == move.end and one is not move]
                assert move.end[2] == 0 or again, "straight down only through what is cleared already"


def test_a_pocket_needs_a_mill_that_fits(tmp_path: Path) -> None:
    with pytest.raises(CutRefused, match="entity F1: the mill 3 mm doesn't fit"):
        pocket(tmp_path, rectangle(20, 20, 30, 2.5, handle="F1"))
    with pytest.raises(CutRefused, match="entity F1: a laser makes no pockets"):
        cut(tmp_path, FRAME + on("POCKET d=3", rectangle(20, 20, 30, 20, handle="F1")), tools=laser_for("plywood", 3))
    neck = polyline([(10, 10), (30, 10), (30, 39), (50, 39), (50, 10), (70, 10), (70, 70), (50, 70), (50, 41),
                     (30, 41), (30, 70), (10, 70)], handle="F1")  # fmt: skip
    with pytest.raises(CutRefused, match=r"entity F1 at .*: a neck is too narrow"):
        pocket(tmp_path, neck)


def test_a_wide_stepover_is_held_to_half_the_tool(tmp_path: Path) -> None:
    wide = CutTool(diameter_mm=3.0, feed_mm_s=20, plunge_mm_s=5, spindle_rpm=16000, pass_mm=2.0, stepover=0.9)
    job = cut(tmp_path, FRAME + on("POCKET d=1", CASES["square"][0]), tools=wide)
    assert reachable(CASES["square"][1]).difference(job.cut_at(-0.99).buffer(0.005)).area < 0.02
    assert TOOL.stepover == 0.4


def test_a_pocket_deeper_than_the_sheet(tmp_path: Path) -> None:
    with pytest.raises(CutRefused, match="9 mm deep in a sheet of 4 mm"):
        pocket(tmp_path, CASES["square"][0], "POCKET d=9")
