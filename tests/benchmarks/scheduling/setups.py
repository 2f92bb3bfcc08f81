"""Unrelated machines with setups: beside the reference's best, beside CP-SAT, and on instances of other seeds."""

import csv
import json
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from broker.scheduling.makespan.solve import solve
from broker.scheduling.stopping import AfterIterations, AfterSeconds
from broker.scheduling.unrelated import UnrelatedMachines, makespan
from tests.benchmarks.rows import Row
from tests.peers.environments import environment

BUDGETS = (10.0, 60.0)
"""Seconds a plan that the goals are for."""
GOALS = {10.0: ("<= 1.005", "<= 1.04"), 60.0: ("<= 0.995", "")}
"""Of ours to the reference's best: the mean, and the largest."""
PEER_CASES = ("setups_50x10_s9", "setups_50x10_s124", "setups_100x10_s49")
PEER_S = 60.0
DRAWN = ((50, 10), (150, 20), (250, 10), (250, 30))
"""Jobs and machines of our own instances."""
LARGEST_SETUPS = (9, 124)
SEEDS = (1,)
CORES = 2
_FOLDER = Path(__file__).parents[4] / "shared" / "data" / "instances" / "setups"
_SCRIPT = Path(__file__).parents[1] / "planners" / "cp_sat_setups.py"
_OVERHEAD_S = 120.0
"""What the peer may take to build its model."""


@dataclass(frozen=True, slots=True)
class _Plan:
    makespan: float
    bound: float
    cpu_s: float
    wall_s: float


def rows(seconds: float | None) -> list[Row]:
    solve(drawn(10, 2, 9, 0), AfterIterations(1), 0)  # compiles
    budgets = BUDGETS if seconds is None else (seconds,)
    found = [row for budget in budgets for row in [*_published(budget), *_own(budget)]]
    return found + _beside_cp_sat(budgets[-1])


def drawn(jobs: int, machines: int, largest_setup: int, seed: int) -> UnrelatedMachines:
    """The recipe of Vallada and Ruiz (2011): times of 1 to 99, setups of 1 to the largest, all uniform."""
    random = np.random.default_rng([jobs, machines, largest_setup, seed])
    times = random.integers(1, 100, (jobs, machines)).astype(np.float64)
    return UnrelatedMachines(times, random.integers(1, largest_setup + 1, (machines, jobs, jobs)).astype(np.float64))


def listed(problem: UnrelatedMachines) -> float:
    """The makespan when each job in turn goes behind the others of the machine that ends it earliest."""
    assert problem.setup is not None
    orders: list[list[int]] = [[] for _ in problem.setup]
    load = np.zeros(len(orders))
    for job, times in enumerate(problem.time):
        setup = [
            between[order[-1], job] if order else 0.0 for between, order in zip(problem.setup, orders, strict=True)
        ]
        machine = int(np.argmin(load + times + setup))
        load[machine] += times[machine] + setup[machine]
        orders[machine].append(job)
    return float(load.max())


def _published(seconds: float) -> list[Row]:
    if not _FOLDER.exists():
        return []
    found = []
    with (_FOLDER / "reference.csv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            plan = _planned(_read(_FOLDER / f"{line['instance']}.npz"), seconds)
            found.append(_row(line["instance"], f"makespan, {seconds:g} s", plan, "reference", float(line["best"])))
            found.append(_gap(line["instance"], plan, seconds))
    ratios = [row.ratio for row in found if row.ratio is not None]
    mean, largest = GOALS.get(seconds, ("", ""))
    case = f"{len(ratios)} instances, {seconds:g} s"
    return [
        *found,
        Row("setups", case, "mean over the reference's best", "", float(np.mean(ratios)), goal=mean),
        Row("setups", case, "largest over the reference's best", "", max(ratios), goal=largest),
    ]


def _own(seconds: float) -> list[Row]:
    found = []
    for jobs, machines in DRAWN:
        for largest in LARGEST_SETUPS:
            for seed in SEEDS:
                problem = drawn(jobs, machines, largest, seed)
                case = f"{jobs}x{machines}_s{largest}, own seed {seed}"
                plan = _planned(problem, seconds)
                found.append(_row(case, f"makespan, {seconds:g} s", plan, "list scheduling", listed(problem)))
                found.append(_gap(case, plan, seconds))
    return found


def _beside_cp_sat(seconds: float) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for case in PEER_CASES:
            jobs, machines, largest = (int(part) for part in case.removeprefix("setups_").replace("_s", "x").split("x"))
            path = _FOLDER / f"{case}.npz"
            if not path.exists():
                path = Path(folder) / f"{case}.npz"
                problem = drawn(jobs, machines, largest, SEEDS[0])
                assert problem.setup is not None
                np.savez(path, p=problem.time, s=problem.setup)
            plan = _planned(_read(path), seconds)
            found.append(_row(case, f"makespan, {seconds:g} s", plan, f"CP-SAT {PEER_S:g} s", _cp_sat(path)))
        return found


def _cp_sat(path: Path) -> float | None:
    command = [str(environment("planning") / "bin" / "python"), str(_SCRIPT), str(path), str(PEER_S), str(CORES)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PEER_S + _OVERHEAD_S)
    found = json.loads(done.stdout)["makespan"]
    return None if found is None else float(found)


def _read(path: Path) -> UnrelatedMachines:
    with np.load(path) as arrays:
        return UnrelatedMachines(arrays["p"].astype(np.float64), arrays["s"].astype(np.float64))


def _planned(problem: UnrelatedMachines, seconds: float) -> _Plan:
    wall, cpu = time.perf_counter(), time.process_time()
    found = solve(problem, AfterSeconds(seconds, time.perf_counter), 1, threads=CORES)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if makespan(problem, found.jobs) != found.makespan or sum(map(len, found.jobs)) != len(problem.time):
        raise AssertionError("the plan isn't what it says")
    return _Plan(found.makespan, found.bound, cpu, wall)


def _row(case: str, metric: str, plan: _Plan, peer: str, theirs: float | None) -> Row:
    ratio = None if theirs is None else plan.makespan / theirs
    return Row("setups", case, metric, "", plan.makespan, peer, theirs, ratio, cpu_s=plan.cpu_s, wall_s=plan.wall_s)


def _gap(case: str, plan: _Plan, seconds: float) -> Row:
    return Row("setups", case, f"over the bound, {seconds:g} s", "", plan.makespan / plan.bound, "bound", plan.bound)
