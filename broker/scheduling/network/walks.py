"""Two threads for one plan: a small one is sought twice from other random numbers, a large one in two halves.

Both take a stretch of drafts, then the stop is asked: the same seed and number of times give the same plan.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from broker.scheduling.network.halves import Half, halves
from broker.scheduling.network.load import drop_unmade, load, rows_of
from broker.scheduling.network.problem import Ints, Step
from broker.scheduling.network.search import SMALL, Search, energy
from broker.scheduling.network.state import State, empty_state
from broker.scheduling.network.world import World
from broker.scheduling.stopping import Stop

_ROUND = 150
"""Stretches of a half before workshops are divided anew."""


def search_of(laid: World, state: State, trace: list[Step], seed: int, threads: int) -> Callable[[Stop], State]:
    """What finds the best plan from `state` on until a stop; `trace` grows. A large plan's `state` isn't held on to."""
    small = len(state.runs) <= SMALL
    if threads < 2 or (not small and len(laid.shops) < 2):
        return Search(laid, state, trace).run
    return _Twice(laid, state, trace).run if small else _Halved(laid, state, trace, seed).run


class _Twice:
    """The better of two walks."""

    def __init__(self, laid: World, state: State, trace: list[Step]) -> None:
        other = State(*(array.copy() for array in state))
        other.head["random"] ^= np.uint64(0x9E3779B97F4A7C15)
        self._trace = trace
        self._searches = [Search(laid, start, list(trace)) for start in (state, other)]

    def run(self, stop: Stop) -> State:
        with ThreadPoolExecutor(2) as pool:
            _together(pool, [search.step for search in self._searches], stop, None)
        found = min(self._searches, key=lambda search: energy(search.best()))
        self._trace[:] = found.trace
        return found.best()


def _together(pool: ThreadPoolExecutor, steps: list[Callable[[], None]], stop: Stop, most: int | None) -> bool:
    """All take a step, again and again; False: the stop ended it."""
    taken = 0
    while most is None or taken < most:
        if stop():
            return False
        for step in [pool.submit(step) for step in steps]:
            step.result()
        taken += 1
    return True


class _Halved:
    """Rounds in which each thread has half of the workshops, and the lots that are wholly made there."""

    def __init__(self, laid: World, state: State, trace: list[Step], seed: int) -> None:
        self._laid = laid
        self._room = len(state.runs)
        self._trace = trace
        self._seed = seed
        self._rng = np.random.default_rng(seed)
        self._drafts = 0
        self._rows = self._best = rows_of(state)
        self._least = energy(state)

    def run(self, stop: Stop) -> State:
        with ThreadPoolExecutor(2) as pool:
            while self._round(stop, pool):
                pass
        return self._loaded(self._best)

    def _round(self, stop: Stop, pool: ThreadPoolExecutor) -> bool:
        """Between rounds there are only rows: states of a large plan are large."""
        parts = halves(self._laid, self._rows, self._rng, self._drafts, pool)
        going = _together(pool, [part.step for part in parts], stop, _ROUND)
        rows = np.concatenate(list(pool.map(Half.rows, parts)))
        self._drafts += sum(part.drafts for part in parts)
        del parts
        self._join(rows)
        return going

    def _join(self, rows: Ints) -> None:
        state = self._loaded(rows)
        self._rows = rows_of(state)
        if energy(state) < self._least:
            self._least, self._best = energy(state), self._rows
            head = state.head[0]
            self._trace.append(Step(self._drafts, float(head["worth"]), float(head["cost"])))

    def _loaded(self, rows: Ints) -> State:
        state = empty_state(self._laid, max(self._room, len(rows)), self._seed)
        load(self._laid, state, rows)
        drop_unmade(self._laid, state)
        return state
