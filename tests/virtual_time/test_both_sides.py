"""Agent and broker, each with its own socket code, through simulated hours: silence, its names, and what ends it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from broker.wire.messages import Availability
from broker.wire.shop import MachineSpec, Process, Stock
from broker.wire.tracking import Link
from shop_agent.identity import own_key, public_text
from shop_agent.state import events as ev
from shop_agent.state.records import Mode
from tests.shop_agent.core import INVENTORY
from tests.virtual_time.brokers import RealBroker
from tests.virtual_time.loop import VirtualLoop, run
from tests.virtual_time.shops import Shop

MINUTE_S, HOUR_S = 60.0, 3600.0
PRINTER = MachineSpec(
    name="printer", driver="marlin", process=Process.FDM, volume_mm=(180, 180, 180), materials=("PLA",), tool_mm=0.4
)
SHOP = INVENTORY.model_copy(update={"machines": (PRINTER,), "stock": (Stock(material="PLA", price_per_kg=1900),)})
SIGN_S = 24.0 + 1.0
"""Longest between two heartbeats, and until one is written down."""


@asynccontextmanager
async def connected(loop: VirtualLoop, folder: Path, tick_s: float = 1.0) -> AsyncIterator[tuple[Shop, RealBroker]]:
    async with (
        RealBroker(loop, public_text(own_key(folder))).serving(loop) as broker,
        at_work(loop, folder, tick_s) as shop,
    ):
        await asyncio.sleep(5.0)
        assert broker.standing() is Availability.FREE
        yield shop, broker


@asynccontextmanager
async def at_work(loop: VirtualLoop, folder: Path, tick_s: float = 1.0) -> AsyncIterator[Shop]:
    shop = Shop(loop, folder, 1, tick_s, SHOP)
    task = loop.create_task(shop.run())
    await asyncio.sleep(0.5)
    shop.see()
    try:
        yield shop
    finally:
        task.cancel()
        await asyncio.wait([task])
        shop.journal.close()


def test_an_agent_that_speaks_is_never_suspect(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with connected(loop, tmp_path) as (_, broker):
            oldest_s = 0.0
            for _ in range(int(HOUR_S)):
                await asyncio.sleep(1.0)
                assert broker.agent.last_seen_at is not None
                oldest_s = max(oldest_s, (broker.clock.now() - broker.agent.last_seen_at).total_seconds())
            assert oldest_s <= SIGN_S + 0.1
            assert len(loop.network.attempts_s) == 1

    run(main)


def test_silence_is_suspect_after_one_minute_and_offline_after_three(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with connected(loop, tmp_path) as (shop, broker):
            loop.network.swallow()
            seen = broker.agent.last_seen_at
            assert seen is not None
            silent_s = (broker.clock.now() - seen).total_seconds()
            await asyncio.sleep(60.0 - silent_s)
            assert (broker.link(), broker.standing()) == (Link.CONNECTED, Availability.FREE)
            await asyncio.sleep(0.1)
            assert broker.link() is Link.SUSPECT
            assert len(broker.switchboard) == 0
            await asyncio.sleep(119.8)
            assert (broker.link(), broker.standing()) == (Link.SUSPECT, Availability.FREE)
            await asyncio.sleep(5.2)
            assert (broker.link(), broker.standing()) == (Link.DISCONNECTED, Availability.OFFLINE)
            assert broker.agent.last_seen_at == seen
            loop.network.mend()
            await asyncio.sleep(2 * MINUTE_S)
            assert (broker.link(), broker.standing()) == (Link.CONNECTED, Availability.FREE)
            assert broker.agent.acked_seq == shop.journal.last_seq

    run(main)


def test_hours_of_events_are_in_the_broker_seconds_after_the_first_welcome(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with connected(loop, tmp_path, tick_s=MINUTE_S) as (shop, broker):
            loop.network.cut()
            for _ in range(200):
                await asyncio.sleep(4 * HOUR_S / 200)
                change(shop)
            loop.network.mend()
            while not len(broker.switchboard):  # noqa: ASYNC110 - on a clock that jumps
                await asyncio.sleep(0.1)
            await asyncio.sleep(5.0)
            assert broker.agent.acked_seq == shop.journal.last_seq > 400
            assert broker.events() == [(shop.journal.epoch, seq) for seq in range(1, shop.journal.last_seq + 1)]
            assert broker.standing() is Availability.FREE

    run(main)


@pytest.mark.parametrize("writes", [0, 6])
def test_a_journal_that_came_back_from_a_backup_begins_a_new_epoch(tmp_path: Path, writes: int) -> None:
    """Whether it lags behind what the broker holds, or has been written on beyond that."""

    async def main(loop: VirtualLoop) -> None:
        mine, backup = tmp_path / "mine", tmp_path / "backup"
        broker = RealBroker(loop, public_text(own_key(mine)))
        async with broker.serving(loop):
            async with at_work(loop, mine):
                await asyncio.sleep(MINUTE_S)
            shutil.copytree(mine, backup)
            async with at_work(loop, mine) as shop:
                change(shop)
                await asyncio.sleep(MINUTE_S)
                epoch, acked = shop.journal.epoch, broker.agent.acked_seq
            shutil.rmtree(mine)
            backup.rename(mine)
            loop.network.cut()
            async with at_work(loop, mine) as shop:
                for _ in range(writes):
                    change(shop)
                assert (shop.journal.epoch, shop.journal.last_seq > acked) == (epoch, bool(writes))
                loop.network.mend()
                await asyncio.sleep(2 * MINUTE_S)
                assert shop.journal.epoch != epoch
                assert (broker.agent.epoch, broker.agent.acked_seq) == (shop.journal.epoch, shop.journal.last_seq)
                assert broker.standing() is Availability.QUARANTINED
                shop.apply(ev.MachineReleased("printer"))
                await asyncio.sleep(5.0)
                assert broker.standing() is Availability.FREE

    run(main)


def change(shop: Shop) -> None:
    """Two events for the broker."""
    shop.apply(ev.ModeSet("printer", Mode.MINE_NOW))
    shop.apply(ev.ModeSet("printer", Mode.NORMAL))
