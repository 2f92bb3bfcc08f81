"""Programs on the rig's Grbl, which shares no code with them: no error, no alarm, and a safe end."""

from pathlib import Path

import pytest

from hardware_sim.firmware.config import RouterConfig
from hardware_sim.firmware.sheet import Sheet as Clamped
from slicer_bridge.cutting.cut import CutOptions, Sheet
from slicer_bridge.cutting.feeds import ToolKind, laser_for, tool_for
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


def driven(job: Job, sheet: Sheet, *, laser: bool = False) -> None:
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
