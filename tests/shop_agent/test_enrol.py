"""Enrolment over real HTTP: a key of the agent's own, a one-time code, and nothing half-made."""

import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from broker.wire.shop import Enrolment
from shop_agent.errors import BadConfig, EnrolmentFailed, NotEnrolled
from shop_agent.identity import IDENTITY_FILE, KEY_FILE, enrol, load_signer, own_key, public_text
from shop_agent.settings import load_config
from tests.shop_agent.shops import write_shop


class Door(BaseHTTPRequestHandler):
    """Lets the code `good` in once."""

    used = False

    def do_POST(self) -> None:
        body = Enrolment.model_validate_json(self.rfile.read(int(self.headers["Content-Length"])))
        if body.code == "good" and not Door.used:
            Door.used = True
            self._say(201, {"agent": "agt_7", "workshop": "Nava"})
        else:
            self._say(409, {"title": "Conflict", "status": 409, "detail": "used already", "fix": "ask for another"})

    def _say(self, status: int, body: dict[str, object]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Tests are quiet."""


@contextmanager
def door() -> Iterator[str]:
    Door.used = False
    server = HTTPServer(("127.0.0.1", 0), Door)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_code_makes_an_identity_once(tmp_path: Path) -> None:
    config = load_config(write_shop(tmp_path, tmp_path / "run", printer=tmp_path / "tty"))
    with pytest.raises(NotEnrolled):
        load_signer(config)
    with door() as url:
        with pytest.raises(EnrolmentFailed, match=r"used already .ask for another"):
            enrol(config, url, "bad", again=False)
        assert not (config.data / IDENTITY_FILE).exists()
        assert enrol(config, url, "good", again=False).agent == "agt_7"
        with pytest.raises(EnrolmentFailed, match="--again"):
            enrol(config, url, "good", again=False)
        with pytest.raises(EnrolmentFailed, match="used already"):
            enrol(config, url, "good", again=True)
    signer = load_signer(config)
    assert public_text(signer.key) == public_text(own_key(config.data))
    for name in (KEY_FILE, IDENTITY_FILE):
        assert stat.S_IMODE((config.data / name).stat().st_mode) == 0o600


def test_a_broker_that_is_away_or_not_encrypted(tmp_path: Path) -> None:
    config = load_config(write_shop(tmp_path, tmp_path / "run", printer=tmp_path / "tty"))
    with pytest.raises(EnrolmentFailed, match="does not answer"):
        enrol(config, "http://127.0.0.1:9", "code", again=False)
    with pytest.raises(BadConfig, match="https"):
        enrol(config, "http://192.0.2.1", "code", again=False)
