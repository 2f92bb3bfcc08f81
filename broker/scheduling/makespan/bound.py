"""A lower bound on the makespan: what would be, could jobs be divided and had each its quickest setup."""

import numpy as np

from broker.scheduling.makespan.arcs import whole
from broker.scheduling.unrelated import Floats, UnrelatedMachines

STEPS = 300
SLACK = 1e-9
"""Share by which sums of so many times may be rounded."""


def bound(problem: UnrelatedMachines) -> float:
    """No plan of the jobs ends earlier; every job must have a machine.

    For weights w of machines that sum to 1, the makespan is at least Σ w_k load_k. A load is at least the sum of its
    jobs' times with the least setup that can stand before each, without the largest of these setups, as the first job
    has none. Over all assignments Σ w_k load_k is least when each job takes its own cheapest machine (Lagrange's
    relaxation of the assignment's linear program); the weights are sought by subgradients.
    """
    least = _least_setup(problem)
    cost = problem.time + least
    spared = np.where(np.isfinite(problem.time), least, 0.0).max(axis=0)
    found = max(float(problem.time.min(axis=1).max()), _relaxed(cost, spared)) * (1.0 - SLACK)
    return float(np.ceil(found - SLACK)) if whole(problem) else found


def _least_setup(problem: UnrelatedMachines) -> Floats:
    """[n, m] least setup before a job that isn't a machine's first."""
    jobs = len(problem.time)
    if problem.setup is None or jobs == 1:
        return np.zeros(problem.time.shape)
    diagonal = np.where(np.eye(jobs, dtype=bool), np.inf, 0.0)
    return np.array([(setup + diagonal).min(axis=0) for setup in problem.setup]).T


def _relaxed(cost: Floats, spared: Floats) -> float:
    jobs, machines = cost.shape
    weight = np.full(machines, 1.0 / machines)
    best = 0.0
    for step in range(STEPS):
        chosen = np.argmin(cost * weight, axis=1)
        load = np.bincount(chosen, weights=cost[np.arange(jobs), chosen], minlength=machines) - spared
        best = max(best, float(weight @ load))
        spread = load - load.mean()
        weight *= np.exp(spread / max(float(np.abs(spread).max()), 1e-300) / (4.0 + step))
        weight /= weight.sum()
    return best
