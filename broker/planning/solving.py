"""Plans are solved, and checked, in processes of their own: the loop that serves everybody is never held up."""

import asyncio
import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import TypeVar, TypeVarTuple, Unpack

from broker.scheduling.check import require_feasible
from broker.scheduling.eligibility import eligibility
from broker.scheduling.problem import Excluded, Problem, Result
from broker.scheduling.solve import solve

_log = logging.getLogger(__name__)
_Args = TypeVarTuple("_Args")
_R = TypeVar("_R")
_WORKERS = 2
"""A quote needn't wait for the tick's plan."""


class Solver:
    def __init__(self) -> None:
        self._pool = self._new_pool()

    async def solve(self, problem: Problem, within_s: float, seed: int = 1) -> Result:
        """The best plan found in `within_s`, checked. Raises Infeasible for a fault of the solver's."""
        return await self._run(solve_within, problem, within_s, seed)

    async def excluded(self, problem: Problem) -> tuple[Excluded, ...]:
        """Every machine that can't make a line, and why."""
        return await self._run(excluded_of, problem)

    def warm_up(self) -> None:
        """Start a process and its imports now, so that the first who asks needn't wait for them."""
        self._pool.submit(_nothing)

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

    @staticmethod
    def _new_pool() -> ProcessPoolExecutor:
        spawn = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(_WORKERS, mp_context=spawn, initializer=_end_with_parent)


def solve_within(problem: Problem, within_s: float, seed: int) -> Result:
    """Runs in a worker."""
    ends = time.monotonic() + within_s
    result = solve(problem, lambda: time.monotonic() > ends, seed)
    require_feasible(problem, result)
    return result


def excluded_of(problem: Problem) -> tuple[Excluded, ...]:
    """Runs in a worker."""
    return eligibility(problem).excluded


def _nothing() -> None:
    """Runs in a worker, which has imported this module by then."""


def _end_with_parent() -> None:
    """A broker that is killed can't stop its workers: they watch it themselves."""
    threading.Thread(target=_watch_parent, daemon=True).start()


def _watch_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # this is a worker
    wait([parent.sentinel])
    os._exit(1)
