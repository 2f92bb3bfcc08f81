"""A backup at every point of a run's life, a crash at every later one, a restore: no second start, nothing lost.

Whatever happened between the two the restored broker learns from the workshop, and the order is made in the end.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from broker.app.backups.backup import back_up
from broker.app.backups.restore import restore
from broker.orders.models import Lot, Order, OrderState
from broker.runs.models import Count, Run
from broker.wire.states import FINAL, RunState
from broker.workshops.models import Agent
from tests.broker.conftest import Town
from tests.broker.quotes.towns import UNO
from tests.broker.runs.conftest import Network, order_boxes
from tests.broker.runs.restored.shop import LIFE, Shop

_WITHIN_S = 60.0
_PIECES = 4
_PAIRS = [(backup, crash) for at, backup in enumerate(LIFE) for crash in LIFE[at:]]
_QUICK = {
    (RunState.PLANNED, RunState.ACCEPTED),
    (RunState.STAGED, RunState.RUNNING),
    (RunState.ARMED, RunState.PERMITTED),
    (RunState.RUNNING, RunState.FINISHED),
}


async def _until(seen: Callable[[], Awaitable[object]]) -> None:
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

        await _until(there)

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
        assert sum(lot.good for lot in lots) == _PIECES
        assert counted == self.shop.attested.total() == sum(lot.good + lot.surplus for lot in lots)
        assert counted == _PIECES, "made twice: the restored broker knew what was on the machine"


@pytest.fixture
async def shop(network: Network, town: Town, tmp_path: Path) -> AsyncIterator[Shop]:
    shop = await Shop.enrolled(town.url, await network.code(UNO.workshop), tmp_path / "agent", UNO, network.clock)
    yield shop
    shop.end()


@pytest.mark.parametrize(
    ("backup", "crash"),
    [
        pytest.param(
            *pair, id="-".join(pair), marks=() if pair in _QUICK else pytest.mark.proof(share=0.12, group="restored")
        )
        for pair in _PAIRS
    ],
)
async def test_every_moment(network: Network, tmp_path: Path, backup: RunState, crash: RunState) -> None:
    folder = tmp_path / "backup"
    async with network.broker() as town:
        shop = await Shop.enrolled(town.url, await network.code(UNO.workshop), tmp_path / "agent", UNO, network.clock)
        story = Story(network, shop)
        async with shop.connected(town.url):
            await _until(story.acknowledged)
            await order_boxes(town, _PIECES)
            await story.reach(backup)
            await back_up(network.settings, folder, network.clock.now())
            await story.reach(crash)
    await network.database.engine.dispose()
    await restore(network.settings, folder, network.clock.now(), replace=True)
    async with network.broker() as town, shop.connected(town.url):
        shop.go(RunState.ACCEPTED, hands_over=True)
        await _until(story.delivered)
        await _until(story.acknowledged)
        await story.check()
    shop.end()
