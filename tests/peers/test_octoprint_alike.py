"""The rig's OctoPrint answers as the real one does: the same requests to both, each with a Marlin of the rig."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from tests.conformance.rig import RigMachine
from tests.peers.conversation import Exchange, differences, exchange
from tests.peers.octoprint import KEY, Api, OctoPrint
from tests.peers.prints import program
from tests.waiting import eventually

pytestmark = pytest.mark.proof(share=0.04, group="peers")
BOARD = {"firmware": "marlin", "speed": 400.0, "idle_s": 0.1, "boot_s": 0.1}
JOB = ("state", "job.file.path", "job.file.origin", "job.file.size", "progress.completion", "progress.filepos")
_FLAGS = ("operational", "printing", "paused", "pausing", "cancelling", "finishing", "closedOrError", "error", "ready")
FLAGS = tuple(f"state.flags.{name}" for name in _FLAGS)
FILE = ("name", "path", "origin", "size", "hash", "type", "prints.success", "prints.failure")
LONG = program(6000)


class Talk:
    """One conversation; every answer is kept."""

    def __init__(self, peer: Api, port: str, machine: RigMachine) -> None:
        self.peer = peer
        self.port = port
        self.machine = machine
        self.kept: list[Exchange] = []

    def ask(self, step: str, method: str, path: str, body: Mapping[str, object] | None = None, *paths: str) -> None:
        self.kept.append(exchange(f"{step}: {method} {path}", self.peer.ask(method, path, body), *paths))

    def upload(self, step: str, name: str, lines: list[str]) -> None:
        answer = self.peer.upload(name, lines)
        self.kept.append(exchange(f"{step}: upload", answer, "done", "files.local.name", "files.local.path"))

    def look(self, step: str) -> None:
        self.ask(step, "GET", "job", None, *JOB)
        self.ask(step, "GET", "printer?exclude=temperature,sd", None, "state.text", *FLAGS)

    def settle(self, state: str) -> None:
        eventually(lambda: self.peer.state() == state)

    def cold(self) -> None:
        """Temperatures come with the firmware's next report; the real one shows targets as soon as they are sent."""
        eventually(lambda: self.peer.ask("GET", "printer").json()["temperature"].get("tool0", {}).get("target") == 0.0)


def without_a_printer(talk: Talk) -> None:
    talk.ask("version", "GET", "version", None, "api")
    for path in ("printer", "job", "connection", "printerprofiles", "files"):
        talk.ask("closed", "GET", path)
    talk.look("closed")
    for command in ("start", "cancel", "pause", "restart"):
        talk.ask("closed", "POST", "job", {"command": command})
    talk.ask("closed", "POST", "printer/command", {"command": "M105"})
    talk.ask("closed", "GET", "files/local/nothing.gcode")
    talk.ask("closed", "POST", "connection", {"command": "dance"})
    talk.ask("closed", "POST", "connection", {"command": "connect", "port": "/dev/none"})
    for headers in (httpx.Headers(), httpx.Headers({"X-Api-Key": "wrong"})):
        answer = httpx.get(f"{talk.peer.url}/api/job", headers=headers, timeout=20)
        talk.kept.append(exchange("no key", answer))
        talk.kept.append(exchange("no key", httpx.get(f"{talk.peer.url}/api/currentuser", headers=headers, timeout=20)))


def idle(talk: Talk) -> None:
    talk.look("idle")
    talk.ask("idle", "GET", "connection", None, "current.state", "current.baudrate")
    talk.cold()
    talk.ask("idle", "GET", "printer", None, "temperature.tool0.target", "temperature.bed.target")
    talk.ask("nothing selected", "POST", "job", {"command": "start"})
    talk.look("nothing selected")
    for body in (
        {"command": "cancel"},
        {"command": "pause", "action": "pause"},
        {"command": "restart"},
        {"command": "?"},
    ):
        talk.ask(f"idle {body}", "POST", "job", body)
    talk.ask("no body", "POST", "job", {})
    talk.ask("not there", "POST", "files/local/nothing.gcode", {"command": "select", "print": True})
    talk.upload("not a program", "notes.txt", ["hello"])
    talk.upload("a program", "whole.gcode", program())
    talk.ask("stored", "GET", "files/local/whole.gcode", None, *FILE)
    talk.ask("stored", "GET", "files/local")


