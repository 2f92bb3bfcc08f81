"""The broker as a process on PostgreSQL, as administrators set it up."""

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.broker.app.process import ran, running, token_of
from tests.broker.parts.shapes import box_stl
from tests.postgresql.server import Server

pytestmark = pytest.mark.proof(share=0.0082)


def test_it_serves_once_migrated_and_survives_a_kill(postgresql: Server, tmp_path: Path) -> None:
    name = postgresql.make(migrated=False)
    url = postgresql.url(name)
    assert "run `llagar-broker migrate`" in ran(tmp_path, "serve", "--port", "0", code=2, url=url)
    with ThreadPoolExecutor() as pool:
        said = list(pool.map(lambda _: ran(tmp_path, "migrate", url=url), range(2)))
    assert said == ["the database is up to date\n"] * 2
    with running(tmp_path, url) as broker:
        token = token_of(tmp_path, "ana", "--deposit", "5000", url=url)
        assert json.loads(ran(tmp_path, "invite", "Taller Uno", "--json", url=url))["code"]
        assert "'ana'" in ran(tmp_path, "user", "add", "ana", code=2, url=url)
        with broker.client(token) as client:
            answer = client.post("/parts", files={"file": ("box.stl", box_stl(20, 10, 5))})
            assert answer.status_code == 201, answer.text
        broker.end(signal.SIGKILL)
    with running(tmp_path, url) as broker:
        with broker.client(token) as client:
            assert client.get(f"/parts/{answer.json()['id']}").json() == answer.json()
            assert client.get("/orders").json() == {"orders": []}
        assert broker.end(signal.SIGTERM) == 0
    assert not (tmp_path / "broker.sqlite").exists()
    postgresql.drop(name)


def test_a_database_that_is_not_there_is_said_without_its_password(postgresql: Server, tmp_path: Path) -> None:
    url = postgresql.url("nowhere").replace("llagar@", "llagar:secret@")
    nobody = f"postgresql://llagar:secret@/nowhere?host={tmp_path}"
    for away, words in ((url, '"nowhere" does not exist'), (nobody, "No such file")):
        for command in (["serve", "--port", "0"], ["migrate"]):
            said = ran(tmp_path, *command, code=2, url=away)
            assert ("can't be reached" in said, words in said, "secret" in said) == (True, True, False), said
