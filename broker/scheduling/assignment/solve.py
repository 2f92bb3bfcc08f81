"""Jobs on unrelated machines without setups: R || Cmax.

The machines' prices give a bound and each job's promising machines (`dual`); annealings, each of two walks, look there
for an assignment whose longest load meets it (`anneal`).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.assignment.anneal import BEST, COOLING, HEAT, SPREAD, TARGET, anneal
from broker.scheduling.assignment.dual import Prices, prices
from broker.scheduling.assignment.first import first, promising
from broker.scheduling.errors import OutOfRange
from broker.scheduling.stopping import Stop
from broker.scheduling.unrelated import Sequences, UnrelatedMachines, makespan

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Trace = list[tuple[int, float]]
Each = Callable[[Callable[["_Walk"], None], list["_Walk"]], object]

WALKS = 2
"""Whatever the number of threads, so that this changes no result."""
_CHUNK_MOVES = 100_000
_FIRST_ROUNDS = 4
"""The first annealing is short, for those who stop soon; each later one is longer, up to `_MOST_ROUNDS`."""
_MOST_ROUNDS = 640
_HOT = 2.5
_COLD = (0.2, 0.01)
"""Temperatures, in mean differences of price between a job's best machine and its next three.

Machines of few jobs gain most while it is warm, machines of a hundred when it is cold: walks take turns."""
_SPREADS = (0.5, 0.3, 1.0)
"""In hundredths of the bound, or in units where that is less than one."""
_LEAST_WEIGHT = 0.05
"""Of the mean weight: a machine that few need must not be filled beyond the target for nothing."""
_LEAST_STEP = 1e-3
"""Of the mean price: machines that are all alike have no differences to measure heat by."""
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
    bits: NDArray[np.uint64]
    scale: Floats = field(default_factory=lambda: np.array([0.0, 1.0, 1.0, 1.0, np.inf]))

    def aim(self, target: float, spread: float, heat: tuple[float, float], rounds: int) -> None:
        self.scale[[TARGET, SPREAD, HEAT]] = target, spread, heat[0]
        self.scale[COOLING] = (heat[1] / heat[0]) ** (1.0 / (rounds * _CHUNK_MOVES))


class _Walks:
    """Annealings side by side, each longer than the one before."""

    def __init__(self, time: Floats, priced: Prices, seed: int) -> None:
        price = priced.weight * time
        random = np.random.default_rng(seed)
        self._time = time
        self._near = promising(price)
        self._weight = np.maximum(priced.weight, _LEAST_WEIGHT / len(priced.weight))
        self._target = priced.bound
        self._spread = max(0.01 * priced.bound, min(1.0, float(np.median(time.min(axis=1)))))
        self._step = _mean_step(price)
        self.best, self.reached = first(time, self._near)
        self.trace: Trace = [(0, self.reached)]
        self._walks = [
            _Walk(self.best.copy(), self.best.copy(), random.integers(1, 1 << 63, 1, np.uint64)) for _ in range(WALKS)
        ]
        self._moves = self._cycle = self._left = 0
        self._rounds = _FIRST_ROUNDS

    def go_on(self, each: Each) -> None:
        """A round of every walk; whichever order they end in, the result is the same."""
        if not self._left:
            self._heat()
        self._left -= 1
        self._moves += _CHUNK_MOVES
        each(self._go, self._walks)
        for walk in self._walks:
            if walk.scale[BEST] < self.reached:
                self.best, self.reached = walk.best.copy(), float(walk.scale[BEST])
                self.trace.append((self._moves, self.reached))

    def _go(self, walk: _Walk) -> None:
        walk.scale[BEST] = min(walk.scale[BEST], self.reached)
        anneal(self._time, self._weight, self._near, walk.chosen, walk.best, walk.scale, walk.bits, _CHUNK_MOVES)

    def _heat(self) -> None:
        for number, walk in enumerate(self._walks):
            spread = _SPREADS[(self._cycle + number) % len(_SPREADS)] * self._spread
            cold = _COLD[(self._cycle + number) % len(_COLD)] * self._step
            walk.aim(self._target, spread, (_HOT * self._step, cold), self._rounds)
        self._left = self._rounds
        self._rounds = min(4 * self._rounds, _MOST_ROUNDS)
        self._cycle += 1


def _search(time: Floats, priced: Prices, stop: Stop, seed: int, threads: int) -> _Walks:
    walks = _Walks(time, priced, seed)
    met = priced.bound * (1.0 + _MET)
    with ThreadPoolExecutor(WALKS) as pool:
        each = (lambda go, all_: list(pool.map(go, all_))) if threads > 1 else (lambda go, all_: [go(w) for w in all_])
        while walks.reached > met and not stop():
            walks.go_on(each)
    return walks


def _mean_step(price: Floats) -> float:
    """Mean difference between a job's least price and its next three, in the unit of the prices."""
    ordered = np.sort(price, axis=1)[:, :4]
    steps = (ordered - ordered[:, :1])[:, 1:]
    steps = steps[np.isfinite(steps)]
    least = _LEAST_STEP * float(ordered[:, 0].mean())
    return max(float(steps.mean()), least) if steps.size else least
