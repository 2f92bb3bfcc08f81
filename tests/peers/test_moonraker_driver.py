"""Our Moonraker driver at the real Moonraker, which prints on the rig's Marlin through a small Klipper."""

from pathlib import Path

import pytest

from drivers.base import EndedBy, PortSettings, RunReport, State
from drivers.errors import FirmwareHalted, JobFailed, LinkLost, NotReady
from drivers.moonraker.driver import MoonrakerDriver
from tests.conformance.rig import RigMachine
from tests.drivers.peers import Seen, allow
from tests.peers.driving import drive
from tests.peers.moonraker import Moonraker
from tests.peers.prints import assert_printed_once, program
from tests.waiting import eventually

pytestmark = pytest.mark.proof(share=0.04, group="peers")
LONG = program(6000)


def driver_of(server: Moonraker) -> MoonrakerDriver:
    return MoonrakerDriver(PortSettings(server.url, answer_s=5.0, long_s=60.0))


def test_without_a_klipper_it_is_not_ready(moonraker_server: Moonraker) -> None:
    driver = driver_of(moonraker_server)
    driver.open()
    try:
        status = driver.status()
        assert (status.state, status.reason) == (State.NOT_READY, status.reason)
        assert status.reason
        with pytest.raises(NotReady):
            driver.run(program(10), allow, Seen().watch())
    finally:
        driver.close()


def test_a_print_is_laid_down_once_and_ends_as_history_says(
    moonraker_server: Moonraker, klipper: RigMachine, folder: Path
) -> None:
    driver = driver_of(moonraker_server)
    driver.open()
    try:
        eventually(lambda: driver.status().state is State.READY)
        run = drive(driver, program())
        assert run.report == RunReport(EndedBy.FINISHED, len(program()), safe=True), run.fault
        assert_printed_once(klipper, folder)
    finally:
        driver.close()


def test_hold_resume_and_cancel(moonraker_server: Moonraker, klipper: RigMachine) -> None:
    driver = driver_of(moonraker_server)
    driver.open()

    def act() -> None:
        driver.hold("a look")
        eventually(lambda: driver.status().state is State.HELD)
        driver.resume()
        eventually(lambda: driver.status().state is State.RUNNING)
        driver.cancel()

    try:
        run = drive(driver, LONG, act)
        assert run.report is not None, run.fault
        assert (run.report.ended_by, run.report.safe) == (EndedBy.CANCELLED, True)
        eventually(klipper.at_rest)
    finally:
        driver.close()


def test_stop_now_stops_the_firmware(moonraker_server: Moonraker, klipper: RigMachine) -> None:
    driver = driver_of(moonraker_server)
    driver.open()
    try:
        run = drive(driver, LONG, driver.stop_now)
        assert run.ended_by is FirmwareHalted, run.fault
        assert klipper.command(command="summary")["state"] == "killed"
    finally:
        driver.close()


def unplug(machine: RigMachine) -> None:
    machine.command(command="unplug")


def test_a_lost_micro_controller_is_a_fault(moonraker_server: Moonraker, klipper: RigMachine) -> None:
    driver = driver_of(moonraker_server)
    driver.open()
    try:
        run = drive(driver, LONG, lambda: unplug(klipper))
        assert run.ended_by in {FirmwareHalted, JobFailed, LinkLost}, run.fault
        assert driver.status().state is State.FAULT
    finally:
        driver.close()


def test_somebody_else_s_job_is_left_alone(moonraker_server: Moonraker, klipper: RigMachine) -> None:
    (moonraker_server.gcodes / "theirs.gcode").write_text("\n".join(LONG))
    moonraker_server.ask("POST", "printer/print/start", filename="theirs.gcode").raise_for_status()
    driver = driver_of(moonraker_server)
    driver.open()
    try:
        with pytest.raises(NotReady, match=r"theirs\.gcode"):
            driver.run(program(10), allow, Seen().watch())
        assert not klipper.at_rest()
    finally:
        driver.close()
    moonraker_server.ask("POST", "printer/print/cancel").raise_for_status()
