"""Agents that meet a restored broker: late, begun anew, without their journal, with orders that are lost."""

from pathlib import Path

from sqlalchemy import func, select

from broker.app.backups.backup import back_up
from broker.runs.models import InboxEvent
from broker.wire.states import RunState
from tests.broker.runs.conftest import Network, order_boxes
from tests.broker.runs.restored.story import PIECES, Story, go_back, new_shop, until


async def test_nothing_is_planned_elsewhere_before_all_have_told(network: Network, tmp_path: Path) -> None:
    """One shop has made all of it since the backup; another, idle, comes back first."""
    folder = tmp_path / "backup"
    async with network.broker() as town:
        shop, idle = [await new_shop(network, town, tmp_path / name, name) for name in ("Taller Uno", "Taller Dos")]
        story, other = Story(network, shop), Story(network, idle)
        async with shop.connected(town.url):
            await until(story.acknowledged)
            await order_boxes(town, PIECES)
            await until(story.runs)
            await back_up(network.settings, folder, network.clock.now())
            await story.reach(RunState.ACCEPTED)
    await go_back(network, folder)
    async with network.broker() as town, idle.connected(town.url):
        idle.go(RunState.ACCEPTED, hands_over=True)
        await until(other.acknowledged)
        async with shop.connected(town.url):
            shop.go(RunState.ACCEPTED, hands_over=True)
            await until(story.delivered)
            await until(story.acknowledged)
    assert not idle.started
    await story.check()
    shop.end()
    idle.end()


async def test_an_agent_that_begins_anew_meanwhile_tells_the_same(network: Network, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    async with network.broker() as town:
        shop = await new_shop(network, town, tmp_path / "agent")
        story = Story(network, shop)
        async with shop.connected(town.url):
            await until(story.acknowledged)
            await order_boxes(town, PIECES)
            await until(story.runs)
            await back_up(network.settings, folder, network.clock.now())
            await story.reach(RunState.PERMITTED)
    shop.end()
    await go_back(network, folder)
    shop.begin()
    async with network.broker() as town, shop.connected(town.url):
        shop.go(RunState.ACCEPTED, hands_over=True)
        await until(story.delivered)
        await until(story.acknowledged)
        await story.check()
    shop.end()


async def test_of_a_lost_journal_a_person_tells(network: Network, tmp_path: Path) -> None:
    """The run that was planned in the backup runs at the shop; nobody but a person can know."""
    folder = tmp_path / "backup"
    async with network.broker() as town:
        shop = await new_shop(network, town, tmp_path / "agent")
        story = Story(network, shop)
        async with shop.connected(town.url):
            await until(story.acknowledged)
            await order_boxes(town, PIECES)
            await until(story.runs)
            await back_up(network.settings, folder, network.clock.now())
            await story.reach(RunState.RUNNING)
            [run] = await story.runs()
    shop.end()
    await go_back(network, folder)
    shop.lose_journal()
    async with network.broker() as town, shop.connected(town.url):

        async def told() -> bool:
            return shop.phase(run.id) is RunState.UNKNOWN

        await until(told)
        shop.settle(run.id)
        shop.go(RunState.ACCEPTED, hands_over=True)
        await until(story.delivered)
        await until(story.acknowledged)
    await story.check()
    shop.end()


async def _lost_order(network: Network, tmp_path: Path, state: RunState) -> tuple[Story, str]:
    """An order that came after the backup, its run in this state; and the broker restored."""
    folder = tmp_path / "backup"
    async with network.broker() as town:
        shop = await new_shop(network, town, tmp_path / "agent")
        story = Story(network, shop)
        async with shop.connected(town.url):
            await until(story.acknowledged)
            await back_up(network.settings, folder, network.clock.now())
            await order_boxes(town, PIECES)
            await story.reach(state)
            [run] = await story.runs()
    await go_back(network, folder)
    return story, run.id


async def test_a_run_of_an_order_that_the_backup_never_had_is_given_up(network: Network, tmp_path: Path) -> None:
    story, run = await _lost_order(network, tmp_path, RunState.STAGED)
    async with network.broker() as town, story.shop.connected(town.url):

        async def given_up() -> bool:
            return story.shop.phase(run) is None

        await until(given_up)
        assert not await story.runs()
    story.shop.end()


async def test_what_was_made_of_an_order_that_the_backup_never_had_is_noted(network: Network, tmp_path: Path) -> None:
    story, _ = await _lost_order(network, tmp_path, RunState.RUNNING)
    story.shop.go(RunState.ACCEPTED)
    async with network.broker() as town, story.shop.connected(town.url):
        await until(story.acknowledged)
        counted = select(func.count()).select_from(InboxEvent).where(InboxEvent.payload.like('%"counted"%'))
        async with network.database.reading() as session:
            assert await session.scalar(counted.where(InboxEvent.applied.is_(False))) == 1
        assert not await story.runs()
    story.shop.end()
