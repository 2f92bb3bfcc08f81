"""A whole workshop in tests: the agent's own process, a broker, a person at the bench, a simulated machine."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from broker.wire import messages as wire
from shop_agent.bench import schemas
from shop_agent.bench.client import BenchClient, NoBench
from shop_agent.identity import IDENTITY_FILE, Identity, own_key, public_text, write_private
from shop_agent.settings import AgentConfig, load_config
from shop_agent.state.records import Standing
from shop_agent.streamer.shutdown import shut_down
from tests.shop_agent.fake_broker import FakeBroker
from tests.shop_agent.machines import SimMachine, machine
from tests.shop_agent.plates import cube, plate_of_cubes
from tests.shop_agent.shops import write_shop

needs_slicer = pytest.mark.skipif(shutil.which("prusa-slicer") is None, reason="PrusaSlicer is not installed")


class Shop:
    """The agent's process and the person at its bench."""

    def __init__(self, config_path: Path, broker: FakeBroker) -> None:
        self.config_path = config_path
        self.config: AgentConfig = load_config(config_path)
        self.broker = broker
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "shop_agent", "run", "--config", str(self.config_path)]
        (self.config.data / "bench.json").unlink(missing_ok=True)
        self.process = subprocess.Popen(command)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    async def bench(self) -> BenchClient:
        async with asyncio.timeout(30):
            while True:
                try:
                    client = BenchClient(self.config.data)
                    await asyncio.to_thread(client.machines)
                except NoBench:
                    await asyncio.sleep(0.1)
                else:
                    return client

    async def task(self, kind: str, timeout_s: float = 60.0) -> schemas.TaskView:
        client = await self.bench()
        found: list[schemas.TaskView] = []
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    found = await asyncio.to_thread(client.tasks)
                    for task in found:
                        if task.kind == kind:
                            return task
                    await asyncio.sleep(0.05)
        finally:
            client.close()

    async def answer(self, task: schemas.TaskView, answer: schemas.Answer) -> schemas.Taken:
        client = await self.bench()
        try:
            return await asyncio.to_thread(client.answer, task.id, answer)
        finally:
            client.close()

    async def act(self, name: str, verb: str, body: schemas.Schema) -> bytes:
        client = await self.bench()
        try:
            return await asyncio.to_thread(client.act, name, verb, body)
        finally:
            client.close()

    async def standing(self) -> Standing:
        client = await self.bench()
        try:
            return (await asyncio.to_thread(client.machines))[0].standing
        finally:
            client.close()

    async def until_alarm(self, *, rung: bool) -> None:
        client = await self.bench()
        try:
            async with asyncio.timeout(30):
                while True:
                    if bool((await asyncio.to_thread(client.shop)).alarm) is rung:
                        return
                    await asyncio.sleep(0.05)
        finally:
            client.close()

    async def set_up_printer(self) -> None:
        task = await self.task("setup")
        answer = schemas.SetupAnswer(operator="Ana", bed_clear=True, material="PLA", tool_mm=0.4)
        await self.answer(task, answer)

    async def count(self, good: int, *, cleared: bool = True) -> None:
        task = await self.task("count")
        counts = (wire.LotCount(lot="lot1", good=good),)
        await self.answer(task, schemas.CountAnswer(operator="Ana", counts=counts, cleared=cleared))


@asynccontextmanager
async def workshop(
    short: Path, tmp_path: Path, firmware: str, policy: str = "auto_accept_lots = true\n"
) -> AsyncIterator[tuple[Shop, FakeBroker, SimMachine]]:
    router = firmware == "grbl"
    with machine(short, "m", firmware) as sim:
        async with FakeBroker(public_text(own_key(tmp_path / "data"))) as broker:
            path = write_shop(
                tmp_path,
                short / "run",
                printer=None if router else sim.port,
                router=sim.port if router else None,
                broker=broker.url,
                policy=policy,
            )
            async with running(path, broker) as shop:
                yield shop, broker, sim


@asynccontextmanager
async def workshop_by_hand(short: Path, tmp_path: Path) -> AsyncIterator[tuple[Shop, FakeBroker]]:
    async with FakeBroker(public_text(own_key(tmp_path / "data"))) as broker:
        path = write_shop(tmp_path, short / "run", printer="", broker=broker.url)
        async with running(path, broker) as shop:
            yield shop, broker


@asynccontextmanager
async def running(path: Path, broker: FakeBroker) -> AsyncIterator[Shop]:
    identity = Identity(agent=broker.agent, workshop="Nava", broker=broker.url)
    write_private(path.parent / "data" / IDENTITY_FILE, identity.model_dump_json())
    shop = Shop(path, broker)
    shop.start()
    try:
        await broker.until(lambda: "machine" in broker.kinds())
        yield shop
    finally:
        await asyncio.to_thread(_end, shop)


def _end(shop: Shop) -> None:
    assert shop.process is not None
    shop.process.terminate()
    code = shop.process.wait(30)
    for name in shop.config.machines:
        lock = shop.config.folder(name.name) / "lock"
        if lock.exists():
            subprocess.run(["kill", "-TERM", lock.read_text()], check=False)
    shut_down(shop.config)
    assert code == 0


async def offer_cubes(broker: FakeBroker, run: str, tmp_path: Path) -> None:
    data = cube(tmp_path / "cube.stl")
    broker.add_blob(data)
    await broker.offer(run, "printer", plate_of_cubes(data))
