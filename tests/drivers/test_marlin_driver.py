import threading
from pathlib import Path

import pytest

from drivers.base import EndedBy, PortSettings, RunReport, State, Status
from drivers.errors import (
    DriverMisuse,
    FirmwareHalted,
    FirmwareReset,
    LineRefused,
    LinkLost,
    NoAnswer,
    NotReady,
    PortBusy,
    RejectedByFirmware,
    ResendLimit,
)
from drivers.marlin.driver import MarlinDriver
from tests.drivers.peers import Answer, Peer, Seen, allow, peer
from tests.drivers.scripts import MarlinScript

HEATERS_OFF = {b"104": b"0", b"140": b"0"}


def opened(machine: Peer, answer_s: float = 2.0) -> MarlinDriver:
    driver = MarlinDriver(machine.settings(answer_s))
    driver.open()
    return driver


def run(driver: MarlinDriver, *lines: str, seen: Seen | None = None) -> RunReport:
    return driver.run(lines, allow, (seen or Seen()).watch())


def test_open_tells_what_answers() -> None:
    with peer(MarlinScript(autoreport=True)) as machine:
        driver = MarlinDriver(machine.settings())
        assert driver.status().state is State.CLOSED
        told = driver.open()
        assert (told.firmware, told.skip_object, told.executed_lines) == ("Marlin 2.1", True, False)
        assert "has AUTOREPORT_TEMP" in told.details
        status = driver.status()
        assert (status.state, status.hotend_c, status.position_mm) == (State.READY, 21.0, (1.0, 2.0, 3.0))
        driver.open()
        assert driver.status().boot_id != status.boot_id
        driver.close()
        driver.close()
        assert driver.status().state is State.CLOSED


def test_a_port_has_one_user() -> None:
    with peer(MarlinScript()) as machine:
        driver = opened(machine)
        with pytest.raises(PortBusy):
            MarlinDriver(machine.settings()).open()
        driver.close()


def test_a_port_that_is_not_there() -> None:
    with pytest.raises(LinkLost):
        MarlinDriver(PortSettings("/dev/none")).open()


def test_silence_at_opening_is_named_and_leaves_the_port_free() -> None:
    with peer(lambda _: b"") as machine:
        driver = MarlinDriver(machine.settings(0.5))
        with pytest.raises(NoAnswer):
            driver.open()
        machine.answer = MarlinScript()
        driver.open()
        driver.close()


def test_comments_and_blanks_are_not_sent_and_count_as_done() -> None:
    script, shown = MarlinScript(), list[str]()
    program = ["; head", "", "G28 ; home", "  ", "G1 X1", "; tail"]

    def check(line: str) -> None:
        shown.append(line)

    with peer(script) as machine:
        driver = opened(machine)
        before = len(script.texts)
        report = driver.run(program, check, Seen().watch())
        driver.close()
    assert report == RunReport(EndedBy.FINISHED, 6, safe=True)
    assert shown == program
    assert script.texts[before:] == [b"M110 N0", b"M105", b"G28", b"G1 X1", b"M400", b"M105", b"M107", b"M84 S0"]


def test_started_needs_evidence_and_comes_once() -> None:
    script, seen = MarlinScript({b"G28": b"echo:busy: processing\necho:busy: processing\nok\n"}), Seen()
    script.says[b"M117 a"] = b"ok\n"
    with peer(script) as machine:
        driver = opened(machine)
        run(driver, "M117 a", "G28", "M117 b", seen=seen)
        assert seen.started == ["the firmware is processing"]
        driver.close()


def test_heaters_left_on_by_a_program_are_switched_off() -> None:
    script = MarlinScript()
    with peer(script) as machine:
        driver = opened(machine)
        report = run(driver, "M104 S200", "G1 X1")
        driver.close()
    assert report.safe
    assert script.targets == HEATERS_OFF


