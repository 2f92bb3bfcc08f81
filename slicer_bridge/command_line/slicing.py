"""A mesh to a printer's program, one or more copies in the middle of the bed."""

import argparse
import tempfile
from pathlib import Path

from slicer_bridge.command_line.options import add_out, add_unit, numbers, target
from slicer_bridge.command_line.outcome import DONE, Outcome
from slicer_bridge.errors import BadFile
from slicer_bridge.facts import Orientation
from slicer_bridge.intake.measure import measure_file
from slicer_bridge.plates.grid import grid
from slicer_bridge.plates.plate import PlacedPart, plate_mesh
from slicer_bridge.plates.turning import in_the_middle, least_turn
from slicer_bridge.programs.limits import Dialect
from slicer_bridge.slicing.profile import FILAMENTS, PrinterProfile, Recipe
from slicer_bridge.slicing.shop.approval import ApprovedProfile, approved
from slicer_bridge.slicing.shop.profile_file import load_profile_file
from slicer_bridge.slicing.shop.supposition import suppose
from slicer_bridge.slicing.slice import Engine, slice_plate

_GAP_MM = 5.0
_SUPPORT_MM = 3.0
"""How far supports may stand out of a part's box, each side."""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_unit(parser)
    add_out(parser)
    parser.add_argument("--bed", type=numbers(3), default=(250.0, 210.0, 210.0), metavar="W,D,H", help="printer, mm")
    parser.add_argument("--nozzle", type=float, default=0.4, help="mm")
    parser.add_argument("--material", choices=sorted(FILAMENTS), default="PLA")
    parser.add_argument("--layer", type=float, default=0.2, help="mm")
    parser.add_argument("--perimeters", type=int, default=2)
    parser.add_argument("--infill", type=float, default=0.2, help="0 to 1")
    parser.add_argument("--supports", action="store_true", help="under what leans out over 45°")
    parser.add_argument("--brim", type=float, default=0.0, metavar="MM", help="a rim on the bed round each part")
    parser.add_argument("--copies", type=int, default=1, metavar="N", help="in rows")
    parser.add_argument("--engine", choices=[one.value for one in Engine], help="default: the first that is installed")
    parser.add_argument("--profile", type=Path, metavar="TOML", help="a shop's imported PrusaSlicer profile")
    parser.add_argument(
        "--approve",
        action="append",
        default=[],
        metavar="SHA256",
        help="of a block of that profile which you have read; more than one may be given",
    )
    parser.add_argument("--plate", type=Path, metavar="OUT.3mf", help="the plate, to look at; for one file")


def work(path: Path, options: argparse.Namespace) -> Outcome:
    if options.plate and len(options.files) > 1:
        raise BadFile("--plate names one file, and there is more than one to slice")
    width, depth, height = options.bed
    printer = PrinterProfile("printer", (width, depth), height, options.nozzle)
    recipe = Recipe(options.layer, options.perimeters, options.infill, options.supports, options.brim)
    with tempfile.TemporaryDirectory() as folder:
        facts = measure_file(path, Path(folder), unit=options.unit)
        if facts.mesh is None:
            raise BadFile(f"{path.name} is a drawing: it can be cut, not printed")
        way = facts.mesh.orientations[0]
        part = _placed(Path(folder) / "normalised.stl", path.stem, way, printer, recipe, options.copies)
        result = slice_plate(
            (part,),
            printer,
            recipe,
            FILAMENTS[options.material],
            target(path, options, ".gcode"),
            Engine(options.engine) if options.engine else None,
            shop=_shop(options),
        )
        if options.plate:
            plate_mesh((part,), options.plate)
    return Outcome(str(path), DONE, facts=facts, findings=facts.findings, sliced=result)


def _placed(
    file: Path, name: str, way: Orientation, printer: PrinterProfile, recipe: Recipe, copies: int
) -> PlacedPart:
    around = recipe.brim_mm + (_SUPPORT_MM if recipe.supports else 0.0)
    width, depth = printer.bed_mm
    angle, share = least_turn(way.outline, (max(width - 2 * around, 1.0), max(depth - 2 * around, 1.0)))
    if copies == 1 and angle and share <= 1.0:
        return PlacedPart(file, name, (in_the_middle(way.outline, angle, printer.bed_mm),), way.rotation)
    places = grid((way.size_mm[0], way.size_mm[1]), copies, printer.bed_mm, _GAP_MM + 2 * around, around)
    return PlacedPart(file, name, places, way.rotation)


def _shop(options: argparse.Namespace) -> ApprovedProfile | None:
    """Raises BlockNotApproved, which names each block's hash, BadLimits."""
    if options.profile is None:
        return None
    profile = load_profile_file(options.profile)
    read = [block for block in profile.blocks if block.sha256 in options.approve]
    return approved(profile, (suppose(block, Dialect.MARLIN).approval for block in read))
