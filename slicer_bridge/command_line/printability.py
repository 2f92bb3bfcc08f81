"""What speaks against making a part in a given way."""

import argparse
import tempfile
from pathlib import Path

from slicer_bridge.command_line.options import add_unit
from slicer_bridge.command_line.outcome import DONE, REFUSED, Outcome
from slicer_bridge.facts import Severity
from slicer_bridge.intake.measure import measure_file
from slicer_bridge.printability.judged import printability

NAME = "printability"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_unit(parser)
    parser.add_argument("--tool", type=float, help="nozzle or cutter, mm")
    parser.add_argument("--thickness", type=float, default=0.0, help="of the sheet, mm")


def work(path: Path, options: argparse.Namespace) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        facts = measure_file(path, Path(folder), unit=options.unit)
    tool = options.tool or (0.4 if facts.mesh else 3.0)
    findings = (*facts.findings, *printability(facts, tool_mm=tool, thickness_mm=options.thickness))
    refused = [finding.message for finding in findings if finding.severity is Severity.REFUSE]
    return Outcome(str(path), REFUSED if refused else DONE, "; ".join(refused), facts, findings)
