"""A drawing to a router's or a laser's programs, one copy on a sheet."""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from slicer_bridge.command_line.options import add_out, add_unit, numbers, target
from slicer_bridge.command_line.outcome import DONE, Outcome
from slicer_bridge.cutting.cut import CutOptions, CutResult, Sheet, cut_sheet
from slicer_bridge.cutting.feeds import Laser, ToolKind, laser_for, tool_for
from slicer_bridge.cutting.keep_out import load_keep_out
from slicer_bridge.cutting.plan import Tool
from slicer_bridge.cutting.tabs import Tabs
from slicer_bridge.errors import BadFile, CutRefused
from slicer_bridge.facts import DrawingFacts
from slicer_bridge.intake.measure import measure_file
from slicer_bridge.plates.plate import PlacedPart, Placement
from slicer_bridge.programs.check import check_program
from slicer_bridge.programs.limits import MachineLimits, load_limits

_EDGE_MM = 5.0


def add_options(parser: argparse.ArgumentParser) -> None:
    add_unit(parser)
    add_out(parser)
    parser.add_argument("--process", choices=("router", "laser"), default="router")
    parser.add_argument(
        "--tool",
        action="append",
        metavar="[KIND:]MM",
        help="cutter's diameter, 3 if none is given; also drill:4 and v-bit:0.2; several have a program each",
    )
    parser.add_argument("--thickness", type=float, default=3.0, help="of the sheet, mm")
    parser.add_argument("--material", default="plywood")
    parser.add_argument("--sheet", type=numbers(2), metavar="W,D", help="mm; else as large as the part needs")
    parser.add_argument("--limits", type=Path, help="of the machine, see docs/limits.md: nothing beyond is written")
    parser.add_argument("--offset", type=numbers(3), metavar="X,Y,Z", help="machine position of the work's zero, mm")
    parser.add_argument("--keep-out", type=Path, help="TOML with zones of clamps, see docs/cutting.md")
    parser.add_argument("--no-tabs", action="store_true", help="the piece is held otherwise: tape, vacuum")
    parser.add_argument("--finish", type=float, default=0.0, help="mm left for a last pass along the wall")
    parser.add_argument("--watts", type=float, default=60.0, help="of the laser")


def work(path: Path, options: argparse.Namespace) -> Outcome:
    limits = load_limits(options.limits) if options.limits else None
    tools = _laser(options, limits) if options.process == "laser" else _cutters(options, limits)
    with tempfile.TemporaryDirectory() as folder:
        facts = measure_file(path, Path(folder), unit=options.unit)
        if facts.drawing is None:
            raise BadFile(f"{path.name} is a mesh: it can be printed, not cut")
        part = PlacedPart(Path(folder) / "normalised.dxf", path.stem, (Placement(_EDGE_MM, _EDGE_MM),))
        made = cut_sheet((part,), tools, _sheet(facts.drawing, options), Path(folder) / "out.nc", _options(options))
        if limits is not None:
            _check(made, limits, options.offset)
        result = _moved(made, target(path, options, ".nc"))
    return Outcome(str(path), DONE, facts=facts, findings=(*facts.findings, *result.findings), cut=result)


def _cutters(options: argparse.Namespace, limits: MachineLimits | None) -> tuple[Tool, ...]:
    return tuple(_cutter(text, options, limits) for text in options.tool or ["3"])


def _cutter(text: str, options: argparse.Namespace, limits: MachineLimits | None) -> Tool:
    """`3`, `mill:3`, `drill:4`, `v-bit:0.2`."""
    kind, _, diameter = text.rpartition(":")
    try:
        tool = (ToolKind(kind or "mill"), float(diameter))
    except ValueError as error:
        raise BadFile(
            f"--tool {text}: a diameter such as 3, or one with its kind such as drill:4 or v-bit:0.2"
        ) from error
    if limits is None:
        return tool_for(options.material, tool[1], kind=tool[0])
    return tool_for(
        options.material,
        tool[1],
        kind=tool[0],
        spindle_rpm=(limits.min_spindle_rpm, limits.max_spindle_rpm),
        max_feed_mm_s=min(limits.max_feed_mm_s, 40.0),
        max_plunge_mm_s=limits.max_feed_z_mm_s or limits.max_feed_mm_s,
    )


def _laser(options: argparse.Namespace, limits: MachineLimits | None) -> Laser:
    """`S` of full power is the machine's highest."""
    if limits is None:
        return laser_for(options.material, options.thickness, watts=options.watts)
    return laser_for(
        options.material,
        options.thickness,
        watts=options.watts,
        highest_s=limits.max_spindle_rpm,
        max_feed_mm_s=limits.max_feed_mm_s,
    )


def _sheet(drawing: DrawingFacts, options: argparse.Namespace) -> Sheet:
    width, depth = drawing.size_mm
    return Sheet(options.sheet or (width + 2 * _EDGE_MM, depth + 2 * _EDGE_MM), options.thickness)


def _options(options: argparse.Namespace) -> CutOptions:
    return CutOptions(
        finish_mm=options.finish,
        tabs=Tabs(most=0) if options.no_tabs else Tabs(),
        keep_out=load_keep_out(options.keep_out) if options.keep_out else (),
        work_offset=options.offset,
    )


def _check(made: CutResult, limits: MachineLimits, offset: tuple[float, float, float] | None) -> None:
    for program in made.programs:
        verdict = check_program(program.path, limits, offset)
        if not verdict.ok:
            reasons = "; ".join(f"line {one.line}: {one.reason}" for one in verdict.findings[:3])
            raise CutRefused(f"the program for the {program.tools} is outside this machine's limits: {reasons}")


def _moved(made: CutResult, out: Path) -> CutResult:
    """Programs to where they were asked for, once all of them are there."""
    programs = []
    for program in made.programs:
        path = out.with_name(program.path.name.replace("out", out.stem, 1))
        path.write_bytes(program.path.read_bytes())
        programs.append(replace(program, path=path))
    return replace(made, program=programs[0].path, programs=tuple(programs))
