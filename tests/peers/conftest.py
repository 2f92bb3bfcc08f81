from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.rig import RigMachine
from tests.peers.klipper.socket import klippy
from tests.peers.moonraker import Moonraker, moonraker
from tests.peers.octoprint import OctoPrint, octoprint
from tests.waiting import eventually


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OctoPrint]:
    """One OctoPrint for all; whoever uses it leaves it disconnected. It sees ports of any test of this session."""
    everywhere = tmp_path_factory.getbasetemp() / "*" / "printer" / "port"
    with octoprint(tmp_path_factory.mktemp("octoprint") / "base", ports=[str(everywhere)]) as running:
        yield running


@pytest.fixture
def virtual(server: OctoPrint) -> Iterator[OctoPrint]:
    """Connected to its virtual printer."""
    server.connect()
    yield server
    server.disconnect()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a machine of the rig keeps its port and its files."""
    made = tmp_path / "printer"
    made.mkdir()
    return made


@pytest.fixture(scope="session")
def moonraker_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moonraker]:
    """One Moonraker for all; without `klipper` nothing is behind it."""
    with moonraker(tmp_path_factory.mktemp("moonraker")) as running:
        yield running


@pytest.fixture
def klipper(moonraker_server: Moonraker, folder: Path) -> Iterator[RigMachine]:
    """The rig's Marlin, behind a Klipper of ours, behind that Moonraker."""
    machine = RigMachine(folder, {"firmware": "marlin", "speed": 400.0, "idle_s": 0.1, "boot_s": 0.1})
    try:
        with klippy(moonraker_server.klippy_socket, machine.url, moonraker_server.gcodes):
            eventually(lambda: moonraker_server.klippy_state() == "ready")
            yield machine
        eventually(lambda: moonraker_server.klippy_state() == "disconnected")
    finally:
        machine.end()
