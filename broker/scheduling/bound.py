"""Lower bounds: no plan of these pieces ends earlier."""

import numpy as np

from broker.scheduling.problem import Floats, Problem
from broker.scheduling.workload import Workload


def bound_makespan(problem: Problem, load: Workload) -> float:
    """Least end of the last plate, s, were work divisible and a bed endless.

    For each set of machines that some line depends on: the work of all lines that depend on no other machine, each at
    its quickest, must fit between the machines' first possible start and the end. And each line has a first piece.
    """
    planned = [line for line, pieces in enumerate(load.quantity) if pieces]
    if not planned:
        return 0.0
    first = problem.machine_ready_s + problem.clear_s + problem.plate_s
    bound = max(_first_piece(load, line, first) for line in planned)
    for machines in {frozenset(load.machines[line]) for line in planned}:
        inside = [line for line in planned if machines.issuperset(load.machines[line])]
        work = sum(load.quantity[line] * min(load.piece_s[line][m] for m in load.machines[line]) for line in inside)
        release = min(load.release_s[line] for line in inside)
        bound = max(bound, _level(np.array([_begin(load, m, release, first) for m in sorted(machines)]), work))
    return bound


def _begin(load: Workload, machine: int, release_s: float, first: Floats) -> float:
    """When the machine's first piece may begin."""
    return max(float(first[machine]), release_s + load.plate_s[machine])


def _first_piece(load: Workload, line: int, first: Floats) -> float:
    return min(_begin(load, m, load.release_s[line], first) + load.piece_s[line][m] for m in load.machines[line])


def _level(begin_s: Floats, work_s: float) -> float:
    """Least T with Σ max(0, T − begin) >= work."""
    begin = np.sort(begin_s)
    levels = (work_s + np.cumsum(begin)) / np.arange(1, len(begin) + 1)
    return float(levels.min())
