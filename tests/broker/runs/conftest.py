import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
from pydantic import TypeAdapter

from broker.accounts.models import Role
from broker.app.factory import create_app
from broker.database import Database
from broker.planning import background
from broker.planning.solving import Solver
from broker.settings import Settings
from broker.wire.messages import LotAccepted, LotOffer
from broker.wire.rest import OrderView
from broker.wire.shop import Inventory
from broker.wire.tracking import ExcludedView, LotView, PlateView, RunView, WorkshopView
from broker.workshops.service import invite
from tests.broker.conftest import HandClock, Person, Town, person, served
from tests.broker.parts.shapes import box_stl
from tests.broker.quotes.towns import UNO
from tests.broker.runs.agent import RunHand, WireAgent


class KeptSolver(Solver):
    """Outlives the applications that it is handed to."""

    async def close(self) -> None:
        return

    async def end(self) -> None:
        await super().close()


@pytest.fixture(scope="session")
def solver() -> Iterator[KeptSolver]:
    """One for all tests: its processes take seconds to start."""
    solver = KeptSolver()
    yield solver
    asyncio.run(solver.end())


@dataclass(slots=True)
class Network:
    """A broker with its own planner on a real socket; it can be stopped and started again."""

    settings: Settings
    database: Database
    clock: HandClock
    ana: Person
    admin: Person
    solver: Solver

    @contextlib.asynccontextmanager
    async def broker(self) -> AsyncIterator[Town]:
        async with served(create_app(self.settings, self.clock, solver=self.solver)) as url:
            yield Town(url, self.database, self.clock, self.ana, self.settings.data)

    async def code(self, name: str) -> str:
        async with self.database.writing() as session:
            return await invite(session, name, self.clock.now())

    async def enrolled(self, town: Town, inventory: Inventory = UNO) -> WireAgent:
        return await WireAgent.enrolled(town.url, await self.code(inventory.workshop), self.clock.now())


@pytest.fixture
def timers_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a test moves the clock, which is the broker's too: its own timers would act on that, sooner or later."""
    monkeypatch.setattr(background, "TIMERS_S", 3600.0)


@pytest.fixture
async def network(settings: Settings, clock: HandClock, database: Database, solver: KeptSolver) -> Network:
    ana = await person(database, "ana", clock.now(), balance=100_000)
    admin = await person(database, "root", clock.now(), Role.ADMIN)
    return Network(settings, database, clock, ana, admin, solver)


@pytest.fixture
async def town(network: Network) -> AsyncIterator[Town]:
    """The broker running, with its own planner."""
    async with network.broker() as town:
        yield town


@pytest.fixture
async def agent(network: Network, town: Town) -> AsyncIterator[WireAgent]:
    """Taller Uno's agent, connected; its only machine, a printer, is free."""
    agent = await network.enrolled(town)
    async with agent.connected():
        await agent.say(UNO)
        await agent.free("prusa")
        yield agent


async def order_boxes(town: Town, quantity: int) -> str:
    """Boxes of 20 × 10 × 5 mm in PLA; the order's id."""
    part = await town.upload("box.stl", box_stl(20, 10, 5))
    quote = await town.quote({"part_id": part, "quantity": quantity, "material": "PLA"})
    answer = await town.accept(quote.id)
    assert answer.status_code == 201, answer.text
    return OrderView.model_validate_json(answer.content).id


async def offered_run(town: Town, agent: WireAgent, quantity: int = 4) -> tuple[str, RunHand]:
    """An order of boxes whose lot was accepted, and its first run as offered."""
    order = await order_boxes(town, quantity)
    offer = await agent.next(LotOffer)
    await agent.say(LotAccepted(lot=offer.lot, quantity=offer.quantity))
    return order, await agent.offered()


@dataclass(slots=True)
class Reader:
    """What somebody sees over REST."""

    town: Town
    who: Person

    async def _get(self, path: str) -> bytes:
        async with self.who.client(self.town.url) as client:
            answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.content

    async def order(self, order: str) -> OrderView:
        return OrderView.model_validate_json(await self._get(f"/orders/{order}"))

    async def runs(self, order: str) -> list[RunView]:
        return TypeAdapter(list[RunView]).validate_json(await self._get(f"/orders/{order}/runs"))

    async def plates(self, order: str) -> list[PlateView]:
        return TypeAdapter(list[PlateView]).validate_json(await self._get(f"/orders/{order}/plates"))

    async def lots(self, order: str) -> list[LotView]:
        return TypeAdapter(list[LotView]).validate_json(await self._get(f"/orders/{order}/lots"))

    async def excluded(self, order: str) -> list[ExcludedView]:
        return TypeAdapter(list[ExcludedView]).validate_json(await self._get(f"/orders/{order}/excluded"))

    async def workshops(self) -> list[WorkshopView]:
        return TypeAdapter(list[WorkshopView]).validate_json(await self._get("/workshops"))

    async def live_runs(self) -> list[RunView]:
        return TypeAdapter(list[RunView]).validate_json(await self._get("/runs?live=1"))
