"""Probing and setting zeros between runs, and while a run waits for a tool change."""

import pytest

from drivers.base import EndedBy, Probing, State
from drivers.errors import Alarm, DriverMisuse, NoAnswer, NotReady
from drivers.grbl import driver as grbl
from tests.conformance.bench import meanwhile
from tests.drivers.grbl import opened, run
from tests.drivers.peers import Seen, peer
from tests.drivers.scripts import GrblScript
from tests.waiting import eventually

PROBE = b"G21G91G94G38.2Z-30.000F120.0"
TOUCHED = b"[PRB:1.000,2.000,-12.000:1]\r\nok\r\n"
MISSED = b"ALARM:5\r\n[PRB:0.000,0.000,0.000:0]\r\nok\r\n"
OFFSETS = b"[G54:10.000,20.000,-32.000]\r\n[G92:0.000,0.000,0.500]\r\n[TLO:1.000]\r\nok\r\n"


def test_a_probe_puts_the_zero_under_the_plate_and_goes_back() -> None:
    script = GrblScript({PROBE: TOUCHED, b"$#": OFFSETS})
    script.modes = b"G2 G55 G18 G20 G91 G94 M5 M9 T0 F508 S0"
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        assert isinstance(driver, Probing)
        assert driver.probe_z(30.0, 2.0, 20.0) == (10.0, 20.0, -3.5)
        assert driver.status().details["probe"] == "X1.000 Y2.000 Z-12.000"
        assert driver.status().state is State.READY
        driver.close()
    # -12 is the plate's top; its 20 mm, and what G92 and the tool's length add to every offset, come off.
    assert script.texts[4:] == [
        b"$G", PROBE, b"$#", b"G21G10L2P1Z-33.500", b"G21G90G53G0Z3.000", b"G4P0.01",
        b"G80G55G18G20G91G94F20.000", b"$#",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "told", "zero"),
    [(b"", b"1.000,2.000,-12.000", b"-12.000"), (b"$13=1\r\n", b"0.0394,0.0787,-0.5000", b"-12.700")],
)
def test_a_probe_is_told_in_the_firmwares_own_units(settings: bytes, told: bytes, zero: bytes) -> None:
    script = GrblScript({PROBE: b"[PRB:" + told + b":1]\r\nok\r\n", b"$$": settings + b"ok\r\n"})
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        driver.probe_z(30.0, 2.0, 0.0)
        driver.close()
    assert b"G21G10L2P1Z" + zero in script.texts


def test_no_contact_is_an_alarm_and_sets_no_zero() -> None:
    script = GrblScript({PROBE: MISSED})
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(Alarm) as caught:
            driver.probe_z(30.0, 2.0, 20.0)
        assert (caught.value.code, caught.value.position_lost, caught.value.safe) == (5, False, True)
        driver.close()
    assert not [text for text in script.texts if text.startswith((b"G21G10", b"$X"))]


def test_a_missed_contact_whose_alarm_was_lost_is_one_all_the_same() -> None:
    script = GrblScript({PROBE: b"ALRM:5\r\n[PRB:0.000,0.000,0.000:0]\r\nok\r\n"})
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(Alarm) as caught:
            driver.probe_z(30.0, 2.0, 20.0)
        assert caught.value.code == 5
        driver.close()


def test_a_contact_that_is_not_told_is_no_answer() -> None:
    script = GrblScript({PROBE: b"[PRB:1.0\r\nok\r\n"})
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(NoAnswer):
            driver.probe_z(30.0, 2.0, 20.0)
        driver.close()


def test_a_plate_in_contact_beforehand_is_seen_before_anything_moves() -> None:
    script = GrblScript(pins=b"P")
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(Alarm) as caught:
            driver.probe_z(30.0, 2.0, 20.0)
        assert (caught.value.code, caught.value.safe) == (4, True)
        assert driver.status().state is State.READY
        driver.close()
    assert script.texts[4:] == [b"$G"]


