"""The planner: one step of it takes back, offers, plans and offers again, until nothing is left to do."""

import asyncio
import logging
from datetime import datetime, timedelta

from broker.clock import Clock
from broker.database import Database
from broker.planning.apply import apply
from broker.planning.dispatch import offer, ready_to_offer, waiting_on_retired, withdraw_from
from broker.planning.left_out import unplanned
from broker.planning.posing import Posed, pose
from broker.planning.situation import Situation
from broker.planning.snapshot import take
from broker.planning.solving import Solver
from broker.runs.quantities import mismeasured, remeasure
from broker.scheduling.errors import SchedulingError
from broker.scheduling.plates.solve import Plated
from broker.workshops import repository as workshops
from broker.workshops.service import is_working

_log = logging.getLogger(__name__)
SOLVE_WITHIN_S = 2.0
KEEPS_ITS_RUNS = timedelta(seconds=30)
"""A machine that stops taking work keeps what was planned on it for so long: most are back sooner."""


class Planner:
    """The only planner of the only broker process; steps don't overlap."""

    def __init__(self, database: Database, clock: Clock, solver: Solver) -> None:
        self._database = database
        self._clock = clock
        self._solver = solver
        self._one_at_a_time = asyncio.Lock()
        self._idle_since: dict[str, datetime] = {}
        self._nothing_fits: tuple[object, ...] | None = None

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
            idle = {machine.id for machine in await workshops.machines(session) if not is_working(machine)}
            retired = await waiting_on_retired(session)
            wrong = await mismeasured(session)
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
        """Returns how many runs were planned."""
        now = self._clock.now()
        async with self._database.reading() as session:
            situation = await take(session, now)
        if not situation.lines or situation.mark == self._nothing_fits:
            return 0
        found = await self._solved(situation)
        if found is None:
            return 0
        posed, plated = found
        for words in unplanned(posed, plated):
            _log.warning(words)
        if not plated.layouts:
            self._nothing_fits = situation.mark
            return 0
        async with self._database.writing() as session:
            return await apply(session, posed, plated, now, self._clock.now())

    async def _solved(self, situation: Situation) -> tuple[Posed, Plated] | None:
        """None where there is nothing to plan on, or for a fault of ours: what is planned already goes on."""
        try:
            posed = pose(situation)
            if posed is None:
                return None
            return posed, await self._solver.solve(posed.problem, posed.geometry, SOLVE_WITHIN_S)
        except SchedulingError:
            _log.exception("nothing of this can be planned: %s", ", ".join(line.id for line in situation.lines))
            self._nothing_fits = situation.mark
            return None
