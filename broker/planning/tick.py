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
from broker.planning.moving import Moves
from broker.planning.solving import Solver
from broker.planning.task import Task, moves_of, task_of
from broker.runs.quantities import mismeasured, remeasure
from broker.scheduling.errors import SchedulingError
from broker.scheduling.plates.underway import Change
from broker.wire.messages import Availability
from broker.workshops import repository as workshops
from broker.workshops.service import is_working

_log = logging.getLogger(__name__)
SOLVE_WITHIN_S = 2.0
KEEPS_ITS_RUNS = timedelta(seconds=30)
"""A machine that goes offline keeps what was planned on it for so long: most are back sooner."""


class Planner:
    """The only planner of the only broker process; steps don't overlap."""

    def __init__(self, database: Database, clock: Clock, solver: Solver) -> None:
        self._database = database
        self._clock = clock
        self._solver = solver
        self._one_at_a_time = asyncio.Lock()
        self._idle_since: dict[str, datetime] = {}
        self._down: frozenset[str] = frozenset()
        self._said: frozenset[str] = frozenset()
        self._settled: tuple[object, ...] | None = None
        """Nothing is to be done where all is like this."""
        self._overtaken: tuple[object, ...] | None = None
        """Nothing is moved where all is like this: it wouldn't hold."""

    async def tick(self) -> None:
        async with self._one_at_a_time:
            moved = await self._take_back()
            moved += await self._offer()
            if await self._plan():
                moved += 1 + await self._offer()
        if moved:
            self._database.waker.ring()

    async def _take_back(self) -> int:
        """Runs of machines that have stopped working; and quantities that ended runs left wrong."""
        now = self._clock.now()
        async with self._database.reading() as session:
            machines = await workshops.machines(session)
            retired = await waiting_on_retired(session)
            wrong = await mismeasured(session)
        idle = {machine.id for machine in machines if not is_working(machine)}
        self._down = frozenset(one.id for one in machines if one.availability is Availability.QUARANTINED)
        self._idle_since = {machine: self._idle_since.get(machine, now) for machine in idle}
        gone = retired | {machine for machine, since in self._idle_since.items() if now - since >= KEEPS_ITS_RUNS}
        if not (gone or wrong):
            return 0
        async with self._database.writing() as session:
            withdrawn = await withdraw_from(session, gone, "the machine takes no work", now) if gone else 0
            await remeasure(session, wrong)
        return withdrawn + len(wrong)

    async def _offer(self) -> int:
        now = self._clock.now()
        async with self._database.reading() as session:
            if not await ready_to_offer(session, now):
                return 0
        async with self._database.writing() as session:
            return await offer(session, now)

    async def _plan(self) -> int:
        """Returns how many runs were planned, or moved."""
        now = self._clock.now()
        async with self._database.reading() as session:
            live = await take_live(session, now)
        if live.mark == self._settled:
            return 0
        task = task_of(live, self._down)
        if task is None:
            self._settled = live.mark
            return 0
        found = await self._solved(live, task)
        moved = None if found is None else moves_of(task, found, now)
        if moved is None or moved.none:
            self._settled = live.mark
            return 0
        return await self._apply(live, task, moved)

    async def _solved(self, live: Live, task: Task) -> Change | None:
        """None for a fault of ours: what is planned already goes on."""
        still = live.mark == self._overtaken
        try:
            found = await self._solver.go_on(task.posed.underway, task.hurried, SOLVE_WITHIN_S, still=still)
        except SchedulingError:
            _log.exception("nothing of this can be planned: %s", ", ".join(line.id for line in task.posed.posed.lines))
            return None
        self._say((*unplanned(task.posed.open, found), *found.faults))
        return found

    def _say(self, words: Sequence[str]) -> None:
        """Only what wasn't said the last time."""
        for one in words:
            if one not in self._said:
                _log.warning(one)
        self._said = frozenset(words)

    async def _apply(self, live: Live, task: Task, moved: Moves) -> int:
        try:
            async with self._database.writing() as session:
                return await apply(session, task.posed.posed, moved, self._clock.now())
        except Overtaken:
            _log.info("the plan was overtaken: nothing is moved")
            self._overtaken = live.mark
            return 0