@pytest.mark.parametrize("modes", [b"G0 G54 M3 M9 S8000 F0", b"G0 G54 M4 M9 S8000 F0"])
def test_nothing_is_probed_with_a_turning_spindle(modes: bytes) -> None:
    script = GrblScript(modes=modes)
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(NotReady, match="spindle is on"):
            driver.probe_z(30.0, 2.0, 20.0)
        driver.close()


@pytest.mark.parametrize("values", [(0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, -1.0)])
def test_values_that_make_no_probe_are_misuse(values: tuple[float, float, float]) -> None:
    script = GrblScript()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(DriverMisuse):
            driver.probe_z(*values)
        driver.close()


@pytest.mark.parametrize(
    ("modes", "back"),
    [
        (b"G1 G54 G17 G21 G90 G94 M3 M8 T1 F600 S12000", [b"M3S12000", b"M8", b"G4P0.1"]),
        (b"G1 G54 G17 G21 G90 G94 M4 M9 T1 F600 S9000.", [b"M4S9000", b"G4P0.1"]),
        (b"G1 G54 G17 G21 G90 G94 M5 M7 M8 T1 F600 S9000", [b"M7", b"M8"]),
        (b"G1 G54 G17 G21 G90 G94 M5 M9 T1 F600 S9000", []),
    ],
)
def test_a_tool_change_waits_for_a_person_and_brings_the_spindle_back(
    modes: bytes, back: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grbl, "SPIN_UP_S", 0.1)
    script, seen = GrblScript(modes=modes, checks=False), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def operator() -> None:
            assert seen.is_held.wait(10)
            status = driver.status()
            assert (status.state, status.reason) == (State.HELD, seen.held[0])
            assert script.rpm == 0
            assert status.lines_done == 2, "all before the change is executed"
            driver.resume()

        with meanwhile(operator):
            report = run(driver, "M3S12000", "G1X1F600", "M6 T2 (a thin one)", "G1X2", seen=seen)
        driver.close()
    assert (report.ended_by, report.lines_done, seen.resumed) == (EndedBy.FINISHED, 4, 1)
    assert seen.held == ["change to tool 2, touch it off, then resume"]
    sent = script.texts[script.texts.index(b"G1X1F600") :]
    assert sent == [
        b"G1X1F600", b"G4P0.01", b"$G", b"M5", b"M9", *back, b"T2", b"G1X2", b"G4P0.01", b"M5", b"M9",
    ]  # fmt: skip


def test_a_hold_that_is_asked_for_while_the_spindle_comes_back_is_kept() -> None:
    script, seen = GrblScript({b"G4P4": b""}, modes=b"G1 G54 M3 M9 T1 F600 S100", checks=False), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def operator() -> None:
            assert seen.is_held.wait(10)
            driver.resume()
            script.texts.wait_for(b"G4P4")
            driver.hold("not yet")
            machine.say(b"ok\r\n")
            eventually(lambda: seen.held[1:] == ["not yet"])
            driver.resume()

        with meanwhile(operator):
            run(driver, "T1M6", "G1X2", seen=seen)
        driver.close()
    assert seen.resumed == 2


def test_the_tool_of_an_earlier_word_is_the_one_to_change_to() -> None:
    """Grbl has forgotten it: `$G` tells T0 after any line without a T."""
    script, seen = GrblScript(modes=b"G1 G54 M5 M9 T0 F600 S0", checks=False), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with meanwhile(lambda: driver.resume() if seen.is_held.wait(10) else None):
            run(driver, "T6 (T9)", "T7", "G1X1 (T8)", "M06", "G1X2", seen=seen)
        driver.close()
    assert seen.held == ["change to tool 7, touch it off, then resume"]
    assert not [text for text in script.texts if b"M06" in text]


