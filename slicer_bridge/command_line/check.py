"""A program against a machine's limits."""

import argparse
from pathlib import Path

from slicer_bridge.command_line.options import numbers
from slicer_bridge.command_line.outcome import DONE, REFUSED, Outcome
from slicer_bridge.programs.check import check_program
from slicer_bridge.programs.limits import load_limits


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limits", type=Path, required=True, help="TOML, see docs/limits.md")
    parser.add_argument("--offset", type=numbers(3), metavar="X,Y,Z", help="machine position of the work's zero, mm")


def work(path: Path, options: argparse.Namespace) -> Outcome:
    verdict = check_program(path, load_limits(options.limits), options.offset)
    reasons = [f"line {one.line}: {one.reason}" if one.line else one.reason for one in verdict.findings]
    return Outcome(str(path), DONE if verdict.ok else REFUSED, "; ".join(reasons[:10]), verdict=verdict)
