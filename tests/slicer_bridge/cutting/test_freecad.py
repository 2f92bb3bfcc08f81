"""The same drawings through FreeCAD's Path workbench, where it is installed: as long a cut, and the same area removed.

FreeCAD's modules are looked for in `FREECAD_LIB` and where Debian puts them.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.cut import CutOptions, Sheet
from slicer_bridge.cutting.drawn import drawn
from slicer_bridge.cutting.feeds import CutTool
from slicer_bridge.cutting.layers import Operation
from slicer_bridge.cutting.offsets import shrunk
from slicer_bridge.cutting.pocket import nested
from slicer_bridge.cutting.tabs import Tabs
from slicer_bridge.cutting.way import Way
from slicer_bridge.plates.plate import PlacedPart, Placement
from tests.slicer_bridge.cutting.sheets import Job, cut, cut_file, on
from tests.slicer_bridge.shapes import circle, dxf_text, parse, polyline, real_file, rectangle

_SCRIPT = Path(__file__).with_name("freecad_area.py")
_PYTHON = Path("/usr/bin/python3")
_PLACES = (os.environ.get("FREECAD_LIB", ""), "/usr/lib/freecad-python3/lib", "/usr/lib/freecad/lib")
TOOL = CutTool(diameter_mm=3.0, feed_mm_s=20, plunge_mm_s=5, spindle_rpm=16000, pass_mm=4.0)
PLAIN = CutOptions(tabs=Tabs(most=0), lead_diameters=0)
_TALL = Sheet((400, 300), 3.0)
FLAT = (
    polyline([(0, 0), (60, 0), (60, 19), (45, 25), (45, 40), (0, 40)]) + circle(12, 20, 4) + rectangle(25, 10, 15, 15)
)


@cache
def freecad() -> Path:
    for place in filter(None, _PLACES):
        if (Path(place) / "Path.so").is_file():
            return Path(place)
    pytest.skip("FreeCAD's Path workbench is not installed (Debian: freecad-python3)")


@dataclass(frozen=True)
class Ways:
    length_mm: float
    swept: BaseGeometry


def _asked(rings: list[Way], radius: float, **more: object) -> Ways:
    segments = [[[s.start, s.end, None if s.centre is None else s.at(0.5)] for s in ring.segments] for ring in rings]
    asked = json.dumps({"lib": str(freecad()), "rings": segments, **more})
    done = subprocess.run(
        [_PYTHON, _SCRIPT], input=asked, capture_output=True, text=True, timeout=100, check=True
    )  # fmt: skip
    ways = json.loads(done.stdout)
    lines = [shapely.LineString(way["points"]) for way in ways]
    return Ways(
        sum(way["length"] for way in ways), shapely.union_all([line.buffer(radius, quad_segs=32) for line in lines])
    )


def _ours(job: Job, z: float) -> float:
    """Length of the flat way at the last depth."""
    flat = [move for move in job.moves if not move.rapid and move.start[2] == move.end[2] == pytest.approx(z)]
    return sum(move.length for move in flat)


def _rings(path: Path) -> list[Way]:
    return [shape.way for shape in drawn(PlacedPart(path, "part", ()), CutOptions()).shapes]


@pytest.mark.parametrize("name", ["own", "Voron-0__Side_Panel.dxf", "Original-Prusa-i3__MK3-front-plate.dxf"])
def test_profiles(tmp_path: Path, name: str) -> None:
    freecad()
    tool = TOOL if name == "own" else CutTool(2.0, 20, 5, 16000, 4.0)
    (tmp_path / "own.dxf").write_text(dxf_text(FLAT))
    source = tmp_path / "own.dxf" if name == "own" else real_file("sheet", name)
    parse(source, tmp_path, unit="mm")
    path = tmp_path / "normalised.dxf"
    job = cut_file(path, Placement(0, 0), tools=tool, sheet=_TALL, options=PLAIN)
    theirs = _asked(_rings(path), tool.radius_mm, offset=tool.radius_mm)
    assert _ours(job, -3.2) == pytest.approx(theirs.length_mm, rel=0.01)
    removed = job.cut_at(-3.1, tool.radius_mm)
    assert removed.symmetric_difference(theirs.swept).area < 0.005 * theirs.swept.area


@pytest.mark.parametrize("stepover", [0.3, 0.45])
def test_pockets(tmp_path: Path, stepover: float) -> None:
    freecad()
    lines = rectangle(20, 20, 50, 40, handle="F1") + circle(40, 40, 8, handle="F2")
    tool = CutTool(3.0, 20, 5, 16000, 4.0, stepover=stepover)
    job = cut(tmp_path, rectangle(0, 0, 100, 80) + on("POCKET d=2", lines), tools=tool, options=PLAIN)
    shapes = drawn(PlacedPart(tmp_path / "part.dxf", "part", ()), CutOptions()).shapes
    rings = [one.way for one in shapes if one.rule.operation is Operation.POCKET]
    theirs = _asked(rings, 1.5, pocket=[1.5, stepover * 3.0])
    (area,) = shrunk(shapely.Polygon(rings[0].flat(), [rings[1].flat()]), tuple(rings), 1.5)
    ways = nested(area, stepover * 3.0).length_mm
    assert ways == pytest.approx(theirs.length_mm, rel=0.01)
    assert ways < _ours(job, -2.0) < 1.1 * ways, "from one way to the next, and round once where it came down"
    placed = shapely.transform(theirs.swept, lambda points: points + 10)
    removed = job.cut_at(-1.9).intersection(shapely.box(13, 13, 107, 87))
    assert removed.symmetric_difference(placed).area < 0.005 * placed.area
