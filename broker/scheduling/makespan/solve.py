"""Unrelated machines with setups that depend on the sequence: the least makespan that can be found."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.makespan.arcs import Arcs, arcs
from broker.scheduling.makespan.bound import Bound
from broker.scheduling.makespan.cooling import cooling
from broker.scheduling.makespan.walk import Walk, begin
from broker.scheduling.stopping import Stop, share
from broker.scheduling.together import together
from broker.scheduling.unrelated import Sequences, UnrelatedMachines, makespan

WALKS = 2
"""Searches side by side, whether there are threads for them or not: the answer is the same."""
ROUND_NS = 1e7
"""What a walk may take between two looks at `stop`."""
MOVE_NS = 40.0
PLACE_NS = 6.0
"""Of a move, and for each job on its machine."""


def solve(problem: UnrelatedMachines, stop: Stop, seed: int, *, threads: int = 2) -> Sequences:
    """Who makes what in which order.

    Parameters
    ----------
    problem
        Jobs, machines, times, setups.
    stop
        Asked about every 10 ms; once it is true the best so far is returned. A stop that knows its `share` is used
        better: the search cools down just until its end. The same seed and number of times asked: the same answer.
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
    costs, unit = arcs(part)
    bound = Bound(costs)
    walk, trace = _search(costs, bound, stop, seed, threads)
    found = tuple(tuple(jobs[row].tolist()) for row in walk.sequences())
    counts = [(made, count * unit) for made, count in trace]
    # Each arc may have been rounded by a count where the unit isn't the problem's own.
    lowest = float(bound.counts) if unit == 1.0 else max(bound.counts - len(jobs), 0) * unit
    return Sequences(found, makespan(problem, found), lowest, left_out, tuple(counts))


def _part(problem: UnrelatedMachines, jobs: NDArray[np.intp]) -> UnrelatedMachines:
    """The problem with these jobs alone."""
    if len(jobs) == len(problem.time):
        return problem
    setup = None if problem.setup is None else problem.setup[:, jobs[:, None], jobs]
    return UnrelatedMachines(problem.time[jobs], setup)


def _search(costs: Arcs, bound: Bound, stop: Stop, seed: int, threads: int) -> tuple[Walk, list[tuple[int, int]]]:
    """The walk that found the best, and when which makespan was found: moves, counts."""
    walks = [begin(costs, random) for random in np.random.default_rng(seed).spawn(WALKS)]
    jobs, machines = len(walks[0].where), len(walks[0].ends)
    moves = max(int(ROUND_NS / (MOVE_NS + PLACE_NS * jobs / machines)), 1)
    best = walks[0]
    trace = [(0, best.makespan)]
    cooled = cooling()
    rounds = 0
    with together(min(threads, WALKS)) as everyone:
        while best.makespan > bound.counts and not stop():
            bound.step(best.makespan)
            temperature = cooled.heat(share(stop)) * best.makespan * machines / jobs
            everyone(partial(Walk.anneal, temperature=temperature, moves=moves), walks)
            rounds += 1
            best = min(walks, key=lambda walk: walk.makespan)
            if best.makespan < trace[-1][1]:
                trace.append((rounds * moves * WALKS, best.makespan))
    return best, trace
