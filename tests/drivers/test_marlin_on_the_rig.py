"""The Marlin driver at simulated printers whose firmware asks people; the rig's own counters say what was made."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.base import EndedBy, PortSettings, State, Status, Watch
from drivers.marlin.driver import MarlinDriver
from tests.conformance.bench import meanwhile
from tests.conformance.rig import RigMachine
from tests.drivers.peers import Seen, allow
from tests.waiting import eventually

HOT = ["G28", "M104 S200", "M109 S200", "G90", "M83"]
PROMPTS: dict[str, object] = {"host_actions": True, "prompt_support": True}


@contextmanager
def printer(folder: Path, **options: object) -> Iterator[tuple[RigMachine, MarlinDriver]]:
    machine = RigMachine(
        folder, {"firmware": "marlin", "speed": 200.0, "idle_s": 0.1, "boot_s": 0.1, "printer": dict(options)}
    )
    driver = MarlinDriver(PortSettings(machine.url, answer_s=3.0, long_s=60.0))
    try:
        driver.open()
        yield machine, driver
        driver.close()
    finally:
        machine.end()


def moves(count: int) -> list[str]:
    return [f"G1 X{10 + n % 2 * 60} Y{10 + n % 7} Z0.3 E0.5 F1200" for n in range(count)]


def going_on(
    driver: MarlinDriver, done: threading.Event, said: list[str], press: Callable[[], object] = lambda: None
) -> Callable[[], None]:
    """An operator who confirms each question that shows, and presses the machine's own button where that is in vain."""

    def operate() -> None:
        pause = threading.Event()
        while not done.is_set():
            status = driver.status()
            if status.state is State.HELD and (status.prompt or "waits for a person" in status.reason):
                if status.reason in said and not status.prompt:
                    press()
                said.append(status.reason)
                driver.resume()
            pause.wait(0.05)

    return operate


@pytest.mark.parametrize("options", [PROMPTS, {}, {"emergency_parser": False}], ids=["prompts", "M108", "no parser"])
@pytest.mark.parametrize("asks", ["M0", "M600"])
def test_a_person_is_waited_for_and_the_print_goes_on(tmp_path: Path, options: dict[str, object], asks: str) -> None:
    seen, done, said = Seen(), threading.Event(), list[str]()
    with printer(tmp_path, **options) as (machine, driver):
        # The menu at the end of a filament change is the display's own, where there are no prompts.
        operator = going_on(driver, done, said, lambda: machine.command(command="press_button"))
        with meanwhile(operator):
            try:
                report = driver.run([*HOT, *moves(5), asks, *moves(5), "M104 S0"], allow, seen.watch())
            finally:
                done.set()
        assert (report.ended_by, report.safe) == (EndedBy.FINISHED, True)
        assert said
        assert machine.count("jobs") == 1
    assert len(seen.held) == seen.resumed


def test_a_runout_holds_the_print_until_somebody_has_put_filament_in(tmp_path: Path) -> None:
    seen, done, said = Seen(), threading.Event(), list[str]()
    with printer(tmp_path, runout_sensor=True, **PROMPTS) as (machine, driver):

        def operator() -> None:
            assert seen.is_started.wait(20)
            machine.inject(kind="filament_out")
            assert seen.is_held.wait(40)
            machine.command(command="load_spool", material="PLA", colour="black", grams=500)
            going_on(driver, done, said)()

        with meanwhile(operator):
            try:
                report = driver.run([*HOT, "M75", *moves(300), "M104 S0"], allow, seen.watch())
            finally:
                done.set()
    assert report.ended_by is EndedBy.FINISHED
    assert any("filament_runout" in reason for reason in seen.held)


@pytest.mark.parametrize(
    ("options", "asks"),
    [
        (PROMPTS, "M0"),
        (PROMPTS, "M600"),
        ({}, "M0"),
        ({}, "M109 S260"),
        ({"emergency_parser": False}, "M0"),
        ({"emergency_parser": False}, "M190 S120"),
    ],
)
def test_a_cancel_gets_out_of_every_wait_and_leaves_it_cold(
    tmp_path: Path, options: dict[str, object], asks: str
) -> None:
    seen = Seen()
    with printer(tmp_path, **options) as (machine, driver):

        def operator() -> None:
            eventually(lambda: driver.status().lines_done >= 7)
            driver.cancel()

        with meanwhile(operator):
            report = driver.run([*HOT, *moves(2), asks, *moves(5)], allow, seen.watch())
        assert (report.ended_by, report.safe) == (EndedBy.CANCELLED, True)
        assert report.lines_done <= 8
        eventually(machine.at_rest)


def test_executed_lines_are_behind_what_the_rig_has_made(tmp_path: Path) -> None:
    told, seen = list[tuple[int, int]](), Seen()
    with printer(tmp_path, advanced_ok=True) as (machine, driver):
        assert driver.open().executed_lines

        def look(status: Status) -> None:
            told.append((status.lines_done, machine.count("deposits")))

        watch = seen.watch()
        program = [*HOT, *moves(200), "M104 S0"]
        report = driver.run(program, allow, Watch(watch.started, look, watch.held, watch.resumed))
    assert report.lines_done == len(program)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert all(done - len(HOT) - 1 <= made for done, made in told[:-1])
    assert told[-1][0] == len(program)
    assert any(0 < done < len(program) for done, _ in told)


def test_an_object_left_out_is_not_made_and_the_other_is(tmp_path: Path) -> None:
    seen = Seen()
    with printer(tmp_path, cancel_objects=True) as (machine, driver):
        assert driver.open().skip_object
        names = ["M486 S0", "M486 Aclip", "M486 S1", "M486 ACap", "M486 S-1"]
        layers = [line for _ in range(10) for n in (0, 1) for line in (f"M486 S{n}", *moves(4))]

        def check(line: str) -> str | None:
            if line == "M83":
                driver.skip_object("Cap")
            return None

        driver.run([*names, *HOT, *layers, "M486 S-1", "M400", "M104 S0"], check, seen.watch())
        assert seen.progress[-1].skipped == ("Cap",)
        assert machine.count("deposits") == 40
