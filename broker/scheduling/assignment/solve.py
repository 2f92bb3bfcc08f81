"""Jobs on unrelated machines without setups: R || Cmax.

The machines' prices give a bound and each job's promising machines (`dual`); annealings, each of two walks, look there
for an assignment whose longest load meets it (`anneal`).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.assignment.anneal import BEST, Ways, anneal
from broker.scheduling.assignment.dual import Prices, prices
from broker.scheduling.assignment.first import first, promising
from broker.scheduling.cooling import Cooling
from broker.scheduling.draws import State, drawn
from broker.scheduling.errors import OutOfRange
from broker.scheduling.stopping import Stop, share
from broker.scheduling.together import Everyone, together
from broker.scheduling.unrelated import Sequences, UnrelatedMachines, makespan

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

WALKS = 2
"""Whatever the number of threads, so that this changes no result."""
_LOOKS = 2_000_000
"""Of a walk between two looks at `stop`: 10 ms or so."""
_HOTTEST, _COLDEST = 3.0, 0.2
"""In prices that so many detours of a machine's jobs don't exceed: what is worth a try is rare on machines of few jobs,
and common on those of many."""
_DETOURS = 10
_NEAR, _AIM, _SPREAD = 0.01, 0.5, 0.25
"""A share of the bound, and shares of how much further the best is: where machines are alike and few jobs fit each, no
plan comes near the bound."""
_ANNEALS = (0.05, 0.35)
_LEAST_DETOUR = 1e-3
"""Of the mean price: machines that are all alike have no detours."""
_MET = 3e-9
"""What a bound gives up for rounding is no gap."""


def solve(problem: UnrelatedMachines, stop: Stop, seed: int, *, threads: int = 2) -> Sequences:
    """The shortest plan found until stopped, or until it is proven to be the shortest.

    Parameters
    ----------
    problem
        Without setups.
    stop
        Asked every 10 ms or so of work; an answer comes even where it is true at once.
    threads
        1 or 2; the result is the same.

    Raises
    ------
    OutOfRange
        Where the problem has setups.
    """
    if problem.setup is not None:
        raise OutOfRange("setup", "is there; an assignment of jobs knows none")
    able = np.isfinite(problem.time).any(axis=1)
    rows = np.flatnonzero(able)
    time = np.ascontiguousarray(problem.time[rows])
    left_out = tuple(int(job) for job in np.flatnonzero(~able))
    if not len(rows):
        return Sequences(((),) * problem.time.shape[1], 0.0, 0.0, left_out, ())
    priced = prices(time, stop)
    found = _search(time, priced, stop, seed, threads)
    jobs = tuple(tuple(int(job) for job in rows[found.best == machine]) for machine in range(time.shape[1]))
    longest = makespan(problem, jobs)
    return Sequences(jobs, longest, min(priced.bound, longest), left_out, tuple(found.trace))


@dataclass(slots=True)
class _Walk:
    """What `anneal` changes."""

    chosen: Ints
    best: Ints
    state: State
    scale: Floats = field(default_factory=lambda: np.zeros(5))


class _Walks:
    """Annealings side by side."""

    def __init__(self, time: Floats, priced: Prices, seed: int) -> None:
        self._ways = promising(time, priced.weight)
        self._unit = _detour(self._ways)
        self._cooling = Cooling(_HOTTEST * self._unit, _COLDEST * self._unit, _ANNEALS)
        self.best, self.reached = first(self._ways)
        self.trace = [(0, self.reached)]
        randoms = np.random.default_rng(seed).spawn(WALKS)
        self._walks = [_Walk(self.best.copy(), self.best.copy(), drawn(random)) for random in randoms]
        self._bound, self._spread = priced.bound, self._least_spread(priced.bound)
        self._looks = 0

    def _least_spread(self, bound: float) -> float:
        """About what is mostly left over the bound in the end; anything where jobs take no time."""
        least = min(1.0, float(np.median(self._ways.near_time[:, 0])))
        return min(2.0 * self._unit * len(self._ways.weight), max(0.01 * bound, least)) or 1.0

    def go_on(self, used: float | None, everyone: Everyone) -> None:
        """A round of every walk; whichever order they end in, the result is the same."""
        heat = self._cooling.heat(used)
        far = max(self.reached - (1.0 + _NEAR) * self._bound, 0.0)
        spread = max(self._spread, _SPREAD * far)
        for walk in self._walks:
            walk.scale[:] = self._bound + _AIM * far, spread, 0.5 / spread, heat, self.reached
        everyone(self._go, self._walks)
        self._looks += WALKS * _LOOKS
        for walk in self._walks:
            if walk.scale[BEST] < self.reached:
                self.best, self.reached = walk.best.copy(), float(walk.scale[BEST])
                self.trace.append((self._looks, self.reached))

    def _go(self, walk: _Walk) -> None:
        anneal(self._ways, walk.chosen, walk.best, walk.scale, walk.state, _LOOKS)


def _search(time: Floats, priced: Prices, stop: Stop, seed: int, threads: int) -> _Walks:
    walks = _Walks(time, priced, seed)
    met = priced.bound * (1.0 + _MET)
    with together(min(threads, WALKS)) as everyone:
        while walks.reached > met and not stop():
            walks.go_on(share(stop), everyone)
    return walks


def _detour(ways: Ways) -> float:
    """A price that ten jobs a machine, at most, needn't exceed to go elsewhere than where they are cheapest."""
    least = _LEAST_DETOUR * float((ways.weight[ways.near[:, 0]] * ways.near_time[:, 0]).mean())
    dearer = np.sort(ways.dearer[np.isfinite(ways.dearer) & (ways.dearer > least)])
    return float(dearer[min(_DETOURS * len(ways.weight), len(dearer) - 1)]) if len(dearer) else max(least, 1e-300)