def test_temperatures_are_reported_by_the_firmware_where_it_can() -> None:
    script = MarlinScript(autoreport=True)
    with peer(script) as machine:
        driver = opened(machine)
        run(driver, "G1 X1")
        driver.close()
    assert [text for text in script.texts if text.startswith(b"M155")] == [b"M155 S2", b"M155 S0"]


def test_a_refused_line_is_not_sent_and_the_machine_made_safe() -> None:
    script = MarlinScript()
    with peer(script) as machine:
        driver = opened(machine)
        with pytest.raises(LineRefused) as caught:
            driver.run(["M104 S200", "G1 X999"], lambda line: "too far" if "999" in line else None, Seen().watch())
        assert driver.status().state is State.READY
        driver.close()
    assert (caught.value.line_number, caught.value.reason, caught.value.safe) == (2, "too far", True)
    assert b"G1 X999" not in script.texts
    assert script.targets == HEATERS_OFF


@pytest.mark.parametrize("line", ["G1 X1\nM104 S300", "G1 X1\rM104 S300", "N7 G1 X1", "M110 N5", "G1 X1\x00"])
def test_a_line_that_could_be_read_as_two_is_refused(line: str) -> None:
    with peer(MarlinScript()) as machine:
        driver = opened(machine)
        with pytest.raises(LineRefused):
            run(driver, line)
        driver.close()


def test_a_lost_ok_costs_time_only() -> None:
    with peer(MarlinScript({b"G1 X2": b""})) as machine:
        driver = opened(machine, answer_s=0.6)
        assert run(driver, "G1 X1", "G1 X2", "G1 X3").lines_done == 3
        driver.close()


def test_silence_in_a_run_is_named_in_time() -> None:
    script = MarlinScript()
    with peer(script) as machine:
        driver = opened(machine, answer_s=0.6)

        silent = threading.Event()

        def deaf_from_the_second_move(line: bytes) -> bytes:
            if b"X2" in line:
                silent.set()
            return b"" if silent.is_set() else script(line)

        machine.answer = deaf_from_the_second_move
        with pytest.raises(NoAnswer) as caught:
            run(driver, "G1 X1", "G1 X2", "G1 X3")
        assert not caught.value.safe
        status = driver.status()
        assert status.state is State.FAULT
        with pytest.raises(NotReady):
            run(driver, "G1 X1")
        driver.close()


def test_a_reboot_in_mid_run_is_a_fault_of_its_own() -> None:
    with peer(MarlinScript({b"G1 X2": b"start\necho: Free Memory: 3584\n"})) as machine:
        driver = opened(machine)
        boot = driver.status().boot_id
        with pytest.raises(FirmwareReset) as caught:
            run(driver, "G1 X1", "G1 X2", "G1 X3")
        assert caught.value.safe
        assert caught.value.lines_done == 1
        assert driver.status().boot_id != boot
        driver.close()


def test_a_reboot_between_runs_changes_the_boot_id_and_the_next_run_counts_anew() -> None:
    with peer(MarlinScript()) as machine:
        driver = opened(machine)
        boot = driver.status().boot_id
        assert driver.status().boot_id == boot
        machine.say(b"start\necho: Free Memory: 3584\n")
        status = driver.status()
        assert (status.state, status.boot_id == boot) == (State.READY, False)
        assert run(driver, "G1 X1").lines_done == 1
        driver.close()


def test_a_halted_firmware_is_never_called_safe() -> None:
    script = MarlinScript({b"M109 S200": b"Error:Heating failed, system stopped! Heater_ID: 0\n"})
    with peer(script) as machine:
        driver = opened(machine)
        with pytest.raises(FirmwareHalted) as caught:
            run(driver, "M109 S200", "G1 X1")
        assert not caught.value.safe
        driver.close()
    assert script.texts[-1] == b"M109 S200"


def test_an_error_of_the_firmware_ends_the_run_safely() -> None:
    script = MarlinScript({b"G29": b"Error:Probing Failed\nok\n"})
    with peer(script) as machine:
        driver = opened(machine)
        with pytest.raises(RejectedByFirmware) as caught:
            run(driver, "M104 S200", "G29", "G1 X1")
        driver.close()
    assert caught.value.safe
    assert script.targets == HEATERS_OFF
    assert b"G1 X1" not in script.texts


