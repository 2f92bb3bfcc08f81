"""What people do wrong: once, at their machine, again where they are asked again, and told."""

from collections import deque
from pathlib import Path

import pytest

from hardware_sim.faults import PERSON_FAULTS, Fault, FaultKind
from hardware_sim.network.frailties import Frailties
from hardware_sim.network.machine import MachineProcess
from hardware_sim.network.processes import Processes
from hardware_sim.network.towns import SimMachine
from hardware_sim.truth.expected import Count, PieceTruth, Verdict
from hardware_sim.truth.store import read_log

TRUTH = Count(tuple(PieceTruth("lot", verdict) for verdict in (Verdict.GOOD, Verdict.MISSING, Verdict.GOOD)), 2)


def _frail(*faults: Fault) -> Frailties:
    frail = Frailties("Ana", deque())
    assert frail.plan("printer", faults) == ()
    return frail


@pytest.mark.parametrize("kind", sorted(PERSON_FAULTS))
def test_each_is_done_once_at_its_machine_and_told(kind: FaultKind) -> None:
    frail = _frail(Fault(kind, amount=2.5))
    assert frail.take("router", kind) is None
    assert frail.take("printer", kind) == 2.5
    assert frail.take("printer", kind) is None
    assert list(frail.news) == [f"Ana: printer: {kind.value.replace('_', ' ')}"]


def test_what_machines_suffer_is_handed_on() -> None:
    frail = Frailties("Ana", deque())
    jam, spool = Fault(FaultKind.JAM), Fault(FaultKind.WRONG_SPOOL)
    assert frail.plan("printer", (jam, spool)) == (jam,)


def test_a_task_that_is_repeated_is_done_wrong_again() -> None:
    frail = _frail(Fault(FaultKind.SHORT_SPOOL))
    assert frail.take("printer", FaultKind.SHORT_SPOOL, "setup-1") == 2.0
    assert frail.take("printer", FaultKind.SHORT_SPOOL, "setup-1") == 2.0
    assert frail.take("printer", FaultKind.SHORT_SPOOL, "setup-2") is None


def test_a_late_answer_waits_and_the_next_one_does_not() -> None:
    frail = _frail(Fault(FaultKind.LATE_ANSWER, amount=3600.0))
    assert frail.put_off("printer", "count-1")
    assert frail.put_off("printer", "count-1")
    assert not frail.put_off("printer", "count-2")


@pytest.mark.parametrize(("amount", "good"), [(1.0, 3), (-1.0, 1)])
def test_a_miscount_is_off_by_one(amount: float, good: int) -> None:
    frail = _frail(Fault(FaultKind.MISCOUNT, amount=amount))
    assert frail.miscounted("printer", TRUTH).good == good
    assert frail.miscounted("printer", TRUTH).good == TRUTH.good


def test_hands_put_the_wrong_things_on_a_machine_and_its_log_says_so(tmp_path: Path) -> None:
    sim = SimMachine("printer", "marlin", (200.0, 200.0, 200.0), 0.4)
    machine = MachineProcess(sim, "shop", tmp_path / "truth" / "printer", tmp_path / "port", tmp_path / "control")
    with Processes(tmp_path / "logs") as processes:
        machine.start(processes, 600.0)
        while not machine.control.exists():
            processes.require_alive()
        machine.expect(material="PLA", nozzle_mm=0.4)
        machine.load_spool("PETG", grams=2.0)
        machine.fit_nozzle(0.8)
        machine.nobody_there()
        machine.somebody_there()
        assert machine.summary().loaded == {"material": "PETG", "colour": "", "grams": 2.0}
        events = [line["event"] for line in read_log(machine.folder)]
        assert events == ["spool_loaded", "nozzle_fitted"]
