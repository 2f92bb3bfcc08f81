"""Episodes, counters and faults, as the witness of a pure core tells them."""

import pytest

from hardware_sim.faults import After, Fault, FaultKind
from hardware_sim.firmware.config import RouterConfig
from hardware_sim.firmware.grbl.machine import Grbl
from hardware_sim.firmware.marlin.machine import Marlin
from hardware_sim.firmware.sheet import Sheet
from tests.hardware_sim.cores import answer, booted_grbl, booted_marlin, heated, run


def _ended(machine: Marlin | Grbl) -> list[tuple[str, int, str]]:
    """Kind, job number and reason of every episode that has ended."""
    return [
        (note.episode.kind.value, note.episode.job, note.reason)
        for note in machine.witness.notes
        if note.event == "episode_ended" and note.episode is not None
    ]


def _pillar(layers: int, x: float = 50.0) -> str:
    """G-code of a small square tower, relative extrusion."""
    lines = []
    for layer in range(1, layers + 1):
        lines.append(f"G1 Z{layer * 0.2:.1f} F600")
        lines.append(f"G1 X{x:g} Y50 F6000")
        for dx, dy in ((10, 0), (10, 10), (0, 10), (0, 0), (10, 10)):
            lines.append(f"G1 X{x + dx:g} Y{50 + dy} E0.4")
    return "\n".join(lines)


def test_a_program_with_pauses_for_heat_is_one_episode_and_homing_belongs_to_it() -> None:
    machine = booted_marlin()
    run(machine, "G28\nM140 S60\nM190 S60\nM109 S210\nM83")
    machine.advance(machine.now + 30.0)
    run(machine, _pillar(3) + "\nM104 S0\nM140 S0\nM84")
    machine.advance(machine.now + 5.0)
    assert _ended(machine) == [("job", 1, "idle")]
    started = next(note.episode for note in machine.witness.notes if note.event == "episode_ended")
    assert started is not None
    assert started.started == pytest.approx(1.0)
    assert started.deposits == 15


def test_what_neither_heats_nor_moves_starts_nothing() -> None:
    machine = booted_marlin()
    run(machine, "M115\nM105\nG21\nG90\nM104 S0\nM140 S0\nM107\nM84\nG92 E0\nM110 N0\nG4 P100\nM400")
    machine.advance(machine.now + 10.0)
    assert not _ended(machine)
    assert machine.witness.episode is None


def test_two_programs_with_a_rest_between_them_are_two_episodes() -> None:
    machine = booted_marlin()
    for _ in range(2):
        run(machine, "G28\nM104 S180\nM104 S0\nM400")
        machine.advance(machine.now + 2.0)
    assert _ended(machine) == [("job", 1, "idle"), ("job", 2, "idle")]


def test_homing_alone_is_setup() -> None:
    machine = booted_marlin()
    answer(machine, "G28")
    machine.advance(machine.now + 5.0)
    assert _ended(machine) == [("setup", 0, "idle")]


def test_a_router_s_touch_off_is_setup_and_the_run_after_it_a_job_of_its_own() -> None:
    machine = booted_grbl()
    run(machine, "$H\n$J=G53X-300Y-200F5000")
    machine.advance(machine.now + 6.0)
    run(machine, "G10L20P1X0Y0Z0")
    run(machine, "$J=G91X1F1000")
    machine.advance(machine.now + 0.5)
    run(machine, "G21G90G54\nM3S1000\nG1X20F500\nM5\nM30")
    machine.advance(machine.now + 5.0)
    assert _ended(machine) == [("setup", 0, "idle"), ("setup", 0, "a job began"), ("job", 1, "idle")]


def test_a_hold_in_the_middle_splits_nothing() -> None:
    machine = booted_grbl(config=RouterConfig(homing=False))
    run(machine, "M3S1000\nG1X20F600")
    machine.receive(b"\x84", machine.now + 0.5)
    machine.advance(machine.now + 600.0)
    machine.receive(b"~", machine.now)
    run(machine, "M5\nM30")
    machine.advance(machine.now + 5.0)
    assert _ended(machine) == [("job", 1, "idle")]


def test_clearing_the_bed_closes_its_truth() -> None:
    machine = heated(speed=100.0)
    run(machine, _pillar(2) + "\nM104 S0\nM400")
    assert machine.clear_bed(machine.now) == 1
    assert machine.witness.bed == 2
    assert _ended(machine) == [("job", 1, "bed cleared")]


