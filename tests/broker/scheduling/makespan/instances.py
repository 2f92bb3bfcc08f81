"""Small problems, and every plan of one."""

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from broker.scheduling.unrelated import UnrelatedMachines


def drawn(jobs: int, machines: int, largest_setup: int, seed: int = 1) -> UnrelatedMachines:
    random = np.random.default_rng(seed)
    time = random.integers(1, 100, (jobs, machines)).astype(np.float64)
    return UnrelatedMachines(time, random.integers(1, largest_setup + 1, (machines, jobs, jobs)).astype(np.float64))


def plans(jobs: int, machines: int) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Every assignment and order: permutations of the jobs with a wall between two machines."""
    for order in set(permutations([*range(jobs), *[-1] * (machines - 1)])):
        rows: list[list[int]] = [[]]
        for job in order:
            rows.append([]) if job < 0 else rows[-1].append(job)
        yield tuple(tuple(row) for row in rows)
