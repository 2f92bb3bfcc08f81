import pytest

from hardware_sim.firmware.config import RouterConfig
from hardware_sim.firmware.grbl.machine import Grbl
from tests.hardware_sim.cores import answer, booted_grbl, run

UNHOMED = RouterConfig(homing=False)


def homed() -> Grbl:
    machine = booted_grbl()
    assert answer(machine, "$H") == b"ok\r\n"
    return machine


def settled(machine: Grbl, seconds: float = 120.0) -> Grbl:
    machine.advance(machine.now + seconds)
    return machine


def test_homing_ends_at_the_far_corner_less_the_pull_off() -> None:
    machine = homed()
    assert machine.table.believed == machine.table.true_position() == (-1.0, -1.0, -1.0)


def test_before_homing_belief_and_truth_differ() -> None:
    machine = booted_grbl()
    assert machine.table.believed != machine.table.true_position()


def test_a_full_planner_holds_the_ok_back_and_rx_overflow_is_lost() -> None:
    machine = booted_grbl(config=UNHOMED)
    answer(machine, "G1F60")
    lines = [b"G1X%d\n" % step for step in range(1, 60)]
    out = machine.receive(b"".join(lines), machine.now)
    assert out.count(b"ok") == 15
    assert len(machine.planner.blocks) == 15
    # One line is under execution; 127 characters wait; the rest never arrived.
    waiting = sum(len(line) for line in lines[16:])
    assert machine.witness.counters.lost_bytes == waiting - 127


def test_bytes_that_arrive_during_an_eeprom_write_are_lost() -> None:
    machine = homed()
    assert machine.receive(b"G10L20P1X0Y0Z0\nG90\n", machine.now) == b""
    assert settled(machine, 1.0).witness.counters.lost_bytes == 4


def test_work_zero_is_read_back() -> None:
    machine = homed()
    run(machine, "$J=G53X-300Y-200F5000\nG4P0")
    settled(machine)
    assert answer(machine, "G10L20P1X0Y0Z0") == b"ok\r\n"
    assert b"[G54:-300.000,-200.000,-1.000]" in answer(machine, "$#")
    assert b"WCO:-300.000,-200.000,-1.000" in machine.receive(b"?", machine.now)


def test_the_work_zero_survives_a_power_cycle_and_the_position_does_not() -> None:
    machine = homed()
    answer(machine, "G10L2P1X-100Y-50Z-10")
    truth = machine.table.true_position()
    machine.reset(machine.now, "port opened")
    settled(machine, 1.0)
    assert machine.table.believed == (0.0, 0.0, 0.0)
    assert machine.table.true_position() == truth
    assert b"[G54:-100.000,-50.000,-10.000]" in answer(machine, "$#")
    assert answer(machine, "G0X-5") == b"error:9\r\n"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("G1X1", 22), ("G1X1X2F1", 25), ("G0G1X1", 24), ("M7", 20),
        ("G17G18", 21), ("X", 2), ("=3", 1), ("G10L20P1", 26), ("G2X1Y1F100", 35),
        ("G2X10R1F100", 34), ("G93", 20), ("M6", 20), ("G53G2X1I1F1", 30), ("$Z", 3), ("$J=X5", 22), ("G4", 28),
        ("G59.1", 29), ("$20=1", 10), ("$H", 5), ("G1X" + "1" * 90, 11), ("G1Q3F100", 36), ("S-1", 4),
    ],
)  # fmt: skip
def test_refusals(line: str, error: int) -> None:
    assert answer(booted_grbl(config=UNHOMED), line) == b"error:%d\r\n" % error


def test_hold_stops_motion_but_not_the_spindle_and_no_line_is_read() -> None:
    machine = booted_grbl(config=UNHOMED)
    run(machine, "M3S1000\nG1X100F600")
    machine.receive(b"!", machine.now + 2.0)
    assert b"Hold:1" in machine.receive(b"?", machine.now)
    assert b"Hold:0" in settled(machine, 1.0).receive(b"?", machine.now)
    assert machine.table.spindle == 3
    assert machine.receive(b"G1X1\n", machine.now) == b""
    settled(machine, 50.0)
    assert machine.table.believed[0] == pytest.approx(20.0, abs=0.01)
    assert machine.receive(b"~", machine.now) == b"ok\r\n"


