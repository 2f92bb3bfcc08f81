"""What has become of one order, by rows."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import func, select

from broker.app.backups.restore import restore
from broker.orders.models import Lot, Order, OrderState
from broker.runs.models import Count, Run
from broker.wire.states import FINAL, RunState
from broker.workshops.models import Agent
from tests.broker.conftest import Town
from tests.broker.quotes.towns import UNO
from tests.broker.runs.conftest import Network
from tests.broker.runs.restored.shop import Shop

_WITHIN_S = 60.0
PIECES = 4


async def until(seen: Callable[[], Awaitable[object]]) -> None:
    """Looks again and again."""
    async with asyncio.timeout(_WITHIN_S):
        while not await seen():  # noqa: ASYNC110  (rows don't ring)
            await asyncio.sleep(0.01)


class Story:
    """One order of boxes, one workshop."""

    def __init__(self, network: Network, shop: Shop) -> None:
        self.network = network
        self.shop = shop

    async def runs(self) -> list[Run]:
        async with self.network.database.reading() as session:
            return list(await session.scalars(select(Run).order_by(Run.id)))

    async def acknowledged(self) -> bool:
        async with self.network.database.reading() as session:
            agent = await session.get_one(Agent, self.shop.signer.identity.agent)
        return agent.acked_seq == self.shop.journal.last_seq and not agent.behind

    async def reach(self, state: RunState) -> None:
        """The order's run is there, at the shop and at the broker."""
        self.shop.go(state)

        async def there() -> bool:
            runs = await self.runs()
            return [run.state for run in runs] == [state] and await self.acknowledged()

        try:
            await until(there)
        except TimeoutError as error:
            states = [run.state.value for run in await self.runs()]
            phases = [run.phase.value for run in self.shop.mind.memory.runs.values()]
            raise AssertionError(f"not {state.value}: {states} at the broker, {phases} at the shop") from error

    async def delivered(self) -> bool:
        async with self.network.database.reading() as session:
            return (await session.scalars(select(Order.state))).one() is OrderState.DELIVERED

    async def check(self) -> None:
        """I1, I2, I4, I5."""
        assert all(starts == 1 for starts in self.shop.started.values() if starts), self.shop.started
        assert {run.state for run in await self.runs()} <= FINAL
        async with self.network.database.reading() as session:
            lots = (await session.scalars(select(Lot))).all()
            counted = await session.scalar(select(func.sum(Count.good)))
        assert sum(lot.good for lot in lots) == PIECES
        assert counted == self.shop.attested.total() == sum(lot.good + lot.surplus for lot in lots)
        assert counted == PIECES, "made twice: the restored broker knew what was on the machine"


async def new_shop(network: Network, town: Town, folder: Path, name: str = UNO.workshop) -> Shop:
    inventory = UNO.model_copy(update={"workshop": name})
    return await Shop.enrolled(town.url, await network.code(name), folder, inventory, network.clock)


async def go_back(network: Network, folder: Path) -> None:
    """The broker's rows are the backup's again."""
    await network.database.engine.dispose()
    network.clock.forward(seconds=10)
    await restore(network.settings, folder, network.clock.now(), replace=True)
    network.clock.forward(seconds=10)
