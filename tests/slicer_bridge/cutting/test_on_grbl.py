"""Programs on the rig's Grbl, which shares no code with them: no error, no alarm, and a safe end."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry import Point, Polygon

from hardware_sim.firmware.config import RouterConfig
from hardware_sim.firmware.grbl.machine import Grbl
from hardware_sim.firmware.sheet import Sheet as Clamped
from hardware_sim.truth.cuts import SheetOnTable, count_cut
from hardware_sim.truth.expected import Expected, Verdict
from slicer_bridge.cutting.cut import CutOptions, Sheet
from slicer_bridge.cutting.feeds import ToolKind, laser_for, tool_for
from slicer_bridge.cutting.tabs import Tabs
from slicer_bridge.plates.plate import Placement, placed
from tests.hardware_sim.cores import booted_grbl, run
from tests.slicer_bridge.cutting.sheets import Job, cut, on
from tests.slicer_bridge.shapes import circle, line, rectangle

LAYERED = (
    rectangle(0, 0, 70, 50, handle="A1")
    + circle(10, 10, 4)
    + circle(60, 10, 1.5, handle="C2")
    + on("POCKET d=1.5", rectangle(20, 15, 20, 20, handle="F1") + circle(30, 25, 4, handle="F2"))
    + on("ENGRAVE", line(45, 20, 60, 40, handle="E1"))
)
AT = (-300.0, -250.0, -20.0)
"""Machine position of the work's zero."""


def driven(job: Job, sheet: Sheet, *, laser: bool = False) -> Grbl:
    machine = booted_grbl(config=RouterConfig(laser=laser, tool_diameter_mm=3.0), speed=1.0)
    for setting in ("$H", f"G10 L2 P1 X{AT[0]:g} Y{AT[1]:g} Z{AT[2]:g}", "$20=1", f"$32={int(laser)}"):
        assert b"ok" in run(machine, setting)
    width, depth = sheet.size_mm
    machine.load_sheet(Clamped(AT[0], AT[1], AT[2], width, depth, sheet.thickness_mm), machine.now)
    answers = run(machine, job.text)
    assert b"error" not in answers
    assert b"ALARM" not in answers
    assert answers.count(b"ok") == job.result.lines
    machine.advance(machine.now + 60.0)
    counters = machine.witness.counters
    assert (counters.crashes, counters.out_of_frame) == (0, 0)
    assert counters.cuts >= 4
    assert machine.table.spindle == 5
    assert machine.table.true_position()[2] >= (AT[2] if not laser else -80)
    return machine


def test_milled(tmp_path: Path) -> None:
    sheet = Sheet((90, 70), 3.0)
    driven(cut(tmp_path, LAYERED, sheet=sheet, options=CutOptions(finish_mm=0.2)), sheet)


def test_drilled(tmp_path: Path) -> None:
    sheet = Sheet((90, 70), 3.0)
    drill = tool_for("plywood", 3.0, kind=ToolKind.DRILL)
    job = cut(tmp_path, on("DRILL", circle(5, 5, 1.5) + circle(40, 25, 1.5, handle="C1")), tools=drill, sheet=sheet)
    assert [(one.kind, one.count) for one in job.result.operations] == [("drill", 2)]
    driven(job, sheet)


@pytest.mark.parametrize("material", ["plywood", "acrylic"])
def test_burnt(tmp_path: Path, material: str) -> None:
    sheet = Sheet((90, 70), 3.0)
    entities = rectangle(0, 0, 70, 50, handle="A1") + circle(10, 10, 4) + on("ENGRAVE", line(45, 20, 60, 40))
    driven(cut(tmp_path, entities, tools=laser_for(material, 3.0), sheet=sheet), sheet, laser=True)


@pytest.mark.parametrize("ramped", [False, True])
def test_the_rig_counts_every_piece_as_good(tmp_path: Path, ramped: bool) -> None:
    """The rig's own measure of what came off the sheet: parted all round but for tabs, holes cut, nothing spoilt."""
    sheet = Sheet((160, 70), 4.0)
    holed = rectangle(0, 0, 40, 30, handle="A1") + circle(10, 10, 4) + rectangle(22, 8, 10, 12, handle="B1")
    places = (Placement(10, 10), Placement(60, 10), Placement(140, 15, 90))
    job = cut(tmp_path, holed, *places, sheet=sheet, options=CutOptions(tabs=Tabs(ramped=ramped)))
    machine = driven(job, sheet)
    rows = np.concatenate([np.array(part, dtype=np.float32) for _, part in machine.witness.take_rows()]).reshape(-1, 6)
    on_table = SheetOnTable(*AT, *sheet.size_mm, sheet.thickness_mm, 3.0)
    piece = shapely.box(0, 0, 40, 30).difference(
        shapely.union_all([Point(10, 10).buffer(4, quad_segs=32), shapely.box(22, 8, 32, 20)])
    )
    outlines = [shapely.transform(piece, partial(placed, placement=place)) for place in places]
    pieces = [one for one in outlines if isinstance(one, Polygon)]
    expected = [Expected(f"piece {number}", one, sheet.thickness_mm) for number, one in enumerate(pieces)]
    count = count_cut(rows, on_table, expected)
    assert [(one.verdict, one.reason) for one in count.pieces] == [(Verdict.GOOD, "")] * 3
