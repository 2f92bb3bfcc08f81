"""Every kind of fault: fires once, at its moment, is in the log, and does to the machine what its name says."""

import pytest

from hardware_sim.faults import (
    BYTE_FAULTS,
    PERSON_FAULTS,
    PRINTER_FAULTS,
    ROUTER_FAULTS,
    After,
    Fault,
    FaultKind,
    damaged,
)
from hardware_sim.firmware.config import FaultConfig, Kind, MachineConfig, RouterConfig, misfit
from hardware_sim.firmware.grbl.machine import Grbl
from hardware_sim.firmware.marlin.machine import Marlin
from hardware_sim.firmware.sheet import Sheet
from tests.hardware_sim.cores import answer, booted_grbl, booted_marlin, heated, run

LAYER = "G1 X50 Y50 F6000\nG1 X60 E0.4\nG1 Y60 E0.4\nG1 X50 E0.4\nG1 Y50 E0.4"
TOWER = "\n".join(f"G1 Z{layer / 5:g} F600\n{LAYER}" for layer in range(1, 6))


def _fired(machine: Marlin | Grbl) -> list[str]:
    return [str(note.details["kind"]) for note in machine.witness.notes if note.event == "fault"]


def _cutting(*faults: Fault) -> Grbl:
    machine = booted_grbl(*faults, config=RouterConfig(homing=False))
    machine.load_sheet(Sheet(-400.0, -300.0, 0.0, 600.0, 500.0, 20.0), machine.now)
    return machine


@pytest.mark.parametrize("kind", sorted(set(FaultKind) - PERSON_FAULTS - ROUTER_FAULTS))
def test_a_printer_s_fault_fires_once_in_its_job(kind: FaultKind) -> None:
    after = After.LINE if kind in BYTE_FAULTS else After.MOVES
    machine = heated(Fault(kind, job=1, after=after, at=5), speed=600.0)
    for line in TOWER.splitlines():
        answer(machine, line, limit_s=5.0)
    if kind is FaultKind.PROBE_FAIL:
        run(machine, "G29\nG29")
    machine.advance(machine.now + 1.0)
    assert _fired(machine) == [kind.value]


@pytest.mark.parametrize("kind", sorted(set(FaultKind) - PERSON_FAULTS - PRINTER_FAULTS - {FaultKind.PROBE_FAIL}))
def test_a_router_s_fault_fires_once_in_its_job(kind: FaultKind) -> None:
    after = After.LINE if kind in BYTE_FAULTS else After.MOVES
    machine = _cutting(Fault(kind, job=1, after=after, at=3))
    run(machine, "M3S1000\nG1Z-2F1000")
    for step in range(1, 12):
        answer(machine, f"G1X{step}F2000", limit_s=5.0)
    machine.advance(machine.now + 10.0)
    assert _fired(machine) == [kind.value]


@pytest.mark.parametrize("kind", sorted(PERSON_FAULTS))
def test_what_people_do_is_no_fault_of_a_machine(kind: FaultKind) -> None:
    for firmware in Kind:
        assert "operator" in misfit(kind, firmware)
        settings = {"name": "m", "firmware": firmware, "port": "p", "folder": "f", "control": "c"}
        with pytest.raises(ValueError, match="operator"):
            MachineConfig.model_validate({**settings, "faults": ({"kind": kind},)})


def test_a_doubled_byte() -> None:
    assert damaged(b"G1 X10", FaultKind.DOUBLED_BYTE) == b"G1 XX10"


def test_a_brown_out_restarts_the_board_and_everything_is_forgotten() -> None:
    machine = heated(speed=100.0)
    machine.receive(b"G1 X200 F600\n", machine.now)
    machine.inject(Fault(FaultKind.BROWN_OUT), machine.now)
    assert machine.receive(b"G1 X10\n", machine.now) == b""
    assert machine.advance(machine.now + 1.0).startswith(b"start\n")
    assert machine.hotend.target_c == 0.0
    assert not machine.axes.homed
    assert machine.state() == "idle"
    router = _cutting()
    run(router, "M3S1000\nG1X100F600")
    router.inject(Fault(FaultKind.BROWN_OUT), router.now + 1.0)
    assert b"Grbl" in router.advance(router.now + 1.0)
    assert router.table.spindle == 5


def test_delayed_bytes_come_late_and_in_order() -> None:
    machine = heated()
    machine.inject(Fault(FaultKind.DELAYED_BYTES, amount=2.0), machine.now)
    assert machine.receive(b"M105\nM11", machine.now + 0.5) == b""
    assert machine.receive(b"4\n", machine.now + 0.5) == b""
    late = machine.advance(machine.now + 1.0)
    assert late.startswith(b"ok T:210.00")
    assert b"Count X:" in late
    assert machine.receive(b"M105\n", machine.now).startswith(b"ok T:")


