import asyncio
import contextlib
import io
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from broker.accounts.models import Role
from broker.accounts.service import add_account, issue_token
from broker.app.factory import create_app
from broker.database import Database
from broker.ledger.service import deposit
from broker.parts.blobs import BlobStore
from broker.parts.intake import Measured
from broker.parts.service import add_part
from broker.settings import Settings
from broker.wire.rest import PartView, QuoteView
from slicer_bridge.facts import PartFacts
from tests.broker.databases import DATABASES, Databases, opened_databases
from tests.broker.quotes.firstfit import FirstFit
from tests.broker.quotes.towns import settle


class HandClock:
    """A clock that only moves when a test moves it."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def forward(self, **by: float) -> None:
        self._now += timedelta(**by)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On another database than the usual one only what has rows is tried again."""
    if DATABASES not in os.environ:
        return
    has_rows = [item for item in items if isinstance(item, pytest.Function) and "databases" in item.fixturenames]
    config.hook.pytest_deselected(items=[item for item in items if item not in has_rows])
    items[:] = has_rows


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Where this session's rows are: see tests.broker.databases."""
    with opened_databases(tmp_path_factory.mktemp("databases")) as opened:
        yield opened


@pytest.fixture
def settings(
    tmp_path: Path, databases: Databases, record_property: Callable[[str, object], None]
) -> Iterator[Settings]:
    """A data folder, and a fresh database with all tables."""
    record_property("database", databases.kind)
    with databases.migrated(tmp_path) as settings:
        yield settings


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """A fresh database with all tables."""
    database = Database(settings.url)
    yield database
    await database.close()


class _Server(uvicorn.Server):
    """Tests keep their own signals, and wait for an event instead of a flag."""

    def __init__(self, app: FastAPI) -> None:
        config = uvicorn.Config(app, port=0, ws="websockets-sansio", log_level="warning", access_log=False)
        super().__init__(config)
        self.answering = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answering.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The application behind a real socket of the loopback; gives its URL."""
    server = _Server(app)
    task = asyncio.create_task(server.serve())
    await server.answering.wait()
    if not server.started:
        await task
        raise RuntimeError("the server did not start")
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    token: str

    def client(self, url: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.AsyncClient(base_url=f"{url}/api/v1", headers=headers, timeout=60, trust_env=False)


async def person(database: Database, name: str, now: datetime, role: Role = Role.PRODUCER, balance: int = 0) -> Person:
    """An account with a token and money."""
    async with database.writing() as session:
        account = await add_account(session, name, role, "Calle Uría 1, Oviedo", now)
        if balance:
            await deposit(session, account.id, balance, "EUR", now)
        return Person(account.id, await issue_token(session, account, now))


_MEASURED: dict[bytes, tuple[PartFacts, bytes]] = {}
"""Facts and normalised file of what was uploaded before."""


@dataclass(frozen=True, slots=True)
class Town:
    """A broker on a real socket with two workshops, a small plan, and a producer with 1,000.00 EUR."""

    url: str
    database: Database
    clock: HandClock
    ana: Person
    data: Path

    async def upload(self, name: str, content: bytes) -> str:
        """A part of Ana's; what was measured once in this session is not measured again."""
        blobs = BlobStore(self.data / "blobs")
        if content not in _MEASURED:
            async with self.ana.client(self.url) as client:
                answer = await client.post("/parts", files={"file": (name, content)})
            assert answer.status_code == 201, answer.text
            part = PartView.model_validate_json(answer.content)
            _MEASURED[content] = part.facts, blobs.path(part.facts.normalised_sha256).read_bytes()
            return part.id
        facts, normalised = _MEASURED[content]
        for kept in (content, normalised):
            blobs.put(io.BytesIO(kept))
        async with self.database.writing() as session:
            return (await add_part(session, self.ana.id, Measured(name, facts), self.clock.now())).id

    async def ask(self, *items: dict[str, object], key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        async with self.ana.client(self.url) as client:
            return await client.post("/quotes", json={"items": items}, headers=headers)

    async def quote(self, *items: dict[str, object]) -> QuoteView:
        answer = await self.ask(*items)
        assert answer.status_code == 201, answer.text
        return QuoteView.model_validate_json(answer.content)

    async def accept(self, quote_id: str, key: str | None = None, *, tier: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        body = {"tier": tier} if tier is not None else None
        async with self.ana.client(self.url) as client:
            return await client.post(f"/quotes/{quote_id}/accept", json=body, headers=headers)


@pytest.fixture
async def town(settings: Settings, clock: HandClock, database: Database) -> AsyncIterator[Town]:
    async with database.writing() as session:
        settle(session, clock.now())
    ana = await person(database, "ana", clock.now(), balance=100_000)
    async with served(create_app(settings, clock, FirstFit(database))) as url:
        yield Town(url, database, clock, ana, settings.data)
