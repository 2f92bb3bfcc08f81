"""Exit timers of runs, and what an agent's silence means for its machines."""

import logging
from datetime import datetime, timedelta

from broker.clock import Clock
from broker.runs.book import Books
from broker.runs.lifecycle.events import TimeIsUp
from broker.runs.moves import happen, waiting
from broker.workshops.liveness import DISCONNECTED_AFTER
from broker.workshops.service import set_offline

_log = logging.getLogger(__name__)
RESTART_GRACE = timedelta(seconds=90)
"""After a start nobody's time runs out: the agents couldn't speak while the broker was down."""


class Timers:
    def __init__(self, books: Books, clock: Clock) -> None:
        self._books = books
        self._clock = clock
        self._begun = clock.now()

    async def run_due(self) -> int:
        """Let every run whose time is over lapse, one transaction each; returns how many did.

        Where a person is waited for they are called again instead.
        """
        now = self._clock.now()
        self._begun = min(self._begun, now)  # a clock that was put back since counts the grace anew
        if now < self._begun + RESTART_GRACE:
            return 0
        async with self._books.reading() as book:
            due = await book.due_runs(now)
        lapsed = sum([await self._lapse(run_id, now) for run_id in due])
        if await self._find_silent(now) or lapsed:
            self._books.ring()
        return lapsed

    async def _lapse(self, run_id: str, now: datetime) -> bool:
        async with self._books.writing() as book:
            run = await book.locked_run(run_id)
            if run is None:
                return False
            before = run.state
            for why in waiting(await happen(book, run, TimeIsUp(), now)):
                _log.warning("run %s is %s and %s", run.id, run.state, why)
            if run.state is before:
                return False
            _log.info("run %s: %s → %s: %s", run.id, before, run.state, run.note)
        return True

    async def _find_silent(self, now: datetime) -> bool:
        async with self._books.reading() as book:
            silent = await book.silent(now - DISCONNECTED_AFTER)
        changed = False
        for workshop_id in silent:
            async with self._books.writing() as book:
                reason = f"no word from the workshop's agent for {DISCONNECTED_AFTER.total_seconds():.0f} s"
                changed |= await set_offline(book, workshop_id, reason)
        return changed
