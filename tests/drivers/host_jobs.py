"""A driver of a scripted host, and one run of it in a thread of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from drivers.base import Driver, RunReport, SafeEnd
from drivers.errors import MachineFault
from drivers.registry import make
from tests.drivers.hosts import ScriptedPrinter, Site
from tests.drivers.peers import Seen, allow

PROGRAM = ["; a comment", "M104 S200", "", *(f"G1 X{n} E{n}" for n in range(200))]


@dataclass
class Job:
    """One run in a thread of its own."""

    driver: Driver
    site: Site
    seen: Seen = field(default_factory=Seen)
    report: RunReport | None = None
    error: MachineFault | None = None

    def begin(self, program: list[str] | None = None) -> "Job":
        self._thread = threading.Thread(target=self._run, args=(PROGRAM if program is None else program,))
        self._thread.start()
        return self

    def _run(self, program: list[str]) -> None:
        try:
            self.report = self.driver.run(program, allow, self.seen.watch())
        except MachineFault as error:
            self.error = error

    def started(self) -> ScriptedPrinter:
        assert self.seen.is_started.wait(20)
        return self.site.printer

    def join(self) -> "Job":
        self._thread.join(60)
        assert not self._thread.is_alive()
        return self

    def failed(self) -> MachineFault:
        self.join()
        assert self.error is not None, self.report
        return self.error

    def ended(self) -> RunReport:
        self.join()
        assert self.report is not None, self.error
        return self.report


@contextmanager
def opened(
    name: str, site: Site, *, answer_s: float = 2.0, long_s: float = 20.0, safe_end: SafeEnd | None = None
) -> Iterator[Driver]:
    driver = make(name, site.settings(answer_s, long_s, safe_end=safe_end))
    driver.open()
    try:
        yield driver
    finally:
        driver.close()
