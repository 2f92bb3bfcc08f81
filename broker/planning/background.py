"""What the broker does unasked: the planner's tick and the timers, on APScheduler, woken up early by changes."""

import asyncio
import contextlib
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from broker.database import Waker
from broker.planning.tick import Planner
from broker.runs.timers import Timers

TICK_S = 2.0
TIMERS_S = 5.0
_TICK = "tick"
_BREATH_S = 0.1
"""Between two early ticks, so that a burst of changes makes one."""


class Background:
    """`start`, then `stop`, once each, in the loop that serves; `stop` leaves no task behind."""

    def __init__(self, planner: Planner, timers: Timers, waker: Waker) -> None:
        self._planner = planner
        self._timers = timers
        self._waker = waker
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 2})
        self._listener: asyncio.Task[None] | None = None
        self._at_work = asyncio.Lock()

    async def start(self) -> None:
        now = datetime.now(UTC)
        self._scheduler.add_job(self._tick, "interval", seconds=TICK_S, id=_TICK, next_run_time=now)
        self._scheduler.add_job(self._run_timers, "interval", seconds=TIMERS_S)
        self._scheduler.start()
        self._listener = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        if self._listener is None:
            return
        self._listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):  # it was asked to
            await self._listener
        self._scheduler.pause()
        # The scheduler's own shutdown would cut a transaction off in the middle.
        async with self._at_work:
            self._scheduler.shutdown(wait=False)

    async def _tick(self) -> None:
        if not self._at_work.locked():
            async with self._at_work:
                await self._planner.tick()

    async def _run_timers(self) -> None:
        async with self._at_work:
            await self._timers.run_due()

    async def _listen(self) -> None:
        heard = self._waker.rings
        while True:
            heard = await self._waker.wait(heard, TICK_S)
            async with self._at_work:
                self._scheduler.modify_job(_TICK, next_run_time=datetime.now(UTC))
            await asyncio.sleep(_BREATH_S)
