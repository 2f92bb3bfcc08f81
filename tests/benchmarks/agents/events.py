"""From an event to its durable acknowledgement: 1,000 agents on one broker, beside the bare prototype.

How many: each agent has one event on its way at any time, and sends the next when that one is acknowledged. Whatever
is measured so is never idle, and an event's time is then the number of agents over what the server manages a second:
a queue that the benchmark makes, twice as long for the slowest hundredth. It is told, and has no goal.

How soon: each agent sends an event a second, which is a hundred times what a busy workshop says, and an event's time
counts from when it should have been sent. The goal for the slowest hundredth is for this.

All events are signed beforehand. Ours and the prototype get them from the same load generator, in turns, on fresh
databases, on the same kind of event loop.
"""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tests.benchmarks.agents import servers
from tests.benchmarks.agents.population import settle
from tests.benchmarks.processes import middle
from tests.benchmarks.rows import Row

AGENTS = 1000
EACH = 40
PACED = 20
"""Events of each agent, of those that are sent one a second."""
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Pass:
    """One server's pass over all events."""

    per_s: float
    cpu_us: float
    """The server's own process, an event."""
    p99_ms: float
    load_share: float
    """Of one core that the load generator used: near 1 it would be what is measured."""
    wall_s: float
    cpu_s: float


Start = Callable[[Path], AbstractContextManager[servers.Measured]]


def _sqlite(data: Path) -> str:
    return f"sqlite+aiosqlite:///{data / 'broker.sqlite'}"


STARTS: dict[str, Start] = {
    "ours": servers.broker,
    "prototype": lambda data: servers.prototype(_sqlite(data), verify=False),
    "prototype that checks signatures": lambda data: servers.prototype(_sqlite(data), verify=True),
}


def _pass(start: Start, scene: str = "events", each: int = EACH) -> Pass:
    with tempfile.TemporaryDirectory(prefix="llagar-events-") as name:
        data = Path(name)
        asyncio.run(settle(_sqlite(data), AGENTS))
        with start(data) as server, servers.load(scene, server.url, AGENTS, "--each", str(each)) as load:
            cpu_s = server.cpu_s()
            load.go()
            told = load.result()
            cpu_s = server.cpu_s() - cpu_s
    if told["acknowledged"] != AGENTS * each:
        raise RuntimeError(f"{told['acknowledged']:.0f} of {AGENTS * each} events were acknowledged")
    return Pass(
        per_s=AGENTS * each / told["wall_s"],
        cpu_us=cpu_s / (AGENTS * each) * 1e6,
        p99_ms=told["p99_s"] * 1e3,
        load_share=told["cpu_s"] / told["wall_s"],
        wall_s=told["wall_s"],
        cpu_s=cpu_s,
    )


def rows() -> list[Row]:
    passes: dict[str, list[Pass]] = {name: [] for name in STARTS}
    for number in range(ROUNDS):
        for name, start in STARTS.items():
            passes[name].append(_pass(start))
            Console(stderr=True).print(f"round {number + 1}: {name}: {passes[name][-1]}", style="dim")
    ours, bare, checking = passes.values()
    paced = [[_pass(STARTS[name], "paced", PACED).p99_ms for name in ("ours", "prototype")] for _ in range(ROUNDS)]
    case = f"SQLite, {AGENTS:,} agents"
    return [
        _ratio(case, "events acknowledged", "prototype", ours, bare, ">= 0.7"),
        _ratio(case, "events acknowledged", "prototype that checks signatures", ours, checking, ""),
        _cpu(case, "prototype", ours, bare),
        _cpu(case, "prototype that checks signatures", ours, checking),
        _p99("each after the one before", [one.p99_ms for one in ours], [one.p99_ms for one in bare]),
        _p99(f"{AGENTS:,} events a second", [one for one, _ in paced], [one for _, one in paced], "<= 250"),
        Row(
            group="events",
            case=case,
            metric="load generator",
            unit="of a core",
            ours=max(one.load_share for kind in passes.values() for one in kind),
            goal="<= 0.9",
        ),
    ]


def _p99(case: str, ours: Sequence[float], theirs: Sequence[float], goal: str = "") -> Row:
    return Row(
        group="events",
        case=f"SQLite, {AGENTS:,} agents, {case}",
        metric="p99 of acknowledgement",
        unit="ms",
        ours=middle(ours),
        peer="prototype",
        theirs=middle(theirs),
        goal=goal,
    )


def _ratio(case: str, metric: str, peer: str, ours: Sequence[Pass], theirs: Sequence[Pass], goal: str) -> Row:
    return Row(
        group="events",
        case=case,
        metric=metric,
        unit="1/s",
        ours=middle([one.per_s for one in ours]),
        peer=peer,
        theirs=middle([one.per_s for one in theirs]),
        ratio=middle([mine.per_s / other.per_s for mine, other in zip(ours, theirs, strict=True)]),
        goal=goal,
        cpu_s=sum(one.cpu_s for one in ours),
        wall_s=sum(one.wall_s for one in ours),
    )


def _cpu(case: str, peer: str, ours: Sequence[Pass], theirs: Sequence[Pass]) -> Row:
    return Row(
        group="events",
        case=case,
        metric="CPU per event",
        unit="µs",
        ours=middle([one.cpu_us for one in ours]),
        peer=peer,
        theirs=middle([one.cpu_us for one in theirs]),
        ratio=middle([mine.cpu_us / other.cpu_us for mine, other in zip(ours, theirs, strict=True)]),
    )
