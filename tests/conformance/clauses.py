"""The contract of `drivers.base`, a function a clause; each takes a bench and is run for every driver and link."""

import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from drivers.base import EndedBy, RunReport, State, Status
from drivers.errors import DriverMisuse, FirmwareHalted, LineRefused, LinkLost, MachineFault, PortBusy
from tests.conformance.bench import LONG, MEDIUM, SHORT, START_S, Bench, meanwhile
from tests.conformance.cases import ANSWER_S
from tests.drivers.peers import Seen, allow
from tests.waiting import eventually


def connects_twice(bench: Bench) -> None:
    driver = bench.driver()
    first = driver.open()
    boot = driver.status().boot_id
    if bench.case.exclusive:
        # A socket has no lock: its server turns the second one away.
        with pytest.raises(LinkLost if bench.link == "tcp" else PortBusy):
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


def progress_runs_ahead_of_nothing(bench: Bench) -> None:
    """Where lines count as executed, the machine has made the moves of every line that is told as done."""
    program = bench.case.program(MEDIUM)
    moves_before = [0]
    for line in program:
        moves_before.append(moves_before[-1] + (line.startswith("G1")))
    told: list[tuple[int, int]] = []
    with bench.ready() as driver:
        if not driver.open().executed_lines or bench.case.made is None:
            return
        bench.case.prepare(driver)
        counter, _ = bench.case.made(MEDIUM)
        seen = Seen()

        def progress(status: Status) -> None:
            told.append((moves_before[status.lines_done], bench.machine.count(counter)))

        seen.progress_hook = progress
        bench.run(driver, MEDIUM, seen)
    assert told
    assert all(moves - 1 <= made for moves, made in told)


def holds_and_goes_on(bench: Bench) -> None:
    seen, asked = Seen(), list[int]()
    with bench.ready() as driver:

        def operator() -> None:
            assert seen.is_started.wait(START_S)
            driver.hold("look at it")
            driver.hold("look at it again")
            assert seen.is_held.wait(START_S)
            status = driver.status()
            assert (status.state, status.reason) == (State.HELD, seen.held[0])
            asked.append(status.lines_done)
            driver.resume()
            driver.resume()
            assert seen.is_resumed.wait(START_S)

        with meanwhile(operator):
            report = bench.run(driver, 4 * MEDIUM, seen)
    assert report.ended_by is EndedBy.FINISHED
    assert asked[0] < report.lines_done
    assert (len(seen.held), seen.resumed) == (1, 1)
    assert bench.machine.count("jobs") == 1


def cancel_leaves_it_cold_and_still(bench: Bench) -> None:
    seen = Seen()
    with bench.ready() as driver:

        def operator() -> None:
            assert seen.is_started.wait(START_S)
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
            assert seen.is_started.wait(START_S)
            driver.hold("look at it")
            assert seen.is_held.wait(START_S)
            driver.cancel()

        with meanwhile(operator):
            report = bench.run(driver, LONG, seen)
        assert (report.ended_by, report.safe) == (EndedBy.CANCELLED, True)
        eventually(bench.machine.at_rest)


def skips_an_object_or_says_that_it_cannot(bench: Bench) -> None:
    """What is still to come of one object isn't made; the other one is, whole."""
    seen = Seen()
    with bench.ready() as driver:
        able = driver.open().skip_object
        bench.case.prepare(driver)
        assert able is (bench.case.labels is not None)
        if not able:
            with pytest.raises(DriverMisuse):
                driver.skip_object("a")
            return

        def operator() -> None:
            assert seen.is_started.wait(START_S)
            eventually(lambda: len(driver.status().objects) == 2)
            second = driver.status().objects[1]
            assert second.lower() == "b"
            with pytest.raises(DriverMisuse):
                driver.skip_object("nobody")
            driver.skip_object(second)
            driver.skip_object(second)
            eventually(lambda: driver.status().skipped == (second,))

        with meanwhile(operator):
            report = driver.run(bench.case.two_objects(MEDIUM), allow, seen.watch())
    assert report.ended_by is EndedBy.FINISHED
    made = bench.machine.count("deposits")
    assert MEDIUM * 0.8 < made < MEDIUM * 1.8


def faults_of_the_machine_are_named(bench: Bench) -> None:
    seen = Seen()
    with bench.ready() as driver:

        def operator() -> None:
            assert seen.is_started.wait(START_S)
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
            assert seen.is_started.wait(START_S)
            stopped.append(time.monotonic())
            driver.stop_now()
            eventually(bench.machine.at_rest)
            stopped.append(time.monotonic())

        with meanwhile(operator), pytest.raises(FirmwareHalted):
            bench.run(driver, LONG, seen)
        assert driver.status().state is State.FAULT
    assert stopped[1] - stopped[0] < 2 * ANSWER_S


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


def a_lossy_link_loses_nothing_unsaid(bench: Bench) -> None:
    """Every move is made, and once; or the run ends in an error with a name, and nobody was told that it finished."""
    seen, named = Seen(), list[MachineFault]()
    try:
        with bench.ready() as driver:
            assert bench.run(driver, MEDIUM, seen).ended_by is EndedBy.FINISHED
    except MachineFault as fault:
        named.append(fault)
    if named:
        assert str(named[0])
        assert type(named[0]) is not MachineFault
        assert bench.machine.count("jobs") <= 1
    else:
        bench.made(MEDIUM)
        assert bench.machine.count("jobs") == 1


def corrupted_lines_are_sent_again(bench: Bench) -> None:
    """Lines without a checksum may be taken for others, or refused: then the run ends in an error with a name."""
    seen = Seen()
    for at in (8, 12, 20):
        bench.machine.inject(kind="corrupt_byte", at=at)
    bench.machine.inject(kind="lost_byte", at=16)
    with bench.ready() as driver:
        if not bench.case.checksums:
            with suppress(MachineFault):
                assert bench.run(driver, SHORT, seen).safe
            eventually(bench.machine.at_rest)
            return
        report = bench.run(driver, SHORT, seen)
    assert report == RunReport(EndedBy.FINISHED, len(bench.case.program(SHORT)), safe=True)
    assert bench.machine.logged("fault") >= 3
    bench.made(SHORT)


ON_ANY_LINK: tuple[Callable[[Bench], None], ...] = (
    connects_twice,
    runs_to_the_end,
    holds_and_goes_on,
    cancel_leaves_it_cold_and_still,
    cancel_ends_a_hold_too,
    faults_of_the_machine_are_named,
    stop_now_overtakes_what_is_queued,
    a_refused_line_is_not_sent,
)
ON_A_PLAIN_LINK: tuple[Callable[[Bench], None], ...] = (
    progress_runs_ahead_of_nothing,
    skips_an_object_or_says_that_it_cannot,
)
ON_A_SERIAL_LINK: tuple[Callable[[Bench], None], ...] = (corrupted_lines_are_sent_again,)
ON_A_LOSSY_LINK: tuple[Callable[[Bench], None], ...] = (a_lossy_link_loses_nothing_unsaid,)
