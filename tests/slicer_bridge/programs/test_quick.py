"""Compiled code and judges agree, line for line, on any program of any dialect."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slicer_bridge.programs.blocks import BlockKind, BlockSpan
from slicer_bridge.programs.check import ProgramChecker, Verdict, check_by_line, check_program
from slicer_bridge.programs.limits import Dialect, MachineLimits
from slicer_bridge.programs.quick import check_quickly
from tests.slicer_bridge.programs import spoilt_lines
from tests.slicer_bridge.programs.test_check_printer import LIMITS as PRINTER
from tests.slicer_bridge.programs.test_check_printer import READY as PRINTER_READY
from tests.slicer_bridge.programs.test_check_router import LIMITS as ROUTER
from tests.slicer_bridge.programs.test_check_router import OFFSET
from tests.slicer_bridge.programs.test_check_router import READY as ROUTER_READY

KLIPPER = PRINTER.model_copy(update={"dialect": Dialect.KLIPPER, "max_flow_mm3_s": 15.0, "max_feed_z_mm_s": 12.0})
_MACHINES = {
    "marlin": (PRINTER, None, PRINTER_READY, spoilt_lines.PRINTER),
    "klipper": (KLIPPER, None, PRINTER_READY, spoilt_lines.PRINTER),
    "grbl": (ROUTER, OFFSET, ROUTER_READY, spoilt_lines.ROUTER),
    "grbl without offset": (ROUTER, None, ROUTER_READY, spoilt_lines.ROUTER),
}


def _both(
    path: Path, limits: MachineLimits, offset: tuple[float, float, float] | None, blocks: tuple[BlockSpan, ...] = ()
) -> Verdict:
    """The verdict, by line; that of compiled code is the same."""
    slow = check_by_line(path, ProgramChecker(limits, offset, blocks))
    quick = check_quickly(path, ProgramChecker(limits, offset, blocks), limits)
    assert quick.findings == slow.findings
    assert (quick.lines, quick.refused, quick.end, quick.ok) == (slow.lines, slow.refused, slow.end, slow.ok)
    assert quick.moves_s == pytest.approx(slow.moves_s, rel=1e-9)
    assert (quick.bounds is None) == (slow.bounds is None)
    if quick.bounds and slow.bounds:
        assert quick.bounds.low == pytest.approx(slow.bounds.low, abs=1e-9)
        assert quick.bounds.high == pytest.approx(slow.bounds.high, abs=1e-9)
    return slow


@pytest.mark.parametrize("machine", _MACHINES)
def test_same_verdict_on_programs_made_at_random(machine: str, tmp_path: Path) -> None:
    limits, offset, ready, lines = _MACHINES[machine]
    rng = np.random.default_rng(20260)
    refused = 0
    for _ in range(20):
        body = spoilt_lines.program(rng, lines, 120)
        (tmp_path / "p").write_bytes("".join(f"{line}\n" for line in ready).encode() + body)
        refused += _both(tmp_path / "p", limits, offset).refused
    assert 0 < refused < 20 * 120


@settings(deadline=None, max_examples=50)
@given(st.lists(st.binary(max_size=40) | st.sampled_from((*spoilt_lines.PRINTER, *spoilt_lines.ROUTER)), max_size=30))
def test_same_verdict_on_any_bytes(tmp_path_factory: pytest.TempPathFactory, body: list[bytes]) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes"
    path.write_bytes(b"\n".join(body))
    for limits, offset, _, _ in _MACHINES.values():
        _both(path, limits, offset)


@pytest.mark.parametrize("machine", _MACHINES)
def test_same_verdict_on_lines_too_long(machine: str, tmp_path: Path) -> None:
    limits, offset, ready, _ = _MACHINES[machine]
    (tmp_path / "p").write_bytes(
        "\n".join(ready).encode() + b"\nG1 X1" + b" " * 200_000 + b"\nG1 X2\n;" + b"x" * 70_000
    )
    assert _both(tmp_path / "p", limits, offset).lines == len(ready) + 3


def test_same_verdict_with_approved_blocks(tmp_path: Path) -> None:
    ready = "".join(f"{line}\n" for line in PRINTER_READY)
    moves = "".join(f"G1 X{n} Y{n} F3000\n" for n in range(10, 60))
    (tmp_path / "p").write_text(ready + moves + "M42 P1\nG1 X5\n" + moves + "M42 P1\n" + "M104 S0\nM140 S0\n")
    first = len(PRINTER_READY) + 51
    block = BlockSpan(BlockKind.LAYER, first, first + 1, "0" * 64, frozenset({"M42"}))
    verdict = _both(tmp_path / "p", PRINTER, None, (block,))
    assert first not in [finding.line for finding in verdict.findings]
    assert [finding.line for finding in verdict.findings if "M42" in finding.reason] == [first + 52]


def test_long_programs_are_judged_quickly_and_the_same(tmp_path: Path) -> None:
    moves = "".join(f"G1 X{10 + n % 150}.{n % 1000:03} Y{n % 97} E.01 F1800\n" for n in range(50_000))
    (tmp_path / "p").write_text("".join(f"{line}\n" for line in PRINTER_READY) + "M83\n" + moves + "G1 X999\n")
    verdict = check_program(tmp_path / "p", PRINTER)
    assert verdict == check_by_line(tmp_path / "p", ProgramChecker(PRINTER))
    assert verdict.findings[0].line == verdict.lines


@pytest.mark.parametrize("line", ["G+1 X50 F2400", "G-1 X50", "G1. X50", "G 1 X50", "M+106 S9"])
def test_commands_with_signs_are_nobodys(tmp_path: Path, line: str) -> None:
    (tmp_path / "p").write_text("\n".join([*PRINTER_READY, "G1 X20", line, "G1 X30"]))
    assert _both(tmp_path / "p", PRINTER, None).refused == 1
