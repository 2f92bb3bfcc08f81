"""Plans the schedule's order, plainly: what is missing of a line goes onto plates of machines that can make it."""

from datetime import timedelta
from typing import TYPE_CHECKING

from broker.orders.lots import open_lot
from broker.orders.models import Line
from broker.planning.dispatch import lines_on, offer, withdraw_from
from broker.runs.book import Book
from broker.runs.history import WAITS_FOR_AGENTS
from broker.runs.lifecycle.events import TakeBack
from broker.runs.models import PlateLot, PlateRow, Run, RunStep
from broker.runs.moves import happen
from broker.runs.quantities import mismeasured, remeasure
from broker.wire.messages import Availability
from broker.wire.states import LIVE, Actor, RunState
from broker.workshops.models import Machine
from tests.simulation.books import MemoryBooks
from tests.simulation.calendar import WallClock

if TYPE_CHECKING:
    from tests.simulation.world import World

A_PLATE = 2
"""Pieces on one plate."""
RUN_S = 360.0
KEEPS_ITS_RUNS_S = 30.0
_TAKEN_BACK_WHEN = frozenset({RunState.CLAIMED, RunState.STAGED, RunState.ARMED})


class Planner:
    def __init__(self, world: "World", books: MemoryBooks, clock: WallClock) -> None:
        self._world = world
        self._books = books
        self._clock = clock
        self._idle_since: dict[str, float] = {}

    async def tick(self) -> bool:
        """Whether anything was moved."""
        async with self._books.reading() as book:
            if await self._waits_for_agents(book):
                return False
            gone = await self._gone(book)
            wrong = await mismeasured(book)
            missing = wrong or await self._missing(book)
        moved = 0
        if wrong:
            async with self._books.writing() as book:
                await remeasure(book, wrong)
        if gone:
            async with self._books.writing() as book:
                moved += await withdraw_from(book, gone, "the machine takes no work", self._clock.now())
        if missing or moved:
            async with self._books.writing() as book:
                moved += await self._plan(book, gone)
        async with self._books.writing() as book:
            moved += await offer(book, self._clock.now())
        return moved > 0

    async def _waits_for_agents(self, book: Book) -> bool:
        """As `broker.runs.history.waits_for_agents`."""
        epoch = await book.latest_epoch()
        if epoch is None or self._clock.now() - epoch.began_at >= WAITS_FOR_AGENTS:
            return False
        return any(agent.behind for agent in await book.agents())

    async def _gone(self, book: Book) -> set[str]:
        """Machines that have made nothing for a while of what was planned on them."""
        now_s, at_rest = self._world.calendar.now_s, await book.machines_at_rest()
        broken = {machine for machine, stands in at_rest.items() if stands is Availability.QUARANTINED}
        self._idle_since = {machine: self._idle_since.get(machine, now_s) for machine in at_rest}
        return broken | {one for one, since_s in self._idle_since.items() if now_s - since_s >= KEEPS_ITS_RUNS_S}

    async def _missing(self, book: Book) -> dict[Line, int]:
        """Pieces of each line that are neither made nor on their way."""
        missing = {}
        for line, _ in await book.open_lines():
            lots = await book.lots_of_lines([line.id])
            live = await book.live_pieces([lot.id for lot in lots])
            left = line.quantity - sum(lot.good + live.get(lot.id, 0) for lot in lots)
            if left > 0:
                missing[line] = left
        return missing

    async def _plan(self, book: Book, gone: set[str]) -> int:
        planned = 0
        for line, missing in (await self._missing(book)).items():
            for begin in range(0, missing, A_PLATE):
                machine = await self._machine_for(book, line, gone)
                if machine is None:
                    break
                await self._write(book, line, machine, min(A_PLATE, missing - begin))
                planned += 1
        return planned

    async def _machine_for(self, book: Book, line: Line, gone: set[str]) -> Machine | None:
        """The one with the least to do, of those that can."""
        waiting = [run.machine_id for run in await book.runs_in(LIVE)]
        able = [one for one in await book.machines_in(None) if one.process is line.process and one.id not in gone]
        return min(able, key=lambda one: (waiting.count(one.id), one.id), default=None)

    async def _write(self, book: Book, line: Line, machine: Machine, pieces: int) -> None:
        now = self._clock.now()
        lot = await open_lot(book, line.id, machine.workshop_id)
        plate = PlateRow(id=book.new_id("plt"), document=self._world.document(line), created_at=now)
        plate.sha256 = plate.id
        run = Run(
            id=book.new_id("run"),
            plate_id=plate.id,
            machine_id=machine.id,
            workshop_id=machine.workshop_id,
            state=RunState.PLANNED,
            version=1,
            fence=0,
            planned_start=now,
            planned_end=now + timedelta(seconds=RUN_S),
        )
        for row in (plate, PlateLot(plate_id=plate.id, lot_id=lot.id, pieces=pieces), run):
            book.add(row)
        book.add(RunStep(run_id=run.id, version=1, state=RunState.PLANNED, actor=Actor.PLANNER, at=now))
        await book.flush()
        await remeasure(book, [line.id])
        self._world.story.say("broker", "plans %s: %d pieces on %s", run.id, pieces, machine.name)

    async def take_back(self, share: float) -> None:
        """Another plan: some of what hasn't started is planned anew."""
        async with self._books.writing() as book:
            plates = []
            for known in await book.runs_in({RunState.PLANNED, RunState.OFFERED} | _TAKEN_BACK_WHEN):
                if self._world.dice.random() < share:
                    run = await book.locked_run(known.id)
                    assert run is not None
                    await happen(book, run, TakeBack("planned anew"), self._clock.now())
                    plates.append(run.plate_id)
            await remeasure(book, await lines_on(book, plates))
