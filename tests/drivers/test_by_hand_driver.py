import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from drivers.base import Attested, Driver, EndedBy, LostLink, PortSettings, RunReport, State
from drivers.by_hand.driver import ByHandDriver
from drivers.errors import DriverError, DriverMisuse, FirmwareHalted, LineRefused, NotReady
from drivers.registry import make
from tests.drivers.peers import Seen, allow
from tests.waiting import eventually

PROGRAM = ["G1 X1", "G1 X2", "M5"]


@dataclass
class Running:
    driver: ByHandDriver
    seen: Seen = field(default_factory=Seen)
    results: list[RunReport | DriverError] = field(default_factory=list)

    def begin(self) -> "Running":
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        eventually(lambda: self.driver.status().state is State.RUNNING)
        return self

    def _run(self) -> None:
        try:
            self.results.append(self.driver.run(PROGRAM, allow, self.seen.watch()))
        except DriverError as error:
            self.results.append(error)

    def ended(self) -> RunReport | DriverError:
        self._thread.join(20)
        return self.results[0]

    def asks(self, words: str) -> bool:
        return eventually(lambda: words in self.driver.status().reason)


@pytest.fixture
def driver() -> Iterator[ByHandDriver]:
    made = make("by_hand", PortSettings("laser in the back room"))
    assert isinstance(made, ByHandDriver)
    assert isinstance(made, Attested)
    made.open()
    yield made
    made.close()
    assert made.status().state is State.CLOSED


def test_it_says_that_nothing_is_measured_and_what_it_can_not_do(driver: Driver) -> None:
    told = driver.open()
    assert (told.attested, told.hold, told.skip_object, told.executed_lines) == (True, False, False, False)
    assert told.lost_link is LostLink.ALARM_ONLY
    assert "laser in the back room" in told.firmware
    with pytest.raises(DriverMisuse):
        driver.skip_object("part")


def test_a_run_is_what_a_person_says_of_it(driver: ByHandDriver) -> None:
    run = Running(driver).begin()
    assert run.asks("attest the start")
    assert run.seen.started == []
    driver.attest_started("Eva")
    driver.attest_started("Eva")
    assert run.seen.is_started.wait(20)
    assert run.asks("attest the end")
    driver.attest_ended("Eva", finished=True)
    assert run.ended() == RunReport(EndedBy.FINISHED, len(PROGRAM), safe=True)
    assert run.seen.started == ["attested by Eva"]
    assert driver.status().state is State.READY


def test_an_end_that_nobody_saw_begin_is_evidence_too(driver: ByHandDriver) -> None:
    run = Running(driver).begin()
    driver.attest_ended("Eva", finished=True)
    assert run.ended() == RunReport(EndedBy.FINISHED, len(PROGRAM), safe=True)
    assert run.seen.started == ["attested by Eva"]


def test_an_end_before_the_start_is_no_start(driver: ByHandDriver) -> None:
    run = Running(driver).begin()
    driver.attest_ended("Eva", finished=False, note="no sheet left")
    assert run.ended() == RunReport(EndedBy.CANCELLED, 0, safe=True)
    assert run.seen.started == []


def test_hold_and_cancel_are_asked_of_the_operator(driver: ByHandDriver) -> None:
    run = Running(driver).begin()
    driver.attest_started("Eva")
    driver.hold("somebody is in the room")
    assert run.asks("do it at the machine, nothing here can (somebody is in the room)")
    driver.resume()
    assert run.asks("attest the end once")
    driver.cancel()
    assert run.asks("stop the machine, then attest the end")
    assert driver.status().state is State.RUNNING
    driver.attest_ended("Eva", finished=False)
    assert run.ended() == RunReport(EndedBy.CANCELLED, 0, safe=True)
    assert run.seen.held == []


def test_stopping_at_once_is_asked_of_the_operator_too(driver: ByHandDriver) -> None:
    run = Running(driver).begin()
    driver.attest_started("Eva")
    driver.stop_now()
    assert run.asks("press the machine's stop button")
    driver.attest_ended("Eva", finished=False, note="pressed it")
    error = run.ended()
    assert isinstance(error, FirmwareHalted)
    assert "attested by Eva: pressed it" in str(error)
    assert error.safe
    with pytest.raises(NotReady):
        driver.run(PROGRAM, allow, Seen().watch())
    driver.open()
    assert driver.status().state is State.READY


def test_a_stop_that_came_too_late_does_not_unmake_the_piece(driver: ByHandDriver) -> None:
    run = Running(driver).begin()
    driver.stop_now()
    driver.attest_ended("Eva", finished=True)
    assert run.ended() == RunReport(EndedBy.FINISHED, len(PROGRAM), safe=True)


def test_a_refused_line_is_not_handed_out(driver: ByHandDriver) -> None:
    with pytest.raises(LineRefused) as caught:
        driver.run(PROGRAM, lambda line: "no" if line == "M5" else None, Seen().watch())
    assert (caught.value.line_number, caught.value.safe) == (3, True)
    assert driver.status().state is State.READY


def test_attestations_need_a_run_and_a_name(driver: ByHandDriver) -> None:
    with pytest.raises(DriverMisuse):
        driver.attest_started("Eva")
    run = Running(driver).begin()
    with pytest.raises(DriverMisuse):
        driver.attest_ended(" ", finished=True)
    with pytest.raises(DriverMisuse):
        driver.close()
    with pytest.raises(DriverMisuse):
        driver.run(PROGRAM, allow, Seen().watch())
    driver.attest_ended("Eva", finished=True)
    run.ended()


def test_an_empty_program_has_nothing_to_attest(driver: ByHandDriver) -> None:
    assert driver.run([], allow, Seen().watch()) == RunReport(EndedBy.FINISHED, 0, safe=True)


def test_requests_without_a_run_do_nothing(driver: ByHandDriver) -> None:
    driver.hold("why not")
    driver.cancel()
    driver.resume()
    assert driver.status().state is State.READY
    driver.stop_now()
    assert driver.status().state is State.FAULT
