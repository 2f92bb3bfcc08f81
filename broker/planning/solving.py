"""Plans are solved, and checked, in processes of their own: the loop that serves everybody is never held up."""

import asyncio
import ctypes
import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Protocol, TypeVar, TypeVarTuple, Unpack

from broker.scheduling.heating import heat_planning
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.network.explain import Explanation, explain
from broker.scheduling.network.problem import Plan, Problem
from broker.scheduling.plates.asked import Answer, Memory, Question, answer
from broker.scheduling.plates.capacity import fitted
from broker.scheduling.plates.geometry import Geometry
from broker.scheduling.plates.underway import Change, Underway, go_on
from broker.scheduling.stopping import Stop

_log = logging.getLogger(__name__)
_Args = TypeVarTuple("_Args")
_R = TypeVar("_R")
_SEARCH_SHARE = 0.6
"""Of the time there is; the rest is for plates."""
_SEARCH_S = 0.2
_SEARCH_LOT_S = 0.02
"""A small plan is as good as it gets soon, and somebody waits for it."""
_WORKERS = 2
"""A quote needn't wait for the tick's plan."""


class _Haste(Protocol):
    """A flag in memory that the broker and its workers share, without a lock that a killed worker might keep."""

    value: bool


class Solver:
    def __init__(self) -> None:
        self._spawn = multiprocessing.get_context("spawn")
        self._haste: _Haste = self._spawn.RawValue(ctypes.c_bool, False)
        self._pool = self._new_pool()

    async def solve(
        self, plan: Underway, hurried: Sequence[int], within_s: float, seed: int = 1, *, still: bool = False
    ) -> Change:
        """What is open, beside what is planned or in its place. Raises Infeasible for a fault of the solver's."""
        return await self._run(solve_within, plan, hurried, within_s, seed, still)

    async def answer(self, question: Question, within_s: float, seed: int = 1) -> Answer:
        """What is offered by tier. Raises Infeasible for a fault of the solver's."""
        return await self._run(answer_within, question, within_s, seed)

    async def judged(self, problem: Problem, geometry: Geometry) -> Problem:
        """The problem with what its shapes say of who can make what."""
        return await self._run(judged, problem, geometry)

    async def explain(
        self, problem: Problem, geometry: Geometry, plan: Plan, lots: Sequence[int]
    ) -> tuple[Explanation, ...]:
        """Of each of the lots, by what shapes say of who can make what."""
        return await self._run(explained, problem, geometry, plan, lots)

    def warm_up(self) -> None:
        """Start the processes, their imports and compiled loops now, so that nobody who asks waits for them."""
        self._haste.value = False
        for _ in range(_WORKERS):
            self._pool.submit(heat_planning)

    def hurry(self) -> None:
        """The broker is about to end: what is being solved ends now, with the best plan so far."""
        self._haste.value = True

    async def close(self) -> None:
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)

    async def _run(self, work: Callable[[Unpack[_Args]], _R], *args: *_Args) -> _R:
        loop = asyncio.get_running_loop()
        pool = self._pool
        try:
            return await loop.run_in_executor(pool, work, *args)
        except BrokenProcessPool:
            _log.warning("a planning process died; starting another")
            if self._pool is pool:
                self._pool = self._new_pool()
            return await loop.run_in_executor(self._pool, work, *args)

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(_WORKERS, mp_context=self._spawn, initializer=_begin, initargs=(self._haste,))


def solve_within(plan: Underway, hurried: Sequence[int], within_s: float, seed: int, still: bool) -> Change:
    """Runs in a worker."""
    search, finish = _stops(within_s, len(plan.problem.lots.quantity) - plan.first)
    return go_on(plan, hurried, search, seed, finish=finish, still=still)


def answer_within(question: Question, within_s: float, seed: int) -> Answer:
    """Runs in a worker."""
    search, finish = _stops(within_s, len(question.plan.problem.lots.quantity) - question.plan.first)
    return answer(question, _memory, search, seed, finish=finish)


def _stops(within_s: float, lots: int) -> tuple[Stop, Stop]:
    """When to have found a plan, and its plates."""
    begun = time.monotonic()
    search_s = min(_SEARCH_SHARE * within_s, _SEARCH_S + _SEARCH_LOT_S * lots)
    return _until(begun + search_s), _until(begun + within_s)


def _until(ends: float) -> Stop:
    return lambda: time.monotonic() > ends or _of_broker.haste.value


def judged(problem: Problem, geometry: Geometry) -> Problem:
    """Runs in a worker."""
    return fitted(problem, geometry, Nester(geometry.shapes))


def explained(problem: Problem, geometry: Geometry, plan: Plan, lots: Sequence[int]) -> tuple[Explanation, ...]:
    """Runs in a worker."""
    fits = judged(problem, geometry)
    return tuple(explain(fits, plan, lot) for lot in lots)


@dataclass(slots=True)
class _OfBroker:
    """What a worker was handed when it began; elsewhere nobody is ever in haste."""

    haste: _Haste


_memory = Memory()
"""A worker's own."""
_of_broker = _OfBroker(ctypes.c_bool(False))


def _begin(haste: _Haste) -> None:
    """A broker that is killed can't stop its workers: they watch it themselves."""
    _of_broker.haste = haste
    threading.Thread(target=_watch_parent, daemon=True).start()


def _watch_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # this is a worker
    wait([parent.sentinel])
    os._exit(1)
