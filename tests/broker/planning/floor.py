"""A small network without agents: whoever uses it calls the planner by hand."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from broker.app.factory import create_app
from broker.database import Database
from broker.orders.models import Order
from broker.planning.tick import Planner
from broker.runs.models import PlateLot, Run, RunStep
from broker.settings import Settings
from broker.wire.messages import Availability
from broker.wire.states import RunState
from broker.wire.tiers import Tier
from broker.workshops.models import Machine, Workshop
from tests.broker.conftest import HandClock, Town, person, served
from tests.broker.planning.test_replanning import TRES
from tests.broker.quotes.firstfit import FirstFit
from tests.broker.quotes.towns import UNO
from tests.broker.runs.conftest import KeptSolver, order_boxes


@dataclass(slots=True)
class Floor:
    """Two workshops with a printer each: `uno` is free, `tres` offline."""

    database: Database
    clock: HandClock
    planner: Planner

    async def order(self, town: Town, quantity: int, tier: Tier = Tier.STANDARD) -> str:
        order = await order_boxes(town, quantity)
        async with self.database.writing() as session:
            (await session.get_one(Order, order)).tier = tier
        await self.planner.tick()
        return order

    async def set(self, machine: str, availability: Availability, reason: str = "") -> None:
        async with self.database.writing() as session:
            row = await session.get_one(Machine, machine)
            row.availability, row.reason = availability, reason

    async def due(self, order: str, after: timedelta) -> None:
        async with self.database.writing() as session:
            (await session.get_one(Order, order)).due_at = self.clock.now() + after

    async def runs(self, state: RunState = RunState.PLANNED) -> Sequence[Run]:
        async with self.database.reading() as session:
            return (await session.scalars(select(Run).where(Run.state == state).order_by(Run.planned_start))).all()

    async def pieces(self, state: RunState = RunState.PLANNED) -> int:
        plates = [run.plate_id for run in await self.runs(state)]
        async with self.database.reading() as session:
            rows = await session.scalars(select(PlateLot).where(PlateLot.plate_id.in_(plates)))
            return sum(row.pieces for row in rows)

    async def notes(self, run: Run) -> list[str]:
        async with self.database.reading() as session:
            steps = await session.scalars(select(RunStep).where(RunStep.run_id == run.id).order_by(RunStep.version))
            return [step.note for step in steps]


@pytest.fixture
async def quiet(settings: Settings, clock: HandClock, database: Database) -> AsyncIterator[Town]:
    """A broker that plans nothing by itself."""
    async with database.writing() as session:
        for name, inventory in (("uno", UNO), ("tres", TRES)):
            text = inventory.model_dump_json()
            shop = Workshop(id=f"wsh_{name}", name=inventory.workshop, inventory=text, created_at=clock.now())
            session.add(shop)
            await session.flush()
            spec = inventory.machines[0]
            row = Machine(id=name, workshop_id=shop.id, name=spec.name, driver=spec.driver, process=spec.process)
            row.spec = spec.model_dump_json()
            row.availability = Availability.FREE if name == "uno" else Availability.OFFLINE
            session.add(row)
    ana = await person(database, "ana", clock.now(), balance=100_000)
    async with served(create_app(settings, clock, FirstFit(database))) as url:
        yield Town(url, database, clock, ana, settings.data)


@pytest.fixture
def floor(database: Database, clock: HandClock, solver: KeptSolver) -> Floor:
    return Floor(database, clock, Planner(database, clock, solver))
