from math import inf

import pytest

from hardware_sim.faults import Fault, FaultKind
from hardware_sim.firmware.config import PrinterConfig
from tests.hardware_sim.cores import answer, booted_marlin, heated, run


def test_a_full_planner_holds_the_ok_back() -> None:
    machine = booted_marlin()
    moves = b"".join(b"G1 X%d F600\n" % (10 * step) for step in range(1, 40))
    acknowledged = 0
    for line in moves.splitlines(keepends=True):
        acknowledged += machine.receive(line, 1.0).count(b"ok\n")
    # 15 blocks are planned; the 16th command is under execution and waits for room.
    assert acknowledged == 15
    assert len(machine.planner.blocks) == 15
    assert len(machine.intake.queue) == 4
    assert machine.advance(2.2).count(b"ok\n") == 1


def test_what_overflows_the_receive_buffer_is_lost_and_asked_for_again() -> None:
    machine = booted_marlin(config=PrinterConfig(rx_bytes=64))
    assert machine.receive(b"G4 S5\n" * 4, 1.0) == b""
    assert machine.receive(b"G4 P1\n" * 30, 1.0) == b""
    assert machine.witness.counters.lost_bytes == 30 * 6 - 64
    assert machine.advance(60.0).count(b"ok\n") == 4 + 64 // 6


def test_motion_takes_its_time_with_acceleration() -> None:
    machine = booted_marlin()
    answer(machine, "M204 T1000")
    begun = machine.now
    run(machine, "G1 X100 F6000\nM400")
    # 100 mm at 100 mm/s, and 0.1 s more for two ramps at 1000 mm/s².
    assert machine.now - begun == pytest.approx(1.1, abs=1e-6)


def test_corners_slow_motion_down_and_straight_lines_do_not() -> None:
    straight, corner = booted_marlin(), booted_marlin()
    run(straight, "G1 X50 F6000\nG1 X100\nM400")
    run(corner, "G1 X50 F6000\nG1 Y50\nM400")
    assert corner.now > straight.now + 0.05


def test_speed_divides_physics_and_not_the_reports() -> None:
    slow, fast = booted_marlin(speed=1.0), booted_marlin(speed=100.0)
    for machine in (slow, fast):
        answer(machine, "M109 S210")
    assert (slow.now - 1.0) / (fast.now - 1.0) == pytest.approx(100.0)
    answer(fast, "M155 S1")
    assert fast.advance(fast.now + 3.5).count(b" T:") == 3


def test_the_heater_follows_its_curve_and_stays_at_its_target() -> None:
    machine = booted_marlin()
    answer(machine, "M104 S200")
    temperatures = []
    for seconds in range(1, 120):
        machine.advance(1.0 + seconds)
        temperatures.append(machine.hotend.temperature(machine.now))
    assert temperatures == sorted(temperatures)
    assert temperatures[-1] == 200.0
    answer(machine, "M104 S0")
    machine.advance(machine.now + 1500.0)
    assert machine.hotend.temperature(machine.now) == pytest.approx(21.0, abs=0.05)


def test_a_broken_heater_trips_thermal_protection_and_nothing_answers_until_a_reset() -> None:
    machine = heated()
    machine.inject(Fault(FaultKind.THERMAL_RUNAWAY), machine.now)
    out = machine.advance(machine.now + 120.0)
    assert out.endswith(b"Error:Thermal Runaway, system stopped! Heater_ID: 0\nError:Printer halted. kill() called!\n")
    assert machine.hotend.target_c == 0.0
    assert machine.receive(b"M105\n", machine.now) == b""
    assert machine.next_event() == inf
    machine.recover(machine.now)
    assert machine.advance(machine.now + 1.0).startswith(b"start\n")
    assert answer(machine, "M105").startswith(b"ok T:")


