"""The least that keeps events: a socket, the frames parsed, one batched insert, one cumulative acknowledgement each.

It stands for what the run protocol costs beyond that. It knows no runs, leases, versions or conflicts, and answers no
heartbeat; it believes every hello. Same server and WebSocket implementation as the broker, same frames, same table,
same durability: SQLite with WAL and synchronous=FULL, or one transaction of PostgreSQL. `--verify` checks signatures.

`python -m tests.benchmarks.agents.prototype URL [--verify]` prints its address and serves until it is ended.
"""

import argparse
import asyncio
import base64
import socket
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, cast

import asyncpg
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import TypeAdapter

from broker.wire.messages import Ack, AgentFrame, Challenge, Envelope, Events, Hello, Welcome
from tests.benchmarks.agents.population import member

_FRAME: TypeAdapter[AgentFrame] = TypeAdapter(AgentFrame)
_COLUMNS = "(agent_id, epoch, seq, payload, signature, received_at, applied, note)"
Row = tuple[str, str, int, str, str, datetime, bool, str]
Receive = Callable[[], Awaitable[dict[str, str]]]
Send = Callable[[dict[str, str | int]], Awaitable[None]]


class Table(Protocol):
    async def insert(self, rows: Sequence[Row]) -> None:
        """Durable when it returns."""
        ...


class SqliteTable:
    """Of a broker's own file; one thread writes."""

    def __init__(self, path: str) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._database.execute(f"PRAGMA {pragma}")

    async def insert(self, rows: Sequence[Row]) -> None:
        await asyncio.to_thread(self._insert, rows)

    def _insert(self, rows: Sequence[Row]) -> None:
        statement = f"INSERT OR IGNORE INTO inbox {_COLUMNS} VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(statement, [(*row[:5], row[5].isoformat(" "), *row[6:]) for row in rows])
        self._database.execute("COMMIT")


class PostgresqlTable:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def insert(self, rows: Sequence[Row]) -> None:
        statement = f"INSERT INTO inbox {_COLUMNS} VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"
        async with self._connection.transaction():
            await self._connection.executemany(statement, rows)


async def _table(url: str) -> Table:
    if url.startswith("sqlite"):
        return SqliteTable(url.partition(":///")[2])
    return PostgresqlTable(await asyncpg.connect(url))


@dataclass(slots=True)
class _Waiting:
    """Rows of one frame, and who is told once they are kept."""

    rows: list[Row]
    kept: asyncio.Event = field(default_factory=asyncio.Event)


class Prototype:
    def __init__(self, url: str, *, verify: bool) -> None:
        self._url = url
        self._verify = verify
        self._waiting: list[_Waiting] = []
        self._more = asyncio.Event()
        self._acked: dict[tuple[str, str], int] = {}
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._writer: asyncio.Task[None] | None = None

    async def __call__(self, scope: dict[str, str], receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] == "lifespan":
            await receive()
            self._writer = asyncio.create_task(self._write(await _table(self._url)))
            await send({"type": "lifespan.startup.complete"})
            await receive()
            return
        await receive()
        await send({"type": "websocket.accept"})
        await self._serve(receive, send)

    async def _serve(self, receive: Receive, send: Send) -> None:
        await send(_text(Challenge(nonce="n1").model_dump_json()))
        agent = epoch = ""
        while (message := await receive())["type"] == "websocket.receive":
            frame = _FRAME.validate_json(message["text"])
            if isinstance(frame, Hello):
                agent, epoch = frame.agent, frame.epoch
                acked = self._acked.get((agent, epoch), 0)
                await send(_text(Welcome(broker_epoch="1", acked=acked).model_dump_json()))
            elif isinstance(frame, Events):
                seq = await self._keep(agent, epoch, frame)
                await send(_text(Ack(epoch=epoch, seq=seq).model_dump_json()))

    async def _keep(self, agent: str, epoch: str, frame: Events) -> int:
        """The number up to which all is kept."""
        rows, acked = [], self._acked.get((agent, epoch), 0)
        now = datetime.now(UTC)
        for signed in frame.events:
            if self._verify:
                signature = base64.b64decode(signed.signature)
                self._key(agent).verify(signature, signed.payload.encode())
            envelope = Envelope.model_validate_json(signed.payload)
            if envelope.seq == acked + 1:
                acked += 1
                rows.append((agent, epoch, envelope.seq, signed.payload, signed.signature, now, True, ""))
        if rows:
            waiting = _Waiting(rows)
            self._waiting.append(waiting)
            self._more.set()
            await waiting.kept.wait()
            self._acked[agent, epoch] = acked
        return acked

    def _key(self, agent: str) -> Ed25519PublicKey:
        if agent not in self._keys:
            self._keys[agent] = member(int(agent.rpartition("_")[2])).key.public_key()
        return self._keys[agent]

    async def _write(self, table: Table) -> None:
        """Whatever has come while the batch before was written is the next batch."""
        while True:
            await self._more.wait()
            self._more.clear()
            batch, self._waiting = self._waiting, []
            await table.insert([row for waiting in batch for row in waiting.rows])
            for waiting in batch:
                waiting.kept.set()


def _text(text: str) -> dict[str, str | int]:
    return {"type": "websocket.send", "text": text}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.agents.prototype")
    parser.add_argument("url")
    parser.add_argument("--verify", action="store_true")
    given = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    application = cast("Callable[..., Awaitable[None]]", Prototype(given.url, verify=given.verify))
    config = uvicorn.Config(
        application, ws="websockets-sansio", ws_per_message_deflate=False, access_log=False, log_level="warning"
    )
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