def test_the_door_stops_the_spindle_and_resuming_waits_for_it() -> None:
    machine = booted_grbl(config=UNHOMED)
    run(machine, "M3S1000\nG1X100F600")
    machine.receive(b"\x84", machine.now + 2.0)
    settled(machine, 1.0)
    assert machine.table.spindle == 5
    held_at = machine.table.believed
    machine.receive(b"~", machine.now)
    assert b"Door:3" in machine.receive(b"?", machine.now)
    assert settled(machine, 3.9).table.believed == held_at
    assert b"Run" in settled(machine, 1.0).receive(b"?", machine.now)
    assert machine.table.spindle == 3


def test_spindle_stop_works_in_a_hold_only() -> None:
    machine = booted_grbl(config=UNHOMED)
    run(machine, "M3S1000\nG1X100F600")
    machine.receive(b"\x9e", machine.now)
    assert machine.table.spindle == 3
    machine.receive(b"!", machine.now)
    settled(machine, 1.0).receive(b"\x9e", machine.now)
    assert machine.table.spindle == 5
    assert machine.receive(b"~", machine.now) == b"[MSG:Restoring spindle]\r\n"


def test_a_reset_in_motion_loses_the_position_and_one_at_rest_does_not() -> None:
    machine = homed()
    run(machine, "G1X-200F3000")
    assert machine.receive(b"\x18", machine.now + 1.0).startswith(b"ALARM:3\r\n")
    assert machine.table.believed != machine.table.true_position()
    still = homed()
    run(still, "G1X-200F3000")
    still.receive(b"!", still.now + 1.0)
    assert b"ALARM" not in settled(still, 2.0).receive(b"\x18", still.now)
    assert still.table.believed == still.table.true_position()


def test_the_soft_limit_lets_motion_end_and_locks() -> None:
    machine = homed()
    run(machine, "G1X-100F3000")
    assert b"ALARM:2" in answer(machine, "G1X-601")
    assert machine.witness.counters.out_of_frame == 1
    assert machine.receive(b"?$X\n", machine.now) == b""


def test_jogging_beyond_travel_is_refused_and_a_jog_can_be_cancelled() -> None:
    machine = homed()
    assert answer(machine, "$J=G53X10F1000") == b"error:15\r\n"
    assert answer(machine, "$J=G91X-100F1000") == b"ok\r\n"
    assert b"Jog" in machine.receive(b"?", machine.now + 1.0)
    machine.receive(b"\x85", machine.now + 1.0)
    assert b"Jog" in machine.receive(b"?", machine.now)
    assert b"Idle" in machine.receive(b"?", machine.now + 0.5)
    assert -40.0 < machine.table.believed[0] < -20.0


def test_check_mode_moves_nothing_and_still_finds_errors() -> None:
    machine = homed()
    assert b"[MSG:Enabled]" in answer(machine, "$C")
    assert run(machine, "M3S100\nG1X-50F500") == b"ok\r\nok\r\n"
    assert answer(machine, "G1X1Y") == b"error:2\r\n"
    assert b"Grbl 1.1h" in answer(machine, "$C")
    assert machine.witness.counters.jobs == 0
    assert machine.witness.counters.spindle_s == 0.0


def test_m0_waits_for_a_person() -> None:
    machine = booted_grbl(config=UNHOMED)
    assert machine.receive(b"M0\n", machine.now) == b""
    settled(machine)
    assert machine.receive(b"~", machine.now) == b"ok\r\n"


def test_a_status_asked_for_while_homing_comes_after_it() -> None:
    machine = booted_grbl()
    machine.receive(b"$H\n", machine.now)
    assert machine.receive(b"???", machine.now) == b""
    assert settled(machine).receive(b"", machine.now) == b""
    machine = booted_grbl()
    machine.receive(b"$H\n?", machine.now)
    assert machine.advance(machine.now + 60.0).startswith(b"<Idle|MPos:-1.000")


def test_an_arc_is_driven_as_one() -> None:
    machine = booted_grbl(config=UNHOMED)
    run(machine, "G2X20Y0I10J0F3000\nG4P0")
    assert machine.table.believed == (20.0, 0.0, 0.0)


def test_spindle_time_is_counted_in_seconds_of_physics() -> None:
    machine = booted_grbl(config=UNHOMED, speed=10.0)
    run(machine, "M3S1000\nG4P30\nM5")
    assert machine.witness.counters.spindle_s == pytest.approx(30.0)
