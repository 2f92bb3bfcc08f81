"""Agents that are held by one broker process: what each weighs, and what their heartbeats cost."""

import asyncio
import resource
import tempfile
import time
from pathlib import Path

from tests.benchmarks.agents import servers
from tests.benchmarks.agents.population import settle
from tests.benchmarks.rows import Row

AGENTS = (5000, 10_000)
SECONDS = 60.0
"""Three heartbeats of each agent."""
_WARM_S = 25.0
"""The first heartbeat of each comes before what is measured."""
_SPARE_FILES = 500


def _held(agents: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="llagar-held-") as name:
        data = Path(name)
        asyncio.run(settle(f"sqlite+aiosqlite:///{data / 'broker.sqlite'}", agents))
        with servers.broker(data) as server:
            idle_share = _share(server, 10.0)
            empty_kb = server.resident_kb()
            with servers.load("hold", server.url, agents) as load:
                time.sleep(_WARM_S)
                share = _share(server, SECONDS)
                full_kb = server.resident_kb()
                load.go()
                told = load.result()
    if told["held"] != agents:
        raise RuntimeError(f"{told['held']:.0f} of {agents} agents were held")
    case = f"{agents:,} agents held"
    return [
        Row("agents", case, "memory each", "kB", (full_kb - empty_kb) / agents, goal="<= 45"),
        Row(
            "agents",
            case,
            "CPU with heartbeats",
            "of a core",
            share,
            goal="<= 0.25" if agents <= 5000 else "",
            cpu_s=share * SECONDS,
            wall_s=SECONDS,
        ),
        Row("agents", case, "CPU without agents", "of a core", idle_share),
    ]


def _share(server: servers.Measured, seconds: float) -> float:
    """Of one core that the server's process uses."""
    cpu_s, began_s = server.cpu_s(), time.monotonic()
    time.sleep(seconds)
    return (server.cpu_s() - cpu_s) / (time.monotonic() - began_s)


def rows() -> list[Row]:
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))  # the server and the load generator inherit it
    return [row for agents in AGENTS if agents + _SPARE_FILES <= files for row in _held(agents)]
