"""Facts of a part's file, read in a limited child process."""

import argparse
import tempfile
from pathlib import Path

from slicer_bridge.command_line.options import add_unit
from slicer_bridge.command_line.outcome import DONE, Outcome
from slicer_bridge.intake.measure import measure_file

NAME = "measure"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_unit(parser)


def work(path: Path, options: argparse.Namespace) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        facts = measure_file(path, Path(folder), unit=options.unit)
    return Outcome(str(path), DONE, facts=facts, findings=facts.findings)
