import threading

import pytest

from drivers.base import EndedBy, RunReport, Setup, State
from drivers.errors import Alarm, FirmwareReset, LineRefused, NotReady, RejectedByFirmware
from drivers.grbl import driver as grbl
from drivers.grbl.driver import GrblDriver
from tests.drivers.peers import Peer, Seen, allow, peer
from tests.drivers.scripts import GrblScript


def opened(machine: Peer, answer_s: float = 2.0) -> GrblDriver:
    driver = GrblDriver(machine.settings(answer_s))
    driver.open()
    return driver


def run(driver: GrblDriver, *lines: str, seen: Seen | None = None) -> RunReport:
    return driver.run(lines, allow, (seen or Seen()).watch())


def test_open_resets_what_another_host_may_have_left_and_reads_the_buffers() -> None:
    script = GrblScript()
    with peer(script, script.realtime) as machine:
        driver = GrblDriver(machine.settings())
        told = driver.open()
        assert (told.firmware, told.details) == ("Grbl 1.1h", ("OPT:V,15,128",))
        assert driver.status().position_mm == (1.0, 2.0, 3.0)
        assert driver.status().state is State.READY
        driver.close()
    assert script.texts == [b"!", b"\x18", b"$I", b"$$"]


def test_an_alarm_is_no_place_to_start_from_and_homing_ends_it() -> None:
    script = GrblScript(state=b"Alarm")
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        assert isinstance(driver, Setup)
        assert (driver.status().state, driver.status().reason) == (State.NOT_READY, "alarm: home first")
        with pytest.raises(NotReady):
            run(driver, "G1X1")
        driver.home()
        assert driver.status().state is State.READY
        assert run(driver, "G1X1").lines_done == 1
        driver.close()
    assert b"$X" not in script.texts
    assert script.texts.index(b"G1X1") > script.texts.index(b"$H")


def test_the_work_zero_is_what_the_firmware_reads_back() -> None:
    script = GrblScript()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        assert driver.set_work_zero((1.0, 2.0, -3.0)) == (10.0, 20.0, -3.5)
        assert driver.work_offset() == (10.0, 20.0, -3.5)
        driver.close()
    assert b"G21G10L2P1X1.000Y2.000Z-3.000" in script.texts


def test_inches_are_converted() -> None:
    script = GrblScript({b"$$": b"$13=1\r\n$30=1000\r\nok\r\n"})
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        assert driver.status().position_mm == pytest.approx((25.4, 50.8, 76.2))
        assert driver.work_offset() == pytest.approx((254.0, 508.0, -88.9))
        driver.close()


@pytest.mark.parametrize("options", [b"[OPT:V,15,128]\r\n", b""])
def test_a_run_ends_when_all_is_executed(options: bytes) -> None:
    script, seen = GrblScript(options=options), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        report = run(driver, "(a comment)", "G21 (mm)", "M3S8000", "G1X1F100", "; end", seen=seen)
        driver.close()
    assert report == RunReport(EndedBy.FINISHED, 5, safe=True)
    assert script.texts[-5:] == [b"G21", b"M3S8000", b"G1X1F100", b"G4P0.01", b"M5"]
    assert seen.started == ["every line executed"]


def test_a_rejected_line_stops_the_machine_at_once() -> None:
    script = GrblScript({b"G5X1": b"error:20\r\n"})
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(RejectedByFirmware) as caught:
            run(driver, "M3S8000", "; b", "G5X1", "G1X2")
        driver.close()
    error = caught.value
    assert (error.line_number, error.line, error.safe, error.lines_done) == (3, "G5X1", True, 1)
    assert str(error) == "error:20, unsupported or invalid word, to line 3: 'G5X1'"
    after = script.texts[script.texts.index(b"G5X1") + 1 :]
    assert [text for text in after if text != b"G1X2"] == [b"!", b"!", b"\x18", b"M5"]


@pytest.mark.parametrize(("code", "lost"), [(1, True), (2, False), (3, True), (9, True), (99, True)])
def test_alarms_say_what_they_mean_for_the_position(code: int, lost: bool) -> None:
    script = GrblScript({b"G1X1": b"ALARM:%d\r\n[MSG:Reset to continue]\r\n" % code})
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        script.state = b"Idle"
        with pytest.raises(Alarm) as caught:
            run(driver, "G1X1")
        assert (caught.value.code, caught.value.position_lost, caught.value.safe) == (code, lost, True)
        assert driver.status().state is State.FAULT
        driver.close()
    assert b"$X" not in script.texts


def test_a_banner_in_mid_run_is_a_reset() -> None:
    script = GrblScript({b"G1X1": b"\r\nGrbl 1.1h ['$' for help]\r\n"})
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        boot = driver.status().boot_id
        with pytest.raises(FirmwareReset) as caught:
            run(driver, "G1X1", "G1X2")
        assert caught.value.safe
        assert driver.status().boot_id != boot
        driver.close()


def test_a_refused_line_ends_in_a_hold_and_a_reset() -> None:
    script = GrblScript()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(LineRefused) as caught:
            driver.run(["M3S1", "G1X999"], lambda line: "too far" if "999" in line else None, Seen().watch())
        assert caught.value.safe
        assert driver.status().state is State.READY
        driver.close()
    assert script.texts[-3:] == [b"!", b"\x18", b"M5"]


@pytest.mark.parametrize("line", ["G1X1 ?", "M0!", "G1\x18", "G1X\x84", "G1X1\nG1X2"])
def test_realtime_characters_never_go_out_inside_a_line(line: str) -> None:
    script = GrblScript()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(LineRefused):
            run(driver, line)
        driver.close()


@pytest.mark.parametrize(
    ("door", "bytes_sent"), [(True, [b"\x84", b"~"]), (False, [b"\x84", b"!", b"\x9e", b"\x9e", b"~"])]
)
def test_a_hold_stops_the_spindle_too(door: bool, bytes_sent: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grbl, "SPIN_UP_S", 0.2)
    script, seen = GrblScript({b"G1X1": b""}, door=door), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        held: list[int] = []

        def operator() -> None:
            script.texts.wait_for(b"G1X1")
            driver.hold("look")
            driver.hold("look again")
            assert seen.is_held.wait(10)
            held.append(script.rpm)
            assert driver.status().state is State.HELD
            driver.resume()
            assert seen.is_resumed.wait(10)
            machine.say(b"ok\r\n")

        person = threading.Thread(target=operator)
        person.start()
        assert run(driver, "M3S8000", "G1X1", seen=seen).ended_by is EndedBy.FINISHED
        person.join()
        driver.close()
    assert held == [0]
    assert (len(seen.held), seen.resumed) == (1, 1)
    assert [text for text in script.texts[4:] if len(text) == 1] == bytes_sent


def test_a_hold_at_the_machine_is_told() -> None:
    script, seen = GrblScript({b"G1X1": b""}), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def operator() -> None:
            script.texts.wait_for(b"G1X1")
            script.state = b"Door:1"
            assert seen.is_held.wait(10)
            script.state = b"Idle"
            assert seen.is_resumed.wait(10)
            machine.say(b"ok\r\n")

        person = threading.Thread(target=operator)
        person.start()
        run(driver, "M3S8000", "G1X1", seen=seen)
        person.join()
        driver.close()
    assert seen.held == ["held at the machine: Door"]


def test_an_empty_program_is_the_safe_end_state() -> None:
    script, seen = GrblScript(), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        script.rpm = 8000
        assert run(driver, seen=seen) == RunReport(EndedBy.FINISHED, 0, safe=True)
        driver.close()
    assert (script.rpm, seen.started) == (0, [])
