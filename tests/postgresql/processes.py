"""Several broker processes on one database, and a balancer before them that knows which of them answer."""

import asyncio
import contextlib
import itertools
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.broker.app.process import Running, running

_STARTS_WITHIN_S = 180.0
"""Each starts planning workers of its own: together they may be slow."""


@dataclass(slots=True)
class Balancer:
    """A TCP forwarder: each connection goes to the next broker that takes it."""

    ports: list[int]
    port: int = 0
    _turn: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Balancer"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = next(self._turn)
        for offset in range(len(self.ports)):
            with contextlib.suppress(ConnectionRefusedError):
                port = self.ports[(first + offset) % len(self.ports)]
                there = await asyncio.open_connection("127.0.0.1", port)
                await _forward((reader, writer), there)
                return
        writer.close()


_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _forward(here: _Stream, there: _Stream) -> None:
    """Until either side ends."""

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while content := await reader.read(65536):
                writer.write(content)
                await writer.drain()

    tasks = [asyncio.create_task(pour(here[0], there[1])), asyncio.create_task(pour(there[0], here[1]))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in (here[1], there[1]):
            writer.close()


@dataclass(slots=True)
class Process:
    running: Running
    name: str

    def leader(self) -> str | None:
        """Who leads, as this process has heard."""
        with self.running.client() as client:
            return _leader(client)

    def kill(self) -> None:
        self.running.end(signal.SIGKILL)

    def freeze(self) -> None:
        self.running.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.running.process.send_signal(signal.SIGCONT)


def _leader(client: httpx.Client) -> str | None:
    found = client.get("/health").json()["leader"]
    return str(found) if found is not None else None


@contextlib.contextmanager
def processes(folder: Path, url: str, number: int = 3) -> Iterator[list[Process]]:
    """Each has a data folder of its own; uploads they share."""
    with contextlib.ExitStack() as stack:
        started = []
        for count in range(number):
            data = folder / f"broker{count}"
            data.mkdir()
            shared = folder / "shared"
            (data / "broker.toml").write_text(f'shared = "{shared}"\n')
            one = stack.enter_context(running(data, url, _STARTS_WITHIN_S))
            with one.client() as client:
                started.append(Process(one, str(client.get("/health").json()["process"])))
        yield started


def port_of(process: Process) -> int:
    return urlsplit(process.running.url).port or 0
