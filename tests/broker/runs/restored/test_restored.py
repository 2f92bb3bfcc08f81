"""A backup at every point of a run's life, a crash at every later one, a restore: no second start, nothing lost.

Whatever happened between the two the restored broker learns from the workshop, and the order is made in the end.
"""

from pathlib import Path

import pytest

from broker.app.backups.backup import back_up
from broker.wire.states import RunState
from tests.broker.runs.conftest import Network, order_boxes
from tests.broker.runs.restored.shop import LIFE
from tests.broker.runs.restored.story import PIECES, Story, go_back, new_shop, until

_PAIRS = [(backup, crash) for at, backup in enumerate(LIFE) for crash in LIFE[at:]]
_QUICK = {
    (RunState.PLANNED, RunState.ACCEPTED),
    (RunState.STAGED, RunState.RUNNING),
    (RunState.ARMED, RunState.PERMITTED),
    (RunState.RUNNING, RunState.FINISHED),
}


@pytest.mark.parametrize(
    ("backup", "crash"),
    [
        pytest.param(
            *pair, id="-".join(pair), marks=() if pair in _QUICK else pytest.mark.proof(share=0.1, group="restored")
        )
        for pair in _PAIRS
    ],
)
async def test_every_moment(network: Network, tmp_path: Path, backup: RunState, crash: RunState) -> None:
    folder = tmp_path / "backup"
    async with network.broker() as town:
        shop = await new_shop(network, town, tmp_path / "agent")
        story = Story(network, shop)
        async with shop.connected(town.url):
            await until(story.acknowledged)
            await order_boxes(town, PIECES)
            await story.reach(backup)
            await back_up(network.settings, folder, network.clock.now())
            await story.reach(crash)
    await go_back(network, folder)
    async with network.broker() as town, shop.connected(town.url):
        shop.go(RunState.ACCEPTED, hands_over=True)
        await until(story.delivered)
        await until(story.acknowledged)
        await story.check()
    shop.end()
