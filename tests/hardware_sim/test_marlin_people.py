"""What a Marlin asks of people and of its host: pauses, prompts, runout, objects, EEPROM, endstops, motors."""

import pytest

from hardware_sim.faults import Fault, FaultKind
from hardware_sim.firmware.config import PrinterConfig
from hardware_sim.firmware.marlin.machine import Marlin
from tests.hardware_sim.cores import answer, booted_marlin, run

PROMPTS = PrinterConfig(host_actions=True, prompt_support=True, runout_sensor=True)


def _warm(config: PrinterConfig = PROMPTS) -> Marlin:
    machine = booted_marlin(config=config, speed=100.0)
    run(machine, "M113 S0\nG28\nM109 S200\nM83\nG1 Z5 F600\nG1 X50 Y50 F6000\nM400")
    return machine


def _later(machine: Marlin, seconds: float) -> bytes:
    return machine.advance(machine.now + seconds)


def test_prompts_without_host_actions_are_no_firmware() -> None:
    with pytest.raises(ValueError, match="host action"):
        PrinterConfig(prompt_support=True)


def test_a_filament_change_parks_and_comes_back_to_where_it_was() -> None:
    machine = _warm()
    place = machine.axes.position
    machine.receive(b"M600\n", machine.now)
    assert b"prompt_begin Nozzle Parked" in _later(machine, 2.0)
    assert machine.axes.position == (10.0, 200.0, 20.0)
    assert machine.details()["awaits_person"] is True
    machine.receive(b"M876 S0\n", machine.now)
    assert b"PurgeMore" in _later(machine, 1.0)
    out = machine.receive(b"M876 S1\n", machine.now) + _later(machine, 2.0)
    assert b"//action:resumed" in out
    assert out.endswith(b"ok\nok\nok\n")
    assert machine.axes.position == place


def test_the_nozzle_cools_while_nobody_answers_and_is_heated_again() -> None:
    machine = _warm()
    machine.receive(b"M600\n", machine.now)
    out = _later(machine, 95.0)
    assert b"echo:Send M108 to heat nozzle\n" in out
    assert b"prompt_button Reheat" in out
    assert _later(machine, 30.0) == b""
    assert machine.hotend.temperature(machine.now) < 60.0
    assert machine.details()["hotend_target_c"] == 200.0
    machine.receive(b"M108\n", machine.now)
    assert b"prompt_begin Reheat Done" in _later(machine, 10.0)
    assert machine.hotend.temperature(machine.now) == 200.0


def test_a_heater_that_fails_in_a_filament_change_is_noticed_and_nothing_goes_on() -> None:
    machine = _warm()
    machine.receive(b"M600\n", machine.now)
    _later(machine, 95.0)
    machine.receive(b"M108\n", machine.now)
    machine.inject(Fault(FaultKind.THERMAL_RUNAWAY), machine.now)
    out = _later(machine, 60.0)
    assert b"Printer halted" in out
    assert b"Reheat Done" not in out


def test_without_prompts_the_knob_answers_the_purge_menu_and_m108_does_not() -> None:
    machine = _warm(PrinterConfig())
    machine.receive(b"M600\n", machine.now)
    _later(machine, 2.0)
    assert machine.receive(b"M108\n", machine.now) == b""
    _later(machine, 2.0)
    machine.receive(b"M108\n", machine.now)
    assert _later(machine, 2.0) == b""
    machine.press_button(machine.now)
    assert _later(machine, 2.0) == b"ok\nok\nok\n"


def test_m0_ends_by_itself_after_its_seconds() -> None:
    machine = booted_marlin()
    assert machine.receive(b"M0 S3\n", machine.now) == b""
    assert _later(machine, 3.1) == b"echo:busy: paused for user\nok\n"


@pytest.mark.parametrize(("sensor", "told"), [(True, True), (False, False)])
def test_filament_that_ends_is_noticed_by_a_switch_alone(sensor: bool, told: bool) -> None:
    machine = _warm(PrinterConfig(host_actions=True, runout_sensor=sensor))
    machine.load_spool("PLA", "white", 0.01, machine.now)
    out = run(machine, "\n".join(f"G1 X{50 + step} E0.5" for step in range(1, 6)))
    out += machine.receive(b"G1 X60 E0.5\nG1 X70 E2\n", machine.now) + _later(machine, 5.0)
    assert (b"//action:paused filament_runout 0\n" in out) is told
    machine.receive(b"G1 X80 E5\n", machine.now)
    _later(machine, 5.0)
    assert (machine.witness.counters.air_printed_mm > 5.0) is not told
    assert machine.details()["filament_out"] is True


