"""Runs in which the machine waits for a person, a person for the machine, or somebody changes their mind."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from drivers.base import EndedBy, RunReport, SafeEnd, State, Status
from drivers.errors import DriverMisuse, FirmwareHalted, RejectedByFirmware
from drivers.marlin.driver import MarlinDriver
from tests.drivers.peers import Peer, Seen, allow, peer
from tests.drivers.scripts import MarlinScript

HEATERS_OFF = {b"104": b"0", b"140": b"0"}
PROMPTS = ("EMERGENCY_PARSER", "HOST_ACTION_COMMANDS", "PROMPT_SUPPORT")


def prompt(text: bytes, *buttons: bytes) -> bytes:
    shown = b"".join(b"//action:prompt_button %s\n" % button for button in buttons)
    return b"//action:prompt_end\n//action:prompt_begin %s\n%s//action:prompt_show\n" % (text, shown)


@contextmanager
def opened(script: MarlinScript, safe_end: SafeEnd | None = None) -> Iterator[tuple[MarlinDriver, Peer]]:
    with peer(script) as machine:
        driver = MarlinDriver(replace(machine.settings(), safe_end=safe_end or SafeEnd()))
        driver.open()
        try:
            yield driver, machine
        finally:
            driver.close()


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def run(driver: MarlinDriver, *lines: str, seen: Seen | None = None) -> RunReport:
    return driver.run(lines, allow, (seen or Seen()).watch())


def test_a_prompt_is_shown_and_resume_presses_its_button() -> None:
    script, seen, shown = MarlinScript(capabilities=PROMPTS), Seen(), list[Status]()
    script.says[b"M0 Change the sheet"] = prompt(b"Change the sheet", b"Continue") + b"echo:busy: paused for user\n"
    script.says[b"M876 S0"] = b"ok\nok\n"
    with opened(script) as (driver, _):

        def operator() -> None:
            assert seen.is_held.wait(20)
            shown.append(driver.status())
            driver.resume()
            driver.resume()

        with meanwhile(operator):
            report = run(driver, "G1 X1", "M0 Change the sheet", "G1 X2", "G1 X3", seen=seen)
    assert (shown[0].state, shown[0].prompt) == (State.HELD, "Change the sheet [Continue]")
    assert "Change the sheet" in shown[0].reason
    assert report == RunReport(EndedBy.FINISHED, 4, safe=True)
    assert seen.resumed == len(seen.held)
    assert [text for text in script.texts if text.startswith((b"M876", b"G1"))] == [
        b"G1 X1",
        b"M876 S0",
        b"G1 X2",
        b"G1 X3",
    ]


def test_a_filament_change_is_answered_step_by_step() -> None:
    script, seen = MarlinScript(capabilities=PROMPTS), Seen()
    script.says |= {
        b"M600": b"//action:paused\n" + prompt(b"Pause", b"Dismiss") + prompt(b"Nozzle Parked", b"Continue"),
        b"M876 S0": b"echo:busy: processing\n" + prompt(b"Paused", b"PurgeMore", b"Continue"),
        b"M876 S1": b"//action:prompt_end\n//action:resumed\n" + prompt(b"Resuming", b"Dismiss") + b"ok\nok\nok\n",
    }
    with opened(script) as (driver, _):

        def operator() -> None:
            assert seen.is_held.wait(20)
            for question in ("Nozzle Parked [Continue]", "Paused [PurgeMore, Continue]"):
                until(lambda question=question: driver.status().prompt == question)  # type: ignore[misc]
                driver.resume()

        with meanwhile(operator):
            report = run(driver, "G1 X1", "M600", "G1 X2", seen=seen)
        assert driver.status().prompt == ""
    assert (report.ended_by, report.lines_done) == (EndedBy.FINISHED, 3)
    assert script.texts.count(b"M600") == 1
    assert script.texts.count(b"G1 X2") == 1


def until(reached: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(2000):
        if reached():
            return
        pause.wait(0.01)
    raise AssertionError("not within 20 s")


def test_without_prompts_m108_goes_on_and_its_own_ok_counts_for_no_line() -> None:
    script, seen = MarlinScript(), Seen()
    script.says |= {b"M0": b"echo:busy: paused for user\n", b"M108": b"ok\nok\n"}
    with opened(script) as (driver, _):

        def operator() -> None:
            assert seen.is_held.wait(20)
            driver.resume()

        with meanwhile(operator):
            report = run(driver, "M0", "G1 X2", "G1 X3", seen=seen)
    assert report.lines_done == 3
    assert seen.held == ["M0 waits for a person"]
    assert [text for text in script.texts if text.startswith(b"G1")] == [b"G1 X2", b"G1 X3"]


def test_after_a_runout_the_sensor_is_left_on_guard() -> None:
    script, seen = MarlinScript(capabilities=PROMPTS), Seen()
    script.says |= {
        b"G1 X1": b"ok\n//action:paused filament_runout 0\n" + prompt(b"Paused", b"PurgeMore", b"DisableRunout"),
        b"M876 S1": b"ok\n//action:prompt_end\n//action:resumed\n",
    }
    with opened(script) as (driver, _):

        def operator() -> None:
            assert seen.is_held.wait(20)
            assert "filament_runout" in seen.held[0]
            until(lambda: driver.status().prompt == "Paused [PurgeMore, DisableRunout]")
            driver.resume()
            script.texts.wait_for(b"M412 S1")

        with meanwhile(operator):
            run(driver, *(f"G1 X{n}" for n in range(1, 400)), seen=seen)
    assert script.texts.count(b"M412 S1") == 1


def test_a_machine_that_pauses_is_sent_no_more_of_the_program_until_it_goes_on() -> None:
    script, seen, sent = MarlinScript({b"G1 X2": b"ok\n//action:pause\n"}), Seen(), list[list[bytes]]()
    with opened(script) as (driver, machine):

        def person_at_the_machine() -> None:
            assert seen.is_held.wait(20)
            script.texts.wait_for(b"G1 X2")
            sent.append([text for text in script.texts if text.startswith(b"G1")])
            machine.say(b"//action:resume\n")

        with meanwhile(person_at_the_machine):
            report = run(driver, *(f"G1 X{n}" for n in range(1, 9)), seen=seen)
    assert report.lines_done == 8
    assert (seen.held, seen.resumed) == (["the machine pauses"], 1)
    assert b"G1 X4" not in sent[0]


def test_resume_ends_a_machines_mere_pause() -> None:
    script, seen = MarlinScript({b"G1 X2": b"ok\n//action:pause\n"}), Seen()
    with opened(script) as (driver, _):

        def operator() -> None:
            assert seen.is_held.wait(20)
            driver.resume()

        with meanwhile(operator):
            assert run(driver, "G1 X1", "G1 X2", "G1 X3", seen=seen).lines_done == 3


def test_a_hold_asked_for_while_the_machine_waits_outlasts_its_wait() -> None:
    script, seen, held = MarlinScript(), Seen(), list[State]()
    script.says |= {b"M0": b"echo:busy: paused for user\n", b"M108": b"ok\nok\n"}
    with opened(script) as (driver, _):

        def operator() -> None:
            assert seen.is_held.wait(20)
            driver.hold("look at it")
            until(lambda: driver.status().reason == "look at it")
            held.append(driver.status().state)
            driver.resume()

        with meanwhile(operator):
            assert run(driver, "M0", "G1 X2", seen=seen).lines_done == 2
    assert held == [State.HELD]


def test_cancel_at_the_machine_ends_the_run_in_order() -> None:
    script = MarlinScript({b"G1 X2": b"ok\n//action:cancel\n" + prompt(b"UI Aborted", b"Dismiss")})
    with opened(script) as (driver, _):
        report = run(driver, "M104 S200", *(f"G1 X{n}" for n in range(1, 400)))
        assert driver.status().state is State.READY
    assert (report.ended_by, report.safe) == (EndedBy.CANCELLED, True)
    assert report.lines_done < 400
    assert script.targets == HEATERS_OFF


@pytest.mark.parametrize("word", ["kill", "poweroff"])
def test_a_machine_that_says_it_is_killed_is_halted(word: str) -> None:
    script = MarlinScript({b"G1 X2": f"//action:{word}\n".encode()})
    with opened(script) as (driver, _), pytest.raises(FirmwareHalted) as caught:
        run(driver, "G1 X1", "G1 X2", "G1 X3")
    assert not caught.value.safe
    assert script.texts[-1] == b"G1 X2"


@pytest.mark.parametrize(
    ("asks", "answer"), [(b"", b"M108"), (prompt(b"Paused", b"PurgeMore", b"Continue"), b"M876 S1")]
)
def test_cancel_gets_out_of_what_waits_for_a_person(asks: bytes, answer: bytes) -> None:
    script, seen = MarlinScript(capabilities=PROMPTS), Seen()
    script.says |= {b"M600": asks + b"echo:busy: paused for user\n", answer: b"ok\nok\n"}
    with opened(script) as (driver, _):

        def operator() -> None:
            assert seen.is_held.wait(20)
            driver.cancel()

        with meanwhile(operator):
            report = run(driver, "M104 S200", "M600", "G1 X2", seen=seen)
    assert (report.ended_by, report.safe) == (EndedBy.CANCELLED, True)
    assert script.targets == HEATERS_OFF
    assert b"G1 X2" not in script.texts


def test_between_runs_a_question_makes_it_not_ready_and_status_returns() -> None:
    script = MarlinScript(capabilities=PROMPTS)
    with opened(script) as (driver, machine):
        script.says[b"M105"] = b"echo:busy: paused for user\n"
        machine.say(prompt(b"Nozzle Parked", b"Continue"))
        until(lambda: driver.status().state is State.NOT_READY)
        status = driver.status()
        assert status.prompt == "Nozzle Parked [Continue]"
        assert "Nozzle Parked" in status.reason
        machine.say(b"//action:prompt_end\nok T:21.0 /0 B:20.0 /0\n")
        until(lambda: driver.status().state is State.READY)
        assert run(driver, "G1 X1").lines_done == 1


# Objects ------------------------------------------------------------------------------------------

LABELLED = ["M486 S0", "M486 Aclip", "M486 S-1", "M486 S1", "M486 AHook", "M486 S-1", "G28", "M486 S0", "G1 X1"]


def test_an_object_is_left_out_between_two_lines() -> None:
    script, seen = MarlinScript(), Seen()
    with opened(script) as (driver, _):
        with pytest.raises(DriverMisuse, match="there are: none"):
            driver.skip_object("clip")

        def check(line: str) -> None:
            if line == "G28":
                assert driver.status().objects == ("clip", "Hook")
                with pytest.raises(DriverMisuse, match="there are: clip, Hook"):
                    driver.skip_object("nut")
                driver.skip_object("Hook")
                driver.skip_object("Hook")

        report = driver.run([*LABELLED, *(f"G1 X{n}" for n in range(400))], check, seen.watch())
    assert report.lines_done == 409
    assert seen.progress[-1].skipped == ("Hook",)
    assert b"M486 P1" in script.texts[: script.texts.index(b"G1 X9")]
    assert b"M486 AHook" not in script.texts


def test_an_object_is_left_out_during_a_hold() -> None:
    script, seen = MarlinScript(), Seen()
    with opened(script) as (driver, _):

        def check(line: str) -> None:
            if line == "G28":
                driver.hold("look at it")

        def operator() -> None:
            assert seen.is_held.wait(20)
            driver.skip_object("clip")
            until(lambda: driver.status().skipped == ("clip",))
            driver.resume()

        with meanwhile(operator):
            driver.run(LABELLED, check, seen.watch())
    assert script.texts.index(b"M486 P0") < script.texts.index(b"G1 X1")


def test_what_is_left_out_before_the_objects_are_counted_is_asked_once_they_are() -> None:
    script = MarlinScript()
    with opened(script) as (driver, _):

        def check(line: str) -> None:
            if line == "G28":
                driver.skip_object("0")

        driver.run(["G28", "M486 T1", "M486 S0", *(f"G1 X{n}" for n in range(400))], check, Seen().watch())
    assert script.texts.index(b"M486 P0") > script.texts.index(b"M486 T1")


def test_a_firmware_without_objects_says_so() -> None:
    script = MarlinScript({b"M486": b'echo:Unknown command: "M486"\nok\n'})
    with opened(script) as (driver, _):
        told = driver.open()
        assert told.skip_object is True  # asked again, this script knows it
        script.says[b"M486"] = b'echo:Unknown command: "M486"\nok\n'
        told = driver.open()
        assert told.skip_object is False
        seen = Seen()
        driver.run(LABELLED, allow, seen.watch())
        assert seen.progress[-1].objects == ()
        with pytest.raises(DriverMisuse, match="without M486"):
            driver.skip_object("clip")


# What is told -------------------------------------------------------------------------------------


def test_the_time_left_is_the_programs_once_its_line_is_reached_and_the_firmwares() -> None:
    script, seen = MarlinScript({b"G1 X3": b"echo: M73 Progress: 50%; Time left: 7m;\nok\n"}), Seen()
    with opened(script) as (driver, _):
        run(driver, "M73 P0 R62", "M73 Q0 S65", "G1 X1", "M73 P100 R0", "G1 X2", seen=seen)
        assert seen.progress[-1].time_left_s == 0.0
        seen = Seen()
        run(driver, "G1 X1", "G1 X3", seen=seen)
    assert seen.progress[-1].time_left_s == 420.0


def test_heating_and_further_tools_are_told() -> None:
    script = MarlinScript()
    with opened(script) as (driver, _):
        assert not driver.status().heating
        for _ in range(2):
            script.says[b"M105"] = b"ok T:21.0 /215.0 B:20.0 /0 T0:21.0 /215.0 T1:20.5 /0.0 @:0\n"
            status = driver.status()
        assert status.heating
        assert status.details["T1"] == "20.5 of 0 °C"


# Afterwards ---------------------------------------------------------------------------------------


def test_the_fan_runs_on_until_status_finds_it_cool() -> None:
    script = MarlinScript()

    def check(line: str) -> None:
        script.always[b"M105"] = b"ok T:180.0 /0.0 B:20.0 /0.0 @:0\n"

    with opened(script) as (driver, _):
        assert driver.run(["G1 X1"], check, Seen().watch()).safe
        assert [text for text in script.texts if text.startswith((b"M106", b"M107", b"M84"))] == [
            b"M106 S255",
            b"M84 S0",
        ]
        assert driver.status().state is State.READY
        assert b"M107" not in script.texts
        script.always[b"M105"] = b"ok T:49.0 /0.0 B:20.0 /0.0 @:0\n"
        driver.status()
        driver.status()
    assert script.texts.count(b"M107") == 1


def test_the_fan_stops_after_a_fault_too() -> None:
    script = MarlinScript({b"G29": b"Error:Probing Failed\nok\n"})

    def check(line: str) -> None:
        script.always[b"M105"] = b"ok T:180.0 /0.0 B:20.0 /0.0 @:0\n"

    with opened(script) as (driver, _):
        with pytest.raises(RejectedByFirmware) as caught:
            driver.run(["G29"], check, Seen().watch())
        assert caught.value.safe
        script.always[b"M105"] = b"ok T:49.0 /0.0 B:20.0 /0.0 @:0\n"
        assert driver.status().state is State.FAULT
        assert script.texts[-1] == b"M107"
        assert driver.status().state is State.FAULT


def test_motors_are_released_where_the_workshop_wants_it() -> None:
    script = MarlinScript()
    with opened(script, SafeEnd(fan_until_c=0, hold_z=False)) as (driver, _):
        run(driver, "G1 X1")
    assert script.texts[-2:] == [b"M107", b"M84"]