def printing(talk: Talk) -> None:
    talk.ask("print", "POST", "files/local/whole.gcode", {"command": "select", "print": True})
    eventually(lambda: talk.peer.completion() == 100.0)
    talk.settle("Operational")
    talk.look("printed")
    talk.ask("printed", "GET", "files/local/whole.gcode", None, *FILE)
    talk.machine.command(command="clear_bed")
    talk.upload("long", "long.gcode", LONG)
    talk.ask("print", "POST", "files/local/long.gcode", {"command": "select", "print": True})
    eventually(lambda: talk.machine.count("deposits") > 350)
    talk.ask("printing", "GET", "job", None, "state", "job.file.path")
    for command in ("start", "restart", "pause"):
        talk.ask(f"printing, {command}", "POST", "job", {"command": command, "action": "dance"})
    talk.ask("printing", "POST", "files/local/whole.gcode", {"command": "select", "print": True})
    talk.ask("printing", "DELETE", "files/local/long.gcode")
    talk.upload("printing", "long.gcode", LONG)
    talk.ask("printing", "POST", "job", {"command": "pause", "action": "resume"})


def paused(talk: Talk) -> None:
    talk.ask("pause", "POST", "job", {"command": "pause", "action": "pause"})
    talk.settle("Paused")
    talk.ask("paused", "GET", "printer?exclude=temperature,sd", None, "state.text", *FLAGS)
    talk.ask("paused", "POST", "job", {"command": "pause", "action": "pause"})
    talk.ask("paused", "POST", "job", {"command": "start"})
    talk.ask("paused", "POST", "files/local/whole.gcode", {"command": "select", "print": True})
    talk.ask("cancel", "POST", "job", {"command": "cancel"})
    talk.settle("Operational")
    talk.look("cancelled")
    talk.ask("cancelled", "GET", "files/local/long.gcode", None, *FILE)
    talk.cold()
    talk.ask("cancelled", "GET", "printer", None, "temperature.tool0.target", "temperature.bed.target")


def stopped(talk: Talk) -> None:
    talk.ask("again", "POST", "files/local/long.gcode", {"command": "select", "print": True})
    talk.settle("Printing")
    talk.ask("stop", "POST", "printer/command", {"command": "M112"})
    talk.settle("Offline after error")
    # Whether the firmware's last words are heard before the port is closed is a race in the real one: it decides the
    # text of the error, and whether the failure is counted once or twice.
    talk.ask("stopped", "GET", "job", None, *JOB)
    talk.ask("stopped", "GET", "printer")
    talk.ask("stopped", "GET", "connection", None, "current.state", "current.port")
    talk.ask("stopped", "GET", "files/local/long.gcode", None, "prints.success")


def unplugged(talk: Talk) -> None:
    talk.machine.command(command="reset")
    talk.peer.connect(talk.port, 115200)
    talk.ask("again", "POST", "files/local/long.gcode", {"command": "select", "print": True})
    talk.settle("Printing")
    talk.machine.command(command="fault", fault={"kind": "thermal_runaway"})
    talk.settle("Offline after error")
    talk.ask("runaway", "GET", "job", None, *JOB)
    talk.ask("runaway", "GET", "files/local/long.gcode", None, "prints.success")
    talk.ask("tidy", "DELETE", "files/local/long.gcode")
    talk.ask("tidy", "DELETE", "files/local/long.gcode")


def converse(peer: Api, port: str, machine: RigMachine) -> list[Exchange]:
    talk = Talk(peer, port, machine)
    peer.ask("POST", "connection", {"command": "disconnect"}).raise_for_status()
    eventually(lambda: peer.state() == "Offline")
    without_a_printer(talk)
    peer.connect(port, 115200)
    eventually(lambda: peer.state() == "Operational")
    for chapter in (idle, printing, paused, stopped, unplugged):
        chapter(talk)
    return talk.kept


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[RigMachine]:
    machine = RigMachine(tmp_path / "simulated", {**BOARD, "link": "http", "host": "octoprint", "api_key": KEY})
    yield machine
    machine.end()


def test_the_rig_s_octoprint_answers_as_the_real_one(
    server: OctoPrint, folder: Path, tmp_path: Path, simulated: RigMachine
) -> None:
    board = RigMachine(folder, BOARD)
    try:
        real = converse(server, board.url, board)
    finally:
        server.disconnect()
        board.end()
    peer = Api(simulated.url)
    (port,) = peer.ask("GET", "connection").json()["options"]["ports"]
    different = differences(real, converse(peer, port, simulated))
    assert not different, "\n".join(different)
