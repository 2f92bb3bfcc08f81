"""The rig's Moonraker answers as the real one does, in what Moonraker decides: files, history, JSON-RPC's errors."""

import itertools
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.conformance.rig import RigMachine
from tests.peers.conversation import Exchange, differences, exchange
from tests.peers.moonraker import Moonraker
from tests.peers.prints import program
from tests.waiting import eventually

pytestmark = pytest.mark.proof(share=0.04, group="peers")
ERROR = ("error.code",)
CALLS: tuple[tuple[str, dict[str, object], tuple[str, ...]], ...] = (
    ("server.info", {}, ("result.klippy_connected", "result.klippy_state")),
    ("dance", {}, ("error.code", "error.message")),
    ("printer.print.start", {}, ERROR),
    ("printer.print.start", {"filename": "nothing.gcode"}, ERROR),
    ("server.files.metadata", {"filename": "nothing.gcode"}, ERROR),
    ("server.files.delete_file", {"path": "gcodes/nothing.gcode"}, ERROR),
    ("server.history.list", {"limit": 1}, ()),
    ("server.history.get_job", {"uid": "0FFFFF"}, ERROR),
    ("printer.objects.list", {}, ()),
    ("printer.objects.query", {"objects": {"print_stats": ["state"]}}, ("result.status.print_stats.state",)),
    ("printer.print.pause", {}, ()),
    ("printer.print.cancel", {}, ()),
)


class Talk:
    def __init__(self, url: str) -> None:
        self.url = url
        self.kept: list[Exchange] = []
        self._numbers = itertools.count(1)

    def get(self, step: str, path: str, *paths: str) -> None:
        self.kept.append(exchange(step, httpx.get(f"{self.url}/{path}", timeout=20), *paths))

    def upload(self, step: str, data: bytes, checksum: str, **fields: str) -> None:
        answer = httpx.post(
            f"{self.url}/server/files/upload",
            files={"file": ("alike.gcode", data)},
            data={"checksum": checksum, **fields},
            timeout=20,
        )
        self.kept.append(exchange(step, answer, "item.path", "item.size", "item.root", "action", "print_started"))

    def call(self, method: str, params: dict[str, object], *paths: str) -> None:
        with connect(f"{self.url.replace('http', 'ws', 1)}/websocket", proxy=None) as socket:
            number = next(self._numbers)
            socket.send(json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": number}))
            answer = next(text for text in socket if json.loads(text).get("id") == number)
        told = httpx.Response(200, json=json.loads(answer))
        self.kept.append(exchange(f"{method} {params}", told, *paths))

    def outcome(self) -> str:
        """Of the latest job, as history has it."""
        jobs = httpx.get(f"{self.url}/server/history/list?limit=1&order=desc", timeout=20).json()["result"]["jobs"]
        return str(jobs[0]["status"]) if jobs else ""


def converse(url: str) -> list[Exchange]:
    talk = Talk(url)
    eventually(lambda: httpx.get(f"{url}/server/info", timeout=20).json()["result"]["klippy_state"] == "ready")
    talk.get("info", "server/info", "result.klippy_connected", "result.klippy_state", "result.failed_components")
    for method, params, paths in CALLS:
        talk.call(method, params, *paths)
    data = "\n".join(program()).encode()
    talk.upload("damaged", data, "0" * 64)
    talk.get("damaged", "server/files/metadata?filename=alike.gcode")
    talk.upload("stored", data, sha256(data).hexdigest())
    talk.upload("printed", data, sha256(data).hexdigest(), print="true")
    eventually(lambda: talk.outcome() == "completed")
    talk.get("printed", "server/history/list?limit=1&order=desc")
    talk.call("server.files.delete_file", {"path": "gcodes/alike.gcode"}, "result.action")
    return talk.kept


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[RigMachine]:
    board = {"firmware": "marlin", "speed": 400.0, "idle_s": 0.1, "boot_s": 0.1}
    machine = RigMachine(tmp_path / "simulated", {**board, "link": "http", "host": "moonraker"})
    yield machine
    machine.end()


def test_the_rig_s_moonraker_answers_as_the_real_one(
    moonraker_server: Moonraker, klipper: RigMachine, simulated: RigMachine
) -> None:
    assert klipper.at_rest()
    different = differences(converse(moonraker_server.url), converse(simulated.url))
    assert not different, "\n".join(different)
