"""How long a program takes, and what it uses."""

import argparse
from dataclasses import replace
from pathlib import Path

from slicer_bridge.command_line.outcome import DONE, Outcome
from slicer_bridge.errors import BadFile
from slicer_bridge.motion.limits import DEFAULTS, MotionLimits, Planner, load_motion


def add_options(parser: argparse.ArgumentParser) -> None:
    add_motion(parser)


def add_motion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--motion", type=Path, help="TOML, or GRBL's answer to $$; see docs/motion.md")
    parser.add_argument("--planner", type=Planner, choices=list(Planner), help="whose rules; else as the program looks")


def motion_of(path: Path, options: argparse.Namespace) -> MotionLimits:
    """Raises BadLimits, OSError."""
    from slicer_bridge.motion.estimate import limits_of

    if options.motion is not None:
        given = load_motion(options.motion)
        return replace(given, planner=options.planner) if options.planner else given
    if options.planner is not None:
        found = limits_of(path)
        return found if found.planner is options.planner else DEFAULTS[options.planner]
    return limits_of(path)


def work(path: Path, options: argparse.Namespace) -> Outcome:
    from slicer_bridge.motion.estimate import estimate

    result = estimate(path, motion_of(path, options))
    if result.moves == 0:
        raise BadFile(f"{path.name}: {result.lines} lines and not one move: this is no program of a machine")
    return Outcome(str(path), DONE, estimate=result)
