"""What people do at a router: plate, tool, door, presence; and what its descendants say differently."""

import pytest

from hardware_sim.faults import Fault, FaultKind
from hardware_sim.firmware.config import Flavour, RouterConfig
from hardware_sim.firmware.grbl.machine import Grbl
from hardware_sim.firmware.sheet import Sheet
from tests.hardware_sim.cores import answer, booted_grbl, run

SHEET = Sheet(-400.0, -300.0, -60.0, 300.0, 200.0, 6.0)
DOOR = RouterConfig(homing=False, door_switch=True)


def _over_the_sheet(config: RouterConfig | None = None, *faults: Fault) -> Grbl:
    """Homed, 10 mm above the sheet's middle."""
    machine = booted_grbl(*faults, config=config)
    machine.load_sheet(SHEET, machine.now)
    run(machine, "$H\n$J=G53X-250Y-200F5000")
    machine.advance(machine.now + 10.0)
    run(machine, "$J=G53Z-50F2000")
    machine.advance(machine.now + 5.0)
    return machine


def _touch_off(machine: Grbl, thickness_mm: float = 5.0) -> bytes:
    machine.lay_probe_plate(thickness_mm, machine.now)
    out = run(machine, f"G21G91G38.2Z-20F100\nG10L20P1Z{thickness_mm}\nG90")
    machine.take_probe_plate(machine.now)
    return out


def test_probing_finds_the_plate_on_the_sheet() -> None:
    machine = _over_the_sheet()
    assert b"[PRB:-250.000,-200.000,-55.000:1]\r\n" in _touch_off(machine)
    assert b"[G54:0.000,0.000,-60.0" in answer(machine, "$#")
    assert machine.witness.counters.jobs == 0


@pytest.mark.parametrize(("extra_mm", "depth_mm"), [(0.0, 2.0), (3.0, 5.0)])
def test_a_tool_that_is_longer_than_was_measured_cuts_deeper(extra_mm: float, depth_mm: float) -> None:
    machine = _over_the_sheet()
    _touch_off(machine)
    machine.fit_tool(30.0 + extra_mm, 6.0, machine.now)
    run(machine, "G0Z5\nM3S1000\nG1Z-2F500\nG1X-200F2000\nM5\nG4P0")
    lowest = min(machine.witness.rows[2::3])
    assert SHEET.z_top - lowest == pytest.approx(depth_mm, abs=0.02)


def test_a_tool_length_offset_moves_the_work_zero() -> None:
    machine = booted_grbl(config=RouterConfig(homing=False))
    assert answer(machine, "G43.1Z4") == b"ok\r\n"
    assert b"[TLO:4.000]" in answer(machine, "$#")
    assert b"WCO:0.000,0.000,4.000" in machine.receive(b"?", machine.now)
    run(machine, "G0Z0\nG4P0")
    assert machine.table.believed == (0.0, 0.0, 4.0)
    assert answer(machine, "G49") == b"ok\r\n"
    assert answer(machine, "G43.1X4") == b"error:37\r\n"


@pytest.mark.parametrize(("word", "locks"), [("G38.2", True), ("G38.3", False)])
def test_a_probe_that_finds_nothing(word: str, locks: bool) -> None:
    machine = _over_the_sheet()
    out = answer(machine, f"G21G91{word}Z-5F100")
    assert (b"ALARM:5" in out) is locks
    assert b"ALARM:5" in out or out.endswith(b":0]\r\nok\r\n")


def test_probing_away_ends_where_contact_is_lost() -> None:
    machine = _over_the_sheet()
    machine.lay_probe_plate(12.0, machine.now)
    assert b"Pn:P" in machine.receive(b"?", machine.now)
    assert b"[PRB:-250.000,-200.000,-48.000:1]" in answer(machine, "G91G38.4Z10F100")


def test_a_probing_fails_once_by_fault() -> None:
    machine = _over_the_sheet(None, Fault(FaultKind.PROBE_FAIL, job=1))
    assert b"ALARM:5" in _touch_off(machine)
    machine.recover(machine.now)
    machine.advance(machine.now + 1.0)
    run(machine, "$H\n$J=G53Z-50F2000")
    machine.advance(machine.now + 5.0)
    assert b":1]" in _touch_off(machine)


def test_an_opened_door_stops_everything_until_it_is_closed_and_started() -> None:
    machine = booted_grbl(config=DOOR)
    run(machine, "M3S1000\nG1X100F600")
    machine.advance(machine.now + 2.0)
    assert machine.open_door(machine.now) == b"[MSG:Check Door]\r\n"
    assert b"<Door:2|" in machine.receive(b"?", machine.now)
    machine.advance(machine.now + 1.0)
    assert b"<Door:1|" in machine.receive(b"?", machine.now)
    assert b"Pn:D" in machine.receive(b"?", machine.now)
    assert machine.table.spindle == 5
    machine.receive(b"~", machine.now)
    assert b"<Door:1|" in machine.receive(b"?", machine.now)
    machine.close_door(machine.now)
    assert b"<Door:0|" in machine.receive(b"?", machine.now)
    machine.receive(b"~", machine.now)
    assert b"<Door:3|" in machine.receive(b"?", machine.now)
    machine.advance(machine.now + 5.0)
    assert b"<Run|" in machine.receive(b"?", machine.now)


