"""A shop's power fails in mid-print: all its processes are gone at once, and its machine restarts."""

import os
import signal
import time

import pytest

from hardware_sim.faults import Fault, FaultKind
from hardware_sim.network.bench import BenchAway
from tests.faults.judge import judged
from tests.faults.world import PRINTERS, World, world
from tests.waiting import eventually

SHOP = "Nava"
SAFE_S = 10.0


def _printing(made: World) -> tuple[str, int]:
    """The machine whose streamer has stopped in mid-print, and that streamer."""
    for role in PRINTERS:
        made.asking.ask(role, {"streamer.running.commit.after": 1}, signal.SIGSTOP)

    def found() -> tuple[str, int] | None:
        for role in PRINTERS:
            if (hit := made.asking.hit(role)) is not None:
                return role.partition("-")[2], hit[0]
        return None

    machine, pid = eventually(found, 180.0)
    for role in PRINTERS:
        made.asking.withdraw(role)
    return machine, pid


def _standing(made: World, machine: str) -> str:
    try:
        machines = made.operator_of(SHOP).bench.machines()
    except BenchAway:
        return ""
    return next((one.standing for one in machines if one.name == machine), "")


@pytest.mark.proof(share=0.0136)
def test_after_a_power_cut_the_shop_is_safe_in_seconds_and_starts_nothing() -> None:
    with world() as made:
        network = made.network
        made.producer.start()
        machine, _ = _printing(made)
        operator = made.operator_of(SHOP)
        operator.stop()
        operator.join()
        jobs = {name: one.summary().counters["jobs"] for name, one in network.machines.items()}

        network.processes.kill(f"agent-{SHOP}")
        for name in operator.machines:
            os.kill(network.streamer_of(name), signal.SIGKILL)
        network.machines[machine].break_it(Fault(FaultKind.BROWN_OUT))
        began_s = time.monotonic()
        network.start_agent(SHOP)
        eventually(lambda: _standing(made, machine) == "quarantined")
        safe_s = time.monotonic() - began_s

        eventually(lambda: [task for task in operator.bench.tasks() if task.kind == "settle"])
        for name in operator.machines:
            summary = network.machines[name].summary()
            assert summary.counters["jobs"] == jobs[name]
            assert not summary.details["hotend_target_c"]
            assert not summary.details["bed_target_c"]
        assert safe_s <= SAFE_S

        operator.start()
        made.finish()
        assert judged(made) == []
