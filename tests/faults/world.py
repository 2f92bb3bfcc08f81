"""A small network of real processes that may die at any point: two shops, two printers and a router, one producer."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx

from broker.settings import CONFIG_NAME, EMBEDDED_NAME
from hardware_sim.faults import After, Fault, FaultKind
from hardware_sim.network.api import PlateSeen
from hardware_sim.network.bench import Bench, at_the_bench
from hardware_sim.network.machine import MachineProcess
from hardware_sim.network.mishaps import Mishaps
from hardware_sim.network.network import Network
from hardware_sim.network.operator import Operator
from hardware_sim.network.processes import executable
from hardware_sim.network.towns import SimMachine, SimShop
from tests.faults.asking import Asking
from tests.faults.clocks import Clocks
from tests.faults.disks import mounted
from tests.faults.failing import VARIABLE
from tests.faults.hurry import POLLS
from tests.faults.points import Role
from tests.faults.prepared import Prepared
from tests.faults.producer import Producer
from tests.faults.wires import BROKER_ADDRESS, BenchDoor, Wire, agents_inside
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
SPEED = 200.0
"""Divides physics: a print is heated for a moment, and takes another."""
SHOPS = (
    SimShop(
        "Nava",
        "Nava",
        43.3583,
        -5.5078,
        280,
        1700,
        (
            SimMachine("printer-220", "marlin", (220.0, 220.0, 250.0), 0.4, skips_objects=True),
            SimMachine("printer-180", "marlin", (180.0, 180.0, 180.0), 0.4, skips_objects=True),
        ),
    ),
    SimShop(
        "Gijon",
        "Gijón",
        43.5453,
        -5.6619,
        900,
        2000,
        (SimMachine("router-600", "grbl", (600.0, 400.0, 80.0), 3.0),),
    ),
)
BROKER = str(Role.BROKER)
AGENTS = tuple(f"{Role.AGENT}-{shop.name}" for shop in SHOPS)
POLLING = AGENTS[-1]
"""No WebSocket gets through to this one's shop."""
STREAMERS = tuple(f"{Role.STREAMER}-{machine.name}" for shop in SHOPS for machine in shop.machines)
PRINTERS = tuple(f"{Role.STREAMER}-{machine.name}" for machine in SHOPS[0].machines)


class Breakages(Mishaps):
    """Breaks every second run that is set up, for as long as that is wanted."""

    def __init__(self) -> None:
        super().__init__(seed=0, breaks=False)
        self._set_ups = count()
        self.wanted = False

    def at_set_up(self, machine: MachineProcess, plate: PlateSeen) -> tuple[Fault, ...]:
        if not self.wanted or next(self._set_ups) % 2:
            return ()
        if plate.document.process == "cut2d":
            return (Fault(FaultKind.HARD_LIMIT, after=After.MOVES, at=10),)
        return (Fault(FaultKind.THERMAL_RUNAWAY, after=After.HEIGHT_MM, at=0.4),)


@dataclass(slots=True)
class World:
    network: Network
    processes: Prepared
    """The network's."""
    asking: Asking
    producer: Producer
    clocks: Clocks | None
    wired: Mapping[str, Wire]
    database: str | None = None
    """PostgreSQL's URL; None: the embedded one."""
    keep: bool = field(default=False)
    """Its folder, for a look at what went wrong."""

    @property
    def breakages(self) -> Breakages:
        assert isinstance(self.network.mishaps, Breakages)
        return self.network.mishaps

    @property
    def folder(self) -> Path:
        return self.network.folder

    @property
    def broker_data(self) -> Path:
        return self.folder / "broker"

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite+aiosqlite:///{self.broker_data / EMBEDDED_NAME}"

    def agent_data(self, shop: str) -> Path:
        return self.folder / "shops" / shop / "data"

    def operator_of(self, shop: str) -> Operator:
        return next(one for one in self.network.operators if one.name.endswith(shop))

    def finish(self, patience_s: float = 240.0) -> None:
        """No further order; the one under way is delivered, with nobody dead meanwhile."""
        self.producer.enough.set()

        def delivered() -> bool:
            self.network.require_sound()
            return self.producer.done

        eventually(delivered, patience_s)

    def agent_of(self, streamer: str) -> str:
        return f"{Role.AGENT}-{self.network.machines[streamer.partition('-')[2]].shop}"

    def streamers_of(self, agent: str) -> list[str]:
        return [streamer for streamer in STREAMERS if self.agent_of(streamer) == agent]

    def printers_at_bench(self) -> list[tuple[Bench, str]]:
        return [
            (operator.bench, name)
            for operator in self.network.operators
            for name, machine in operator.machines.items()
            if machine.machine.process == "fdm"
        ]


