"""The machines of a rig as processes: all started together, waited for, and noticed when one ends."""

import time
from collections.abc import Sequence

from hardware_sim.network.processes import Processes, python, stdin_of
from hardware_sim.rig.errors import MachineFailed
from hardware_sim.rig.folder import RigState
from hardware_sim.rig.hands import Panels
from hardware_sim.rig.holders import address
from hardware_sim.rig.nursery import Birth, Ending
from hardware_sim.rig.plan import Plan, Planned

NURSERY = "nursery"
_STEP_S = 0.05
_TAIL_LINES = 6


class Machines:
    """`missing` grows as machines end by themselves."""

    def __init__(self, state: RigState, plan: Plan, processes: Processes) -> None:
        self._state = state
        self._plan = plan
        self._processes = processes

    def start(self) -> None:
        nursery = self._processes.start(
            NURSERY, python("hardware_sim.rig.nursery", str(self._state.endings)), talk=True
        )
        births = (Birth(config=one.config, log=self._state.log(one.name)) for one in self._plan.machines)
        stdin = stdin_of(nursery)
        stdin.write(b"".join(birth.model_dump_json().encode() + b"\n" for birth in births))
        stdin.flush()

    def wait(self, panels: Panels, timeout_s: float) -> None:
        """Until each can be opened and answers. Raises MachineFailed."""
        deadline = time.monotonic() + timeout_s
        waiting: Sequence[Planned] = self._plan.machines
        while waiting:
            self.require_nursery()
            for ending in self.endings():
                raise MachineFailed(f"{self.obituary(ending)}; its log is {self._state.log(ending.name)}")
            if time.monotonic() > deadline:
                names = ", ".join(one.name for one in waiting[:5])
                raise MachineFailed(f"{len(waiting)} machines don't answer after {timeout_s:.0f} s: {names} …")
            answered = panels.look(_STEP_S)
            waiting = [one for one in waiting if one.name not in answered or not address(one.config.port)]
            time.sleep(_STEP_S if waiting else 0.0)

    def require_nursery(self) -> None:
        """Raises ProcessEnded: without it there are no machines."""
        self._processes.require_alive()

    def endings(self) -> list[Ending]:
        """All machines that have ended by themselves so far."""
        if not self._state.endings.exists():
            return []
        whole, _, _ = self._state.endings.read_text(encoding="utf-8").rpartition("\n")
        return [Ending.model_validate_json(line) for line in whole.splitlines()]

    def obituary(self, ending: Ending) -> str:
        log = self._state.log(ending.name)
        said = log.read_text(errors="replace").splitlines()[-_TAIL_LINES:] if log.exists() else []
        return "\n".join([f"{ending.name} ended with {ending.code}; its last words:", *said])
