"""The contract of `drivers.base`, a function a clause; each takes a bench and is run for every driver and link."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from drivers.base import Driver, EndedBy, LostLink, PortSettings, RunReport, State
from drivers.errors import FirmwareHalted, LineRefused, LinkLost, NoAnswer, PortBusy
from drivers.registry import make
from tests.conformance.cases import Case
from tests.conformance.rig import RigMachine, eventually
from tests.drivers.peers import Seen, allow

ANSWER_S = 2.0
SHORT, MEDIUM, LONG = 24, 100, 4000
"""Moves: a moment, a second or two, and minutes."""


@dataclass(frozen=True)
class Bench:
    name: str
    case: Case
    machine: RigMachine
    url: str

    def driver(self) -> Driver:
        return make(self.name, PortSettings(self.url, answer_s=ANSWER_S, long_s=30.0))

    @contextmanager
    def ready(self) -> Iterator[Driver]:
        """Opened and prepared; closed at the end."""
        driver = self.driver()
        driver.open()
        try:
            self.case.prepare(driver)
            eventually(lambda: driver.status().state is State.READY)
            yield driver
        finally:
            driver.close()

    def run(self, driver: Driver, moves: int, seen: Seen) -> RunReport:
        program = self.case.program(moves)
        return driver.run(program, allow, seen.watch())

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


def connects_twice(bench: Bench) -> None:
    driver = bench.driver()
    first = driver.open()
    boot = driver.status().boot_id
    with pytest.raises(PortBusy):
        bench.driver().open()
    assert driver.open() == first
    assert driver.status().boot_id not in ("", boot)
    driver.close()
    driver.close()
    assert driver.status().state is State.CLOSED
    driver.open()
    driver.close()


def runs_to_the_end(bench: Bench) -> None:
    seen, program = Seen(), bench.case.program(SHORT)
    with bench.ready() as driver:
        report = bench.run(driver, SHORT, seen)
        assert bench.machine.at_rest() or eventually(bench.machine.at_rest)
        assert driver.status().state is State.READY
    assert report == RunReport(EndedBy.FINISHED, len(program), safe=True)
    assert len(seen.started) == 1
    done = [status.lines_done for status in seen.progress]
    assert done == sorted(done)
    bench.made(SHORT)
    assert (done[-1], seen.progress[-1].lines_total) == (len(program), len(program))
    assert bench.machine.count("jobs") == 1


def holds_and_goes_on(bench: Bench) -> None:
    seen, asked = Seen(), list[int]()
    with bench.ready() as driver:

        def operator() -> None:
            assert seen.is_started.wait(20)
            driver.hold("look at it")
            driver.hold("look at it again")
            assert seen.is_held.wait(20)
            status = driver.status()
            assert (status.state, status.reason) == (State.HELD, seen.held[0])
            asked.append(status.lines_done)
            driver.resume()
            driver.resume()
            assert seen.is_resumed.wait(20)

        with meanwhile(operator):
            report = bench.run(driver, MEDIUM, seen)
    assert report.ended_by is EndedBy.FINISHED
    assert asked[0] < report.lines_done
    assert (len(seen.held), seen.resumed) == (1, 1)
    assert bench.machine.count("jobs") == 1


def cancel_leaves_it_cold_and_still(bench: Bench) -> None:
    seen = Seen()
    with bench.ready() as driver:

        def operator() -> None:
            assert seen.is_started.wait(20)
            driver.cancel()
            driver.cancel()

        with meanwhile(operator):
            report = bench.run(driver, LONG, seen)
        assert (report.ended_by, report.safe) == (EndedBy.CANCELLED, True)
        assert report.lines_done < LONG
        eventually(bench.machine.at_rest)


def cancel_ends_a_hold_too(bench: Bench) -> None:
    seen = Seen()
    with bench.ready() as driver:

        def operator() -> None:
            assert seen.is_started.wait(20)
            driver.hold("look at it")
            assert seen.is_held.wait(20)
            driver.cancel()

        with meanwhile(operator):
            report = bench.run(driver, LONG, seen)
        assert (report.ended_by, report.safe) == (EndedBy.CANCELLED, True)
        eventually(bench.machine.at_rest)


def an_unplugged_cable_is_a_lost_link_in_time(bench: Bench) -> None:
    seen, unplugged = Seen(), list[float]()
    driver = bench.driver()
    told = driver.open()
    bench.case.prepare(driver)

    def operator() -> None:
        assert seen.is_started.wait(20)
        unplugged.append(time.monotonic())
        bench.machine.command(command="unplug")

    with meanwhile(operator), pytest.raises(LinkLost) as caught:
        bench.run(driver, LONG, seen)
    assert time.monotonic() - unplugged[0] < 3 * ANSWER_S
    assert not caught.value.safe
    assert told.lost_link is LostLink.SAFE_STATE_ON_RECONNECT
    assert driver.status().state is State.FAULT
    driver.close()


def a_cable_that_comes_back_brings_the_safe_end_state(bench: Bench) -> None:
    seen = Seen()
    with bench.ready() as driver:

        def operator() -> None:
            assert seen.is_started.wait(20)
            bench.machine.inject(kind="disconnect", reconnect_s=0.3)

        with meanwhile(operator), pytest.raises(LinkLost) as caught:
            bench.run(driver, LONG, seen)
        assert caught.value.safe
        eventually(bench.machine.at_rest)


def silence_is_named_in_time(bench: Bench) -> None:
    seen, hung = Seen(), list[float]()
    with bench.ready() as driver:

        def operator() -> None:
            assert seen.is_started.wait(20)
            hung.append(time.monotonic())
            bench.machine.inject(kind="hang")

        with meanwhile(operator), pytest.raises(NoAnswer) as caught:
            bench.run(driver, LONG, seen)
        assert time.monotonic() - hung[0] < 10 * ANSWER_S
        assert not caught.value.safe


def corrupted_lines_are_sent_again(bench: Bench) -> None:
    if not bench.case.checksums:
        pytest.skip("this firmware's lines carry no checksum")
    seen = Seen()
    for at in (8, 12, 20):
        bench.machine.inject(kind="corrupt_byte", at=at)
    bench.machine.inject(kind="lost_byte", at=16)
    with bench.ready() as driver:
        report = bench.run(driver, SHORT, seen)
    assert report == RunReport(EndedBy.FINISHED, len(bench.case.program(SHORT)), safe=True)
    assert bench.machine.logged("fault") >= 3
    bench.made(SHORT)


def faults_of_the_machine_are_named(bench: Bench) -> None:
    seen = Seen()
    with bench.ready() as driver:

        def operator() -> None:
            assert seen.is_started.wait(20)
            bench.machine.inject(**bench.case.fault)

        with meanwhile(operator), pytest.raises(bench.case.error) as caught:
            bench.run(driver, LONG, seen)
        assert caught.value.safe is bench.case.safe_after_fault
        assert driver.status().state is State.FAULT
        eventually(bench.machine.at_rest)
    assert bench.machine.count("after_fault") == 0


def stop_now_overtakes_what_is_queued(bench: Bench) -> None:
    seen, stopped = Seen(), list[float]()
    with bench.ready() as driver:

        def operator() -> None:
            assert seen.is_started.wait(20)
            stopped.append(time.monotonic())
            driver.stop_now()
            eventually(bench.machine.at_rest)
            stopped.append(time.monotonic())

        with meanwhile(operator), pytest.raises(FirmwareHalted):
            bench.run(driver, LONG, seen)
        assert driver.status().state is State.FAULT
    assert stopped[1] - stopped[0] < ANSWER_S


def a_refused_line_is_not_sent(bench: Bench) -> None:
    seen, program = Seen(), bench.case.program(SHORT)
    refused = len(program) - len(bench.case.end) - 2
    with bench.ready() as driver:
        with pytest.raises(LineRefused) as caught:
            driver.run(program, lambda line: "no" if line == program[refused] else None, seen.watch())
        assert (caught.value.line_number, caught.value.safe) == (refused + 1, True)
        assert caught.value.lines_done <= refused
        assert driver.status().state is State.READY
        eventually(bench.machine.at_rest)


ON_ANY_LINK: tuple[Callable[[Bench], None], ...] = (
    connects_twice,
    runs_to_the_end,
    holds_and_goes_on,
    cancel_leaves_it_cold_and_still,
    cancel_ends_a_hold_too,
    corrupted_lines_are_sent_again,
    faults_of_the_machine_are_named,
    stop_now_overtakes_what_is_queued,
    a_refused_line_is_not_sent,
)
ON_A_PLAIN_LINK: tuple[Callable[[Bench], None], ...] = (
    an_unplugged_cable_is_a_lost_link_in_time,
    a_cable_that_comes_back_brings_the_safe_end_state,
    silence_is_named_in_time,
)
"""Of cables that break, which breaks others alike."""
