"""What speaks against making a part in a given way, and where."""

import argparse
import tempfile
from pathlib import Path

from slicer_bridge.command_line.options import add_unit, numbers
from slicer_bridge.command_line.outcome import DONE, REFUSED, Outcome
from slicer_bridge.errors import BadFile
from slicer_bridge.facts import Finding, PartFacts, Severity
from slicer_bridge.intake.measure import measure_file
from slicer_bridge.pictures.findings import drawing_findings_svg, mesh_findings_svg
from slicer_bridge.printability.judge import printability
from slicer_bridge.printability.thresholds import Process, load_thresholds
from slicer_bridge.reading.dxf import read_dxf
from slicer_bridge.reading.stl import read_stl


def add_options(parser: argparse.ArgumentParser) -> None:
    add_unit(parser)
    parser.add_argument("--process", type=Process, choices=list(Process), help="fdm for solids, mill for drawings")
    parser.add_argument("--material", default="", help="some limits depend on it: PLA, TPU, PA12, aluminium …")
    parser.add_argument("--tool", type=float, help="nozzle or cutter, mm")
    parser.add_argument("--thickness", type=float, default=0.0, help="of the sheet, mm")
    parser.add_argument("--machine", type=numbers(3), metavar="W,D,H", help="usable travel, mm")
    parser.add_argument("--thresholds", type=Path, metavar="TOML", help="limits that take the place of the usual ones")
    parser.add_argument("--picture", type=Path, metavar="FOLDER", help="where to put an SVG with the findings marked")


def work(path: Path, options: argparse.Namespace) -> Outcome:
    if options.picture and not options.picture.is_dir():
        raise BadFile(f"{options.picture} is no folder: --picture names where pictures go")
    thresholds = load_thresholds(options.thresholds) if options.thresholds else None
    with tempfile.TemporaryDirectory() as folder:
        facts = measure_file(path, Path(folder), unit=options.unit, features=True)
        process = options.process or (Process.FDM if facts.mesh else Process.MILL)
        judged = printability(
            facts,
            process,
            thresholds=thresholds,
            material=options.material,
            tool_mm=options.tool,
            thickness_mm=options.thickness,
            machine_mm=options.machine,
        )
        known = {finding.rule for finding in judged}
        findings = (*judged, *(finding for finding in facts.findings if finding.rule not in known))
        if options.picture:
            picture = _picture(facts, findings, Path(folder))
            (options.picture / f"{path.stem}.{process}.svg").write_text(picture, encoding="utf-8")
    refused = [finding.message for finding in findings if finding.severity is Severity.REFUSE]
    return Outcome(str(path), REFUSED if refused else DONE, "; ".join(refused), facts, findings)


def _picture(facts: PartFacts, findings: tuple[Finding, ...], folder: Path) -> str:
    if facts.mesh is not None:
        return mesh_findings_svg(read_stl(folder / "normalised.stl", facts.mesh.triangles), facts.mesh, findings)
    if facts.drawing is None:
        raise BadFile("there is nothing to draw")
    lines = [path.points for path in read_dxf(folder / "normalised.dxf", "mm").paths]
    return drawing_findings_svg(facts.drawing, findings, lines)
