"""Unrelated machines with setups that depend on the sequence: the least makespan that can be found."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.makespan.arcs import arcs
from broker.scheduling.makespan.bound import bound
from broker.scheduling.makespan.cooling import Cooling
from broker.scheduling.makespan.sequences import LOAD
from broker.scheduling.makespan.walk import Walk, begin
from broker.scheduling.stopping import Stop, share
from broker.scheduling.unrelated import Sequences, UnrelatedMachines, makespan

WALKS = 2
"""Searches side by side, whether there are threads for them or not: the answer is the same."""
ROUND_NS = 1e7
"""What a walk may take between two looks at `stop`."""
MOVE_NS = 40.0
PLACE_NS = 6.0
"""Of a move, and for each job on its machine."""

Step = Callable[[Walk], None]
Everyone = Callable[[Step, list[Walk]], None]


def solve(problem: UnrelatedMachines, stop: Stop, seed: int, *, threads: int = 2) -> Sequences:
    """Who makes what in which order.

    Parameters
    ----------
    problem
        Jobs, machines, times, setups.
    stop
        Asked about every 10 ms; once it is true the best so far is returned. A stop that knows its `share` is used
        better: the search cools down just until its end. Asked so often it gives the same answer again.
    seed
        Of the search's random numbers.
    threads
        More than one: the search's walks run side by side. The answer doesn't depend on it.

    Returns
    -------
    Sequences
        Every job that some machine can make, once, with makespan, bound, and trace in moves.
    """
    possible = np.isfinite(problem.time).any(axis=1)
    jobs = np.flatnonzero(possible)
    left_out = tuple(np.flatnonzero(~possible).tolist())
    if not len(jobs):
        return Sequences(((),) * problem.time.shape[1], 0.0, 0.0, left_out, ())
    part = _part(problem, jobs)
    lowest = bound(part)
    found, trace = _search(part, lowest, stop, seed, threads)
    sequences = tuple(tuple(int(jobs[job]) for job in row) for row in found)
    return Sequences(sequences, makespan(problem, sequences), lowest, left_out, tuple(trace))


def _part(problem: UnrelatedMachines, jobs: NDArray[np.intp]) -> UnrelatedMachines:
    """The problem with these jobs alone."""
    if len(jobs) == len(problem.time):
        return problem
    setup = None if problem.setup is None else problem.setup[:, jobs[:, None], jobs]
    return UnrelatedMachines(problem.time[jobs], setup)


def _search(
    problem: UnrelatedMachines, lowest: float, stop: Stop, seed: int, threads: int
) -> tuple[list[list[int]], list[tuple[int, float]]]:
    costs, unit = arcs(problem)
    walks = [begin(costs, random) for random in np.random.default_rng(seed).spawn(WALKS)]
    jobs, machines = problem.time.shape
    moves = max(int(ROUND_NS / (MOVE_NS + PLACE_NS * jobs / machines)), 1)
    best, made = walks[0].makespan, 0
    trace = [(made, best * unit)]
    cooling = Cooling()
    with _everyone(threads) as everyone:
        while best * unit > lowest and not stop():
            temperature = cooling.heat(share(stop)) * _mean(walks)
            everyone(partial(Walk.anneal, temperature=temperature, moves=moves), walks)
            made += moves * WALKS
            least = min(walk.makespan for walk in walks)
            if least < best:
                best = least
                trace.append((made, best * unit))
    return min(walks, key=lambda walk: walk.makespan).sequences(), trace


def _mean(walks: list[Walk]) -> float:
    """Time of a job with its setup, in counts."""
    return sum(float(walk.ends[:, LOAD].sum()) for walk in walks) / sum(len(walk.where) for walk in walks)


@contextmanager
def _everyone(threads: int) -> Iterator[Everyone]:
    """What has every walk do the same, side by side or one after the other."""
    if threads < 2:
        yield lambda step, walks: deque(map(step, walks), 0).clear()
        return
    with ThreadPoolExecutor(min(threads, WALKS)) as pool:
        yield lambda step, walks: deque(pool.map(step, walks), 0).clear()
