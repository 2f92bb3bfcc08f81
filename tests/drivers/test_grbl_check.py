import pytest

from drivers.base import EndedBy, State
from drivers.errors import FirmwareHalted, LineRefused, NotReady, RejectedByFirmware
from tests.conformance.bench import meanwhile
from tests.drivers.grbl import opened, run
from tests.drivers.peers import Seen, allow, peer
from tests.drivers.scripts import GrblScript

DOING = "checking the program: nothing moves"
PROGRAM = ("G21 G90", "M3 S8000", "", "G1 X1 F100", "G1 X2", "M30")


def test_a_program_is_checked_whole_before_its_first_run_and_not_again() -> None:
    script, seen = GrblScript(), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        boot = driver.status().boot_id
        run(driver, *PROGRAM, seen=seen)
        assert driver.status().boot_id == boot
        assert driver.status().details["check"] == "every line"
        first = list(script.texts)
        run(driver, *PROGRAM)
        again = list(script.texts)[len(first) :]
        driver.close()
    lines = [line.encode() for line in PROGRAM if line]
    assert first[4:] == [b"$C", *lines, b"\x18", b"$#", *lines, b"G4P0.01", b"M5", b"M9"]
    assert again == [b"$#", *lines, b"G4P0.01", b"M5", b"M9"]
    assert [status.lines_done for status in seen.progress if status.reason == DOING] in ([], [0])


def test_a_changed_program_or_firmware_is_checked_anew() -> None:
    script = GrblScript()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        run(driver, "G1X1")
        run(driver, "G1X2")
        script.says[b"$$"] = b"$130=200.000\r\nok\r\n"
        driver.open()
        run(driver, "G1X1")
        driver.close()
    assert script.texts.count(b"$C") == 3


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            b"error:20\r\n",
            "error:20, unsupported or invalid word (in check mode: nothing has moved), to line 4: 'G1X2'",
        ),
        (
            b"ALARM:2\r\n[MSG:Reset to continue]\r\n",
            "ALARM:2, soft limit: the target is outside the travel; the position is kept"
            " (in check mode: nothing has moved), to line 4: 'G1X2'",
        ),
    ],
)
def test_what_the_firmware_refuses_is_found_before_anything_moves(answer: bytes, told: str) -> None:
    script, seen = GrblScript(in_check={b"G1X2": answer}), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(RejectedByFirmware) as caught:
            run(driver, "M3S8000", "G1X1", "(here)", "G1X2", "G1X3", seen=seen)
        error = caught.value
        assert str(error) == told
        assert (error.line_number, error.line, error.safe, error.lines_done) == (4, "G1X2", True, 0)
        assert driver.status().state is State.FAULT
        driver.close()
    assert not seen.started
    assert script.texts[4] == b"$C"
    assert script.texts[script.texts.index(b"\x18", 4) :] == [b"\x18", b"M5", b"M9"]


def test_the_line_checker_judges_each_line_once_and_before_motion() -> None:
    script, judged = GrblScript(), list[str]()

    def check(line: str) -> str | None:
        judged.append(line)
        return None

    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        driver.run(PROGRAM, check, Seen().watch())
        assert judged == list(PROGRAM)
        with pytest.raises(LineRefused) as caught:
            driver.run([*PROGRAM, "G1 X999"], lambda line: "too far" if "999" in line else None, Seen().watch())
        assert (caught.value.line_number, caught.value.safe) == (7, True)
        driver.close()
    assert script.texts.count(b"G1 X2") == 3, "checked, run, checked"


@pytest.mark.parametrize("answer", [b"error:3\r\n", b"error:8\r\n"])
def test_a_firmware_without_check_mode_is_told_and_goes_on_without(answer: bytes) -> None:
    script = GrblScript({b"$C": answer})
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        assert run(driver, "G1X1").ended_by is EndedBy.FINISHED
        assert "none: error:" in driver.status().details["check"]
        assert any("no check mode: error:" in detail for detail in driver.open().details)
        run(driver, "G1X2")
        driver.close()
    assert script.texts.count(b"$C") == 1


def test_an_ok_alone_is_not_taken_for_check_mode() -> None:
    script = GrblScript({b"$C": b"ok\r\n"})
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        boot = driver.status().boot_id
        assert run(driver, "G1X1").safe
        assert driver.status().details["check"] == "none: $C is answered, but changes nothing"
        assert driver.status().boot_id == boot
        run(driver, "G1X1")
        assert driver.status().details["check"] == "every line", "it was a byte lost, and is tried again"
        driver.close()
    assert script.texts[4:8] == [b"$C", b"\x18", b"$#", b"G1X1"]


@pytest.mark.parametrize("line", ["G10 L2 P1 X0", "G28.1", "$H", "M64 P0"])
def test_what_would_act_in_check_mode_is_not_sent_there(line: str) -> None:
    script = GrblScript()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        assert run(driver, "G1X1", line, "G1X2").lines_done == 3
        assert driver.status().details["check"] == "up to line 2, which would act in check mode as well"
        driver.close()
    sent = line.encode()
    assert script.texts[4:] == [
        b"$C", b"G1X1", b"\x18", b"$#", b"G1X1", sent, b"G1X2", b"G4P0.01", b"M5", b"M9",
    ]  # fmt: skip


def test_check_mode_can_be_held_and_cancelled() -> None:
    script, seen = GrblScript(in_check={b"G1X2": b""}), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def operator() -> None:
            script.texts.wait_for(b"G1X2")
            status = driver.status()
            assert (status.state, status.reason, status.lines_done) == (State.RUNNING, DOING, 0)
            driver.hold("wait")
            assert seen.is_held.wait(10)
            driver.resume()
            assert seen.is_resumed.wait(10)
            assert driver.status().reason == DOING
            driver.cancel()

        with meanwhile(operator):
            report = run(driver, "G1X1", "G1X2", seen=seen)
        assert (report.ended_by, report.lines_done, report.safe) == (EndedBy.CANCELLED, 0, True)
        assert (driver.status().state, driver.status().reason) == (State.READY, "")
        driver.close()
    assert not seen.started
    assert script.texts[4:] == [b"$C", b"G1X1", b"G1X2", b"\x18", b"M5", b"M9"], "no hold is sent: nothing moves"


def test_check_mode_can_be_stopped_at_once() -> None:
    script = GrblScript(in_check={b"G1X2": b""})
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def operator() -> None:
            script.texts.wait_for(b"G1X2")
            driver.stop_now()

        with meanwhile(operator), pytest.raises(FirmwareHalted) as caught:
            run(driver, "G1X1", "G1X2")
        assert (caught.value.safe, caught.value.lines_done) == (True, 0)
        driver.close()


def test_a_machine_that_is_not_as_before_the_check_is_not_ready() -> None:
    script = GrblScript()

    def check(line: str) -> str | None:
        script.place = b"1.000,2.000,0.000"
        return allow(line)

    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(NotReady, match="after check mode the machine is Idle at"):
            driver.run(["G1X1"], check, Seen().watch())
        assert driver.status().state is State.READY
        driver.close()
    assert script.texts[4:] == [b"$C", b"G1X1", b"\x18"]


def test_a_tool_change_is_left_out_of_the_check_but_not_what_stands_beside_it() -> None:
    script, seen = GrblScript(), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def operator() -> None:
            assert seen.is_held.wait(10)
            driver.resume()

        with meanwhile(operator):
            run(driver, "G1X1", "T2 M6", "G1X2", seen=seen)
        driver.close()
    checked = script.texts[4 : script.texts.index(b"\x18", 4)]
    assert checked == [b"$C", b"G1X1", b"T2", b"G1X2"]
