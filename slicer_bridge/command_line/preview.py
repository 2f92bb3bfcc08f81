"""A small picture of where a program's tool goes."""

import argparse
from pathlib import Path

from slicer_bridge.command_line.estimate import add_motion, motion_of
from slicer_bridge.command_line.options import add_out, numbers, target
from slicer_bridge.command_line.outcome import DONE, Outcome
from slicer_bridge.errors import BadFile
from slicer_bridge.motion.limits import Planner
from slicer_bridge.programs.limits import load_limits


def add_options(parser: argparse.ArgumentParser) -> None:
    add_motion(parser)
    add_out(parser)
    parser.add_argument("--limits", type=Path, help="TOML, see docs/limits.md: the machine's outline is drawn")
    parser.add_argument("--offset", type=numbers(3), metavar="X,Y,Z", help="machine position of the work's zero, mm")


def work(path: Path, options: argparse.Namespace) -> Outcome:
    from slicer_bridge.motion.toolpath import toolpath
    from slicer_bridge.pictures.toolpath_picture import toolpath_svg

    motion = motion_of(path, options)
    router = motion.planner is Planner.GRBL
    machine = None
    if options.limits is not None and (options.offset or not router):
        box = load_limits(options.limits).envelope_mm
        x, y, z = options.offset or (0.0, 0.0, 0.0)
        machine = ((box.x[0] - x, box.y[0] - y, box.z[0] - z), (box.x[1] - x, box.y[1] - y, box.z[1] - z))
    drawn = toolpath(path, motion)
    if not len(drawn.works):
        raise BadFile(f"{path.name}: not one move to draw: this is no program of a machine")
    picture = target(path, options, ".svg")
    picture.write_text(toolpath_svg(drawn, above=router, machine=machine), encoding="utf-8")
    return Outcome(str(path), DONE, picture=str(picture))
