"""A print whose every deposit is known, for somebody else's host, and what the rig's Marlin must have of it."""

from itertools import pairwise
from pathlib import Path

import numpy as np

from hardware_sim.truth.store import read_bed
from tests.conformance.rig import RigMachine

MOVES = 300
DAMAGE = [
    {"kind": kind, "job": 1, "after": "line", "at": at}
    for kind, at in (("corrupt_byte", 20), ("lost_byte", 60), ("corrupt_byte", 61), ("lost_byte", 150))
]
"""Four lines of a print, damaged on their way to the machine."""
_LAYER_MM = 0.3


def _point(n: int) -> tuple[float, float]:
    return 10.0 + n % 2 * 60.0, 10.0 + n * 0.25


def program(moves: int = MOVES, hotend_c: int = 200) -> list[str]:
    """Back and forth; no two moves are equal, so that one made twice shows."""
    x, y = _point(0)
    lines = [
        "; a print",
        "G28",
        f"M104 S{hotend_c}",
        f"M109 S{hotend_c} ; and wait",
        "M83",
        "",
        f"G1 X{x:g} Y{y:g} Z{_LAYER_MM} F6000",
    ]
    for n in range(1, moves + 1):
        x, y = _point(n)
        lines.append(f"G1 X{x:g} Y{y:g} E0.5 F6000")
    return [*lines, "M400", "M104 S0", "M84"]


def assert_printed_once(machine: RigMachine, folder: Path, moves: int = MOVES) -> None:
    """One job, each deposit of it once and in its order, nothing cold, nothing beyond the bed."""
    places = [_point(n) for n in range(moves + 1)]
    expected = [[*a, *b, _LAYER_MM, 0.5] for a, b in pairwise(places)]
    machine.command(command="clear_bed")
    np.testing.assert_allclose(read_bed(folder, 1), np.array(expected), atol=1e-3)
    for counter, value in {
        "jobs": 1,
        "deposits": moves,
        "cold_extrusions": 0,
        "out_of_frame": 0,
        "unhomed_moves": 0,
    }.items():
        assert machine.count(counter) == value, counter
