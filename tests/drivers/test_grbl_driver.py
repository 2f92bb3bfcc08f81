from collections import UserList

import pytest

from drivers.base import EndedBy, RunReport, Setup, State
from drivers.errors import (
    Alarm,
    FirmwareReset,
    LineRefused,
    MachineFault,
    NoAnswer,
    NotReady,
    RejectedByFirmware,
)
from drivers.grbl import holding
from drivers.grbl.driver import GrblDriver
from tests.conformance.bench import meanwhile
from tests.drivers.grbl import opened, run
from tests.drivers.peers import Seen, allow, peer
from tests.drivers.scripts import GrblScript
from tests.waiting import eventually


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


@pytest.mark.parametrize("checks", [True, False])
@pytest.mark.parametrize("options", [b"[OPT:V,15,128]\r\n", b"[OPT:PHS]\r\n", b""])
def test_a_run_ends_when_all_is_executed(options: bytes, checks: bool) -> None:
    script, seen = GrblScript(options=options, checks=checks), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        report = run(driver, "(a comment)", "G21 (mm)", "M3S8000", "G1X1F100", "; end", seen=seen)
        driver.close()
    assert report == RunReport(EndedBy.FINISHED, 5, safe=True)
    assert script.texts[-6:] == [b"G21", b"M3S8000", b"G1X1F100", b"G4P0.01", b"M5", b"M9"]
    assert seen.started == ["every line executed"]
    done = [status.lines_done for status in seen.progress]
    assert done == sorted(done)
    assert done[-1] == 5


def test_a_line_rejected_in_mid_run_stops_the_machine_at_once() -> None:
    script = GrblScript({b"G5X1": b"error:20\r\n"}, options=b"", checks=False)
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(RejectedByFirmware) as caught:
            run(driver, "M3S8000", "; b", "G5X1", "G1X2")
        driver.close()
    error = caught.value
    assert (error.line_number, error.line, error.safe, error.lines_done) == (3, "G5X1", True, 1)
    assert str(error) == "error:20, unsupported or invalid word, to line 3: 'G5X1'"
    sent = list(script.texts)
    assert sent[len(sent) - sent[::-1].index(b"G5X1") :] == [b"!", b"!", b"\x18", b"M5", b"M9"]


@pytest.mark.parametrize(("code", "lost"), [(1, True), (2, False), (3, True), (9, True), (99, True)])
def test_alarms_say_what_they_mean_for_the_position(code: int, lost: bool) -> None:
    script = GrblScript({b"G1X1": b"ALARM:%d\r\n[MSG:Reset to continue]\r\n" % code}, checks=False)
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
    script = GrblScript({b"G1X1": b"\r\nGrbl 1.1h ['$' for help]\r\n"}, checks=False)
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        boot = driver.status().boot_id
        with pytest.raises(FirmwareReset) as caught:
            run(driver, "G1X1", "G1X2")
        assert caught.value.safe
        assert driver.status().boot_id != boot
        driver.close()


def test_a_refused_line_is_found_before_anything_moves() -> None:
    script = GrblScript()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(LineRefused) as caught:
            driver.run(["M3S1", "G1X999"], lambda line: "too far" if "999" in line else None, Seen().watch())
        assert caught.value.safe
        assert driver.status().state is State.READY
        driver.close()
    assert script.texts[4:] == [b"$C", b"\x18", b"M5", b"M9"]


@pytest.mark.parametrize("line", ["G1X1 ?", "M0!", "G1\x18", "G1X\x84", "G1X1\nG1X2"])
def test_realtime_characters_never_go_out_inside_a_line(line: str) -> None:
    script = GrblScript()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(LineRefused):
            run(driver, line)
        driver.close()