def test_host_handling_of_a_runout_starts_no_script() -> None:
    machine = _warm()
    answer(machine, "M412 H1")
    machine.load_spool("PLA", "", 0.001, machine.now)
    out = run(machine, "G1 X60 E2\nM400")
    assert b"//action:filament_runout T0\n//action:pause filament_runout 0\n" in out
    assert out.endswith(b"ok\n")


def test_a_cancelled_object_is_not_laid_down_and_its_neighbour_is() -> None:
    machine = _warm(PrinterConfig(cancel_objects=True))
    for number in (0, 1):
        run(machine, f"M486 S{number}\nG1 X{60 + 20 * number} F6000\nG1 X{70 + 20 * number} E1\nM486 S-1")
    run(machine, "M486 P0\nM400")
    before = machine.witness.counters.deposits
    for number in (0, 1):
        run(machine, f"M486 S{number}\nG1 X{60 + 20 * number} Y60 F6000\nG1 X{70 + 20 * number} E1\nM486 S-1")
    answer(machine, "M400")
    assert machine.witness.counters.deposits == before + 1
    rows = machine.witness.rows
    assert rows[-6:-2].tolist() == pytest.approx([80.0, 60.0, 90.0, 60.0])


def test_stored_settings_survive_a_reset_and_others_do_not() -> None:
    machine = booted_marlin()
    run(machine, "M92 E420\nM203 X150")
    assert b"Settings Stored" in answer(machine, "M500")
    answer(machine, "M203 X99")
    machine.reset(machine.now, "port opened")
    assert b"stored settings retrieved" in _later(machine, 1.0)
    out = answer(machine, "M503 S0")
    assert b"\n  M92 X80.00 Y80.00 Z400.00 E420.00\n" in out
    assert b"\n  M203 X150.00 " in out
    assert b"Hardcoded Default Settings Loaded" in answer(machine, "M502")
    assert b"echo:  M203 X300.00 " in answer(machine, "M503")
    assert b"echo:  M203 X150.00 " in answer(machine, "M501")


def test_endstops_are_hit_at_home_and_open_elsewhere() -> None:
    machine = booted_marlin(config=PrinterConfig(runout_sensor=True))
    run(machine, "G28")
    assert b"x_min: TRIGGERED\ny_min: TRIGGERED\nz_min: TRIGGERED\nfilament: open\nok\n" in answer(machine, "M119")
    run(machine, "G1 X10 F6000\nM400")
    assert b"x_min: open\ny_min: TRIGGERED\n" in answer(machine, "M119")


def test_fan_and_progress_are_kept_and_seen() -> None:
    machine = booted_marlin()
    run(machine, "M106 S128\nM73 P42")
    assert (machine.details()["fan"], machine.details()["percent"]) == (128, 42)
    answer(machine, "M107")
    assert machine.details()["fan"] == 0


def test_idle_motors_let_go_after_two_minutes_and_a_raised_z_is_counted() -> None:
    machine = booted_marlin()
    run(machine, "G28\nG1 Z10 F600\nM400")
    _later(machine, 119.0)
    assert machine.details()["z_held"] is True
    _later(machine, 2.0)
    assert machine.details()["z_held"] is False
    assert machine.witness.counters.z_released == 1
    run(machine, "G1 Z11\nM84 S0\nM400")
    _later(machine, 1000.0)
    assert machine.details()["z_held"] is True


def test_m154_reports_the_position_by_itself() -> None:
    machine = booted_marlin()
    run(machine, "G28\nM154 S1")
    machine.receive(b"G1 X100 F600\n", machine.now)
    out = _later(machine, 3.5)
    assert out.count(b"X:100.00 Y:0.00 Z:0.00 E:0.00 Count X:") == 3


def test_a_probing_that_fails_is_an_error_and_only_once() -> None:
    machine = booted_marlin(Fault(FaultKind.PROBE_FAIL))
    answer(machine, "G28")
    assert b"Error:Probing Failed\n" in answer(machine, "G29")
    _later(machine, 3.0)
    assert b"Bilinear Leveling Grid" in answer(machine, "G29")


def test_a_switch_that_closes_in_mid_print_ends_the_move_alone() -> None:
    machine = _warm()
    machine.receive(b"G1 X100 F600\nG1 Y60\n", machine.now)
    out = machine.inject(Fault(FaultKind.HARD_LIMIT), machine.now + 0.02)
    assert out.startswith(b"echo:endstops hit:  X:")
    assert b"kill" not in out + _later(machine, 5.0)
    assert machine.axes.position[:2] == (100.0, 60.0)
