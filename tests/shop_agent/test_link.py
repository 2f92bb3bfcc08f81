"""The link's own rules: how long it waits, what it sends again, what it refuses."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.wire import messages as wire
from shop_agent.agent import Agent
from shop_agent.identity import Identity, Signer, own_key, public_text
from shop_agent.link.conversation import reconnect_s
from shop_agent.settings import AgentConfig, load_config, load_policy
from shop_agent.state import events as ev
from shop_agent.state.records import MachineView, Mode, Standing
from tests.shop_agent.fake_broker import FakeBroker
from tests.shop_agent.shops import write_shop


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_the_wait_grows_to_a_minute_with_full_jitter(failures: int, luck: float) -> None:
    wait = reconnect_s(failures, lambda low, high: low + (high - low) * luck)
    assert 1.0 <= wait <= min(60.0, 2.0 ** min(failures + 1, 10))


def make_agent(tmp_path: Path, broker: FakeBroker, *, key: Path | None = None) -> Agent:
    path = write_shop(tmp_path, tmp_path / "r", printer=tmp_path / "tty", broker=broker.url)
    config: AgentConfig = load_config(path)
    identity = Identity(agent=broker.agent, workshop="Nava", broker=broker.url)
    return Agent(config, path, load_policy(config), Signer(identity, own_key(key or config.data)))


@contextmanager
def linked(agent: Agent) -> Iterator[None]:
    """The link alone, without streamers."""
    task = asyncio.get_running_loop().create_task(agent.link.run())
    try:
        yield
    finally:
        task.cancel()


def see(agent: Agent) -> None:
    agent.apply(ev.MachineSeen("printer", MachineView(True, "b/0")))


async def test_what_was_said_offline_comes_after_a_restart_of_the_broker(tmp_path: Path) -> None:
    async with FakeBroker(public_text(own_key(tmp_path / "data"))) as broker:
        agent = make_agent(tmp_path, broker)
        with linked(agent):
            see(agent)
            await broker.until(lambda: broker.kinds() == ["machine"])
            await broker.until(lambda: len(broker.heartbeats) > 1)
            await broker.stop()
            agent.apply(ev.ModeSet("printer", Mode.MINE_NOW))
            agent.apply(ev.ModeSet("printer", Mode.NORMAL))
            await broker.start()
            await broker.until(lambda: len(broker.kinds()) == 3)
            assert broker.heartbeats[-1].machines[0].availability is wire.Availability.FREE
        await agent.close()


async def test_a_broker_that_lost_events_gets_them_again_and_one_that_knows_more_a_new_epoch(tmp_path: Path) -> None:
    async with FakeBroker(public_text(own_key(tmp_path / "data"))) as broker:
        agent = make_agent(tmp_path, broker)
        with linked(agent):
            see(agent)
            await broker.until(lambda: broker.kinds() == ["machine"])
            await broker.stop()
            broker.inbox.clear()
            await broker.start()
            await broker.until(lambda: broker.kinds() == ["machine"])
            epoch = agent.journal.epoch
            first = broker.inbox[epoch, 1]
            for seq in range(2, 6):
                broker.inbox[epoch, seq] = first
            await broker.stop()
            await broker.start()
            await broker.until(lambda: any(one != epoch for one, _ in broker.inbox))
            assert agent.memory.standing("printer")[0] is Standing.QUARANTINED
        await agent.close()


async def test_a_broker_that_does_not_know_the_key_closes_and_nothing_is_sent(tmp_path: Path) -> None:
    async with FakeBroker(public_text(own_key(tmp_path / "other"))) as broker:
        agent = make_agent(tmp_path, broker)
        with linked(agent):
            see(agent)
            await broker.until(lambda: broker.forged > 1)
            assert broker.inbox == {}
        await agent.close()


@pytest.mark.parametrize("passes", range(4))
async def test_a_link_that_is_cancelled_with_a_beat_ends(tmp_path: Path, passes: int) -> None:
    """However many passes of the loop lie between the two."""
    async with FakeBroker(public_text(own_key(tmp_path / "data"))) as broker:
        agent = make_agent(tmp_path, broker)
        task = asyncio.get_running_loop().create_task(agent.link.run())
        await broker.until(lambda: len(broker.heartbeats) > 0)
        agent.link.told()
        for _ in range(passes):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=20)
        assert done == {task}
        assert task.cancelled()
        await agent.close()