def test_resends_without_end_are_given_up() -> None:
    script = MarlinScript()
    with peer(script) as machine:
        driver = opened(machine)
        machine.answer = lambda line: b"Resend: 2\nok\n" if b" G1 X1*" in line else script(line)
        with pytest.raises(ResendLimit) as caught:
            run(driver, "G1 X1")
        assert caught.value.safe
        driver.close()


def test_cancel_breaks_a_heat_up_off() -> None:
    script, seen = MarlinScript(), Seen()
    with peer(script) as machine:
        driver = opened(machine)
        waiting = threading.Event()

        def slow(line: bytes) -> bytes:
            if line == b"M108":
                return script(line) + (b"ok\nok\n" if waiting.is_set() else b"")
            answer = script(line)
            if b"M109" in line:
                waiting.set()
                return b" T:30.0 /200.0 B:20.0 /0.0 W:?\n"
            return answer

        machine.answer = slow

        def cancel() -> None:
            waiting.wait(10)
            driver.cancel()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        report = run(driver, "G28", "M109 S200", "G1 X1", seen=seen)
        canceller.join()
        assert (report.ended_by, report.safe) == (EndedBy.CANCELLED, True)
        assert seen.started == ["heating T to 200 °C"]
        driver.close()
    assert b"G1 X1" not in script.texts
    assert script.targets == HEATERS_OFF


def test_requests_without_a_run_do_nothing_and_a_second_run_is_refused() -> None:
    script, second = MarlinScript(), list[Exception]()
    with peer(script) as machine:
        driver = opened(machine)
        driver.hold("x")
        driver.resume()
        driver.cancel()

        def check(line: str) -> None:
            for verb in (driver.close, driver.open):
                with pytest.raises(DriverMisuse):
                    verb()
            try:
                run(driver, "G1 X1")
            except DriverMisuse as error:
                second.append(error)

        assert driver.run(["G1 X1"], check, Seen().watch()).lines_done == 1
        driver.close()
        with pytest.raises(DriverMisuse):
            driver.stop_now()
        with pytest.raises(DriverMisuse):
            run(driver, "G1 X1")
    assert len(second) == 1


def test_what_the_callers_own_code_raises_leaves_the_machine_safe() -> None:
    script = MarlinScript()

    def check(line: str) -> str | None:
        if line == "G1 X1":
            raise OSError("disk gone")
        return None

    with peer(script) as machine:
        driver = opened(machine)
        with pytest.raises(OSError, match="disk gone"):
            driver.run(["M104 S200", "G1 X1"], check, Seen().watch())
        driver.close()
    assert script.targets == HEATERS_OFF


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_nothing_stays_open_or_runs_on() -> None:
    with peer(MarlinScript()) as machine:
        threads, files = threading.active_count(), open_files()
        driver = opened(machine)
        run(driver, "G1 X1")
        driver.close()
        assert threading.active_count() == threads
        assert open_files() == files


def test_an_empty_program_is_the_safe_end_state() -> None:
    script, seen = MarlinScript(targets={b"104": b"200", b"140": b"60"}), Seen()
    with peer(script) as machine:
        driver = opened(machine)
        assert run(driver, seen=seen) == RunReport(EndedBy.FINISHED, 0, safe=True)
        driver.close()
    assert script.targets == HEATERS_OFF
    assert seen.started == []


def test_a_printer_that_was_silent_for_long_is_ready_again_once_it_answers() -> None:
    script = MarlinScript()
    with peer(script) as machine:
        driver = opened(machine, answer_s=0.5)
        machine.answer = lambda _: b""
        for _ in range(3):
            assert driver.status().state is State.NOT_READY
        machine.answer = script
        assert driver.status().state is State.READY
        driver.close()


