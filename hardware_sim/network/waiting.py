"""Waiting with an end: for something of the rig to come true while its processes live."""

import time
from collections.abc import Callable

from hardware_sim.errors import RigError
from hardware_sim.network.processes import Processes

_STEP_S = 0.05


class WaitedTooLong(RigError):
    """What the rig waited for did not come."""


def until(true: Callable[[], bool], what: str, processes: Processes, timeout_s: float = 60.0) -> None:
    """Return once `true()`; raises ProcessEnded if a process ends first, WaitedTooLong after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not true():
        processes.require_alive()
        if time.monotonic() > deadline:
            raise WaitedTooLong(f"waited {timeout_s:.0f} s for {what}; logs are in {processes.logs}")
        time.sleep(_STEP_S)