@pytest.mark.parametrize(
    ("door", "laser", "bytes_sent"),
    [
        (True, False, [b"\x84", b"~"]),
        (False, False, [b"\x84", b"!", b"\x9e", b"\x9e", b"~"]),
        (False, True, [b"\x84", b"!", b"~"]),
    ],
)
def test_a_hold_stops_the_spindle_too(
    door: bool, laser: bool, bytes_sent: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "SPIN_UP_S", 0.2)
    script, seen = GrblScript({b"G1X1": b"", b"$$": b"$32=%d\r\nok\r\n" % laser}, door=door), Seen()
    script.off_in_hold = laser
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        script.checks = False
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

        with meanwhile(operator):
            assert run(driver, "M3S8000", "G1X1", seen=seen).ended_by is EndedBy.FINISHED
        driver.close()
    assert held == [0]
    assert (len(seen.held), seen.resumed) == (1, 1)
    assert [text for text in script.texts[4:] if len(text) == 1] == bytes_sent


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (b"Door:1", "the safety door is open"),
        (b"Door:0", "the safety door is closed again, and waits for cycle start"),
        (b"Hold:0", "held at the machine"),
    ],
)
def test_a_hold_at_the_machine_is_told(state: bytes, reason: str) -> None:
    script, seen = GrblScript({b"G1X1": b""}, checks=False), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def operator() -> None:
            script.texts.wait_for(b"G1X1")
            script.state = state
            assert seen.is_held.wait(10)
            script.state = b"Run"
            assert seen.is_resumed.wait(10)
            script.state = b"Idle"
            machine.say(b"ok\r\n")

        with meanwhile(operator):
            run(driver, "M3S8000", "G1X1", seen=seen)
        driver.close()
    assert seen.held == [f"held at the machine: {reason}"]


def test_a_hold_by_request_that_somebody_ends_at_the_machine_is_over() -> None:
    script, seen = GrblScript({b"G1X1": b""}, checks=False), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def operator() -> None:
            script.texts.wait_for(b"G1X1")
            driver.hold("nobody there")
            assert seen.is_held.wait(10)
            script.state = b"Run"
            assert seen.is_resumed.wait(10)
            script.state = b"Idle"
            machine.say(b"ok\r\n")

        with meanwhile(operator):
            assert run(driver, "G1X1", seen=seen).ended_by is EndedBy.FINISHED
        driver.close()
    assert (len(seen.held), seen.resumed) == (1, 1)


def test_an_open_door_can_not_be_resumed() -> None:
    script, seen = GrblScript({b"G1X1": b""}, checks=False), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def operator() -> None:
            script.texts.wait_for(b"G1X1")
            script.door_open = True
            driver.hold("look")
            assert seen.is_held.wait(10)
            driver.resume()
            script.texts.wait_for(b"~")
            eventually(lambda: driver.status().reason == "the safety door is open")
            script.door_open = False
            driver.resume()
            assert seen.is_resumed.wait(10)
            machine.say(b"ok\r\n")

        with meanwhile(operator):
            run(driver, "G1X1", seen=seen)
        driver.close()


@pytest.mark.parametrize(
    ("state", "homing", "reason"),
    [
        (b"Alarm", True, "alarm: home first"),
        (b"Alarm", False, "alarm, and no homing: look at the machine, then switch it off and on"),
        (b"Sleep", True, "the firmware sleeps: home first"),
        (b"Door:1", True, "the safety door is open"),
        (b"Door:2", True, "the safety door was opened: the machine is coming to a halt"),
        (b"Door:3", True, "the spindle comes back after the safety door"),
        (b"Hold:0", True, "held at the machine"),
        (b"Jog", True, "the machine is jogged"),
        (b"Check", True, "the firmware is in check mode"),
        (b"Tool", True, "the firmware waits for a tool change at the machine"),
        (b"Strange", True, "the machine is in state Strange"),
    ],
)
def test_each_state_that_takes_no_program_has_its_reason(state: bytes, homing: bool, reason: str) -> None:
    script = GrblScript({b"$$": b"$22=%d\r\nok\r\n" % homing})
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        script.state = state
        status = driver.status()
        assert (status.state, status.reason) == (State.NOT_READY, reason)
        driver.close()


def test_an_alarm_whose_message_was_lost_is_seen_in_the_reports() -> None:
    script = GrblScript({b"G1X1": b"ALRM:1\r\n"}, checks=False)
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def lock() -> None:
            script.texts.wait_for(b"G1X1")
            script.state = b"Alarm:1"

        with meanwhile(lock), pytest.raises(Alarm) as caught:
            run(driver, "G1X1")
        assert caught.value.position_lost
        driver.close()


@pytest.mark.parametrize("garbled", [b"k\r\n", b"", b"o\r\nk\r\n", b"eror:20\r\n"])
def test_a_lost_answer_is_no_answer_and_no_deadlock(garbled: bytes) -> None:
    script = GrblScript({b"G1X2": garbled}, checks=False)
    with peer(script, script.realtime) as machine:
        driver = opened(machine, answer_s=0.5)
        with pytest.raises(NoAnswer) as caught:
            run(driver, *(f"G1X{n}" for n in range(40)))
        assert caught.value.safe
        driver.close()


