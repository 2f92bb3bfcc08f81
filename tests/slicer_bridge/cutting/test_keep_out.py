"""Clamps: no part, no cut and no low rapid move where they are."""

from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from slicer_bridge.cutting.cut import CutOptions
from slicer_bridge.cutting.feeds import laser_for
from slicer_bridge.cutting.keep_out import CLEARANCE_MM, KeepOut, Zones, load_keep_out
from slicer_bridge.errors import BadFile, CutRefused
from slicer_bridge.plates.plate import Placement
from tests.slicer_bridge.cutting.sheets import Job, cut
from tests.slicer_bridge.shapes import rectangle

TILE = rectangle(0, 0, 30, 30)
BETWEEN = ((50, 5), (60, 5), (60, 60), (50, 60))
PLACES = (Placement(10, 10), Placement(80, 10))


def clamped(folder: Path, *zones: KeepOut, **more: float) -> Job:
    return cut(folder, TILE, *PLACES, options=CutOptions(keep_out=zones, **more))  # type: ignore[arg-type]


def heights_over(job: Job, zone: KeepOut) -> list[float]:
    """Lowest Z of each move that passes over a zone, the tool's radius counted in."""
    body = shapely.Polygon(zone.corners).buffer(1.5)
    moves = [
        m for m in job.moves if m.start[:2] != m.end[:2] and LineString([p[:2] for p in m.corners]).intersects(body)
    ]
    return [min(p[2] for p in move.corners) for move in moves]


def test_over_a_low_clamp(tmp_path: Path) -> None:
    zone = KeepOut("strap", BETWEEN, 12.0)
    job = clamped(tmp_path, zone)
    assert heights_over(job, zone)
    assert min(heights_over(job, zone)) >= 12.0 + CLEARANCE_MM
    assert max(p[2] for m in job.moves for p in m.corners) == 14.0


def test_a_flat_one_costs_nothing(tmp_path: Path) -> None:
    zone = KeepOut("tape", BETWEEN, 1.0)
    assert max(p[2] for m in clamped(tmp_path, zone).moves for p in m.corners) == 5.0


@pytest.mark.parametrize("height", [None, 60.0])
def test_round_a_high_clamp(tmp_path: Path, height: float | None) -> None:
    zone = KeepOut("vice", BETWEEN, height)
    job = clamped(tmp_path, zone)
    assert not heights_over(job, zone)
    assert any(move.rapid and move.end[1] > 60 for move in job.moves) or any(move.end[1] < 5 for move in job.moves)


def test_no_way_round(tmp_path: Path) -> None:
    ring = KeepOut("fence", ((60, -50), (70, -50), (70, 300), (60, 300)), None)
    walled = KeepOut("wall", ((-50, -60), (300, -60), (300, -50), (-50, -50)), None)
    cage = KeepOut("cage", ((-50, 300), (300, 300), (300, 310), (-50, 310)), None)
    box = (KeepOut("left", ((-60, -60), (-50, -60), (-50, 310), (-60, 310)), None),)
    with pytest.raises(CutRefused, match="gets round the keep-out zones"):
        clamped(tmp_path, ring, walled, cage, *box)
    assert not list(tmp_path.glob("*.nc"))


@pytest.mark.parametrize(
    ("corners", "words"),
    [
        (((35, 35), (45, 35), (45, 45), (35, 45)), "part lies in the keep-out zone clamp"),
        (((20, 42), (30, 42), (30, 50), (20, 50)), "part: at .* the tool comes within 2 mm of the keep-out zone clamp"),
    ],
)
def test_a_part_at_a_clamp_is_refused(tmp_path: Path, corners: tuple[tuple[float, float], ...], words: str) -> None:
    with pytest.raises(CutRefused, match=words):
        clamped(tmp_path, KeepOut("clamp", corners, 5.0))
    assert not list(tmp_path.glob("*.nc"))


def test_machine_coordinates_need_the_offset(tmp_path: Path) -> None:
    zone = KeepOut("vice", tuple((x - 500, y - 350) for x, y in BETWEEN), 12.0, machine=True)
    with pytest.raises(CutRefused, match="the work offset is needed"):
        clamped(tmp_path, zone)
    job = cut(tmp_path, TILE, *PLACES, options=CutOptions(keep_out=(zone,), work_offset=(-500, -350, -40)))
    assert max(p[2] for m in job.moves for p in m.corners) == 14.0


def test_a_beam_goes_round(tmp_path: Path) -> None:
    zone = KeepOut("magnet", BETWEEN, 20.0)
    job = cut(tmp_path, TILE, *PLACES, tools=laser_for("plywood", 3), options=CutOptions(keep_out=(zone,)))
    assert not heights_over(job, zone)


def test_zones_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "clamps.toml"
    path.write_text("[left]\ncorners = [[0, 0], [10, 0], [10, 10]]\nheight_mm = 12\n")
    assert load_keep_out(path) == (KeepOut("left", ((0, 0), (10, 0), (10, 10)), 12.0),)
    for text, words in (("[left]\n", r"zone \[left\]: corners"), ("[left\n", "TOML"), ("[l]\nheigt = 1\n", "heigt")):
        path.write_text(text)
        with pytest.raises(BadFile, match=words):
            load_keep_out(path)
    with pytest.raises(BadFile, match="can't be read"):
        load_keep_out(tmp_path / "none.toml")


@settings(max_examples=80, deadline=None)
@given(
    boxes=st.lists(st.tuples(st.integers(0, 180), st.integers(0, 180), st.integers(3, 40)), max_size=6),
    ends=st.tuples(*[st.integers(-20, 220)] * 4),
)
def test_routes_keep_clear(boxes: list[tuple[int, int, int]], ends: tuple[int, int, int, int]) -> None:
    found = tuple(
        KeepOut(f"z{n}", ((x, y), (x + s, y), (x + s, y + s), (x, y + s)), None) for n, (x, y, s) in enumerate(boxes)
    )
    zones = Zones(found, 1.5, safe_mm=5, highest_mm=30, offset=None)
    start, end = (float(ends[0]), float(ends[1])), (float(ends[2]), float(ends[3]))
    try:
        route, height = zones.route(start, end)
    except CutRefused:
        return
    assert height == 5
    assert route[-1] == end
    way = LineString([start, *route]) if len(route) > 1 or start != end else shapely.Point(start)
    assert all(way.distance(shapely.Polygon(zone.corners)) > 1.5 for zone in found)
