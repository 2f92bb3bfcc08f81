"""The real Moonraker, of its own environment: on loopback, with a Klipper of ours behind it or with none."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.peers.environments import environment
from tests.peers.processes import free_port, serving

_ANSWER_S = 20.0
_CONFIG = """\
[server]
host: 127.0.0.1
port: {port}
klippy_uds_address: {folder}/klippy.sock

[authorization]
trusted_clients: 127.0.0.1

[machine]
provider: none
validate_service: False
validate_config: False

[announcements]
enable_moonlight: False
"""


@dataclass(frozen=True)
class Moonraker:
    url: str
    folder: Path

    @property
    def klippy_socket(self) -> Path:
        return self.folder / "klippy.sock"

    @property
    def gcodes(self) -> Path:
        return self.folder / "gcodes"

    def ask(self, method: str, path: str, **query: str) -> httpx.Response:
        return httpx.request(method, f"{self.url}/{path}", params=query, timeout=_ANSWER_S)

    def klippy_state(self) -> str:
        return str(self.ask("GET", "server/info").json()["result"]["klippy_state"])


@contextmanager
def moonraker(folder: Path) -> Iterator[Moonraker]:
    """A server that answers; it ends with the block, and with this process however that ends."""
    for name in ("config", "logs", "gcodes", "misc"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    # Moonraker would fetch a list of USB devices if there were none.
    (folder / "misc" / "usb.ids").touch()
    port = free_port()
    (folder / "config" / "moonraker.conf").write_text(_CONFIG.format(port=port, folder=folder))
    serve = [str(environment("moonraker") / "bin" / "moonraker"), "--datapath", str(folder), "--nologfile"]
    with serving(serve, folder, "Starting Moonraker on"):
        yield Moonraker(f"http://127.0.0.1:{port}", folder)