def variables(failpoints: Path) -> dict[str, str]:
    """What makes every process of a world import the failpoints."""
    path = os.pathsep.join([str(ROOT / "tests" / "faults" / "hook"), str(ROOT)])
    return {VARIABLE: str(failpoints), "PYTHONPATH": path}


@contextmanager
def world(
    *,
    clocks: bool = False,
    wired: Mapping[str, Wire] | None = None,
    disks: Sequence[str] = (),
    database: str | None = None,
) -> Iterator[World]:
    """A world that is up; at its end no process is left, its folder neither unless something went wrong in it.

    `clocks`: its computers' wall clocks can jump. `wired`: shops whose agents are behind wires.
    `disks`: folders of the world that are small disks. `database`: URL of a PostgreSQL database with all tables.
    """
    folder = Path(tempfile.mkdtemp(prefix="llagar-faults-"))
    asking = Asking(folder / "failpoints")
    times = Clocks(folder / "clocks", (BROKER, *AGENTS)) if clocks else None
    of_process = {computer: {} if times is None else times.variables(computer) for computer in (BROKER, *AGENTS)}
    of_process[POLLING][POLLS] = "1"
    processes = Prepared(folder / "logs", variables(asking.folder), of_process)
    network = Network(folder, processes, SPEED, Breakages(), None, SHOPS)
    with ExitStack() as stack:
        stack.enter_context(mounted(*(folder / disk for disk in disks)))
        settings = {"host": BROKER_ADDRESS if wired else None, "database_url": database}
        _configure(folder / "broker", {key: value for key, value in settings.items() if value is not None})
        if wired:
            _lay(network, wired, stack)
        stack.callback(network.close)
        stack.enter_context(processes)
        stack.callback(network.stop)
        network.start()
        (folder / "parts").mkdir()
        producer = Producer(network.url, network.producer_token, folder / "parts")
        stack.callback(producer.end)
        made = World(network, processes, asking, producer, times, wired or {}, database)
        yield made
    if not made.keep:
        shutil.rmtree(folder)


def _configure(broker: Path, settings: Mapping[str, str]) -> None:
    broker.mkdir(exist_ok=True)
    (broker / CONFIG_NAME).write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items()))


def _lay(network: Network, wired: Mapping[str, Wire], stack: ExitStack) -> None:
    """Agents behind wires, and doors to their benches."""
    network.agents_from = agents_inside(network.folder / "bin", executable("llagar-agent"), wired)
    (network.folder / "doors").mkdir()
    for shop, wire in wired.items():
        address = network.folder / "shops" / shop / "data" / "bench.json"
        stack.callback(BenchDoor(_door(network, shop), wire.namespace, address).close)

    def enter(shop: str) -> httpx.Client:
        if shop not in wired:
            return at_the_bench(shop)
        return httpx.Client(transport=httpx.HTTPTransport(uds=str(_door(network, shop))), timeout=120.0)

    network.bench_http = enter


def _door(network: Network, shop: str) -> Path:
    return network.folder / "doors" / f"{shop}.sock"