def test_cycle_start_at_the_machine_ends_a_hold_and_brings_the_spindle_back() -> None:
    machine = booted_grbl(config=RouterConfig(homing=False))
    run(machine, "M3S1000\nG1X100F600")
    machine.receive(b"\x84", machine.now)
    machine.advance(machine.now + 2.0)
    assert b"<Door:0|" in machine.receive(b"?", machine.now)
    machine.press_button(machine.now)
    assert b"<Door:3|" in machine.receive(b"?", machine.now)
    machine.advance(machine.now + 5.0)
    assert b"<Run|" in machine.receive(b"?", machine.now)


def test_a_door_without_a_switch_is_open_and_nobody_knows() -> None:
    machine = booted_grbl(config=RouterConfig(homing=False))
    run(machine, "M3S1000\nG1X100F600")
    assert machine.open_door(machine.now) == b""
    assert b"<Run|" in machine.receive(b"?", machine.now)


def test_a_machine_with_its_door_open_neither_homes_nor_unlocks() -> None:
    machine = booted_grbl(config=RouterConfig(door_switch=True))
    machine.open_door(machine.now)
    assert (answer(machine, "$X"), answer(machine, "$H")) == (b"error:13\r\n", b"error:13\r\n")


def test_sleep_ends_with_a_reset_in_an_alarm() -> None:
    machine = booted_grbl(config=RouterConfig(homing=False))
    answer(machine, "M3S1000")
    assert answer(machine, "$SLP") == b"ok\r\n[MSG:Sleeping]\r\n"
    assert b"<Sleep|" in machine.receive(b"?", machine.now)
    assert machine.table.spindle == 5
    assert machine.receive(b"G0X1\n", machine.now) == b""
    assert b"to unlock" in machine.receive(b"\x18", machine.now)
    assert answer(machine, "G0X1") == b"error:9\r\n"


def test_a_spindle_that_turns_with_nobody_there_is_counted() -> None:
    machine = booted_grbl(config=RouterConfig(homing=False), speed=10.0)
    answer(machine, "M3S1000")
    machine.advance(machine.now + 5.0)
    machine.book(machine.now)
    assert machine.witness.counters.spindle_alone_s == 0.0
    machine.witness.presence.somebody(machine.now + 3.0)
    machine.advance(machine.now + 5.0)
    machine.book(machine.now)
    assert machine.witness.counters.spindle_alone_s == pytest.approx(20.0)
    machine.witness.presence.somebody()
    machine.advance(machine.now + 5.0)
    machine.book(machine.now)
    machine.witness.presence.nobody()
    machine.advance(machine.now + 1.0)
    answer(machine, "M5")
    assert machine.witness.counters.spindle_alone_s == pytest.approx(30.0)
    assert machine.witness.counters.spindle_s == pytest.approx(160.0)


def test_a_laser_is_dark_in_rapids_and_holds_and_cuts_where_it_is_lit() -> None:
    machine = _over_the_sheet(RouterConfig(laser=True))
    run(machine, "M4S500\nG1X-240F1000\nG0X-220\nG1X-200\nG4P0")
    rows = machine.witness.rows
    assert [(round(rows[at]), round(rows[at + 3])) for at in range(0, len(rows), 6)] == [(-250, -240), (-220, -200)]
    assert all(rows[at + 2] < SHEET.z_top - SHEET.thickness for at in range(0, len(rows), 6))
    assert machine.witness.counters.crashes == 0
    # 30 mm at 1000 mm/min with one ramp up and one down at 300 mm/s²: no beam at rest.
    assert machine.witness.counters.spindle_s == pytest.approx(30 / (1000 / 60) + (1000 / 60) / 300)


def test_a_sheet_that_slips_is_cut_elsewhere_from_then_on() -> None:
    machine = _over_the_sheet()
    run(machine, "M3S1000\nG53G0Z-61\nG1X-240F1000\nG4P0")
    machine.inject(Fault(FaultKind.SHEET_SLIPS, amount=4.0), machine.now)
    run(machine, "G1Y-190\nG4P0")
    assert machine.witness.rows[-6:].tolist() == pytest.approx([-244.0, -200.0, -61.0, -244.0, -190.0, -61.0])


@pytest.mark.parametrize(
    ("flavour", "said"),
    [
        (Flavour.GRBL, b"ALARM:2\r\n[MSG:Reset to continue]\r\n"),
        (Flavour.GRBLHAL, b"ALARM:2\r\n[MSG:Reset to continue]\r\n"),
        (Flavour.FLUIDNC, b"[MSG:INFO: ALARM: Soft Limit]\r\nALARM:2\r\n[MSG:ERR: Reset to continue]\r\n"),
    ],
)
def test_each_of_the_family_tells_an_alarm_in_its_way(flavour: Flavour, said: bytes) -> None:
    machine = booted_grbl(config=RouterConfig(flavour=flavour))
    answer(machine, "$H")
    assert answer(machine, "G0X5") + machine.advance(machine.now + 1.0) == said


def test_a_hal_board_has_room_for_a_thousand_bytes() -> None:
    machine = booted_grbl(config=RouterConfig(homing=False, flavour=Flavour.GRBLHAL))
    machine.receive(b"G4P10\n" + b"G0X1\n" * 250, machine.now)
    assert machine.witness.counters.lost_bytes == 250 * 5 - 1023
    assert b"Bf:" not in machine.receive(b"?", machine.now)
