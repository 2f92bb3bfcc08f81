"""Clauses of cables that break; a plain link is enough, since it breaks others alike."""

import time
from collections.abc import Callable

import pytest

from drivers.base import EndedBy, LostLink, State
from drivers.errors import LinkLost, NoAnswer, NotReady
from tests.conformance.bench import LONG, MEDIUM, SHORT, START_S, Bench, meanwhile
from tests.conformance.cases import ANSWER_S
from tests.drivers.peers import Seen
from tests.waiting import eventually


def an_unplugged_cable_is_a_lost_link_in_time(bench: Bench) -> None:
    """Nobody can say any more what the machine does: it goes on with what it has."""
    seen, unplugged = Seen(), list[float]()
    with bench.ready(bench.case.gives_up_s) as driver:

        def operator() -> None:
            assert seen.is_started.wait(START_S)
            unplugged.append(time.monotonic())
            bench.machine.command(command="unplug")

        with meanwhile(operator), pytest.raises(LinkLost) as caught:
            bench.run(driver, LONG, seen)
        assert time.monotonic() - unplugged[0] < bench.case.gives_up_s + 3 * ANSWER_S
        assert not caught.value.safe
        assert driver.status().state is State.FAULT
        assert not bench.machine.at_rest()


def a_cable_that_comes_back_brings_what_was_promised(bench: Bench) -> None:
    seen = Seen()
    with bench.ready() as driver:
        goes_on = driver.open().lost_link is LostLink.HOST_GOES_ON
        bench.case.prepare(driver)

        def operator() -> None:
            assert seen.is_started.wait(START_S)
            if goes_on:
                bench.machine.command(command="unplug")
                time.sleep(0.3)
                bench.machine.command(command="plug")
            else:
                bench.machine.inject(kind="disconnect", reconnect_s=0.3)

        with meanwhile(operator):
            if goes_on:
                report = bench.run(driver, 4 * MEDIUM, seen)
                assert (report.ended_by, report.safe) == (EndedBy.FINISHED, True)
            else:
                with pytest.raises(LinkLost) as caught:
                    bench.run(driver, LONG, seen)
                assert caught.value.safe
        eventually(bench.machine.at_rest)


def silence_is_named_in_time(bench: Bench) -> None:
    seen, hung = Seen(), list[float]()
    with bench.ready(bench.case.gives_up_s) as driver:

        def operator() -> None:
            assert seen.is_started.wait(START_S)
            hung.append(time.monotonic())
            bench.machine.command(**bench.case.silence)

        with meanwhile(operator), pytest.raises((NoAnswer, LinkLost)) as caught:
            bench.run(driver, LONG, seen)
        assert time.monotonic() - hung[0] < bench.case.gives_up_s + 10 * ANSWER_S
        assert not caught.value.safe


def another_ones_job_is_left_alone(bench: Bench) -> None:
    """Where others can start one beside us."""
    if bench.case.exclusive:
        return
    seen, theirs = Seen(), "\n".join(bench.case.program(MEDIUM))
    with bench.ready() as driver:
        bench.machine.command(command="press", button="print", file="theirs.gcode", program=theirs)
        eventually(lambda: not bench.machine.at_rest())
        eventually(lambda: driver.status().state is State.NOT_READY)
        assert "theirs.gcode" in driver.status().reason
        with pytest.raises(NotReady, match="theirs"):
            bench.run(driver, SHORT, seen)
        assert not seen.started
        eventually(bench.machine.at_rest)
        bench.made(MEDIUM)
    assert bench.machine.count("jobs") == 1


OF_CABLES: tuple[Callable[[Bench], None], ...] = (
    an_unplugged_cable_is_a_lost_link_in_time,
    a_cable_that_comes_back_brings_what_was_promised,
    silence_is_named_in_time,
    another_ones_job_is_left_alone,
)
