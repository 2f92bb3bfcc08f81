"""Pictures of toolpaths are small and show what is worked."""

import re
from xml.etree import ElementTree as ET

import pytest

from slicer_bridge.motion.limits import DEFAULTS, Planner
from slicer_bridge.motion.toolpath import toolpath
from slicer_bridge.pictures.toolpath_picture import toolpath_svg
from tests.benchmarks.sample_programs import long_print
from tests.slicer_bridge.motion.programs import outline, ring

SVG = "{http://www.w3.org/2000/svg}"


def _strokes(svg: str) -> dict[str, int]:
    """Points by colour."""
    paths = ET.fromstring(svg).iter(f"{SVG}path")
    return {path.attrib["stroke"]: len(re.findall(r"-?\d+ -?\d+", path.attrib["d"])) for path in paths}


def test_a_long_print_makes_a_small_picture() -> None:
    svg = toolpath_svg(toolpath(long_print(60_000), DEFAULTS[Planner.MARLIN]), above=False)
    assert 20_000 < len(svg) < 200_000
    assert len(_strokes(svg)) > 6


def test_a_print_is_coloured_by_height_and_its_travel_is_faint() -> None:
    svg = toolpath_svg(toolpath(ring().encode(), DEFAULTS[Planner.MARLIN]), above=False)
    strokes = _strokes(svg)
    assert len(strokes) == 7
    faint = next(path for path in ET.fromstring(svg).iter(f"{SVG}path") if path.attrib["stroke"] == "#888")
    assert float(faint.attrib["stroke-opacity"]) < 0.5


def test_a_cut_is_seen_from_above_inside_its_machine() -> None:
    machine = ((-70.0, -50.0, -10.0), (70.0, 50.0, 20.0))
    svg = toolpath_svg(toolpath(outline().encode(), DEFAULTS[Planner.GRBL]), above=True, machine=machine)
    corners = re.search(r'points="([^"]*)"', svg)
    assert corners is not None
    xs = [int(pair.split(",")[0]) for pair in corners[1].split()]
    assert min(xs) >= 0
    assert max(xs) <= 960
    starts = [int(x) for x, _ in re.findall(r"M(-?\d+) (-?\d+)", svg)]
    assert starts
    assert all(min(xs) <= x <= max(xs) for x in starts)


@pytest.mark.parametrize("program", ["G1 X5 F600", "G1 Z5 F600", "M83\nG1 X0 Y0 E1\nG1 X1e5 E1"])
def test_hardly_a_move_still_is_a_picture(program: str) -> None:
    svg = toolpath_svg(toolpath(program.encode(), DEFAULTS[Planner.MARLIN]), above=False)
    assert ET.fromstring(svg).tag == f"{SVG}svg"
