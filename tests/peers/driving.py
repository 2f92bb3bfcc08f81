"""A run of one of our drivers at somebody else's host."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from drivers.base import Driver, EndedBy, RunReport
from drivers.errors import MachineFault
from tests.conformance.bench import meanwhile
from tests.drivers.peers import Seen, allow


@dataclass(frozen=True)
class Run:
    """How one ended: by a report, or by a fault."""

    seen: Seen
    report: RunReport | None
    fault: MachineFault | None

    @property
    def ended_by(self) -> EndedBy | type[MachineFault] | None:
        if self.report is not None:
            return self.report.ended_by
        return None if self.fault is None else type(self.fault)


def drive(driver: Driver, lines: Sequence[str], act: Callable[[], None] = lambda: None) -> Run:
    """Run it, and act once it is under way."""
    seen = Seen()

    def once_under_way() -> None:
        assert seen.is_started.wait(30)
        act()

    report, fault = None, None
    with meanwhile(once_under_way):
        try:
            report = driver.run(lines, allow, seen.watch())
        except MachineFault as error:
            fault = error
    done = [status.lines_done for status in seen.progress]
    assert done == sorted(done)
    return Run(seen, report, fault)
