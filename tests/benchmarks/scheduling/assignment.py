"""Jobs on unrelated machines without setups: beside the best known makespans, and beside CP-SAT.

The published instances are those of Fanjul-Peyro and Ruiz; those of other seeds are made here by like recipes, and
their makespans stand beside the bounds that we prove.
"""

import csv
import json
import math
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.assignment.solve import solve
from broker.scheduling.stopping import AfterIterations, AfterSeconds
from broker.scheduling.unrelated import Sequences, UnrelatedMachines, makespan
from tests.benchmarks.rows import Row
from tests.peers.environments import environment

SECONDS = 10.0
SEED = 1
_PUBLISHED = Path(__file__).parents[4] / "shared" / "data" / "instances" / "assignment"
_BESIDE_CP_SAT = ("assignment_100x10_1", "assignment_500x30_725", "assignment_1000x50_795")
_OWN = ((200, 20, "uniform"), (500, 30, "jobs alike"), (1000, 50, "machines alike"))
_CP_SAT = Path(__file__).parents[1] / "planners" / "cp_sat_assignment.py"
_SPARE_S = 120.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Run:
    found: Sequences
    cpu_s: float
    wall_s: float


def rows(seconds: float | None) -> list[Row]:
    solve(UnrelatedMachines(_times(30, 3, "uniform", 0)), AfterIterations(10), SEED)
    return [*_published(seconds or SECONDS), *_generated(seconds or SECONDS)]


def _published(seconds: float) -> list[Row]:
    if not _PUBLISHED.exists():
        return []
    found = []
    with (_PUBLISHED / "best_makespan.csv").open(encoding="utf-8") as lines:
        best = {line["instance"]: float(line["best_makespan"]) for line in csv.DictReader(lines)}
    for name, known in best.items():
        file = _PUBLISHED / f"{name}.npz"
        run = _solved(np.load(file)["p"].astype(np.float64), seconds)
        found.append(_row(name, run, "best known", known, _goal(known)))
        found.append(_row(name, run, "our bound", run.found.bound, ""))
        if name in _BESIDE_CP_SAT:
            found.append(_row(name, run, f"CP-SAT {seconds:g} s", _cp_sat(file, seconds), ""))
    return found


def _generated(seconds: float) -> list[Row]:
    found = []
    for jobs, machines, recipe in _OWN:
        run = _solved(_times(jobs, machines, recipe, SEED), seconds)
        found.append(_row(f"{jobs}x{machines}, {recipe}", run, "our bound", run.found.bound, ""))
    return found


def _goal(known: float) -> str:
    """Half a percent over, or one unit, whichever is more; rounded up, so that just this much over still reaches it."""
    return f"<= {math.ceil(1e6 * (1.0 + max(0.005, 1.0 / known))) / 1e6:.6f}"


def _times(jobs: int, machines: int, recipe: str, seed: int) -> Floats:
    random = np.random.default_rng(seed)
    times = random.integers(1, 101, (jobs, machines))
    if recipe == "jobs alike":
        times = random.integers(1, 101, (jobs, 1)) + random.integers(1, 21, (jobs, machines))
    elif recipe == "machines alike":
        times = random.integers(1, 101, (1, machines)) + random.integers(1, 21, (jobs, machines))
    return times.astype(np.float64)


def _solved(times: Floats, seconds: float) -> _Run:
    """Raises RuntimeError where the plan isn't what it says."""
    problem = UnrelatedMachines(times)
    wall, cpu = time.perf_counter(), time.process_time()
    found = solve(problem, AfterSeconds(seconds, time.monotonic), SEED)
    run = _Run(found, time.process_time() - cpu, time.perf_counter() - wall)
    made = sorted(job for jobs in found.jobs for job in jobs)
    if made != list(range(len(times))) or makespan(problem, found.jobs) != found.makespan:
        raise RuntimeError("a job is missing, or the makespan is another")
    return run


def _cp_sat(file: Path, seconds: float) -> float | None:
    """None: it found no plan in time."""
    python = environment("planning") / "bin" / "python"
    done = subprocess.run(
        [python, _CP_SAT, file, str(seconds)], capture_output=True, check=True, timeout=seconds + _SPARE_S
    )
    reached = json.loads(done.stdout)["makespan"]
    return None if reached is None else float(reached)


def _row(case: str, run: _Run, peer: str, theirs: float | None, goal: str) -> Row:
    ours = run.found.makespan
    return Row(
        "assignment",
        case,
        "makespan",
        "",
        ours,
        peer,
        theirs,
        ours / theirs if theirs else None,
        goal,
        run.cpu_s,
        run.wall_s,
    )
