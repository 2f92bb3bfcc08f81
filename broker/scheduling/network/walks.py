"""Two threads for one plan: a small one is sought twice from other random numbers, a large one in two halves.

Both take a stretch of drafts, then the stop is asked: the same seed and number of times give the same plan.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from broker.scheduling.network.aimed_search import AimedSearch
from broker.scheduling.network.course import STALLED, Course
from broker.scheduling.network.halves import Half, halves
from broker.scheduling.network.load import drop_unmade, load, rows_of
from broker.scheduling.network.problem import Ints, Step
from broker.scheduling.network.search import SMALL, Search, energy
from broker.scheduling.network.state import State, empty_state
from broker.scheduling.network.world import World
from broker.scheduling.stopping import Stop

_ROUND = 150
"""Stretches of a half before workshops are divided anew."""


def search_of(
    laid: World, state: State, trace: list[Step], seed: int, threads: int, course: Course | None
) -> Callable[[Stop], State]:
    """What finds the best plan from `state` on until a stop; `trace` grows. A large plan's `state` isn't held on to.

    With a course, by another objective than tardiness.
    """
    small = len(state.runs) <= SMALL
    if threads < 2 or (not small and len(laid.shops) < 2):
        return _search(laid, state, trace, course).run
    return _Twice(laid, state, trace, course).run if small else _Halved(laid, state, trace, seed, course).run


def _search(laid: World, state: State, trace: list[Step], course: Course | None) -> Search:
    return Search(laid, state, trace) if course is None else AimedSearch(state, trace, course)


class _Twice:
    """The better of two walks."""

    def __init__(self, laid: World, state: State, trace: list[Step], course: Course | None) -> None:
        other = State(*(array.copy() for array in state))
        other.head["random"] ^= np.uint64(0x9E3779B97F4A7C15)
        self._trace = trace
        courses = (course, course and course.another())
        starts = zip((state, other), courses, strict=True)
        self._searches = [_search(laid, start, list(trace), way) for start, way in starts]

    def run(self, stop: Stop) -> State:
        with ThreadPoolExecutor(2) as pool:
            _together(pool, [search.step for search in self._searches], stop, None)
        found = min(self._searches, key=lambda search: search.key())
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

    def __init__(self, laid: World, state: State, trace: list[Step], seed: int, course: Course | None) -> None:
        self._laid = laid if course is None else course.laid
        self._course = course
        self._room = len(state.runs)
        self._trace = trace
        self._seed = seed
        self._rng = np.random.default_rng(seed)
        self._drafts = 0
        self._rows = self._best = rows_of(state)
        self._least, self._since = self._value(state), 0

    def run(self, stop: Stop) -> State:
        with ThreadPoolExecutor(2) as pool:
            while self._round(stop, pool):
                pass
        return self._loaded(self._best)

    def _round(self, stop: Stop, pool: ThreadPoolExecutor) -> bool:
        """Between rounds there are only rows: states of a large plan are large."""
        if self._course is not None and self._course.turn(self._least, self._drafts, self._since):
            self._rows = self._best
        pace = None if self._course is None else self._course.pace(self._least)
        parts = halves(self._laid, self._rows, self._rng, self._drafts, pool, pace)
        going = _together(pool, [part.step for part in parts], stop, _ROUND)
        rows = np.concatenate(list(pool.map(Half.rows, parts)))
        self._drafts += sum(part.drafts for part in parts)
        del parts
        self._join(rows)
        return going

    def _join(self, rows: Ints) -> None:
        state = self._loaded(rows)
        self._rows = rows_of(state)
        self._since += STALLED
        if self._value(state) < self._least:
            self._least, self._best, self._since = self._value(state), self._rows, 0
            self._trace.append(self._step(state))

    def _value(self, state: State) -> tuple[float, ...]:
        return (energy(state),) if self._course is None else self._course.score(state)

    def _step(self, state: State) -> Step:
        if self._course is not None:
            return self._course.step(self._drafts, self._least)
        head = state.head[0]
        return Step(self._drafts, float(head["worth"]), float(head["cost"]))

    def _loaded(self, rows: Ints) -> State:
        state = empty_state(self._laid, max(self._room, len(rows)), self._seed)
        load(self._laid, state, rows)
        drop_unmade(self._laid, state)
        return state
