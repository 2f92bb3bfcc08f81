"""What a program's check and estimate cost, and how true the estimate is.

`python -m tests.benchmarks.programs --json FILE [--rounds N] [--only speed|accuracy]`. Speed: 650,000 lines of 18 MB,
in the same run as gcode_lib and printrun's gcoder, in turns. Accuracy: against PrusaSlicer's own times and against the
rig's planners.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import mean, median
from typing import Annotated

import typer
from rich.console import Console

from hardware_sim.firmware.marlin.axes import Limits
from slicer_bridge.motion.estimate import estimate, limits_of
from slicer_bridge.motion.limits import DEFAULTS, MotionLimits, Planner
from tests.benchmarks.rows import Row, show, write
from tests.benchmarks.sample_programs import long_print
from tests.benchmarks.sliced import Sliced, programs
from tests.peers.environments import environment
from tests.slicer_bridge.motion import programs as made
from tests.slicer_bridge.motion import rig

_ROOT = Path(__file__).parents[2]
_LONGEST_S = 280.0
_SHARE, _SECOND = 0.003, 1.0
"""Each program's time is within so much of PrusaSlicer's, or so many seconds."""
Sample = dict[str, float]


def _run(python: str, module: str, *arguments: str) -> str:
    command = [python, "-m", f"tests.benchmarks.readers.{module}", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_LONGEST_S)
    return done.stdout


def _peer(name: str, module: str, program: Path) -> Sample:
    sample: Sample = json.loads(_run(str(environment(name) / "bin" / "python"), module, str(program)))
    return sample


def _ours(program: Path) -> tuple[Sample, Sample]:
    """The cold round, and the quickest of five warm ones."""
    samples: list[Sample] = json.loads(_run(sys.executable, "ours", str(program), "6"))
    return samples[0], min(samples[1:], key=lambda sample: sample["wall_s"])


def speed(rounds: int, folder: Path) -> list[Row]:
    program = folder / "long.gcode"
    program.write_bytes(long_print())
    size_mb = program.stat().st_size / 1e6
    _ours(program)  # fills numba's cache
    cold, warm, theirs = [], [], {"gcode_lib": [], "printrun gcoder": []}  # type: ignore[var-annotated]
    for number in range(rounds):
        Console(stderr=True).print(f"round {number + 1} of {rounds}", style="dim")
        one = _ours(program)
        cold.append(one[0])
        warm.append(one[1])
        theirs["gcode_lib"].append(_peer("gcode-lib", "gcodelib", program))
        theirs["printrun gcoder"].append(_peer("printrun", "gcoder", program))
    case = f"check and estimate, {size_mb:.1f} MB, 650,000 lines"
    cpu_s, wall_s = (median(one[key] for one in warm) for key in ("cpu_s", "wall_s"))
    quick = median(size_mb / one["wall_s"] for one in warm)
    rows = [
        Row("program", f"{case}, warm", "speed", "MB/s", quick, goal=">= 40", cpu_s=cpu_s, wall_s=wall_s),
        Row("program", f"{case}, warm", "speed by CPU", "MB/s", size_mb / cpu_s, cpu_s=cpu_s, wall_s=wall_s),
        Row(
            "program", f"{case}, fresh interpreter", "time", "s", median(one["wall_s"] for one in cold), goal="<= 1.5",
            cpu_s=median(one["cpu_s"] for one in cold), wall_s=median(one["wall_s"] for one in cold),
        ),
    ]  # fmt: skip
    for name, samples in theirs.items():
        for metric, key in (("speed", "wall_s"), ("speed by CPU", "cpu_s")):
            ratio = median(their[key] / our[key] for our, their in zip(warm, samples, strict=True))
            ours, other = (median(size_mb / one[key] for one in group) for group in (warm, samples))
            goal = ">= 20" if key == "wall_s" else ""
            rows.append(
                Row("program", case, metric, "MB/s", ours, name, other, ratio, goal, cpu_s=cpu_s, wall_s=wall_s)
            )
    return rows


def accuracy(found: list[Sliced]) -> list[Row]:
    """Against PrusaSlicer 2.5's own estimate."""
    shares, allowed, firmware = [], [], []
    for one in found:
        limits = limits_of(one.program)
        off_s = abs(estimate(one.program, limits).moving_s - one.told_s)
        shares.append(off_s / one.told_s)
        allowed.append(off_s / max(_SHARE * one.told_s, _SECOND))
        as_marlin = estimate(one.program, replace(limits, planner=Planner.MARLIN)).moving_s
        firmware.append(abs(as_marlin / one.told_s - 1))
    case = f"time against PrusaSlicer, {len(found)} programs"
    return [
        Row("accuracy", case, "programs", "", len(found), goal=">= 20"),
        Row("accuracy", case, "worst, of 0.3 % or 1 s allowed", "", max(allowed), goal="<= 1"),
        Row("accuracy", case, "worst", "%", 100 * max(shares)),
        Row("accuracy", case, "mean", "%", 100 * mean(shares), goal="<= 0.1"),
        Row("accuracy", f"{case}, by Marlin's rules (jerk)", "mean", "%", 100 * mean(firmware)),
    ]