def test_after_a_fault_nothing_that_was_still_to_be_sent_leaves() -> None:
    script, seen = MarlinScript(), Seen()
    with peer(script) as machine:
        driver = opened(machine)
        machine.answer = slow_to_answer(script)

        def fail(_: object) -> None:
            if b"G1 X1" not in script.texts:
                return
            seen.progress_hook = None
            driver.port.send(b"G1 X2\n")
            raise NoAnswer("the machine says nothing")

        seen.progress_hook = fail
        with pytest.raises(NoAnswer) as caught:
            run(driver, "G1 X1", seen=seen)
        assert caught.value.safe
        driver.close()
    assert b"G1 X2" not in script.texts
    assert b"M104 S0" in script.texts


def slow_to_answer(script: MarlinScript) -> Answer:
    """Of a move and of the first question behind it nothing is heard; what is asked later tells that both arrived."""
    lost = [b"G1 X1", b"M105"]

    def answer(line: bytes) -> bytes:
        told = script(line)
        if lost and script.texts and script.texts[-1] == lost[0]:
            del lost[0]
            return b""
        return told

    return answer


@pytest.mark.parametrize("cancels", [False, True])
def test_a_watch_that_fails_again_and_again_hinders_no_safe_end(cancels: bool) -> None:
    script, seen = MarlinScript(), Seen()

    def fail(_: object) -> None:
        if b"G1 X1" not in script.texts:
            return
        if cancels and not driver.requests.cancelled:
            driver.cancel()
            return
        raise OSError("disk full")

    seen.progress_hook = fail
    with peer(script) as machine:
        driver = opened(machine)
        machine.answer = slow_to_answer(script)
        with pytest.raises(OSError, match="disk full"):
            run(driver, "M104 S200", "G1 X1", seen=seen)
        assert driver.status().state is State.FAULT
        driver.close()
    assert script.targets == HEATERS_OFF


def test_a_stop_at_the_very_end_of_a_run_is_no_finished_run() -> None:
    seen = Seen()
    with peer(MarlinScript()) as machine:
        driver = opened(machine)
        seen.progress_hook = lambda status: driver.stop_now() if status.lines_done == 2 else None
        with pytest.raises(FirmwareHalted, match="on request"):
            run(driver, "G1 X1", "G1 X2", seen=seen)
        assert driver.status().state is State.FAULT
        driver.close()


def test_a_stop_that_can_not_be_sent_is_told() -> None:
    with peer(MarlinScript()) as machine:
        driver = opened(machine)
        machine.unplug()
        with pytest.raises(LinkLost, match="go and look"):
            driver.stop_now()
        assert "go and look" in driver.status().reason
        driver.close()


def test_a_watch_that_fails_at_the_very_end_leaves_no_run_behind() -> None:
    script, seen = MarlinScript(), Seen()

    def fail(status: Status) -> None:
        if status.lines_done == 2:
            raise OSError("disk full")

    seen.progress_hook = fail
    with peer(script) as machine:
        driver = opened(machine)
        with pytest.raises(OSError, match="disk full"):
            run(driver, "M104 S200", "G1 X1", seen=seen)
        assert driver.status().state is State.FAULT
        driver.close()
    assert script.targets == HEATERS_OFF


def test_a_printer_that_prints_from_its_own_card_takes_no_program() -> None:
    script = MarlinScript(capabilities=("SDCARD",))
    with peer(script) as machine:
        driver = opened(machine)
        assert driver.status().state is State.READY
        script.always[b"M27"] = b"SD printing byte 12/900\nok\n"
        with pytest.raises(NotReady, match="own card"):
            run(driver, "G1 X1")
        status = driver.status()
        assert (status.state, "byte 12/900" in status.reason) == (State.NOT_READY, True)
        script.always[b"M27"] = b"Not SD printing\nok\n"
        assert driver.status().state is State.READY
        assert run(driver, "G1 X1").lines_done == 1
        driver.close()
    assert script.texts.count(b"G1 X1") == 1
