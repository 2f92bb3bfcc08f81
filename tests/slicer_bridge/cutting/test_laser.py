"""Beams: kerf, power, passes, piercing, overcut; dark wherever nothing is to be cut."""

from dataclasses import replace
from pathlib import Path

import pytest
import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.feeds import laser_for, tool_for
from slicer_bridge.errors import CutRefused
from tests.slicer_bridge.cutting.sheets import Job, cut, on
from tests.slicer_bridge.shapes import circle, line, rectangle

ENTITIES = rectangle(0, 0, 60, 40, handle="A1") + circle(20, 20, 4, handle="C1")
PIECE = shapely.box(10, 10, 70, 50).difference(Point(30, 30).buffer(4, quad_segs=64))


def burnt(job: Job, kerf_mm: float = 0.2) -> BaseGeometry:
    lit = [move for move in job.moves if not move.rapid and move.power > 0]
    return shapely.union_all([shapely.LineString([p[:2] for p in m.corners]).buffer(kerf_mm / 2) for m in lit])


def test_the_piece_keeps_its_size_beside_the_kerf(tmp_path: Path) -> None:
    job = cut(tmp_path, ENTITIES, tools=laser_for("plywood", 3))
    gone = burnt(job)
    left = next(p for p in shapely.get_parts(shapely.box(0, 0, 90, 70).difference(gone)) if p.contains(Point(50, 20)))
    assert left.symmetric_difference(PIECE).area < 0.005 * 250
    assert not any(word.startswith("Z") for text in job.text.splitlines() for word in text.split())
    assert job.result.removed_mm3 == 0


def test_inside_first_then_the_outline_from_the_waste(tmp_path: Path) -> None:
    job = cut(tmp_path, ENTITIES, tools=laser_for("plywood", 3))
    starts = [move.end[:2] for move in job.moves if move.rapid][:-1]
    hole, outline = (Point(start) for start in starts)
    assert Point(30, 30).distance(hole) < 3.5
    assert not PIECE.buffer(0.5).intersects(outline)


def test_power_goes_with_m4_and_is_off_between(tmp_path: Path) -> None:
    job = cut(tmp_path, ENTITIES, tools=laser_for("plywood", 3, highest_s=500))
    lines = job.text.splitlines()
    assert lines[1] == "M4 S0"
    assert {m.power for m in job.moves if not m.rapid} == {400.0}
    assert lines[-3:] == ["M5", "G0 X0 Y0", "M30"]


def test_passes_pierce_and_focus(tmp_path: Path) -> None:
    once, twice = (replace(laser_for("plywood", 3), passes=n, overcut_mm=0) for n in (1, 2))
    length = [sum(m.length for m in cut(tmp_path, ENTITIES, tools=one).moves if not m.rapid) for one in (once, twice)]
    ring = 2 * (60.2 + 40.2) - 0.2 * 4 + 0.2 * 3.14 + 2 * 3.14 * 3.9
    assert length[1] - length[0] == pytest.approx(ring, rel=0.01)
    pierced = cut(tmp_path, ENTITIES, tools=replace(once, pierce_s=0.25, focus_mm=7.5)).text.splitlines()
    assert pierced.count("G4 P0.25") == 2
    at = pierced.index("G4 P0.25")
    assert pierced[at - 2].startswith("M3 S")
    assert pierced[at - 1].startswith("G1 F")
    assert pierced[at + 1] == "M4"
    assert "G0 Z7.5" in pierced


def test_micro_tabs_are_dark(tmp_path: Path) -> None:
    job = cut(tmp_path, ENTITIES, tools=replace(laser_for("plywood", 3), micro_tab_mm=0.4))
    dark = [move for move in job.moves if not move.rapid and move.power == 0]
    assert [round(move.length, 3) for move in dark] == [0.6, 0.6]
    assert not burnt(job).intersects(
        shapely.union_all([shapely.LineString([m.start[:2], m.end[:2]]).centroid for m in dark])
    )


def test_engraving_is_light_and_quick(tmp_path: Path) -> None:
    job = cut(tmp_path, ENTITIES + on("ENGRAVE", line(40, 10, 50, 10)), tools=laser_for("plywood", 3))
    (engraved,) = [move for move in job.moves if not move.rapid and move.power == 150]
    assert (engraved.start[:2], engraved.end[:2], engraved.feed) == ((50, 20), (60, 20), 6000)


def test_what_a_laser_does_not_do(tmp_path: Path) -> None:
    with pytest.raises(CutRefused, match="a laser works alone"):
        cut(tmp_path, ENTITIES, tools=(laser_for("plywood", 3), tool_for("plywood", 3)))
    with pytest.raises(CutRefused, match="figure of 0 or less"):
        cut(tmp_path, ENTITIES, tools=replace(laser_for("plywood", 3), feed_mm_s=0))
