"""The agent as its own process: a broker on one side, a person at the bench, a simulated machine on the other."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from broker.wire import messages as wire
from broker.wire.shop import Process
from broker.wire.states import RunState
from shop_agent.bench import schemas
from shop_agent.bench.client import BenchClient, NoBench
from shop_agent.errors import Refused
from shop_agent.identity import IDENTITY_FILE, Identity, own_key, public_text, write_private
from shop_agent.settings import AgentConfig, load_config
from shop_agent.state.records import Mode, Standing
from shop_agent.streamer.shutdown import shut_down
from tests.shop_agent.fake_broker import FakeBroker
from tests.shop_agent.machines import SimMachine, machine
from tests.shop_agent.plates import cube, drawing, plate_of_cubes, plate_of_squares
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

    async def set_up_printer(self) -> None:
        task = await self.task("setup")
        answer = schemas.SetupAnswer(operator="Ana", bed_clear=True, material="PLA", tool_mm=0.4)
        await self.answer(task, answer)

    async def count(self, good: int, *, cleared: bool = True) -> None:
        task = await self.task("count")
        counts = (wire.LotCount(lot="lot1", good=good),)
        await self.answer(task, schemas.CountAnswer(operator="Ana", counts=counts, cleared=cleared))

    def cli(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "shop_agent", *arguments, "--config", str(self.config_path)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@asynccontextmanager
async def workshop(
    short: Path, tmp_path: Path, firmware: str, policy: str = "auto_accept_lots = true\n"
) -> AsyncIterator[tuple[Shop, FakeBroker, SimMachine]]:
    with machine(short, "m", firmware) as sim:
        async with FakeBroker(public_text(own_key(tmp_path / "data"))) as broker:
            ports = {"router": sim.port} if firmware == "grbl" else {"printer": sim.port}
            path = write_shop(tmp_path, short / "run", broker=broker.url, policy=policy, **ports)
            identity = Identity(agent=broker.agent, workshop="Nava", broker=broker.url)
            write_private(tmp_path / "data" / IDENTITY_FILE, identity.model_dump_json())
            shop = Shop(path, broker)
            shop.start()
            try:
                await broker.until(lambda: "machine" in broker.kinds())
                yield shop, broker, sim
            finally:
                await asyncio.to_thread(_end, shop)


def _end(shop: Shop) -> None:
    assert shop.process is not None
    shop.process.terminate()
    assert shop.process.wait(30) == 0
    for name in shop.config.machines:
        lock = shop.config.folder(name.name) / "lock"
        if lock.exists():
            subprocess.run(["kill", "-TERM", lock.read_text()], check=False)
    shut_down(shop.config)


async def offer_cubes(broker: FakeBroker, run: str, tmp_path: Path) -> None:
    data = cube(tmp_path / "cube.stl")
    broker.add_blob(data)
    await broker.offer(run, "printer", plate_of_cubes(data))


@needs_slicer
async def test_a_plate_from_offer_to_count(short: Path, tmp_path: Path) -> None:
    async with workshop(short, tmp_path, "marlin") as (shop, broker, sim):
        lot = wire.LotOffer(
            lot="lot1",
            order="o1",
            line="l1",
            part="cube",
            process=Process.FDM,
            material="PLA",
            quantity=2,
            payout=500,
            currency="EUR",
        )
        await broker.say(lot)
        await broker.say(lot)
        await offer_cubes(broker, "run1", tmp_path)
        await broker.until_state("run1", RunState.STAGED)
        task = await shop.task("setup")
        assert [(one.lot, one.pieces) for one in task.expected] == [("lot1", 2)]
        wrong = schemas.SetupAnswer(operator="Ana", bed_clear=True, material="PETG", tool_mm=0.4)
        with pytest.raises(Refused, match="PETG is loaded"):
            await shop.answer(task, wrong)
        assert (await shop.task("setup")).id == task.id
        await shop.set_up_printer()
        await broker.until_state("run1", RunState.FINISHED, 90)
        counting = await shop.task("count")
        short_count = schemas.CountAnswer(operator="Ana", counts=(wire.LotCount(lot="lot1", good=1),))
        with pytest.raises(Refused, match="plate holds 2"):
            await shop.answer(counting, short_count)
        scrap = (wire.Scrap(reason=wire.ScrapReason.WARP, pieces=1),)
        counts = (wire.LotCount(lot="lot1", good=1, scrap=scrap),)
        answer = schemas.CountAnswer(operator="Ana", counts=counts)
        assert not (await shop.answer(counting, answer)).repeated
        assert (await shop.answer(counting, answer)).repeated
        clearing = await shop.task("clear")
        done = shop.cli("bench", "--answer", clearing.id, json.dumps({"kind": "clear", "operator": "Ana"}))
        assert done.returncode == 0, done.stderr
        await broker.until_state("run1", RunState.ACCEPTED)
        await broker.say(wire.LotReady(lot="lot1", pieces=2, ship_to="Oviedo"))
        await shop.answer(await shop.task("handover"), schemas.HandoverAnswer(operator="Ana", reference="P1"))
        states = ["offered", "claimed", "staged", "armed", "permitted", "starting", "running", "finished", "accepted"]
        assert [str(state) for state in broker.runs["run1"].states] == states
        assert broker.kinds()[0] == "inventory"
        assert broker.kinds().count("lot_accepted") == 1
        assert broker.conflicts == []
        assert broker.forged == 0
        assert sim.episodes() == 1


@needs_slicer
async def test_agent_and_broker_die_in_mid_run_and_nothing_is_lost_or_doubled(short: Path, tmp_path: Path) -> None:
    async with workshop(short, tmp_path, "marlin") as (shop, broker, sim):
        await offer_cubes(broker, "run1", tmp_path)
        await shop.set_up_printer()
        await broker.until_state("run1", RunState.STARTING)
        shop.kill()
        await broker.stop()
        shop.start()
        counted = await shop.task("count", 90)
        assert counted.run == "run1"
        await shop.count(2)
        await broker.start()
        await broker.until_state("run1", RunState.ACCEPTED)
        assert broker.kinds("run1") == [
            "claimed",
            "staged",
            "armed",
            "starting",
            "running",
            "finished",
            "counted",
        ]
        epochs = {epoch for epoch, _ in broker.inbox}
        assert len(epochs) == 1
        assert broker.acked(epochs.pop()) == len(broker.inbox)
        assert broker.conflicts == []
        assert sim.episodes() == 1


@needs_slicer
async def test_a_fault_is_settled_and_the_machine_released(short: Path, tmp_path: Path) -> None:
    async with workshop(short, tmp_path, "marlin") as (shop, broker, sim):
        fault = {"kind": "thermal_runaway", "after": "moves", "at": 20}
        sim.command(command="fault", fault=fault)
        await offer_cubes(broker, "run1", tmp_path)
        await shop.set_up_printer()
        await broker.until_state("run1", RunState.FAULTED, 60)
        settling = await shop.task("settle")
        assert await shop.standing() is Standing.QUARANTINED
        scrap = (wire.Scrap(reason=wire.ScrapReason.OTHER, pieces=2),)
        counts = (wire.LotCount(lot="lot1", good=0, scrap=scrap),)
        await shop.answer(settling, schemas.SettleAnswer(operator="Ana", note="fan died", counts=counts))
        await broker.until_state("run1", RunState.SCRAPPED)
        sim.command(command="reset")
        sim.command(command="clear_bed")
        await shop.answer(await shop.task("release"), schemas.ReleaseAnswer(operator="Ana"))
        assert await shop.standing() is Standing.FREE


async def test_a_part_that_leaves_the_bed_is_released_with_the_reason(short: Path, tmp_path: Path) -> None:
    async with workshop(short, tmp_path, "marlin") as (shop, broker, _):
        data = cube(tmp_path / "cube.stl")
        broker.add_blob(data)
        plate = plate_of_cubes(data)
        off = plate.parts[0].model_copy(update={"placements": ((178.0, 10.0, 0.0),)})
        await broker.offer("run1", "printer", plate.model_copy(update={"parts": (off,)}))
        await broker.until_state("run1", RunState.RELEASED)
        reasons = [one.body.reason for one in broker.inbox.values() if isinstance(one.body, wire.Released)]
        assert "not on the bed" in reasons[0]
        await broker.offer("run2", "nosuch", plate)
        await broker.until_state("run2", RunState.REJECTED)
        await shop.act("printer", "mode", schemas.ModeChange(mode=Mode.MINE_NOW))
        assert await shop.standing() is Standing.OWN_WORK
        await broker.offer("run3", "printer", plate)
        await broker.until_state("run3", RunState.REJECTED)


async def test_a_router_is_homed_zeroed_and_cuts(short: Path, tmp_path: Path) -> None:
    async with workshop(short, tmp_path, "grbl") as (shop, broker, sim):
        data = drawing()
        broker.add_blob(data)
        await broker.offer("run1", "router", plate_of_squares(data))
        task = await shop.task("setup")
        answer = schemas.SetupAnswer(
            operator="Ana",
            bed_clear=True,
            material="plywood",
            tool_mm=3.0,
            sheet_mm=(580, 380, 3.1),
            clamps_clear=True,
            extraction_on=True,
        )
        with pytest.raises(Refused, match="not ready"):
            await shop.answer(task, answer)
        sim.command(command="load_sheet", x=-590, y=-390, z_top=-60, width=580, depth=380, thickness=3)
        await shop.act("router", "home", schemas.Act(operator="Ana"))
        low = schemas.ZeroAt(machine_mm=(-20.0, -20.0, -60.0))
        await shop.act("router", "zero", low)
        with pytest.raises(Refused, match="with this work zero"):
            await shop.answer(task, answer)
        zero = await shop.act("router", "zero", schemas.ZeroAt(machine_mm=(-590.0, -390.0, -60.0)))
        assert schemas.Offset.model_validate_json(zero).work_offset_mm == pytest.approx((-590, -390, -60))
        thick = answer.model_copy(update={"sheet_mm": (580, 380, 6.0)})
        with pytest.raises(Refused, match="thick"):
            await shop.answer(task, thick)
        await shop.answer(task, answer)
        await broker.until_state("run1", RunState.FINISHED, 90)
        await shop.count(2)
        await broker.until_state("run1", RunState.ACCEPTED)
        record = next(one.body.record for one in broker.inbox.values() if isinstance(one.body, wire.Armed))
        assert record.work_zero_mm == pytest.approx((-590, -390, -60))
