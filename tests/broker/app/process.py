"""`llagar-broker` as administrators start it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

EXECUTABLE = Path(sys.executable).parent / "llagar-broker"
_START_S = 60.0


def ran(data: Path, *words: str, code: int = 0, url: str = "") -> str:
    """What it says on stdout, or on stderr if it is to fail. `url`: of a database that is not in the folder."""
    command = [str(EXECUTABLE), *words, "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_env(url))
    assert done.returncode == code, done.stderr
    return done.stderr if code else done.stdout


def token_of(data: Path, name: str, *words: str, url: str = "") -> str:
    return str(json.loads(ran(data, "user", "add", name, *words, "--json", url=url))["token"])


def _env(url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "LLAGAR_DATABASE_URL"}
    return kept | {"LLAGAR_DATABASE_URL": url} if url else kept


@dataclass(frozen=True, slots=True)
class Running:
    process: subprocess.Popen[bytes]
    url: str

    def client(self, token: str = "") -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=60, trust_env=False)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


@contextmanager
def running(data: Path, url: str = "", within_s: float = _START_S) -> Iterator[Running]:
    """A served broker; killed at the end if the test hasn't ended it."""
    address = data / "address"
    address.unlink(missing_ok=True)
    with subprocess.Popen([EXECUTABLE, "serve", "--data", data, "--port", "0"], env=_env(url)) as process:
        try:
            deadline = time.monotonic() + within_s
            while not address.exists():
                assert process.poll() is None, "it ended at once"
                assert time.monotonic() < deadline, "it wrote no address"
                time.sleep(0.02)
            yield Running(process, address.read_text().strip())
        finally:
            process.kill()