def _against_marlin(name: str, text: str) -> list[float]:
    off = []
    for acceleration, deviation in ((500.0, 0.05), (1250.0, 0.02), (4000.0, 0.013)):
        limits = Limits(print_accel=acceleration, travel_accel=acceleration, retract_accel=acceleration)
        limits.junction_mm = deviation
        fx, fy, fz, fe = limits.feed
        ax, ay, az, ae = limits.accel
        ours = MotionLimits(
            Planner.MARLIN, (fx, fy, fz, fe), (ax, ay, az, ae), acceleration, acceleration, acceleration,
            junction_deviation_mm=deviation, queue=rig.MARLIN_QUEUE - 1,
        )  # fmt: skip
        off.append(estimate(text.encode(), ours).moving_s / rig.marlin_s(text, limits) - 1)
    Console(stderr=True).print(f"{name}: {100 * max(off, key=abs):+.3f} %", style="dim")
    return off


def _against_grbl(text: str) -> list[float]:
    off = []
    for accelerations in ((300.0, 300.0, 200.0), (50.0, 80.0, 30.0), (1000.0, 400.0, 200.0)):
        router = rig.Router((83.0, 70.0, 30.0), accelerations)
        limits = replace(
            DEFAULTS[Planner.GRBL],
            max_feed_mm_s=(*router.rates, 0.0),
            max_acceleration_mm_s2=(*accelerations, 0.0),
            queue=rig.GRBL_QUEUE - 1,
        )
        off.append(estimate(text.encode(), limits).moving_s / rig.grbl_s(text, router) - 1)
    return off


def against_rig(found: list[Sliced]) -> list[Row]:
    """Against planners that share no code with ours: the shortest sliced programs, made ones with arcs and dwells."""
    short = sorted(found, key=lambda one: one.program.stat().st_size)[:6]
    marlin = [
        *(off for one in short for off in _against_marlin(one.name, one.program.read_text())),
        *(off for feed in (1200.0, 6000.0) for off in _against_marlin("rings, arcs, dwells", made.ring(20, feed=feed))),
    ]
    grbl = [off for feed in (600.0, 1500.0, 4000.0) for off in _against_grbl(made.outline(feed=feed))]
    return [
        Row(
            "accuracy", f"time against the rig's Marlin, {len(marlin)} runs", "worst", "%", _worst(marlin), goal="<= 1"
        ),
        Row("accuracy", f"time against the rig's GRBL, {len(grbl)} runs", "worst", "%", _worst(grbl), goal="<= 1"),
    ]


def _worst(off: list[float]) -> float:
    return 100 * max(abs(one) for one in off)


def main(
    json: Annotated[Path | None, typer.Option(help="write the rows")] = None,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    only: Annotated[str, typer.Option(help="speed or accuracy; else both")] = "",
) -> None:
    """Measure, print a table, write rows."""
    os.environ["PYTHONPATH"] = str(_ROOT)  # for interpreters of other environments
    with tempfile.TemporaryDirectory() as folder:
        rows = speed(rounds, Path(folder)) if only != "accuracy" else []
        found = list(programs(Path(folder))) if only != "speed" else []
        if found:
            rows += [*accuracy(found), *against_rig(found)]
    show(rows, "programs")
    if json is not None:
        write(rows, json)


if __name__ == "__main__":
    typer.run(main)
