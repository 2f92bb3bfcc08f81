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


def searched(laid: World, state: State, trace: list[Step], stop: Stop, seed: int, threads: int) -> State:
    """The best plan found from `state` on; `trace` grows."""
    small = len(state.runs) <= SMALL
    if threads < 2 or (not small and len(laid.shops) < 2):
        return Search(laid, state, trace).run(stop)
    with ThreadPoolExecutor(2) as pool:
        if small:
            return _twice(laid, state, trace, stop, pool)
        return _Halved(laid, state, trace, seed, pool).run(stop)


def _twice(laid: World, state: State, trace: list[Step], stop: Stop, pool: ThreadPoolExecutor) -> State:
    """The better of two walks."""
    other = State(*(array.copy() for array in state))
    other.head["random"] ^= np.uint64(0x9E3779B97F4A7C15)
    searches = [Search(laid, start, list(trace)) for start in (state, other)]
    _together(pool, [search.step for search in searches], stop, None)
    found = min(searches, key=lambda search: energy(search.best()))
    trace[:] = found.trace
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

    def __init__(self, laid: World, state: State, trace: list[Step], seed: int, pool: ThreadPoolExecutor) -> None:
        self._laid = laid
        self._room = len(state.runs)
        self._trace = trace
        self._seed = seed
        self._pool = pool
        self._rng = np.random.default_rng(seed)
        self._drafts = 0
        self._rows = self._best = rows_of(state)
        self._least = energy(state)

    def run(self, stop: Stop) -> State:
        going = True
        while going:
            parts = halves(self._laid, self._rows, self._rng, self._drafts)
            going = _together(self._pool, [part.step for part in parts], stop, _ROUND)
            state = self._joined(parts)
        return state if self._rows is self._best else self._loaded(self._best)

    def _joined(self, parts: list[Half]) -> State:
        self._drafts += sum(part.drafts for part in parts)
        state = self._loaded(np.concatenate([part.rows() for part in parts]))
        self._rows = rows_of(state)
        if energy(state) < self._least:
            self._least, self._best = energy(state), self._rows
            head = state.head[0]
            self._trace.append(Step(self._drafts, float(head["worth"]), float(head["cost"])))
        return state

    def _loaded(self, rows: Ints) -> State:
        state = empty_state(self._laid, self._room, self._seed)
        load(self._laid, state, rows)
        drop_unmade(self._laid, state)
        return state
