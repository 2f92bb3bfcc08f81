"""One machine behind a host as its driver knows it: the last view, the state, what other threads ask."""

import threading
import uuid
from collections import deque
from collections.abc import Callable

from drivers.base import PortSettings, State, Status
from drivers.errors import DriverMisuse, HostRefused, LinkLost, NoAnswer, NotReady
from drivers.hosting.host import ACTIVE, Host, Phase, View
from drivers.requests import Requests

UNREACHABLE = (LinkLost, NoAnswer, HostRefused)
"""What a host raises that can't be seen: to a driver it is all one."""


class HostedMachine:
    """`clock` is monotonic, s."""

    def __init__(self, host: Host, settings: PortSettings, clock: Callable[[], float]) -> None:
        self.host = host
        self.settings = settings
        self.clock = clock
        self.requests = Requests()
        self.skips: deque[str] = deque()
        """Objects that other threads want skipped."""
        self.view = View(Phase.OFFLINE, "not looked at yet")
        self.state = State.CLOSED
        self.reason = ""
        self.lines_done = 0
        self.lines_total = 0
        self.fan_on = False
        """Switched on by us, until the hotend is cool."""
        self._boot_id = ""
        self._gone = False
        self._asked = threading.Event()

    def begin(self) -> None:
        """The host was just opened. Raises as `look`."""
        self._gone = True
        self.fan_on = False
        self._boot_id = ""
        self.look()

    def look(self) -> View:
        """Ask the host. Raises LinkLost, NoAnswer, HostRefused."""
        try:
            view = self.host.look()
        except UNREACHABLE:
            self._gone = True
            raise
        gone = view.phase in (Phase.OFFLINE, Phase.HALTED)
        if (self._gone and not gone) or view.boot != self.view.boot or not self._boot_id:
            self._boot_id = uuid.uuid4().hex
        self._gone = gone
        self.view = view
        return view

    def wait(self, timeout_s: float) -> None:
        """Until the time-out, or until somebody asks for something."""
        if self._asked.wait(timeout_s):
            self._asked.clear()

    def wake(self) -> None:
        """From any thread."""
        self._asked.set()

    def become(self, state: State, reason: str = "") -> None:
        self.state, self.reason = state, reason

    def require_open(self) -> None:
        """Raises DriverMisuse if it is not open, NotReady after a fault."""
        if self.state is State.CLOSED:
            raise DriverMisuse("the driver is not open")
        if self.state is State.FAULT:
            raise NotReady(f"open anew after the fault: {self.reason}")

    def not_ready(self) -> str:
        """Why the machine takes no program now, by the last view; empty if it would."""
        view, name = self.view, self.host.name
        if view.phase in ACTIVE:
            return f"{name} is at somebody else's job: {view.job}"
        if view.phase is Phase.HALTED:
            return f"the firmware behind {name} has stopped, a person must restart it: {view.text}"
        if view.phase is Phase.OFFLINE:
            return f"{name} has no link to its machine: {view.text}"
        return ""

    def snapshot(self) -> Status:
        view = self.view
        return Status(
            state=self.state,
            reason=self.reason,
            hotend_c=view.hotend_c,
            bed_c=view.bed_c,
            heating=view.heating,
            position_mm=view.position_mm,
            lines_done=self.lines_done,
            lines_total=self.lines_total,
            time_left_s=view.time_left_s,
            objects=view.objects,
            skipped=view.skipped,
            prompt=view.text if view.phase is Phase.ATTENTION else "",
            boot_id=self._boot_id,
            details={"host": view.text, "file": view.path},
        )
