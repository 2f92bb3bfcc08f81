"""What the leading broker process does unasked: the planner's tick and the timers, on APScheduler, woken by changes."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.exc import SQLAlchemyError

from broker.database import Waker
from broker.planning.tick import Planner
from broker.processes.leadership import LOOK_S, Deposed, Leadership
from broker.runs.timers import Timers

_log = logging.getLogger(__name__)
TICK_S = 2.0
TIMERS_S = 5.0
_TICK = "tick"
_BREATH_S = 0.1
"""Between two early ticks, so that a burst of changes makes one."""
_SHARE = 0.1
"""Of the time that early ticks may take, however often rows change: in large networks each looks at thousands."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a leader does; made anew for each time that a process leads, for it remembers what it saw."""

    planner: Planner
    timers: Timers


class Background:
    """`start`, then `stop`, once each, in the loop that serves; `stop` leaves no task behind."""

    def __init__(self, leadership: Leadership, work: Callable[[], Work], waker: Waker) -> None:
        self._leadership = leadership
        self._new_work = work
        self._work: Work | None = None
        self._waker = waker
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 2})
        self._tasks: list[asyncio.Task[None]] = []
        self._at_work = asyncio.Lock()
        self._tick_s = 0.0
        """How long the last one took."""

    async def start(self) -> None:
        await self._look()
        now = datetime.now(UTC)
        self._scheduler.add_job(self._tick, "interval", seconds=TICK_S, id=_TICK, next_run_time=now)
        self._scheduler.add_job(self._run_timers, "interval", seconds=TIMERS_S)
        self._scheduler.start()
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._keep_looking())]

    async def stop(self) -> None:
        if not self._tasks:
            return
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):  # it was asked to
                await task
        self._scheduler.pause()
        # The scheduler's own shutdown would cut a transaction off in the middle.
        async with self._at_work:
            self._scheduler.shutdown(wait=False)
        with contextlib.suppress(OSError, SQLAlchemyError, asyncpg.PostgresError):  # then the lease runs out
            await self._leadership.resign()

    async def _keep_looking(self) -> None:
        """Beside the work: a lease is renewed however long a plan takes."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self._look()
            except (OSError, SQLAlchemyError, asyncpg.PostgresError) as error:
                _log.warning("who leads can't be seen: %s", error)

    async def _look(self) -> None:
        led = self._leadership.leads
        await self._leadership.look()
        if not self._leadership.leads:
            self._work = None
        elif self._work is None or not led:
            self._work = self._new_work()

    async def _tick(self) -> None:
        if not self._at_work.locked():
            async with self._at_work:
                began_s = time.monotonic()
                if self._work is not None:
                    with _while_leading():
                        await self._work.planner.tick()
                self._tick_s = min(TICK_S, time.monotonic() - began_s)

    async def _run_timers(self) -> None:
        async with self._at_work:
            if self._work is not None:
                with _while_leading():
                    await self._work.timers.run_due()

    async def _listen(self) -> None:
        heard = self._waker.rings
        while True:
            heard = await self._waker.wait(heard, TICK_S)
            async with self._at_work:
                self._bring_forward(datetime.now(UTC))
            await asyncio.sleep(max(_BREATH_S, self._tick_s * (1 / _SHARE - 1)))

    def _bring_forward(self, now: datetime) -> None:
        """The tick comes now; and what a clock that was put back would let wait until it is that late again."""
        for job in self._scheduler.get_jobs():
            if job.id == _TICK or job.next_run_time > now + timedelta(seconds=TIMERS_S):
                self._scheduler.modify_job(job.id, next_run_time=now)


@contextlib.contextmanager
def _while_leading() -> Iterator[None]:
    try:
        yield
    except Deposed as error:
        _log.info("left to another process: %s", error)
