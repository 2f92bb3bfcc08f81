"""OctoPrint's own serial stack prints on the rig's Marlin: the rig is a printer to somebody else's host."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conformance.rig import RigMachine
from tests.peers.octoprint import OctoPrint
from tests.peers.prints import DAMAGE, assert_printed_once, program
from tests.waiting import eventually

pytestmark = pytest.mark.proof(share=0.04, group="peers")


@contextmanager
def connected(server: OctoPrint, folder: Path, **settings: object) -> Iterator[RigMachine]:
    machine = RigMachine(folder, {"firmware": "marlin", "speed": 400.0, "idle_s": 0.1, "boot_s": 0.1, **settings})
    try:
        server.connect(machine.url, 115200)
        try:
            yield machine
        finally:
            server.disconnect()
    finally:
        machine.end()


def over(server: OctoPrint) -> Callable[[], bool]:
    return lambda: server.completion() == 100.0 and not server.flags() & {"printing", "finishing"}


def test_prints_every_deposit_once(server: OctoPrint, folder: Path) -> None:
    with connected(server, folder) as machine:
        server.print_file("plain.gcode", program())
        eventually(over(server))
        assert machine.count("resends") == 0
        assert_printed_once(machine, folder)


@pytest.mark.parametrize("dialect", ["ok", "no_ok", "rs"])
def test_prints_every_deposit_once_over_a_bad_cable(server: OctoPrint, folder: Path, dialect: str) -> None:
    with connected(server, folder, printer={"resend": dialect}, faults=DAMAGE) as machine:
        server.print_file(f"damaged-{dialect}.gcode", program())
        eventually(over(server))
        assert machine.logged("fault") == len(DAMAGE)
        assert_printed_once(machine, folder)
