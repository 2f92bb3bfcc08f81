"""Three broker processes on one PostgreSQL, agents spread over them: one dies, or hangs, and the batch goes on."""

import contextlib
from pathlib import Path

import pytest

from broker.wire.states import RunState
from tests.postgresql.batch import PIECES, Batch, until
from tests.postgresql.processes import Balancer, Process, port_of, processes

pytestmark = pytest.mark.proof(share=0.0455, group="takeover")
_SIDE_MM = 95.0
"""Four on a bed."""


async def _led_by_another(those: list[Process], before: str) -> None:
    async def led() -> bool:
        leader = those[0].leader()
        return leader is not None and leader != before

    await until(led)


@pytest.mark.parametrize("victim", ["the leader", "a follower", "a leader that hangs"])
async def test_one_ends_and_the_batch_goes_on(url: str, tmp_path: Path, victim: str) -> None:
    with processes(tmp_path, url) as brokers:
        balancer = Balancer([port_of(one) for one in brokers])
        async with balancer.open(), contextlib.AsyncExitStack() as stack:
            batch = Batch.begun(tmp_path, url, balancer.url)
            stack.push_async_callback(batch.database.close)
            shops = await batch.shops(3)
            for shop in shops:
                stack.callback(shop.end)
                await stack.enter_async_context(shop.connected(balancer.url))
                shop.go(RunState.RUNNING, hands_over=True)
            await batch.order(_SIDE_MM)
            await until(batch.under_way)
            [leader] = [one for one in brokers if one.name == brokers[0].leader()]
            others = [one for one in brokers if one is not leader]
            match victim:
                case "the leader":
                    leader.kill()
                    await _led_by_another(others, leader.name)
                case "a leader that hangs":
                    leader.freeze()
                    balancer.ports.remove(port_of(leader))
                    await _led_by_another(others, leader.name)
                    leader.thaw()
                case _:
                    others.pop().kill()
            await batch.order(_SIDE_MM)
            for shop in shops:
                shop.go(RunState.ACCEPTED, hands_over=True)
            await until(batch.delivered)
            assert all(one.leader() == others[0].leader() for one in others)
            starts = [run for shop in shops for run, number in shop.started.items() for _ in range(number)]
            assert len(starts) == len(set(starts)), "a run has started twice"
            assert set((await batch.claims()).values()) == {1}, "an offer was accepted twice"
            assert sum(shop.attested.total() for shop in shops) == 2 * PIECES
