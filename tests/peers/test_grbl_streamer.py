"""grbl-streamer cuts on the rig's Grbl by counting characters."""

from pathlib import Path

import numpy as np
import pytest
import serial

from hardware_sim.truth.store import read_bed
from tests.conformance.rig import RigMachine
from tests.peers.hosts import streamed
from tests.waiting import eventually

pytestmark = pytest.mark.proof(share=0.04, group="peers")
MOVES = 300
ZERO_MM = (-390.0, -290.0, -20.0)
"""The sheet's corner and top, machine coordinates."""
SETTINGS = {"firmware": "grbl", "speed": 200.0, "idle_s": 0.2, "boot_s": 0.1, "resets_on_open": False}


def _point(n: int) -> tuple[float, float, float]:
    return 10.0 + n % 2 * 60.0, 10.0 + n * 0.25, -2.0


def program() -> list[str]:
    """Back and forth through the sheet; no two cuts are equal. Lines of any length, so that the buffer fills oddly."""
    x, y, z = _point(0)
    lines = ["G21 G90 G54", "M3 S10000", f"G0 X{x:g} Y{y:g}", f"G1 Z{z:g} F600"]
    for n in range(1, MOVES + 1):
        x, y, _ = _point(n)
        lines.append(f"G1 X{x:.{n % 4 + 1}f} Y{y:.{n % 3 + 2}f} F{2400 + n}")
    return [*lines, "M5", "G4 P0.01"]


def prepare(machine: RigMachine) -> None:
    """As a person would: clamp a sheet, home, touch off."""
    machine.command(
        command="load_sheet", x=-390, y=-290, z_top=-20, width=200, depth=150, thickness=6, material="plywood"
    )
    with serial.Serial(machine.url, 115200, timeout=20.0) as port:
        port.read_until(b"unlock]\r\n")
        port.write(b"$H\n")
        port.read_until(b"ok\r\n")
        port.write("G10 L2 P1 X{} Y{} Z{}\n".format(*ZERO_MM).encode())
        port.read_until(b"ok\r\n")


def test_makes_every_cut_once(folder: Path) -> None:
    machine = RigMachine(folder, SETTINGS)
    try:
        prepare(machine)
        with streamed("grbl-streamer", "grbl_streamer_host.py", machine.url, program(), folder):
            eventually(machine.at_rest)
        places = np.array([_point(n) for n in range(MOVES + 1)]) + np.array(ZERO_MM)
        expected = np.column_stack((places[:-1], places[1:]))
        machine.command(command="clear_bed")
        np.testing.assert_allclose(read_bed(folder, 1)[-MOVES:], expected, atol=1e-3)
        wanted = {"jobs": 1, "cuts": MOVES + 1, "out_of_frame": 0, "crashes": 0, "lost_bytes": 0, "unhomed_moves": 0}
        assert {counter: machine.count(counter) for counter in wanted} == wanted
    finally:
        machine.end()
