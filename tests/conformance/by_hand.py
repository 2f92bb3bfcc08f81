"""The contract where a person is the link: the same promises, kept by what somebody attests."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from drivers.base import Attested, Driver, EndedBy, LostLink, PortSettings, RunReport, State
from drivers.errors import DriverMisuse, FirmwareHalted, LineRefused
from drivers.registry import make
from tests.conformance.bench import meanwhile
from tests.drivers.peers import Seen, allow
from tests.waiting import eventually

BY_HAND = "by_hand"
PROGRAM = ["G28", "; a comment", "G1 X10"]


@contextmanager
def _ready() -> Iterator[tuple[Driver, Attested]]:
    driver = make(BY_HAND, PortSettings("the resin printer by the window"))
    told = driver.open()
    assert (told.attested, told.hold, told.skip_object, told.executed_lines) == (True, False, False, False)
    assert told.lost_link is LostLink.ALARM_ONLY
    assert isinstance(driver, Attested)
    try:
        yield driver, driver
    finally:
        driver.close()


def _until_asked(driver: Driver, word: str) -> None:
    eventually(lambda: word in driver.status().reason)


def runs_as_attested() -> None:
    seen = Seen()
    with _ready() as (driver, person):

        def eva() -> None:
            _until_asked(driver, "attest the start")
            assert not seen.started
            person.attest_started("Eva")
            person.attest_started("Eva")
            assert seen.is_started.wait(20)
            person.attest_ended("Eva", finished=True)

        with meanwhile(eva):
            report = driver.run(PROGRAM, allow, seen.watch())
        assert driver.status().state is State.READY
    assert report == RunReport(EndedBy.FINISHED, len(PROGRAM), safe=True)
    assert seen.started == ["attested by Eva"]


def nobody_attests_without_a_name_or_a_run() -> None:
    with _ready() as (driver, person):
        with pytest.raises(DriverMisuse):
            person.attest_started("Eva")
        seen = Seen()

        def eva() -> None:
            _until_asked(driver, "attest the start")
            with pytest.raises(DriverMisuse):
                person.attest_ended(" ", finished=True)
            person.attest_ended("Eva", finished=False, note="it jammed")

        with meanwhile(eva):
            assert driver.run(PROGRAM, allow, seen.watch()).ended_by is EndedBy.CANCELLED
        assert seen.started == []


def what_it_cannot_do_it_asks_for() -> None:
    """It runs on until somebody says otherwise."""
    seen = Seen()
    with _ready() as (driver, person):

        def eva() -> None:
            _until_asked(driver, "attest the start")
            person.attest_started("Eva")
            driver.hold("look at it")
            _until_asked(driver, "asked to hold")
            assert driver.status().state is State.RUNNING
            driver.cancel()
            _until_asked(driver, "asked to stop")
            assert driver.status().state is State.RUNNING
            person.attest_ended("Eva", finished=False)

        with meanwhile(eva):
            report = driver.run(PROGRAM, allow, seen.watch())
        assert (report.ended_by, report.safe, seen.held) == (EndedBy.CANCELLED, True, [])
        with pytest.raises(DriverMisuse):
            driver.skip_object("a")


def a_stop_is_shouted() -> None:
    seen = Seen()
    with _ready() as (driver, person):

        def eva() -> None:
            _until_asked(driver, "attest the start")
            person.attest_started("Eva")
            driver.stop_now()
            _until_asked(driver, "STOP")
            person.attest_ended("Eva", finished=False)

        with meanwhile(eva), pytest.raises(FirmwareHalted):
            driver.run(PROGRAM, allow, seen.watch())
        assert driver.status().state is State.FAULT


def a_refused_line_starts_nothing() -> None:
    with _ready() as (driver, _), pytest.raises(LineRefused) as caught:
        driver.run(PROGRAM, lambda line: "no" if "X10" in line else None, Seen().watch())
    assert (caught.value.line_number, caught.value.safe) == (3, True)


def opens_twice_and_waits_for_ever() -> None:
    """No time-out of its own ends a run."""
    with _ready() as (driver, person):
        first = driver.status().boot_id
        driver.open()
        assert driver.status().boot_id != first
        waited = threading.Event()

        def eva() -> None:
            _until_asked(driver, "attest the start")
            waited.wait(1.0)
            assert driver.status().state is State.RUNNING
            person.attest_ended("Eva", finished=True)

        with meanwhile(eva):
            assert driver.run(PROGRAM, allow, Seen().watch()).ended_by is EndedBy.FINISHED


CLAUSES: tuple[Callable[[], None], ...] = (
    runs_as_attested,
    nobody_attests_without_a_name_or_a_run,
    what_it_cannot_do_it_asks_for,
    a_stop_is_shouted,
    a_refused_line_starts_nothing,
    opens_twice_and_waits_for_ever,
)
