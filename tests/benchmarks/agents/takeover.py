"""Three broker processes on one PostgreSQL, agents on all of them: how soon another leads once the leader is gone."""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from broker.wire.states import RunState
from tests.benchmarks.rows import Row
from tests.postgresql.batch import Batch, until
from tests.postgresql.processes import Balancer, Process, port_of, processes
from tests.postgresql.server import server

_SHOPS = 3
_SIDE_MM = 95.0
_WAYS = ("killed", "hung")


def rows() -> list[Row]:
    found = []
    with server(durable=True) as running:
        for way in _WAYS:
            name = running.make()
            with tempfile.TemporaryDirectory() as folder, processes(Path(folder), running.url(name)) as brokers:
                found += asyncio.run(_story(Path(folder), running.url(name), brokers, way))
            running.drop(name)
    return found


async def _story(folder: Path, url: str, brokers: list[Process], way: str) -> list[Row]:
    """A batch is under way; the leader goes; another batch is ordered; both are delivered."""
    balancer = Balancer([port_of(one) for one in brokers])
    began_s = time.monotonic()
    async with balancer.open(), contextlib.AsyncExitStack() as stack:
        batch = Batch.begun(folder, url, balancer.url)
        stack.push_async_callback(batch.database.close)
        shops = await batch.shops(_SHOPS)
        for shop in shops:
            stack.callback(shop.end)
            await stack.enter_async_context(shop.connected(balancer.url))
            shop.go(RunState.RUNNING, hands_over=True)
        await batch.order(_SIDE_MM)
        await until(batch.under_way)
        leader = next(one for one in brokers if one.name == brokers[0].leader())
        others = [one for one in brokers if one is not leader]
        balancer.ports.remove(port_of(leader))
        took_s = await _taken_over(leader, others, way)
        await batch.order(_SIDE_MM)
        for shop in shops:
            shop.go(RunState.ACCEPTED, hands_over=True)
        await until(batch.delivered)
        twice = sum(number - 1 for number in (await batch.claims()).values())
        starts = [number for shop in shops for number in shop.started.values()]
    case, wall_s = f"3 processes, leader {way}", time.monotonic() - began_s
    return [
        Row("takeover", case, "until another leads", "s", round(took_s, 2), goal="<= 15", wall_s=wall_s),
        Row("takeover", case, "offers accepted twice", "runs", twice, goal="<= 0", wall_s=wall_s),
        Row("takeover", case, "runs started twice", "runs", sum(map(_again, starts)), goal="<= 0", wall_s=wall_s),
    ]


def _again(starts: int) -> int:
    return max(0, starts - 1)


async def _taken_over(leader: Process, others: Sequence[Process], way: str) -> float:
    """Seconds until another is seen to lead."""
    began_s = time.monotonic()
    if way == "killed":
        leader.kill()
    else:
        leader.freeze()

    async def led() -> bool:
        return others[0].leader() not in (None, leader.name)

    await until(led)
    took_s = time.monotonic() - began_s
    if way == "hung":
        leader.thaw()
    return took_s
