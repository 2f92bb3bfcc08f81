"""Our plan of a network's instance: `python -m tests.benchmarks.planners.network INSTANCE.npz PLAN.json SECONDS`.

A line of JSON says how long it took, once everything is compiled, and how much memory.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from broker.scheduling.network.bound import bounds
from broker.scheduling.network.dispatch import dispatch
from broker.scheduling.network.fortnight import fortnight
from broker.scheduling.network.problem import Plan, Problem
from broker.scheduling.network.solve import RULES, solve
from broker.scheduling.network.world import world
from broker.scheduling.stopping import AfterIterations, AfterSeconds

_AFTER = 1.25
"""Joining what is found to a plan takes about as long as a first plan does: so many times that are left for it."""


def main(instance: Path, plan: Path, seconds: float) -> None:
    with np.load(instance) as data:
        problem = fortnight(dict(data))
    _compile()
    report = {"dispatch_s": _dispatch_s(problem), "first_s": _first_s(problem)}
    began, used = time.perf_counter(), time.process_time()
    stop = AfterSeconds(seconds - _AFTER * report["first_s"], time.perf_counter)
    result = solve(problem, stop, seed=1, bounded=False)
    report |= {"wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - used}
    report |= {"memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    least = bounds(problem)
    report |= {"earned_bound": least.earned_use, "tardiness_bound_h": least.tardiness / 3600}
    plan.write_text(json.dumps({"runs": _runs(result.plan)}), encoding="utf-8")
    print(json.dumps(report))


def _dispatch_s(problem: Problem) -> float:
    laid, wanted = world(problem), np.ones(len(problem.lots.quantity), dtype=np.int64)
    began = time.perf_counter()
    dispatch(laid, RULES[0], wanted)
    return time.perf_counter() - began


def _first_s(problem: Problem) -> float:
    began = time.perf_counter()
    solve(problem, lambda: True, seed=1, bounded=False)
    return time.perf_counter() - began


def _runs(plan: Plan) -> list[list[float]]:
    columns = (plan.machine, plan.entry_lot, plan.entry_pieces, plan.start_s)
    return [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _compile() -> None:
    """Every loop: of small plans, and of those that are large enough to be divided."""
    for lots in (1, 600):
        solve(_small(lots), AfterIterations(2 * len(RULES)), seed=1)


def _small(lots: int) -> Problem:
    """Two workshops with a machine each."""
    day = [[8 * 3600.0, 16 * 3600.0]]
    return fortnight(
        {
            "attended_s": np.array([day, day]),
            "operators": np.array([1, 1]),
            "machine_shop": np.array([0, 1]),
            "machine_class": np.array([0, 0]),
            "unattended": np.array([True]),
            "setup_s": np.zeros((2, 1)),
            "clear_s": np.array(300),
            "overhead_s": np.array([300.0]),
            "family": np.zeros(lots),
            "quantity": np.full(lots, 4),
            "weight": np.ones(lots),
            "piece_s": np.full((lots, 1), 600.0),
            "per_plate": np.full((lots, 1), 2),
            "release_s": np.zeros(lots),
            "due_s": np.full(lots, 3600.0),
            "ship_s": np.full((lots, 2), 3600.0),
        }
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
