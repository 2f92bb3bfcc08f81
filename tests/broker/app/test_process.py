"""The broker as a process: starts on an empty folder, obeys signals, survives the one that nobody can catch."""

import json
import signal
import socket
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import httpx

from tests.broker.app.process import ran, running, token_of
from tests.broker.parts.shapes import box_stl


def test_it_serves_an_empty_folder_beside_its_administrator_and_ends_in_order(tmp_path: Path) -> None:
    with running(tmp_path) as broker:
        token = token_of(tmp_path, "ana", "--deposit", "5000", "--address", "Calle Uría 1")
        with broker.client(token) as client:
            assert client.get("/health").json()["status"] == "ok"
            assert client.get("/orders").json() == {"orders": []}
            paths = client.get("/openapi.json").json()["paths"]
        assert json.loads(ran(tmp_path, "invite", "Taller Uno", "--json"))["code"]
        assert "'ana'" in ran(tmp_path, "user", "add", "ana", code=2)
        assert broker.end(signal.SIGTERM) == 0
    assert {"/api/v1/parts", "/api/v1/orders", "/api/v1/quotes/{quote_id}/accept"} <= set(paths)
    assert not (tmp_path / "address").exists()


def test_bad_settings_and_a_taken_port_are_said(tmp_path: Path) -> None:
    (tmp_path / "broker.toml").write_text("prot = 8040\n")
    assert "prot" in ran(tmp_path, "migrate", code=2)
    (tmp_path / "broker.toml").unlink()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"127.0.0.1:{port}" in ran(tmp_path, "serve", "--port", port, code=2)


def _upload_until_cut_off(client: httpx.Client, kept: list[str], going: threading.Event) -> None:
    """Parts of their own size each; ends when the broker is gone."""
    number = 0
    while True:
        number += 1
        try:
            answer = client.post("/parts", files={"file": (f"box{number}.stl", box_stl(20, 10, number))})
        except httpx.TransportError:
            return
        kept.append(answer.json()["id"])
        going.set()


def test_sigkill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    kept: list[str] = []
    token = token_of(tmp_path, "ana")
    with running(tmp_path) as broker, broker.client(token) as client:
        going = threading.Event()
        uploads = threading.Thread(target=_upload_until_cut_off, args=(client, kept, going))
        uploads.start()
        assert going.wait(60)
        broker.end(signal.SIGKILL)
        uploads.join(60)
    with closing(sqlite3.connect(tmp_path / "broker.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with running(tmp_path) as broker, broker.client(token) as client:
        assert [client.get(f"/parts/{part}").status_code for part in kept] == [200] * len(kept)
        assert [*(tmp_path / "work").glob("*"), *(tmp_path / "blobs").glob("half-*")] == []
