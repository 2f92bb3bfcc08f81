"""One shop under load: an agent, sixteen streamers, sixteen printers that each take 400 lines a second."""

import asyncio
import hashlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from broker.wire.messages import SetupRecord
from drivers.base import State
from shop_agent.errors import StreamerGone
from shop_agent.identity import IDENTITY_FILE, Identity, own_key, public_text, write_private
from shop_agent.settings import AgentConfig, load_config
from shop_agent.streamer import wire
from shop_agent.streamer.client import StreamerClient
from shop_agent.streamer.shutdown import shut_down
from tests.benchmarks.processes import cpu_s, serving
from tests.benchmarks.rows import Row
from tests.benchmarks.sample_programs import printer
from tests.shop_agent.fake_broker import FakeBroker
from tests.shop_agent.shops import PRINTER, PRINTER_LIMITS, SHOP

PRINTERS = 16
LINES_PER_S = 400.0
SECONDS = 20.0
WAIT_S = 120.0


def write_shop(folder: Path, broker: str, ports: Sequence[str]) -> Path:
    """The path of an agent.toml with a printer a port."""
    text, policy = SHOP.format(broker=broker, runtime=folder / "run"), ""
    for number, port in enumerate(ports):
        text += PRINTER.format(port=port).replace('"printer"', f'"printer-{number}"')
        policy += f'[machines.printer-{number}]\nlimits = "limits.toml"\n'
    (folder / "limits.toml").write_text(PRINTER_LIMITS)
    (folder / "printer.toml").write_text("[printer]\n")
    (folder / "policy.toml").write_text(policy)
    config = folder / "agent.toml"
    config.write_text(text)
    return config


def _order(status: wire.MachineStatus, program: Path) -> wire.Start:
    record = SetupRecord(
        id=f"record-{status.machine}",
        operator="bench",
        boot_id=status.boot_id,
        at=datetime.now(UTC),
        bed_clear=True,
        material="PLA",
        tool_mm=0.4,
        work_zero_mm=None,
    )
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    return wire.Start(
        run=f"run-{status.machine}",
        fence=1,
        program=str(program),
        sha256=digest,
        record=record,
        deadline_s=time.monotonic() + WAIT_S,
    )


async def _until(client: StreamerClient, ready: State) -> wire.MachineStatus:
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                status = await client.ask(wire.AskStatus(), wire.MachineStatus)
            except StreamerGone:
                await asyncio.sleep(0.2)
                continue
            if status.state is ready and status.run is None:
                return status
            await asyncio.sleep(0.5)


@asynccontextmanager
async def _agent(config_path: Path, broker: FakeBroker) -> AsyncIterator[tuple[int, AgentConfig]]:
    config = load_config(config_path)
    identity = Identity(agent=broker.agent, workshop="Nava", broker=broker.url)
    write_private(config.data / IDENTITY_FILE, identity.model_dump_json())
    command = ["-m", "shop_agent", "run", "--config", str(config_path)]
    with (config_path.parent / "agent.log").open("wb") as log:
        agent = await asyncio.create_subprocess_exec(sys.executable, *command, stderr=log)
        try:
            yield agent.pid, config
        finally:
            agent.terminate()
            await agent.wait()
            await asyncio.to_thread(shut_down, config)


async def _measure(folder: Path, ports: Sequence[str]) -> tuple[float, float]:
    """CPU seconds of all the shop's processes over one program on each machine, and the wall seconds it took."""
    program = folder / "program.gcode"
    program.write_text("\n".join([*printer(int(LINES_PER_S * SECONDS)), "M140 S0"]) + "\n")
    key = public_text(own_key(folder / "data"))
    async with FakeBroker(key) as broker, _agent(write_shop(folder, broker.url, ports), broker) as (agent, config):
        clients = [StreamerClient(config.socket(machine.name)) for machine in config.machines]
        ready = [await _until(client, State.READY) for client in clients]
        pids = [agent, *(status.pid for status in ready)]
        before_s, began_s = sum(map(cpu_s, pids)), time.monotonic()
        orders = [_order(status, program) for status in ready]
        starts = zip(clients, orders, strict=True)
        await asyncio.gather(*(client.ask(order, wire.StartAnswer) for client, order in starts))
        await asyncio.gather(*(_until(client, State.READY) for client in clients))
        spent_s, wall_s = sum(map(cpu_s, pids)) - before_s, time.monotonic() - began_s
        for client in clients:
            client.close()
    return spent_s, wall_s


def measure() -> list[Row]:
    """Raises TimeoutError if a machine never gets ready."""
    folder = Path(tempfile.mkdtemp(prefix="llagar-bench-"))
    try:
        with serving("tests.benchmarks.paced", str(PRINTERS), str(LINES_PER_S), ports=PRINTERS) as printers:
            spent_s, wall_s = asyncio.run(_measure(folder, printers.ports))
    finally:
        shutil.rmtree(folder)
    told = json.loads(printers.result)
    case = f"{PRINTERS} printers, {LINES_PER_S:g} lines/s each"
    streaming_s = told["moves"] / PRINTERS / told["lines_per_s"]
    return [
        Row("shop", case, "lines/s of each printer", "1/s", told["lines_per_s"], goal=">= 390", wall_s=wall_s),
        Row(
            "shop", case, "CPU of all processes, of one core", "1", spent_s / streaming_s, goal="<= 0.6", cpu_s=spent_s
        ),
        Row("shop", case, "gap between lines, p99", "ms", told["gap_p99_s"] * 1e3, goal="<= 50", wall_s=wall_s),
        Row("shop", case, "gap between lines, longest", "ms", told["gap_max_s"] * 1e3, wall_s=wall_s),
    ]
