"""One look at a batch under way, put into a person's words."""

from dataclasses import dataclass

from hardware_sim.demo.view import BatchView, LineView, MachineView
from hardware_sim.network.api import Broker, LotSeen, OrderSeen, RunSeen
from hardware_sim.network.network import Network

_WORDS = {
    "planned": "planned",
    "offered": "offered",
    "claimed": "making the program",
    "staged": "waiting for set-up",
    "armed": "set up",
    "permitted": "permitted",
    "starting": "starting",
    "paused": "paused",
    "finished": "waiting for a count",
    "faulted": "faulted",
    "stopped": "stopped",
    "unknown": "unknown",
}
LIVE = frozenset({*_WORDS, "running"})
TROUBLE = frozenset({"paused", "faulted", "stopped", "unknown"})
"""States whose reason a person wants to see."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the broker said at one moment."""

    order: OrderSeen
    runs: tuple[RunSeen, ...]
    lots: tuple[LotSeen, ...]


def look(broker: Broker, order: str) -> Look:
    """Raises httpx.HTTPError while the broker is away."""
    return Look(broker.order(order), broker.runs(order), broker.lots(order))


def view(seen: Look, network: Network, wall_s: float) -> BatchView:
    machines = tuple(
        _machine(machine.shop, name, [run for run in seen.runs if run.machine == name and run.state in LIVE])
        for name, machine in network.machines.items()
    )
    lines = tuple(
        LineView(line.name, line.material, line.ordered, line.good, line.scrap, _on_machines(line.id, seen.runs))
        for line in seen.order.lines
    )
    return BatchView(seen.order.id, seen.order.state, wall_s, machines, lines, tuple(network.news))


def _machine(shop: str, name: str, runs: list[RunSeen]) -> MachineView:
    runs.sort(key=lambda run: run.state == "planned")
    if not runs:
        return MachineView(shop, name, "idle", None)
    run = runs[0]
    doing = ("cutting" if run.driver == "grbl" else "printing") if run.state == "running" else _WORDS[run.state]
    share = run.lines_done / run.lines_total if run.lines_total and run.state == "running" else None
    pieces = sum(lot.pieces for lot in run.lots)
    more = f", {len(runs) - 1} more planned" if len(runs) > 1 else ""
    trouble = run.note if run.state in TROUBLE else ""
    return MachineView(shop, name, doing, share, trouble or f"{pieces} pieces{more}")


def _on_machines(line: str, runs: tuple[RunSeen, ...]) -> int:
    return sum(lot.pieces for run in runs if run.state in LIVE for lot in run.lots if lot.line == line)
