"""What the broker does unasked: the planner's tick and the timers, on APScheduler, woken up early by changes."""

import asyncio
import contextlib
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from broker.database import Waker
from broker.planning.solving import Solver
from broker.planning.tick import Planner
from broker.runs.timers import Timers

TICK_S = 2.0
TIMERS_S = 5.0
_TICK = "tick"
_BREATH_S = 0.1
"""Between two early ticks, so that a burst of changes makes one."""


class Background:
    """`start` and `stop` once each, in the loop that serves; `stop` leaves no task and no process."""

    def __init__(self, planner: Planner, timers: Timers, solver: Solver, waker: Waker) -> None:
        self._planner = planner
        self._timers = timers
        self._solver = solver
        self._waker = waker
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._listener: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()

    async def start(self) -> None:
        self._idle.set()
        self._scheduler.add_job(
            self._tick, "interval", seconds=TICK_S, id=_TICK, next_run_time=datetime.now(UTC), coalesce=True
        )
        self._scheduler.add_job(self._timers.run_due, "interval", seconds=TIMERS_S, coalesce=True)
        self._scheduler.start()
        self._listener = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):  # it was asked to
                await self._listener
            self._scheduler.shutdown(wait=False)
            await self._idle.wait()
        await self._solver.close()

    async def _tick(self) -> None:
        self._idle.clear()
        try:
            await self._planner.tick()
        finally:
            self._idle.set()

    async def _listen(self) -> None:
        heard = self._waker.rings
        while True:
            heard = await self._waker.wait(heard, TICK_S)
            await self._idle.wait()
            self._scheduler.modify_job(_TICK, next_run_time=datetime.now(UTC))
            await asyncio.sleep(_BREATH_S)
