"""What a job costs where it may stand, laid out for the search."""

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.unrelated import UnrelatedMachines

Arcs = NDArray[np.int32]
"""[2, m, n + 1, n + 1] in counts of a unit of time, of n jobs on m machines; job n stands for both ends of a sequence.

[AFTER, k, i, j] is the setup from i to j on machine k with j's time, [BEFORE, k, j, i] the same: all that an insertion
of j looks at lies in two rows.
"""
AFTER, BEFORE = 0, 1
FINEST = 1 << 24
"""Counts of the longest arc, where times aren't whole numbers below it already."""
BARRED = 1 << 30
"""Time of a job on a machine that can't make it."""


def arcs(problem: UnrelatedMachines) -> tuple[Arcs, float]:
    """The arcs, and their unit: 1 where all times are whole numbers."""
    jobs, machines = problem.time.shape
    unit = _unit(problem)
    time = np.where(np.isfinite(problem.time), np.rint(problem.time / unit), BARRED).astype(np.int32)
    found = np.zeros((2, machines, jobs + 1, jobs + 1), dtype=np.int32)
    found[AFTER, :, :, :jobs] = time.T[:, None, :]
    if problem.setup is not None:
        found[AFTER, :, :jobs, :jobs] += np.rint(problem.setup / unit).astype(np.int32)
    found[BEFORE] = found[AFTER].transpose(0, 2, 1)
    return found, unit


def _unit(problem: UnrelatedMachines) -> float:
    longest = float(problem.time[np.isfinite(problem.time)].max(initial=0.0))
    longest += 0.0 if problem.setup is None else float(problem.setup.max(initial=0.0))
    return 1.0 if longest == 0.0 or (_whole(problem) and longest <= FINEST) else longest / FINEST


def _whole(problem: UnrelatedMachines) -> bool:
    finite = problem.time[np.isfinite(problem.time)]
    setup = np.zeros(1) if problem.setup is None else problem.setup
    return bool((finite == np.rint(finite)).all() and (setup == np.rint(setup)).all())
