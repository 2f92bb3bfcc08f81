"""A whole workshop on virtual time: the agent as it is, and the streamer of a machine that is run by hand."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from broker.wire import messages as wire
from broker.wire.shop import Process
from shop_agent.agent import Agent
from shop_agent.identity import Identity, Signer, own_key
from shop_agent.settings import load_config, load_policy
from shop_agent.state import events as ev
from shop_agent.state.records import PlateNeeds, Program, Setup
from shop_agent.streamer import wire as streamer
from shop_agent.streamer.client import StreamerClient
from shop_agent.streamer.service import Service
from tests.shop_agent.shops import write_shop
from tests.virtual_time.loop import VirtualLoop
from tests.virtual_time.shops import HOST, PORT, Broker

PROGRAM = "G28\nG1 X10 Y10 F1200\nM84\n"
POLICY = "auto_accept_lots = true\npresence_interval_s = 600.0\n"


@dataclass
class Workshop:
    loop: VirtualLoop
    agent: Agent
    service: Service
    folder: Path
    broker: Broker
    bench: StreamerClient

    async def until(self, reached: Callable[[], bool]) -> None:
        """At this very moment: only threads and sockets may take their time."""
        with self.loop.standing():
            while not reached():
                await asyncio.to_thread(_let_others_run)

    async def status(self) -> streamer.MachineStatus:
        return await self.bench.ask(streamer.AskStatus(), streamer.MachineStatus)

    async def until_asked(self, text: str) -> None:
        """Until the person at the machine is asked for this."""
        with self.loop.standing():
            while text not in (await self.status()).prompt:
                await asyncio.to_thread(_let_others_run)

    def phase(self, run: str = "run1") -> str:
        return str(self.agent.memory.runs[run].phase) if run in self.agent.memory.runs else "gone"

    def kinds(self) -> list[str]:
        return [one.body.kind for one in self.broker.inbox.values() if one.run == "run1"]

    async def arm(self) -> wire.PermitRequest:
        """From the offer to the request of a permit."""
        await self.until(lambda: bool(self.broker.welcomed_s) and "printer" in self.agent.memory.views)
        offer = wire.RunOffer(
            run="run1", fence=1, version=2, machine="printer", plate_sha256="ab" * 32, lots=("lot1",),
            process=Process.FDM, material="PLA",
        )  # fmt: skip
        await self.broker.say(offer)
        await self.until(lambda: self.phase() == "claimed")
        path = self.folder / "run1.gcode"
        path.write_text(PROGRAM)
        sha256 = hashlib.sha256(PROGRAM.encode()).hexdigest()
        program = Program(str(path), sha256, 3, 60.0, 1.0, "slicer 1")
        self.agent.apply(ev.ProgramMade("run1", 1, program, PlateNeeds((("lot1", 2),), ("2 × cube",))))
        boot_id = self.agent.memory.views["printer"].boot_id
        setup = Setup("rec1", "Ana", boot_id, self.loop.now().at, True, "PLA", 0.4)
        self.agent.apply(ev.SetupGiven("run1", setup))
        await self.until(lambda: bool(self.broker.times(wire.PermitRequest)))
        return self.requests()[-1]

    def requests(self) -> list[wire.PermitRequest]:
        return [frame for _, frame in self.broker.heard if isinstance(frame, wire.PermitRequest)]

    async def grant(self, request: wire.PermitRequest) -> None:
        version = request.version + 1
        await self.broker.say(wire.Permit(run="run1", fence=1, version=version, request=request.request))

    async def start(self) -> None:
        await self.grant(await self.arm())
        await self.until(lambda: self.phase() == "starting")
        await self.bench.ask(streamer.AttestStarted(run="run1", operator="Ana"), streamer.Done)
        await self.until(lambda: self.phase() == "running")


def _let_others_run() -> None:
    """In a thread of its own, so that the loop looks at its sockets meanwhile."""


@asynccontextmanager
async def workshop(loop: VirtualLoop, folder: Path, runtime: Path, *, attended: bool) -> AsyncIterator[Workshop]:
    broker = Broker(loop)
    await broker.begin()
    url = f"http://{HOST}:{PORT}"
    keys = "attended = true\n" if attended else ""
    path = write_shop(folder, runtime, printer="", broker=url, policy=POLICY, keys=keys)
    config, policy = load_config(path), load_policy(load_config(path))
    signer = Signer(Identity(agent="agt_1", workshop="Nava", broker=url), own_key(config.data))
    service = Service(config, config.machine("printer"), policy, loop.time)
    streaming = loop.create_task(service.serve(config.socket("printer")))
    agent = Agent(config, path, policy, signer, loop.now)
    bench = StreamerClient(config.socket("printer"))
    shop = Workshop(loop, agent, service, folder, broker, bench)
    await shop.until(config.socket("printer").exists)
    running = loop.create_task(agent.run())
    try:
        yield shop
    finally:
        with loop.standing():
            running.cancel()
            await asyncio.wait([running])
            await agent.close()
            bench.close()
            await _end(config.socket("printer"), streaming)
            await broker.end()


async def _end(socket: Path, streaming: "asyncio.Task[None]") -> None:
    client = StreamerClient(socket)
    status = await client.ask(streamer.AskStatus(), streamer.MachineStatus)
    if status.run is not None:
        ended = streamer.AttestEnded(run=status.run, operator="Ana", finished=False)
        await client.ask(ended, streamer.Done)
    while (await client.ask(streamer.AskStatus(), streamer.MachineStatus)).run is not None:
        await asyncio.to_thread(_let_others_run)
    await client.ask(streamer.Shutdown(), streamer.Done)
    client.close()
    streaming.cancel()
    await asyncio.wait([streaming])
