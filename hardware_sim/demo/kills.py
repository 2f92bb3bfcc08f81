"""SIGKILL of a broker or an agent in mid-order, and its restart, as `--kill … --when …` asks."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from hardware_sim.errors import RigError
from hardware_sim.network.towns import SHOPS

if TYPE_CHECKING:
    from hardware_sim.network.api import RunSeen
    from hardware_sim.network.network import Network

DOWN_S = 1.5
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
    """One wish: `process` is `broker` or `agent:NAME`. Raises BadKill."""

    process: str
    when: When
    done: Killed | None = None
    shop: str | None = field(init=False)

    def __post_init__(self) -> None:
        names = {shop.name.lower(): shop.name for shop in SHOPS}
        kind, _, name = self.process.partition(":")
        if self.process == "broker":
            self.shop = None
        elif kind == "agent" and name.lower() in names:
            self.shop = names[name.lower()]
        else:
            known = ", ".join(f"agent:{shop.name}" for shop in SHOPS)
            raise BadKill(f"--kill {self.process}: there is no such process; there are: broker, {known}")

    def due(self, runs: "Sequence[RunSeen]") -> tuple[str, ...] | None:
        """The runs that are under way at its moment; None: its moment is not now."""
        if self.done is not None:
            return None
        mine = [run for run in runs if self.shop in (None, run.workshop)]
        running = tuple(run.id for run in mine if run.state == "running")
        if self.when is When.RUNNING:
            return running or None
        return () if not any(run.state in UNDER_WAY for run in mine) else None

    def carry_out(self, network: "Network", runs: tuple[str, ...]) -> None:
        """Kill, leave it dead for a moment, start it again."""
        at = datetime.now(UTC)
        pid = network.kill_broker() if self.shop is None else network.kill_agent(self.shop)
        network.news.append(f"{self.process} killed (process {pid}) with {len(runs)} runs under way")
        time.sleep(DOWN_S)
        new_pid = network.restart_broker() if self.shop is None else network.start_agent(self.shop)
        network.news.append(f"{self.process} is back (process {new_pid})")
        self.done = Killed(self.process, self.when, at, pid, new_pid, runs)
