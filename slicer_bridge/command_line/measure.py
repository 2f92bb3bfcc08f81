"""Facts of a part's file, read in a limited child process; a repaired mesh for those who ask for one."""

import argparse
import tempfile
from pathlib import Path

from slicer_bridge.command_line.options import add_unit
from slicer_bridge.command_line.outcome import DONE, Outcome
from slicer_bridge.errors import BadFile
from slicer_bridge.intake.measure import measure_file
from slicer_bridge.intake.repair import repair_file


def add_options(parser: argparse.ArgumentParser) -> None:
    add_unit(parser)
    parser.add_argument(
        "--repair", type=Path, metavar="OUT.stl", help="also write a repaired mesh, and say what changed"
    )


def work(path: Path, options: argparse.Namespace) -> Outcome:
    out: Path | None = options.repair
    if out is not None and len(options.files) > 1:
        raise BadFile("--repair writes one file: give one mesh at a time")
    if out is not None and not out.resolve().parent.is_dir():
        raise BadFile(f"{out.parent} is no folder: --repair names the file to write")
    with tempfile.TemporaryDirectory() as folder:
        facts = measure_file(path, Path(folder), unit=options.unit)
    repair = repair_file(path, out, unit=options.unit) if out is not None else None
    return Outcome(str(path), DONE, facts=facts, findings=facts.findings, repair=repair)
