"""One driver at one machine of the rig, as every clause finds it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from drivers.base import Driver, PortSettings, RunReport, State
from drivers.registry import make
from tests.conformance.cases import ANSWER_S, API_KEY, Case
from tests.conformance.rig import RigMachine
from tests.drivers.peers import Seen, allow
from tests.waiting import eventually

LONG_S = 30.0
SHORT, MEDIUM, LONG = 24, 100, 4000
"""Moves: a moment, a second or two, and minutes."""
START_S = 40.0
"""Longest until a run has started, over any link."""


@dataclass(frozen=True)
class Bench:
    name: str
    case: Case
    machine: RigMachine
    url: str
    link: str = "plain"

    def driver(self, long_s: float = LONG_S) -> Driver:
        return make(self.name, PortSettings(self.url, answer_s=ANSWER_S, long_s=long_s, api_key=API_KEY))

    @contextmanager
    def ready(self, long_s: float = LONG_S) -> Iterator[Driver]:
        """Opened and prepared; closed at the end."""
        driver = self.driver(long_s)
        driver.open()
        try:
            self.case.prepare(driver)
            eventually(lambda: driver.status().state is State.READY)
            yield driver
        finally:
            driver.close()

    def run(self, driver: Driver, moves: int, seen: Seen) -> RunReport:
        return driver.run(self.case.program(moves), allow, seen.watch())

    def made(self, moves: int) -> None:
        """Each move was made, and once."""
        if self.case.made is not None:
            counter, value = self.case.made(moves)
            assert self.machine.count(counter) == value


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """`act` in a thread of its own; what it raises is raised here."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:
            raised.append(error)
            raise

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert not raised