def test_commands_after_a_kill_are_counted_once_the_host_could_know() -> None:
    machine = heated()
    machine.receive(b"M112\n", machine.now)
    machine.receive(b"G1 X10\n", machine.now + 0.1)
    assert machine.witness.counters.after_fault == 0
    machine.receive(b"M105\nG1 X1", machine.now + 5.0)
    machine.receive(b"0\nM104 S0\nM140 S60\n", machine.now + 1.0)
    assert machine.witness.counters.after_fault == 2


def test_cold_extrusion_is_prevented_and_counted() -> None:
    machine = booted_marlin()
    run(machine, "G28\nM83")
    assert b"cold extrusion prevented" in answer(machine, "G1 X10 E1 F600")
    answer(machine, "M400")
    assert machine.witness.counters.cold_extrusions == 1
    assert machine.witness.counters.deposits == 0


def test_moves_beyond_the_frame_are_clamped_and_counted() -> None:
    machine = booted_marlin()
    run(machine, "G28\nG1 X300 Y-5 F60000\nM400")
    assert machine.axes.position == (250.0, 0.0, 0.0)
    assert machine.witness.counters.out_of_frame == 1


def test_m112_ends_a_wait_and_m108_only_breaks_it_off() -> None:
    machine = booted_marlin()
    assert b"ok" not in machine.receive(b"M190 S100\n", 1.0)
    assert machine.receive(b"M108\n", 2.0).count(b"ok\n") == 2
    assert machine.bed.target_c == 100.0
    machine.receive(b"M109 S200\n", 2.5)
    assert machine.receive(b"\nM112\n", 3.0) == b"Error:Printer halted. kill() called!\n"
    assert machine.bed.target_c == 0.0


def test_without_emergency_parser_a_kill_acts_once_it_is_read_and_a_full_queue_reads_nothing() -> None:
    machine = booted_marlin(config=PrinterConfig(emergency_parser=False))
    machine.receive(b"G4 S10\n", 1.0)
    assert b"kill()" in machine.receive(b"M112\n", 2.0)
    full = booted_marlin(config=PrinterConfig(emergency_parser=False))
    full.receive(b"G4 S10\n" * 4, 1.0)
    assert full.receive(b"M112\n", 2.0) == b""
    assert full.advance(11.1) == b"echo:busy: processing\n" * 5 + b"ok\nError:Printer halted. kill() called!\n"


def test_quick_stop_forgets_the_queue_and_knows_where_it_stands() -> None:
    machine = booted_marlin()
    run(machine, "G28\nG1 X100 F600\nG1 X200")
    machine.receive(b"M410\n", machine.now + 5.0)
    assert machine.planner.blocks == machine.planner.blocks.__class__()
    assert 45.0 < machine.axes.position[0] < 51.0


def test_advanced_ok_tells_line_and_free_places() -> None:
    machine = booted_marlin(config=PrinterConfig(advanced_ok=True))
    assert machine.receive(b"N0 M110 N0*125\n", 1.0) == b"ok N0 P15 B3\n"


def test_arcs_end_where_they_should() -> None:
    machine = heated()
    run(machine, "G1 X50 Y50 F3000\nG2 X70 Y50 I10 J0 E2\nM400")
    assert machine.axes.position[:2] == (70.0, 50.0)
    rows = machine.witness.rows
    ys = [rows[at + 1] for at in range(0, len(rows), 6)]
    assert max(ys) == pytest.approx(60.0, abs=0.1)
    assert sum(rows[5::6]) == pytest.approx(2.0)


def test_words_without_blanks_and_with_leading_zeros_are_understood() -> None:
    machine = booted_marlin()
    run(machine, "G28\nG01X10Y20F6000\nM400")
    assert machine.axes.position == (10.0, 20.0, 0.0)


def test_a_heater_that_fails_while_it_is_waited_for_ends_in_a_halt_and_not_in_an_ok() -> None:
    machine = booted_marlin()
    assert b"ok" in run(machine, "G28\nM104 S100")
    machine.inject(Fault(FaultKind.THERMAL_RUNAWAY), machine.now)
    said = answer(machine, "M109 S210")
    assert b"ok\n" not in said
    assert b"Heating failed" in said
