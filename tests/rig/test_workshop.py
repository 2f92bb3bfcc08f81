"""The example workshop comes up, and each of its machines answers at its address."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import serial

from hardware_sim.firmware.config import Kind, Link
from hardware_sim.rig.plan import Planned
from hardware_sim.rig.rig_file import plan_of, read_rig
from tests.rig.batch import ROOT
from tests.rig.workshops import Terminal, until

FILE = ROOT / "rigs" / "workshop.toml"
MACHINES = plan_of(read_rig(FILE), str(FILE), None, None).machines


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path_factory.mktemp("workshop"))
    with terminal.up(str(FILE), "--ports", str(terminal.ports)):
        yield terminal


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_each_machine_answers_at_its_address(machine: Planned, terminal: Terminal) -> None:
    url = terminal.ports / f"{machine.name}.url"
    match machine.config.link:
        case Link.PTY:
            greets(terminal.ports / machine.name, machine.config.firmware)
        case Link.TCP:
            at = urlsplit(url.read_text().strip())
            with socket.create_connection((at.hostname, at.port), timeout=30) as link:
                assert b"start" in link.recv(100)
        case Link.HTTP:
            assert httpx.get(url.read_text().strip(), timeout=30).status_code < 500


def greets(port: Path, firmware: Kind) -> None:
    with serial.Serial(str(port), 115200, timeout=30) as link:
        until(link, b"start" if firmware is Kind.MARLIN else b"Grbl")


def test_it_holds_every_way_to_reach_a_machine() -> None:
    assert {machine.config.link for machine in MACHINES} == set(Link)
