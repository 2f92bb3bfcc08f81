"""Our plan of a network's instance: `python -m tests.benchmarks.planners.network INSTANCE.npz PLAN.json SECONDS`.

A line of JSON says how long it took, once everything is compiled, and how much memory.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from broker.scheduling.network.dispatch import dispatch
from broker.scheduling.network.fortnight import fortnight
from broker.scheduling.network.problem import Plan, Problem
from broker.scheduling.network.solve import RULES, solve
from broker.scheduling.network.world import world
from broker.scheduling.stopping import AfterIterations, AfterSeconds


def main(instance: Path, plan: Path, seconds: float) -> None:
    with np.load(instance) as data:
        problem = fortnight(dict(data))
    solve(_small(), AfterIterations(2 * len(RULES)), seed=1)
    report = {"dispatch_s": _dispatch_s(problem), "first_s": _first_s(problem)}
    began, used = time.perf_counter(), time.process_time()
    result = solve(problem, AfterSeconds(seconds, time.perf_counter), seed=1)
    report |= {"wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - used}
    report |= {"earned_bound": result.bounds.earned_use, "tardiness_bound_h": result.bounds.tardiness / 3600}
    report |= {"memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    plan.write_text(json.dumps({"runs": _runs(result.plan)}), encoding="utf-8")
    print(json.dumps(report))


def _dispatch_s(problem: Problem) -> float:
    laid, wanted = world(problem), np.ones(len(problem.lots.quantity), dtype=np.int64)
    began = time.perf_counter()
    dispatch(laid, RULES[0], wanted)
    return time.perf_counter() - began


def _first_s(problem: Problem) -> float:
    began = time.perf_counter()
    solve(problem, lambda: True, seed=1)
    return time.perf_counter() - began


def _runs(plan: Plan) -> list[list[float]]:
    columns = (plan.machine, plan.entry_lot, plan.entry_pieces, plan.start_s)
    return [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _small() -> Problem:
    """One lot, one machine: enough to have every loop compiled."""
    day = [[8 * 3600.0, 16 * 3600.0]]
    return fortnight(
        {
            "attended_s": np.array([day]),
            "operators": np.array([1]),
            "machine_shop": np.array([0]),
            "machine_class": np.array([0]),
            "unattended": np.array([True]),
            "setup_s": np.zeros((2, 1)),
            "clear_s": np.array(300),
            "overhead_s": np.array([300.0]),
            "family": np.array([0]),
            "quantity": np.array([4]),
            "weight": np.array([1]),
            "piece_s": np.array([[600.0]]),
            "per_plate": np.array([[2]]),
            "release_s": np.array([0.0]),
            "due_s": np.array([3600.0]),
            "ship_s": np.array([[3600.0]]),
        }
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
