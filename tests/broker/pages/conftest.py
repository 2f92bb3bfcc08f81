import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from broker.database import Database

_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Pages:
    url: str
    token: str
    workshop_token: str
    database_url: str


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A broker that serves its pages from a process of its own."""
    folder = tmp_path_factory.mktemp("broker")
    command = [sys.executable, "-m", "tests.broker.pages.server", str(folder)]
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the broker did not start"
        yield Pages(**json.loads(line))
        process.communicate(timeout=20)
    assert process.returncode == 0


@pytest.fixture
async def pages_database(pages: Pages) -> AsyncIterator[Database]:
    """The broker's own rows, as another process writes them."""
    database = Database(pages.database_url)
    yield database
    await database.close()


@pytest.fixture
async def visitor(pages: Pages) -> AsyncIterator[httpx.AsyncClient]:
    """A browser's cookies and nothing else."""
    async with httpx.AsyncClient(base_url=pages.url, trust_env=False, timeout=20) as client:
        yield client


@pytest.fixture
async def ana(pages: Pages, visitor: httpx.AsyncClient) -> httpx.AsyncClient:
    """A visitor who has signed in."""
    answer = await visitor.get("/", params={"token": pages.token})
    assert answer.headers["location"] == "/"
    return visitor
