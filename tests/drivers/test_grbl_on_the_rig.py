"""The driver on the rig's firmwares: what a script can't show, since it executes nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.base import EndedBy, PortSettings, RunReport, State
from drivers.errors import Alarm, MachineFault, NotReady, RejectedByFirmware
from drivers.grbl import driver as grbl
from drivers.grbl.driver import GrblDriver
from tests.conformance.bench import meanwhile
from tests.conformance.rig import RigMachine
from tests.drivers.grbl import run
from tests.drivers.peers import Seen
from tests.waiting import eventually

FLAVOURS = ("grbl", "grblhal", "fluidnc")


@contextmanager
def router(folder: Path, *, speed: float = 50.0, **config: object) -> Iterator[tuple[GrblDriver, RigMachine]]:
    """Homed, its zero in the middle of the table."""
    settings = {"firmware": "grbl", "speed": speed, "idle_s": 0.1, "boot_s": 0.1, "router": config}
    machine = RigMachine(folder, settings)
    try:
        driver = GrblDriver(PortSettings(machine.url, answer_s=2.0, long_s=30.0))
        driver.open()
        driver.home()
        driver.set_work_zero((-300.0, -200.0, -40.0))
        yield driver, machine
        driver.close()
    finally:
        machine.end()


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_each_firmware_checks_and_then_runs(flavour: str, tmp_path: Path) -> None:
    seen = Seen()
    with router(tmp_path, flavour=flavour) as (driver, machine):
        told = driver.open()
        driver.home()
        moves = [f"G1 X{n % 2 * 20 + 1} Y{n % 7} F2400" for n in range(60)]
        report = run(driver, "G21 G90 G54", "M3 S10000", *moves, "M5", "M30", seen=seen)
        assert (report.ended_by, report.lines_done, report.safe) == (EndedBy.FINISHED, 64, True)
        assert driver.status().details["check"] == "every line"
        assert machine.count("jobs") == 1
    assert told.firmware.startswith({"grbl": "Grbl ", "grblhal": "grblHAL ", "fluidnc": "FluidNC v"}[flavour])
    assert told.executed_lines is (flavour != "fluidnc")
    done = [status.lines_done for status in seen.progress]
    assert done == sorted(done)


@pytest.mark.parametrize(
    ("line", "answer"), [("G1 X400", "ALARM:2, soft limit"), ("G5 X1", "error:20"), ("G1 X1 Y", "error:")]
)
def test_what_the_firmware_refuses_is_found_with_nothing_moved(line: str, answer: str, tmp_path: Path) -> None:
    with router(tmp_path) as (driver, machine):
        jobs = machine.count("jobs")
        with pytest.raises(RejectedByFirmware, match=answer) as caught:
            run(driver, "G21 G90 G54", "M3 S10000", "G1 X10 F600", line, "M30")
        assert (caught.value.line_number, caught.value.safe, caught.value.lines_done) == (4, True, 0)
        assert eventually(machine.at_rest)
        assert machine.count("jobs") == jobs
        assert machine.count("after_fault") == 0


def test_a_new_tool_is_touched_off_in_the_midst_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grbl, "SPIN_UP_S", 1.0)
    seen, zeros = Seen(), list[float]()
    with router(tmp_path, probe_z_mm=-30.0) as (driver, _):

        def operator() -> None:
            assert seen.is_held.wait(20)
            status = driver.status()
            assert (status.state, status.details["spindle_rpm"]) == (State.HELD, "0")
            zeros.append(driver.probe_z(60.0, 10.0, 20.0)[2])
            assert driver.work_offset()[2] == zeros[0]
            driver.resume()

        with meanwhile(operator):
            report = run(driver, "G21 G90 G54", "M3 S10000", "G1 X10 F600", "T2 M6", "G1 X20", "M5", "M30", seen=seen)
        assert (report.ended_by, report.safe) == (EndedBy.FINISHED, True)
        position = driver.status().position_mm
        assert position is not None
        assert position[0] == pytest.approx(-280.0, abs=0.01)
    assert zeros[0] == pytest.approx(-50.0, abs=1.1), "the machine was switched on one millimetre from its home"
    assert seen.held == ["change to tool 2, touch it off, then resume"]


def test_a_probe_without_a_plate_locks_the_machine_until_it_is_homed(tmp_path: Path) -> None:
    with router(tmp_path) as (driver, _):
        with pytest.raises(Alarm) as caught:
            driver.probe_z(5.0, 10.0, 20.0)
        assert (caught.value.code, caught.value.position_lost) == (5, False)
        with pytest.raises(NotReady, match="home first"):
            run(driver, "G1 X1 F100")
        driver.home()
        assert run(driver, "G1 X1 F100").safe


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_overrides_are_what_the_firmware_reports(flavour: str, tmp_path: Path) -> None:
    with router(tmp_path, flavour=flavour) as (driver, _):
        seen = Seen()

        def operator() -> None:
            assert seen.is_started.wait(20)
            driver.override(feed_percent=153, rapid_percent=25, spindle_percent=77)
            assert driver.status().details["overrides"] == "feed 153 %, rapids 25 %, spindle 77 %"
            driver.override(feed_percent=100, rapid_percent=100, spindle_percent=100)
            driver.cancel()

        with meanwhile(operator):
            moves = [f"G1 X{n % 2 * 60} F1200" for n in range(400)]
            assert run(driver, "G21 G90 G54", *moves, seen=seen).ended_by is EndedBy.CANCELLED


def test_a_beam_is_off_in_a_hold(tmp_path: Path) -> None:
    seen = Seen()
    with router(tmp_path, laser=True) as (driver, machine):

        def operator() -> None:
            assert seen.is_started.wait(20)
            driver.hold("look")
            assert seen.is_held.wait(20)
            assert driver.status().details["spindle_rpm"] == "0"
            driver.resume()
            assert seen.is_resumed.wait(20)
            driver.cancel()

        with meanwhile(operator):
            moves = [f"G1 X{n % 2 * 60} F1200" for n in range(400)]
            report = run(driver, "G21 G90 G54", "M4 S500", *moves, seen=seen)
        assert (report.ended_by, report.safe) == (EndedBy.CANCELLED, True)
        assert eventually(machine.at_rest)


def test_a_door_that_is_opened_in_mid_run_holds_it_until_it_is_closed_and_resumed(tmp_path: Path) -> None:
    seen = Seen()
    with router(tmp_path, door_switch=True) as (driver, machine):

        def operator() -> None:
            assert seen.is_started.wait(20)
            machine.command(command="open_door")
            assert seen.is_held.wait(20)
            eventually(lambda: driver.status().reason == "held at the machine: the safety door is open")
            driver.resume()
            eventually(lambda: driver.status().details["spindle_rpm"] == "0")
            assert driver.status().state is State.HELD
            machine.command(command="close_door")
            driver.resume()
            assert seen.is_resumed.wait(20)
            driver.cancel()

        with meanwhile(operator):
            moves = [f"G1 X{n % 2 * 60} F1200" for n in range(400)]
            report = run(driver, "G21 G90 G54", "M3 S10000", *moves, seen=seen)
        assert (report.ended_by, report.safe) == (EndedBy.CANCELLED, True)


@pytest.mark.parametrize("kind", ["lost_byte", "corrupt_byte", "doubled_byte", "delayed_bytes", "extra_ok", "lost_ok"])
@pytest.mark.parametrize("at", [5, 12, 20])
def test_a_damaged_line_or_answer_never_hangs_a_run(kind: str, at: int, tmp_path: Path) -> None:
    """A digit that is lost goes unseen, for lines carry no checksum; whatever else happens is named, and safe."""
    with router(tmp_path) as (driver, machine):
        machine.inject(kind=kind, at=at)
        moves = [f"G1 X{n % 2 * 20 + 1} Y{n % 7} F2400" for n in range(20)]
        ended = outcome(lambda: run(driver, "G21 G90 G54", "M3 S10000", *moves, "M5", "M30"))
        assert ended.safe
        assert machine.logged("fault") == 1
        assert isinstance(ended, MachineFault) or kind not in ("extra_ok", "lost_ok")
        assert eventually(machine.at_rest)


def outcome(act: Callable[[], RunReport]) -> RunReport | MachineFault:
    try:
        return act()
    except MachineFault as error:
        return error
