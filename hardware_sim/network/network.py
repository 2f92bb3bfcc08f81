"""The whole network on one computer: broker, workshops with their agents, machines, and an operator in each shop."""

import os
import shutil
import signal
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from hardware_sim.faults import Fault
from hardware_sim.network.api import Broker, PlateSeen
from hardware_sim.network.bench import Bench, at_the_bench
from hardware_sim.network.broker import NAME as BROKER
from hardware_sim.network.broker import BrokerProcess
from hardware_sim.network.machine import MachineProcess
from hardware_sim.network.mishaps import Mishaps
from hardware_sim.network.operator import Operator
from hardware_sim.network.processes import Processes, executable
from hardware_sim.network.shop_files import write_shop
from hardware_sim.network.towns import SHOPS, SimShop
from hardware_sim.network.waiting import until

NEWS = 6
DEPOSIT = 100_000_000
"""First balance of the demo's producer, in cents."""


@dataclass(slots=True)
class Network:
    """`agents_from`: folder of the agents' executable; the rig's own where None."""

    folder: Path
    processes: Processes
    speed: float
    mishaps: Mishaps
    agents_from: Path | None = None
    shops: tuple[SimShop, ...] = SHOPS
    bench_http: Callable[[str], httpx.Client] = at_the_bench
    """How an operator reaches a shop's bench."""
    url: str = ""
    producer_token: str = ""
    news: deque[str] = field(default_factory=lambda: deque(maxlen=NEWS))
    machines: dict[str, MachineProcess] = field(default_factory=dict)
    operators: list[Operator] = field(default_factory=list)
    _admin_token: str = ""
    _brokers: list[Broker] = field(default_factory=list)

    @property
    def _broker(self) -> BrokerProcess:
        return BrokerProcess(self.processes, self.folder / "broker")

    @property
    def _agent_command(self) -> str:
        return executable("llagar-agent") if self.agents_from is None else str(self.agents_from / "llagar-agent")

    def start(self) -> None:
        """Everything up and every machine seen by the broker. Raises ProcessEnded, WaitedTooLong."""
        for shop in self.shops:
            for machine in shop.machines:
                self._start_machine(shop, machine.name)
        self.url = self._broker.start()
        self._admin_token = self._broker.add_user("administrator", "--role", "admin")
        self.producer_token = self._broker.add_user(
            "producer", "--role", "producer", "--address", "Plaza del Ayuntamiento, Siero", "--deposit", str(DEPOSIT)
        )
        for shop in self.shops:
            self._enrol(shop)
        watching = self.broker()
        expected = len(self.machines)
        until(lambda: _free(watching) == expected, "every machine to be free", self.processes)
        for operator in self.operators:
            operator.start()

    def broker(self) -> Broker:
        """A reader of its own for whoever asks: connections belong to one thread."""
        reader = Broker(self.url, self._admin_token)
        self._brokers.append(reader)
        return reader

    def _start_machine(self, shop: SimShop, name: str) -> None:
        machine = next(one for one in shop.machines if one.name == name)
        place = self.folder / "machines"
        process = MachineProcess(
            machine, shop.name, place / name, self.folder / "ports" / name, self.folder / "hands" / f"{name}.sock"
        )
        process.start(self.processes, self.speed)
        self.machines[name] = process

    def _enrol(self, shop: SimShop) -> None:
        folder = self.folder / "shops" / shop.name
        config = write_shop(folder, shop, self.url, self.folder / "ports", self.folder / "run")
        code = self._broker.invite(shop.name)
        argv = [self._agent_command, "enroll", "--config", str(config), "--broker", self.url, "--code", code]
        self.processes.run(argv)
        self.start_agent(shop.name)
        self.operators.append(
            Operator(
                name=f"operator of {shop.name}",
                bench=Bench(self._agent_command, config, folder / "data", self.processes, self.bench_http(shop.name)),
                broker=self.broker(),
                machines={one.name: self.machines[one.name] for one in shop.machines},
                break_next=self._break_next,
                news=self.news,
            )
        )

    def _break_next(self, machine: MachineProcess, plate: PlateSeen) -> tuple[Fault, ...]:
        faults = self.mishaps.at_set_up(machine, plate)
        self.news.extend(f"{machine.name}: {fault.kind} is on its way" for fault in faults)
        return faults

    def producer_environment(self) -> dict[str, str]:
        """For whoever acts as the demo's producer."""
        return self.processes.environment({"LLAGAR_URL": self.url, "LLAGAR_TOKEN": self.producer_token})

    # Killing and starting again ---------------------------------------------------------------------

    def start_agent(self, shop: str) -> int:
        """Returns its process id."""
        config = self.folder / "shops" / shop / "agent.toml"
        child = self.processes.start(f"agent-{shop}", [self._agent_command, "run", "--config", str(config)])
        return child.popen.pid

    def kill_agent(self, shop: str) -> int:
        return self.processes.kill(f"agent-{shop}")

    def streamer_of(self, machine: str) -> int:
        """Its process id, once there is one. Raises WaitedTooLong."""
        words = ("--machine", machine)
        until(lambda: bool(self.processes.find(words)), f"the streamer of {machine}", self.processes)
        return self.processes.find(words)[0]

    def kill_streamer(self, machine: str) -> int:
        """Its agent starts another; returns the process id that it had."""
        pid = self.streamer_of(machine)
        os.kill(pid, signal.SIGKILL)
        until(lambda: pid not in self.processes.find(("--machine", machine)), "its end", self.processes)
        return pid

    def kill_broker(self) -> int:
        return self.processes.kill(BROKER)

    def begin_broker(self) -> int:
        """At the address that it had, not waited for; returns its process id."""
        return self._broker.begin(int(self.url.rsplit(":", 1)[1]))

    def restart_broker(self) -> int:
        """At the address that it had; returns its process id once it answers."""
        self._broker.start(int(self.url.rsplit(":", 1)[1]))
        return self.processes.children[BROKER].popen.pid

    # ------------------------------------------------------------------------------------------------

    def require_sound(self) -> None:
        """Raise what ended an operator or a process before its time."""
        self.processes.require_alive()
        for operator in self.operators:
            if operator.error is not None:
                raise operator.error

    def stop(self) -> None:
        for operator in self.operators:
            operator.stop()

    def close(self) -> None:
        """Once the processes are gone: nobody waits for an answer any more."""
        for operator in self.operators:
            operator.join()
            operator.bench.close()
        for reader in self._brokers:
            reader.close()


def _free(broker: Broker) -> int:
    machines = [machine for shop in broker.workshops() for machine in shop.machines]
    return sum(machine.availability == "free" for machine in machines)


@contextmanager
def running(speed: float, seed: int, agents_from: Path | None, *, breaks: bool) -> Iterator[Network]:
    """A network that is up; at the end nothing of it is left, its folder neither unless an error ended it.

    Ctrl-C is no error.
    """
    folder = Path(tempfile.mkdtemp(prefix="llagar-rig-"))
    processes = Processes(folder / "logs")
    network = Network(folder, processes, speed, Mishaps(seed, breaks=breaks), agents_from)
    try:
        with ExitStack() as stack:
            stack.callback(network.close)
            stack.enter_context(processes)
            stack.callback(network.stop)
            network.start()
            yield network
    except KeyboardInterrupt:
        shutil.rmtree(folder)
        raise
    shutil.rmtree(folder)
