"""A mesh to a printer's program, one copy in the middle of the bed."""

import argparse
import tempfile
from pathlib import Path

from slicer_bridge.command_line.options import add_out, add_unit, numbers, target
from slicer_bridge.command_line.outcome import DONE, Outcome
from slicer_bridge.errors import BadFile
from slicer_bridge.intake.measure import measure_file
from slicer_bridge.plates.plate import PlacedPart, Placement
from slicer_bridge.slicing.profile import FILAMENTS, PrinterProfile, Recipe
from slicer_bridge.slicing.slice import slice_plate

NAME = "slice"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_unit(parser)
    add_out(parser)
    parser.add_argument("--bed", type=numbers(3), default=(250.0, 210.0, 210.0), metavar="W,D,H", help="printer, mm")
    parser.add_argument("--material", choices=sorted(FILAMENTS), default="PLA")
    parser.add_argument("--layer", type=float, default=0.2, help="mm")
    parser.add_argument("--perimeters", type=int, default=2)
    parser.add_argument("--infill", type=float, default=0.2, help="0 to 1")


def work(path: Path, options: argparse.Namespace) -> Outcome:
    width, depth, height = options.bed
    printer = PrinterProfile("printer", (width, depth), height)
    with tempfile.TemporaryDirectory() as folder:
        facts = measure_file(path, Path(folder), unit=options.unit)
        if facts.mesh is None:
            raise BadFile(f"{path.name} is a drawing: it can be cut, not printed")
        way = facts.mesh.orientations[0]
        place = Placement((width - way.size_mm[0]) / 2, (depth - way.size_mm[1]) / 2)
        part = PlacedPart(Path(folder) / "normalised.stl", path.stem, (place,), way.rotation)
        recipe = Recipe(options.layer, options.perimeters, options.infill)
        result = slice_plate((part,), printer, recipe, FILAMENTS[options.material], target(path, options, ".gcode"))
    return Outcome(str(path), DONE, facts=facts, findings=facts.findings, sliced=result)
