"""The planner: one step of it takes back, offers, plans and offers again, until nothing is left to do."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from broker.clock import Clock
from broker.database import Database
from broker.planning.apply import Overtaken, apply
from broker.planning.dispatch import offer, ready_to_offer, waiting_on_retired, withdraw_from
from broker.planning.left_out import unplanned
from broker.planning.live import Live, take_live
from broker.planning.solving import Solver
from broker.planning.task import Task, moves_of, task_of
from broker.runs.history import waits_for_agents
from broker.runs.quantities import mismeasured, remeasure
from broker.runs.sql_book import SqlBooks
from broker.scheduling.errors import SchedulingError
from broker.scheduling.plates.underway import Change
from broker.wire.messages import Availability
from broker.wire.shop import Inventory

_log = logging.getLogger(__name__)
SOLVE_WITHIN_S = 2.0
KEEPS_ITS_RUNS = timedelta(seconds=30)
"""A machine that goes offline keeps what was planned on it for so long: most are back sooner."""


class Planner:
    """The planner of the process that leads; steps don't overlap. Its `database` lets only that process write."""

    def __init__(self, database: Database, clock: Clock, solver: Solver) -> None:
        self._database = database
        self._books = SqlBooks(database)
        self._clock = clock
        self._solver = solver
        self._one_at_a_time = asyncio.Lock()
        self._idle_since: dict[str, datetime] = {}
        self._down: frozenset[str] = frozenset()
        self._shops: dict[str, Inventory] | None = None
        self._said: frozenset[str] = frozenset()
        self._settled: tuple[object, ...] | None = None
        """Nothing is to be done where all is like this."""
        self._overtaken: tuple[object, ...] | None = None
        """Nothing is moved where all is like this: it wouldn't hold."""

    async def tick(self) -> None:
        async with self._one_at_a_time:
            moved = await self._look() + await self._offer()
            if await self._plan():
                moved += 1 + await self._offer()
            moved += await self._take_back()
        if moved:
            self._database.waker.ring()

    async def _look(self) -> int:
        """Which machines make nothing of what was planned on them; and quantities that ended runs left wrong."""
        now = self._clock.now()
        async with self._books.reading() as book:
            at_rest = await book.machines_at_rest()
            wrong = await mismeasured(book)
        self._idle_since = {machine: min(self._idle_since.get(machine, now), now) for machine in at_rest}
        broken = {machine for machine, stands in at_rest.items() if stands is Availability.QUARANTINED}
        self._down = frozenset(broken | self._gone(now))
        if wrong:
            async with self._books.writing() as book:
                await remeasure(book, wrong)
        return len(wrong)

    def _gone(self, now: datetime) -> set[str]:
        return {machine for machine, since in self._idle_since.items() if now - since >= KEEPS_ITS_RUNS}

    async def _take_back(self) -> int:
        """What nobody else makes either, and what was offered already, of machines that have stopped working."""
        now = self._clock.now()
        async with self._books.reading() as book:
            gone = self._gone(now) | await waiting_on_retired(book)
        if not gone:
            return 0
        async with self._books.writing() as book:
            return await withdraw_from(book, gone, "the machine takes no work", now)

    async def _offer(self) -> int:
        now = self._clock.now()
        async with self._books.reading() as book:
            if not await ready_to_offer(book, now):
                return 0
        async with self._books.writing() as book:
            return await offer(book, now)

    async def _plan(self) -> int:
        """Returns how many runs were planned, or moved."""
        now = self._clock.now()
        async with self._database.reading() as session:
            if await waits_for_agents(session, now):
                return 0
            live = await take_live(session, now)
        mark = live.mark, self._down
        if mark == self._settled:
            return 0
        found = await self._solved(live, still=mark == self._overtaken)
        moved = moves_of(*found, now) if found else None
        if found is None or moved is None or moved.none:
            self._settled = mark
            return 0
        try:
            async with self._database.writing() as session:
                return await apply(session, found[0].posed.posed, moved, self._clock.now())
        except Overtaken:
            _log.info("the plan was overtaken: nothing is moved")
            self._overtaken = mark
            return 0

    async def _solved(self, live: Live, *, still: bool) -> tuple[Task, Change] | None:
        """None where there is nothing to do, or for a fault of ours: what is planned already goes on."""
        anew, self._shops = self._shops not in (None, live.shops), live.shops
        try:
            task = await asyncio.to_thread(task_of, live, self._down, described_anew=anew)
            if task is None:
                return None
            found = await self._solver.solve(task.posed.underway, task.hurried, SOLVE_WITHIN_S, still=still)
        except SchedulingError:
            lines = (line.id for line in (*live.situation.lines, *live.lines))
            _log.exception("nothing of this can be planned: %s", ", ".join(lines))
            return None
        self._say((*unplanned(task.posed.open, found), *found.faults))
        return task, found

    def _say(self, words: Sequence[str]) -> None:
        """Only what wasn't said the last time."""
        for one in words:
            if one not in self._said:
                _log.warning(one)
        self._said = frozenset(words)
