"""printcore prints on the rig's Marlin."""

from pathlib import Path

import pytest

from tests.conformance.rig import RigMachine
from tests.peers.hosts import streamed
from tests.peers.prints import DAMAGE, assert_printed_once, program
from tests.waiting import eventually

pytestmark = pytest.mark.proof(share=0.04, group="peers")
SETTINGS = {"firmware": "marlin", "speed": 400.0, "idle_s": 0.1, "boot_s": 0.1}


def test_prints_every_deposit_once(folder: Path) -> None:
    machine = RigMachine(folder, SETTINGS)
    try:
        with streamed("printrun", "printcore_host.py", machine.url, program(), folder):
            eventually(machine.at_rest)
        assert machine.count("resends") == 0
        assert_printed_once(machine, folder)
    finally:
        machine.end()


@pytest.mark.parametrize("dialect", ["ok", "no_ok", "rs"])
def test_prints_every_deposit_once_over_a_bad_cable(folder: Path, dialect: str) -> None:
    machine = RigMachine(folder, {**SETTINGS, "printer": {"resend": dialect}, "faults": DAMAGE})
    try:
        with streamed("printrun", "printcore_host.py", machine.url, program(), folder):
            eventually(machine.at_rest)
        assert machine.logged("fault") == len(DAMAGE)
        assert_printed_once(machine, folder)
    finally:
        machine.end()