def test_a_reset_whose_banner_is_lost_is_repeated() -> None:
    script = GrblScript(checks=False)
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        script.banners = [b"\r\nGrb 1.1h ['$' for hlp]\r\n"]
        with pytest.raises(LineRefused) as caught:
            driver.run(["G1X1", "G1X2"], lambda line: "no" if line == "G1X2" else None, Seen().watch())
        assert caught.value.safe
        driver.close()
    assert script.texts[-4:] == [b"\x18", b"\x18", b"M5", b"M9"]


def test_an_answer_too_many_is_a_fault() -> None:
    script = GrblScript({b"G1X2": b"ok\r\nok\r\n"}, checks=False)
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(MachineFault, match="no line unanswered"):
            run(driver, "G1X1", "G1X2", "G1X3")
        driver.close()


@pytest.mark.parametrize("later", [(), (*(f"G1X{n}F1000" for n in range(2, 22)), "G92X0")])
def test_a_work_offset_that_nothing_explains_ends_the_run(later: tuple[str, ...]) -> None:
    """`later`: a line that shifts it is on its way, but has not left."""
    script = GrblScript({line.encode(): b"" for line in ("G1X1", *later)}, checks=False)
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def shift() -> None:
            script.texts.wait_for(b"G1X1")
            script.offset = b"11.000,20.000,-3.500"

        with meanwhile(shift), pytest.raises(MachineFault, match="work offset has become"):
            run(driver, "G54", "G1X1", *later)
        driver.close()
    assert b"G92X0" not in script.texts


@pytest.mark.parametrize("answer", [b"ok\r\n", b"error:3\r\n"])
def test_a_firmware_that_tells_no_offsets_is_not_guarded(answer: bytes) -> None:
    script = GrblScript({b"$#": answer}, checks=False)
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        assert run(driver, "G54", "G1X1").safe
        assert driver.status().details["offset"].startswith("not watched: ")
        driver.close()


def test_a_program_may_shift_its_own_offset() -> None:
    script = GrblScript(checks=False)
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def shift(line: str) -> str | None:
            if line == "G1X1":
                script.offset = b"11.000,20.000,-3.500"
            return None

        assert driver.run(["G92X1", "G1X1", "G4P1"], shift, Seen().watch()).safe
        driver.close()


def test_what_still_runs_after_the_reset_is_not_safe() -> None:
    script = GrblScript(checks=False)
    script.stuck = b"F"
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(LineRefused) as caught:
            driver.run(["G1X1", "G1X2"], lambda line: "no" if line == "G1X2" else None, Seen().watch())
        assert not caught.value.safe
        driver.close()


def test_an_empty_program_is_the_safe_end_state() -> None:
    script, seen = GrblScript(), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        script.rpm = 8000
        assert run(driver, seen=seen) == RunReport(EndedBy.FINISHED, 0, safe=True)
        driver.close()
    assert (script.rpm, seen.started) == (0, [])


class StopsLate(UserList[str]):
    """A program whose reader is interrupted by a stop, just before the run begins."""

    driver: GrblDriver | None = None

    def __len__(self) -> int:
        if self.driver is not None:
            driver, self.driver = self.driver, None
            driver.stop_now()
        return super().__len__()


def test_a_stop_just_before_a_run_begins_is_not_forgotten() -> None:
    script = GrblScript()
    program = StopsLate(["G1 X1 F100"])
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        program.driver = driver
        with pytest.raises(NotReady, match="stopped at once"):
            driver.run(program, allow, Seen().watch())
        assert b"G1 X1 F100" not in script.texts
        driver.open()
        assert run(driver, "G1 X1 F100").lines_done == 1
        driver.close()


def test_a_machine_that_falls_silent_in_a_hold_is_no_held_machine() -> None:
    script, seen = GrblScript(checks=False), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def check(line: str) -> str | None:
            driver.hold("look")
            return None

        def silence() -> None:
            assert seen.is_held.wait(20)
            machine.answer, machine.realtime = lambda _: b"", lambda _: b""

        with meanwhile(silence), pytest.raises(NoAnswer) as caught:
            driver.run(["G1X1"], check, seen.watch())
        assert not caught.value.safe
        assert driver.status().state is State.FAULT
        driver.close()
