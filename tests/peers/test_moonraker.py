"""The real Moonraker: without a Klipper behind it, and in front of ours, which prints on the rig's Marlin."""

from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from tests.conformance.rig import RigMachine
from tests.peers.moonraker import Moonraker
from tests.peers.prints import MOVES, assert_printed_once, program
from tests.waiting import eventually

pytestmark = pytest.mark.proof(share=0.04, group="peers")


def upload(
    server: Moonraker, name: str, moves: int = MOVES, checksum: str | None = None, **fields: str
) -> httpx.Response:
    data = "\n".join(program(moves)).encode()
    form = {"checksum": checksum or sha256(data).hexdigest(), **fields}
    return httpx.post(f"{server.url}/server/files/upload", files={"file": (name, data)}, data=form, timeout=20)


def history(server: Moonraker, name: str) -> str | None:
    """How the last print of this file ended, None while it goes on."""
    jobs = server.ask("GET", "server/history/list", order="desc").json()["result"]["jobs"]
    return next((job["status"] for job in jobs if job["filename"] == name and job["end_time"] is not None), None)


def test_without_a_klipper_it_takes_files_and_prints_nothing(moonraker_server: Moonraker) -> None:
    assert moonraker_server.klippy_state() == "disconnected"
    stored = upload(moonraker_server, "waiting.gcode", print="true")
    assert (stored.status_code, stored.json()["print_started"]) == (201, False)
    refused = moonraker_server.ask("POST", "printer/print/start", filename="waiting.gcode")
    assert (refused.status_code, refused.json()["error"]["message"]) == (503, "Klippy Host not connected")
    damaged = upload(moonraker_server, "damaged.gcode", checksum="0" * 64)
    assert damaged.status_code == 422


def test_a_file_is_printed_once_and_history_says_so(
    moonraker_server: Moonraker, klipper: RigMachine, folder: Path
) -> None:
    assert upload(moonraker_server, "whole.gcode", print="true").json()["print_started"] is True
    eventually(lambda: history(moonraker_server, "whole.gcode") == "completed")
    eventually(klipper.at_rest)
    assert_printed_once(klipper, folder)


def test_an_emergency_stop_stops_the_firmware_and_history_says_so(
    moonraker_server: Moonraker, klipper: RigMachine
) -> None:
    upload(moonraker_server, "stopped.gcode", 20 * MOVES, print="true")
    eventually(lambda: klipper.count("deposits") > 10)
    assert moonraker_server.ask("POST", "printer/emergency_stop").status_code == 200
    eventually(lambda: moonraker_server.klippy_state() == "shutdown")
    assert klipper.command(command="summary")["state"] == "killed"
    eventually(lambda: history(moonraker_server, "stopped.gcode") == "klippy_shutdown")
    assert moonraker_server.ask("POST", "printer/print/start", filename="whole.gcode").status_code == 400