def test_a_new_tool_is_touched_off_while_the_run_waits() -> None:
    script, seen = GrblScript({PROBE: TOUCHED}, checks=False), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def operator() -> None:
            assert seen.is_held.wait(10)
            assert driver.probe_z(30.0, 2.0, 20.0) == (10.0, 20.0, -3.5)
            script.offset = b"1.000,2.000,-30.000"
            assert driver.set_work_zero((1.0, 2.0, -30.0)) == (1.0, 2.0, -30.0)
            assert driver.work_offset() == (1.0, 2.0, -30.0)
            with pytest.raises(DriverMisuse):
                driver.home()
            driver.resume()
            script.texts.wait_for(b"G1X2")
            with pytest.raises(DriverMisuse):
                driver.probe_z(30.0, 2.0, 20.0)
            machine.say(b"ok\r\n")

        script.says[b"G1X2"] = b""
        with meanwhile(operator):
            assert run(driver, "G1X1", "T2M6", "G1X2", seen=seen).safe
        driver.close()


def test_a_probe_that_fails_in_a_run_ends_it() -> None:
    script, seen, told = GrblScript({PROBE: MISSED}, checks=False), Seen(), list[Alarm]()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def operator() -> None:
            assert seen.is_held.wait(10)
            with pytest.raises(Alarm) as caught:
                driver.probe_z(30.0, 2.0, 20.0)
            told.append(caught.value)

        with meanwhile(operator), pytest.raises(Alarm) as ended:
            run(driver, "G1X1", "T2M6", "G1X2", seen=seen)
        assert (ended.value.code, ended.value.safe, told[0].code) == (5, True, 5)
        driver.close()
    assert b"G1X2" not in script.texts
    assert b"$X" not in script.texts


def test_a_probe_that_could_not_begin_leaves_the_run_waiting() -> None:
    script, seen = GrblScript(checks=False), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def operator() -> None:
            assert seen.is_held.wait(10)
            script.pins = b"P"
            with pytest.raises(Alarm):
                driver.probe_z(30.0, 2.0, 20.0)
            script.pins = b""
            assert driver.status().state is State.HELD
            driver.resume()

        with meanwhile(operator):
            assert run(driver, "G1X1", "T2M6", "G1X2", seen=seen).ended_by is EndedBy.FINISHED
        driver.close()


def test_a_cancel_ends_a_tool_change_and_what_is_under_way_there() -> None:
    script, seen = GrblScript({PROBE: b""}, checks=False), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def operator() -> None:
            assert seen.is_held.wait(10)
            with pytest.raises(DriverMisuse, match="ended"):
                driver.probe_z(30.0, 2.0, 20.0)

        def canceller() -> None:
            script.texts.wait_for(PROBE)
            driver.cancel()

        with meanwhile(operator), meanwhile(canceller):
            report = run(driver, "G1X1", "T2M6", "G1X2", seen=seen)
        assert (report.ended_by, report.safe) == (EndedBy.CANCELLED, True)
        eventually(lambda: driver.status().state is State.READY)
        driver.close()


def test_a_door_that_is_opened_at_a_tool_change_is_closed_before_the_spindle_turns() -> None:
    script, seen = GrblScript(modes=b"G1 G54 M3 M9 T1 F600 S100", checks=False), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def operator() -> None:
            assert seen.is_held.wait(10)
            script.state, script.door_open = b"Door:0", True
            driver.resume()
            eventually(lambda: driver.status().reason == "the safety door is open")
            assert b"M3S100" not in script.texts
            script.door_open = False
            driver.resume()
            script.texts.wait_for(b"M3S100")
            driver.cancel()

        with meanwhile(operator):
            assert run(driver, "T1M6", "G1X2", seen=seen).ended_by is EndedBy.CANCELLED
        driver.close()


def test_in_laser_mode_there_is_nothing_to_spin_up() -> None:
    script, seen = GrblScript({b"$$": b"$32=1\r\nok\r\n"}, modes=b"G1 G54 M4 M9 T1 F600 S100", checks=False), Seen()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with meanwhile(lambda: driver.resume() if seen.is_held.wait(10) else None):
            run(driver, "T1M6", seen=seen)
        driver.close()
    assert script.texts[-4:] == [b"T1", b"G4P0.01", b"M5", b"M9"]
    assert script.texts[-5] == b"M4S100"
