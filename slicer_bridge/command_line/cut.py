"""A drawing to a router's program, one copy on a sheet."""

import argparse
import tempfile
from pathlib import Path

from slicer_bridge.command_line.options import add_out, add_unit, numbers, target
from slicer_bridge.command_line.outcome import DONE, Outcome
from slicer_bridge.cutting.cut import Sheet, cut_sheet
from slicer_bridge.cutting.feeds import tool_for
from slicer_bridge.errors import BadFile
from slicer_bridge.intake.measure import measure_file
from slicer_bridge.plates.plate import PlacedPart, Placement

NAME = "cut"
_EDGE_MM = 5.0


def add_options(parser: argparse.ArgumentParser) -> None:
    add_unit(parser)
    add_out(parser)
    parser.add_argument("--tool", type=float, default=3.0, help="cutter, mm")
    parser.add_argument("--thickness", type=float, default=3.0, help="of the sheet, mm")
    parser.add_argument("--material", default="plywood")
    parser.add_argument("--sheet", type=numbers(2), metavar="W,D", help="mm; else as large as the part needs")


def work(path: Path, options: argparse.Namespace) -> Outcome:
    tool = tool_for(options.material, options.tool)
    with tempfile.TemporaryDirectory() as folder:
        facts = measure_file(path, Path(folder), unit=options.unit)
        if facts.drawing is None:
            raise BadFile(f"{path.name} is a mesh: it can be printed, not cut")
        width, depth = facts.drawing.size_mm
        sheet = Sheet(options.sheet or (width + 2 * _EDGE_MM, depth + 2 * _EDGE_MM), options.thickness)
        part = PlacedPart(Path(folder) / "normalised.dxf", path.stem, (Placement(_EDGE_MM, _EDGE_MM),))
        result = cut_sheet((part,), tool, sheet, target(path, options, ".nc"))
    return Outcome(str(path), DONE, facts=facts, findings=facts.findings, cut=result)