def test_runaway_at_a_height_kills_and_closes_the_episode() -> None:
    fault = Fault(FaultKind.THERMAL_RUNAWAY, job=1, after=After.HEIGHT_MM, at=1.0)
    machine = heated(fault, speed=600.0)
    out = run(machine, _pillar(200))
    assert b"Thermal Runaway" in out
    assert _ended(machine) == [("job", 1, "killed: thermal protection")]
    assert 1.0 <= machine.witness.height_mm < 40.0


def test_a_detached_piece_stops_growing_and_its_neighbour_does_not() -> None:
    machine = heated(Fault(FaultKind.DETACH, job=1, after=After.HEIGHT_MM, at=1.0, island=0), speed=600.0)
    for layer in range(1, 11):
        run(machine, f"G1 Z{layer * 0.2:.1f} F600")
        for x in (50.0, 80.0):
            run(machine, "\n".join(_pillar(1, x).splitlines()[1:]))
    run(machine, "M400")
    rows = machine.witness.rows
    heights = {x: max(rows[at + 4] for at in range(0, len(rows), 6) if abs(rows[at] - x) < 12) for x in (55.0, 85.0)}
    assert heights[55.0] == pytest.approx(1.0)
    assert heights[85.0] == pytest.approx(2.0)


def test_a_damaged_line_makes_the_firmware_ask_for_it_again() -> None:
    machine = booted_marlin(Fault(FaultKind.CORRUPT_BYTE, job=1, after=After.LINE, at=2))
    run(machine, "G28\nM104 S50")
    machine.receive(b"N0 M110 N0*125\n", machine.now)
    assert machine.receive(b"N1 G21*27\n", machine.now).endswith(b"Resend: 1\nok\n")
    assert machine.receive(b"N1 G21*27\n", machine.now) == b"ok\n"
    assert machine.witness.counters.resends == 1
    assert [note.details for note in machine.witness.notes if note.event == "fault"] == [{"kind": "corrupt_byte"}]


def test_a_hard_limit_strikes_after_so_many_cuts() -> None:
    machine = booted_grbl(Fault(FaultKind.HARD_LIMIT, job=1, after=After.MOVES, at=3))
    machine.load_sheet(Sheet(-400.0, -300.0, -20.0, 300.0, 200.0, 6.0), machine.now)
    run(machine, "$H\nG10L2P1X-380Y-280Z-20\nM3S1000\nG0X0Y0\nG1Z-2F1000")
    out = run(machine, "\n".join(f"G1X{step * 10}F2000" for step in range(1, 20)) + "\nG4P0")
    assert b"ALARM:1" in out
    assert machine.witness.counters.cuts == 3
    assert machine.witness.faulted
    machine.recover(machine.now)
    assert not machine.witness.faulted


def test_a_hang_is_silent_and_heaters_stay_on_until_a_reset() -> None:
    machine = heated()
    machine.inject(Fault(FaultKind.HANG), machine.now)
    assert machine.receive(b"M105\n", machine.now + 1.0) == b""
    assert machine.advance(machine.now + 60.0) == b""
    assert machine.hotend.target_c == 210.0
    machine.recover(machine.now)
    assert machine.hotend.target_c == 0.0
    assert _ended(machine) == [("job", 1, "reset by a person")]


def test_a_fault_that_did_not_fire_is_over_with_its_job() -> None:
    machine = booted_marlin(Fault(FaultKind.HANG, job=1, after=After.SECONDS, at=1e6))
    for _ in range(2):
        run(machine, "G28\nM104 S180\nM104 S0\nM400")
        machine.advance(machine.now + 2.0)
    assert not machine.mishaps.armed
    assert not machine.mishaps.waiting


def test_moving_through_the_sheet_without_spindle_is_a_crash_and_no_cut() -> None:
    machine = booted_grbl()
    machine.load_sheet(Sheet(-400.0, -300.0, -20.0, 300.0, 200.0, 6.0), machine.now)
    run(machine, "$H\nG0X-380Y-280\nG0Z-22\nG1X-300F3000\nG0Z-10\nG4P0")
    assert machine.witness.counters.cuts == 0
    assert machine.witness.counters.crashes == 2
