"""SIGKILL of a broker, agent or streamer in mid-order, and its return, as `--kill … --when …` and `--chaos` ask."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from random import Random
from typing import TYPE_CHECKING

from hardware_sim.errors import RigError
from hardware_sim.network.towns import SHOPS

if TYPE_CHECKING:
    from hardware_sim.network.api import RunSeen
    from hardware_sim.network.network import Network

DOWN_S = 1.5
CHAOS_S = 30.0
"""Within so many seconds of the order every kill of a chaos comes as soon as its moment does."""
UNDER_WAY = frozenset({"permitted", "starting", "running", "paused"})


class When(StrEnum):
    RUNNING = "running"
    IDLE = "idle"


class BadKill(RigError):
    """`--kill` names nothing that the demo has."""

    code = 2


@dataclass(frozen=True, slots=True)
class Killed:
    process: str
    when: When
    at: datetime
    pid: int
    new_pid: int
    runs_under_way: tuple[str, ...]


@dataclass(slots=True)
class Kill:
    """One wish: `process` is `broker`, `agent:WORKSHOP` or `streamer:MACHINE`. Raises BadKill."""

    process: str
    when: When
    not_before_s: float = 0.0
    """Seconds after the order."""
    at_last: bool = False
    """If its moment never comes, once the order is delivered."""
    done: Killed | None = None
    shop: str | None = field(init=False, default=None)
    machine: str | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        shops = {f"agent:{shop.name}".lower(): shop.name for shop in SHOPS}
        machines = {f"streamer:{machine.name}".lower(): machine.name for shop in SHOPS for machine in shop.machines}
        self.shop, self.machine = shops.get(self.process.lower()), machines.get(self.process.lower())
        if self.process != "broker" and self.shop is None and self.machine is None:
            known = ", ".join(processes())
            raise BadKill(f"--kill {self.process}: there is no such process; there are: {known}")

    def due(self, runs: "Sequence[RunSeen]", wall_s: float, *, delivered: bool) -> tuple[str, ...] | None:
        """The runs that are under way at its moment; None: its moment is not now."""
        if self.done is not None or wall_s < self.not_before_s:
            return None
        mine = [run for run in runs if self.shop in (None, run.workshop) and self.machine in (None, run.machine)]
        running = tuple(run.id for run in mine if run.state == "running")
        if delivered and self.at_last:
            return running
        if self.when is When.RUNNING:
            return running or None
        return () if not any(run.state in UNDER_WAY for run in mine) else None

    def carry_out(self, network: "Network", runs: tuple[str, ...]) -> None:
        """Kill, leave it dead for a moment, start it again; a streamer's agent does that."""
        at = datetime.now(UTC)
        if self.machine is not None:
            pid = network.kill_streamer(self.machine)
        else:
            pid = network.kill_broker() if self.shop is None else network.kill_agent(self.shop)
        network.news.append(f"{self.process} killed (process {pid}) with {len(runs)} runs under way")
        time.sleep(DOWN_S)
        if self.machine is not None:
            new_pid = network.streamer_of(self.machine)
        else:
            new_pid = network.restart_broker() if self.shop is None else network.start_agent(self.shop)
        network.news.append(f"{self.process} is back (process {new_pid})")
        self.done = Killed(self.process, self.when, at, pid, new_pid, runs)


def processes() -> list[str]:
    """All that can be killed."""
    agents = [f"agent:{shop.name}" for shop in SHOPS]
    return ["broker", *agents, *(f"streamer:{machine.name}" for shop in SHOPS for machine in shop.machines)]


def chaos(seed: int) -> tuple[Kill, ...]:
    """Every process once, at moments drawn from the seed."""
    random = Random(seed)
    names = processes()
    random.shuffle(names)
    return tuple(
        Kill(name, random.choice(list(When)), not_before_s=random.uniform(0.0, CHAOS_S), at_last=True) for name in names
    )