@pytest.mark.parametrize(("kind", "oks"), [(FaultKind.EXTRA_OK, 2), (FaultKind.LOST_OK, 0)])
def test_acknowledgements_are_miscounted_once(kind: FaultKind, oks: int) -> None:
    printer, router = heated(), _cutting()
    answer(router, "M3S100")
    for machine in (printer, router):
        machine.inject(Fault(kind), machine.now)
        assert machine.receive(b"G90\n", machine.now).count(b"ok") == oks
        assert machine.receive(b"G90\n", machine.now).count(b"ok") == 1


def test_a_jam_prints_air_until_a_person_clears_it() -> None:
    machine = heated(Fault(FaultKind.JAM, job=1, after=After.MOVES, at=4), speed=600.0)
    run(machine, TOWER + "\nM400")
    assert machine.witness.counters.deposits == 4
    assert machine.witness.counters.air_printed_mm == pytest.approx(16 * 0.4)
    machine.load_spool("PLA", "", 1000.0, machine.now)
    run(machine, "G1 X100 E1\nM400")
    assert machine.witness.counters.deposits == 5


def test_a_first_layer_that_is_lost_takes_everything_after_it_along() -> None:
    machine = heated(Fault(FaultKind.FIRST_LAYER_LOST, job=1), speed=600.0)
    run(machine, TOWER + "\nM400")
    assert not machine.witness.rows
    assert machine.witness.counters.filament_mm == pytest.approx(20 * 0.4)


def test_a_spool_runs_down_and_ends() -> None:
    machine = heated(speed=600.0)
    machine.load_spool("PLA", "red", 0.01, machine.now)
    assert machine.feed.spool.grams() == pytest.approx(0.01)
    run(machine, TOWER + "\nM400")
    left = machine.details()["spool_grams"]
    assert left == 0.0
    assert machine.witness.counters.filament_mm == pytest.approx(0.01 * 335.3, abs=0.01)


def test_a_job_on_an_occupied_bed_is_counted_and_spoils_both() -> None:
    machine = heated(speed=600.0)
    run(machine, TOWER + "\nM104 S0\nM400")
    machine.advance(machine.now + 2.0)
    before = machine.witness.counters.deposits
    run(machine, "M109 S210\n" + TOWER + "\nM400")
    assert machine.witness.counters.occupied_starts == 1
    assert machine.witness.counters.deposits == before
    machine.clear_bed(machine.now)
    run(machine, "M109 S210\n" + TOWER + "\nM400")
    assert machine.witness.counters.occupied_starts == 1
    assert machine.witness.counters.deposits == 2 * before


def test_what_is_on_the_machine_is_compared_with_what_the_job_wants() -> None:
    machine = booted_marlin(speed=600.0)
    machine.wanted = {"material": "PETG", "nozzle_mm": 0.4}
    machine.load_spool("PLA", "", 1000.0, machine.now)
    machine.fit_nozzle(0.6, machine.now)
    run(machine, "G28\nM109 S210")
    assert machine.witness.counters.mismatched_jobs == 1
    (note,) = (note for note in machine.witness.notes if note.event == "job_fittings")
    assert note.details["mismatch"] == "material PLA instead of PETG; nozzle_mm 0.6 instead of 0.4"


def test_a_second_job_on_a_cut_sheet_is_counted() -> None:
    machine = _cutting()
    for _ in range(2):
        run(machine, "M3S1000\nG1Z-2F1000\nG1X50\nG1X0\nM5\nG4P0")
        machine.advance(machine.now + 3.0)
    assert machine.witness.counters.occupied_starts == 1


def test_the_same_plan_gives_the_same_bytes_and_the_same_truth() -> None:
    plan = [
        FaultConfig(kind=FaultKind.LOST_BYTE, at=7),
        FaultConfig(kind=FaultKind.JAM, after=After.MOVES, at=9),
        FaultConfig(kind=FaultKind.EXTRA_OK, after=After.MOVES, at=6),
    ]
    seen = []
    for _ in range(2):
        machine = heated(*(fault.fault() for fault in plan), speed=600.0)
        out = run(machine, TOWER + "\nM400")
        seen.append((out, bytes(machine.witness.rows), _fired(machine)))
    assert seen[0] == seen[1]
    assert sorted(seen[0][2]) == sorted(fault.kind.value for fault in plan)
