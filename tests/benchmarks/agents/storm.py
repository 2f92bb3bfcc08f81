"""The broker dies and comes back: all agents at once connect again, with events that were waiting meanwhile."""

import asyncio
import sqlite3
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.benchmarks.agents import servers
from tests.benchmarks.agents.load import WAITING
from tests.benchmarks.agents.population import settle
from tests.benchmarks.rows import Row

AGENTS = 5000


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="llagar-storm-") as name:
        data = Path(name)
        asyncio.run(settle(f"sqlite+aiosqlite:///{data / 'broker.sqlite'}", AGENTS))
        with servers.broker(data) as first:
            port = urlsplit(first.url).port or 0
            with servers.load("storm", first.url, AGENTS, "--each", "1") as load:
                first.kill()
                with servers.broker(data, port=port) as second:
                    answers_s = time.monotonic()
                    told = load.result()
                    cpu_s = second.cpu_s()
        kept = _kept(data)
    case = f"{AGENTS:,} agents reconnect at once"
    return [
        Row(
            "storm",
            case,
            f"until all are welcomed and their {WAITING} events acknowledged",
            "s",
            told["last_ack_s"] - answers_s,
            goal="<= 90",
            cpu_s=cpu_s,
            wall_s=told["wall_s"],
        ),
        Row("storm", case, "events lost", "", AGENTS * WAITING - kept, goal="<= 0"),
        Row("storm", case, "attempts refused or cut", "", told["refused"]),
        Row("storm", case, "load generator", "of a core", told["cpu_s"] / told["wall_s"], goal="<= 0.9"),
    ]


def _kept(data: Path) -> int:
    """Events in the inbox, each once."""
    database = sqlite3.connect(data / "broker.sqlite")
    try:
        return int(database.execute("SELECT count(*) FROM inbox").fetchone()[0])
    finally:
        database.close()
