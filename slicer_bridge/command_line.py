"""The command line of this package: measure, printability, slice, cut and check, each for one or more files."""

import argparse
import dataclasses
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pydantic import TypeAdapter

from slicer_bridge.check import Verdict, check_program
from slicer_bridge.cut import CutResult, Sheet, cut_sheet
from slicer_bridge.errors import BadFile, BridgeError, CutRefused, SlicerFailed
from slicer_bridge.facts import Finding, PartFacts, Severity
from slicer_bridge.feeds import tool_for
from slicer_bridge.limits import load_limits
from slicer_bridge.measure import measure_file
from slicer_bridge.plate import PlacedPart, Placement
from slicer_bridge.printability import printability
from slicer_bridge.profile import FILAMENTS, PrinterProfile, Recipe
from slicer_bridge.slice import SliceResult, slice_plate

DONE, REFUSED, BAD_INPUT = 0, 1, 2
_EDGE_MM = 5.0


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file; exactly what `--json` prints, as a list."""

    file: str
    exit: int
    reason: str = ""
    facts: PartFacts | None = None
    findings: tuple[Finding, ...] = ()
    sliced: SliceResult | None = None
    cut: CutResult | None = None
    verdict: Verdict | None = None


_OUTCOMES = TypeAdapter(list[Outcome])
Work = Callable[[Path, argparse.Namespace], Outcome]


def main(arguments: list[str]) -> int:
    """Returns the worst exit code of all files."""
    options = _parser().parse_args(arguments)
    work: Work = options.work
    outcomes = [_judged(work, path, options) for path in options.files]
    if options.json:
        sys.stdout.write(_OUTCOMES.dump_json(outcomes, indent=2).decode() + "\n")
    else:
        for outcome in outcomes:
            sys.stdout.write("\n".join(_words(outcome)) + "\n")
    return max(outcome.exit for outcome in outcomes)


def _judged(work: Work, path: Path, options: argparse.Namespace) -> Outcome:
    try:
        return work(path, options)
    except (SlicerFailed, CutRefused) as error:
        return Outcome(str(path), REFUSED, str(error))
    except (BridgeError, OSError) as error:
        return Outcome(str(path), BAD_INPUT, str(error))


def _measure(path: Path, options: argparse.Namespace) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        facts = measure_file(path, Path(folder), unit=options.unit)
    return Outcome(str(path), DONE, facts=facts, findings=facts.findings)


def _printability(path: Path, options: argparse.Namespace) -> Outcome:
    facts = _measure(path, options).facts
    if facts is None:
        raise BadFile(f"{path} has no facts")
    tool = options.tool or (0.4 if facts.mesh else 3.0)
    findings = (*facts.findings, *printability(facts, tool_mm=tool, thickness_mm=options.thickness))
    refused = [finding.message for finding in findings if finding.severity is Severity.REFUSE]
    return Outcome(str(path), REFUSED if refused else DONE, "; ".join(refused), facts, findings)


def _slice(path: Path, options: argparse.Namespace) -> Outcome:
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
        out = _target(path, options, ".gcode")
        result = slice_plate((part,), printer, recipe, FILAMENTS[options.material], out)
    return Outcome(str(path), DONE, facts=facts, findings=facts.findings, sliced=result)


def _cut(path: Path, options: argparse.Namespace) -> Outcome:
    tool = tool_for(options.material, options.tool)
    with tempfile.TemporaryDirectory() as folder:
        facts = measure_file(path, Path(folder), unit=options.unit)
        if facts.drawing is None:
            raise BadFile(f"{path.name} is a mesh: it can be printed, not cut")
        width, depth = facts.drawing.size_mm
        sheet = Sheet(options.sheet or (width + 2 * _EDGE_MM, depth + 2 * _EDGE_MM), options.thickness)
        part = PlacedPart(Path(folder) / "normalised.dxf", path.stem, (Placement(_EDGE_MM, _EDGE_MM),))
        result = cut_sheet((part,), tool, sheet, _target(path, options, ".nc"))
    return Outcome(str(path), DONE, facts=facts, findings=facts.findings, cut=result)


def _check(path: Path, options: argparse.Namespace) -> Outcome:
    verdict = check_program(path, load_limits(options.limits), options.offset)
    reasons = [f"line {one.line}: {one.reason}" if one.line else one.reason for one in verdict.findings]
    return Outcome(str(path), DONE if verdict.ok else REFUSED, "; ".join(reasons[:10]), verdict=verdict)


def _target(path: Path, options: argparse.Namespace, suffix: str) -> Path:
    folder: Path = options.out
    if not folder.is_dir():
        raise BadFile(f"{folder} is no folder: --out names where programs go")
    return folder.resolve() / f"{path.stem}{suffix}"


def _words(outcome: Outcome) -> list[str]:
    lines = [f"{outcome.file}: {('done', 'refused', 'bad input')[outcome.exit]}"]
    lines += [f"  {reason}" for reason in outcome.reason.split("; ") if reason]
    if outcome.facts and outcome.facts.mesh:
        mesh = outcome.facts.mesh
        size = " × ".join(f"{value:.2f}" for value in mesh.size_mm)
        closed = "closed" if mesh.watertight else "open"
        lines.append(f"  {size} mm, {mesh.volume_mm3 / 1000:.2f} cm³, {mesh.triangles} triangles, {closed}")
    if outcome.facts and outcome.facts.drawing:
        drawing = outcome.facts.drawing
        size = " × ".join(f"{value:.2f}" for value in drawing.size_mm)
        lines.append(f"  {size} mm, {drawing.contours} contours, {drawing.cut_length_mm:.0f} mm to cut")
    lines += [f"  {finding.severity}: {finding.rule}: {finding.message}" for finding in outcome.findings]
    for made in (outcome.sliced, outcome.cut):
        if made:
            lines.append(f"  {made.program}: {made.lines} lines, {made.estimate_s:.0f} s, by {made.made_by}")
    if outcome.verdict:
        verdict = outcome.verdict
        lines.append(f"  {verdict.lines} lines, {verdict.refused} refused, moves take {verdict.moves_s:.0f} s at least")
    return lines


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m slicer_bridge", description=__doc__)
    commands = parser.add_subparsers(required=True)
    measure = _command(commands, "measure", _measure)
    suits = _command(commands, "printability", _printability)
    slicing = _command(commands, "slice", _slice)
    cutting = _command(commands, "cut", _cut)
    check = _command(commands, "check", _check)
    for one in (measure, suits, slicing, cutting):
        one.add_argument("--unit", help="unit of the file: mm, cm, m, inch, foot; overrides what it says")
    for one in (slicing, cutting):
        one.add_argument("--out", type=Path, default=Path(), help="folder for programs (here)")
    suits.add_argument("--tool", type=float, help="nozzle or cutter, mm")
    suits.add_argument("--thickness", type=float, default=0.0, help="of the sheet, mm")
    slicing.add_argument("--bed", type=_numbers(3), default=(250.0, 210.0, 210.0), metavar="W,D,H", help="printer, mm")
    slicing.add_argument("--material", choices=sorted(FILAMENTS), default="PLA")
    slicing.add_argument("--layer", type=float, default=0.2, help="mm")
    slicing.add_argument("--perimeters", type=int, default=2)
    slicing.add_argument("--infill", type=float, default=0.2, help="0 to 1")
    cutting.add_argument("--tool", type=float, default=3.0, help="cutter, mm")
    cutting.add_argument("--thickness", type=float, default=3.0, help="of the sheet, mm")
    cutting.add_argument("--material", default="plywood")
    cutting.add_argument("--sheet", type=_numbers(2), metavar="W,D", help="mm; else as large as the part needs")
    check.add_argument("--limits", type=Path, required=True, help="TOML, see docs/limits.md")
    check.add_argument("--offset", type=_numbers(3), metavar="X,Y,Z", help="machine position of the work's zero, mm")
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, work: Work
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="a list with one entry per file")
    parser.set_defaults(work=work)
    return parser


def _numbers(count: int) -> Callable[[str], tuple[float, ...]]:
    def parse(text: str) -> tuple[float, ...]:
        values = tuple(float(part) for part in text.replace("x", ",").split(","))
        if len(values) != count:
            raise argparse.ArgumentTypeError(f"{text!r}: {count} numbers with commas between")
        return values

    return parse
