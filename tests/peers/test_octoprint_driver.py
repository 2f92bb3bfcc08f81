"""Our OctoPrint driver at the real OctoPrint: its virtual printer with its own faults, and the rig's Marlin."""

from pathlib import Path

import pytest

from drivers.base import EndedBy, PortSettings, RunReport, State
from drivers.errors import FirmwareHalted, HostRefused, JobFailed, LinkLost, MachineFault, NotReady
from drivers.octoprint.driver import OctoPrintDriver
from tests.conformance.rig import RigMachine
from tests.drivers.peers import Seen, allow
from tests.peers.driving import drive
from tests.peers.octoprint import KEY, OctoPrint
from tests.peers.prints import assert_printed_once, program
from tests.peers.test_octoprint_serial import connected
from tests.waiting import eventually

pytestmark = pytest.mark.proof(share=0.04, group="peers")
COOL_C = 30
"""What the virtual printer reaches in no time."""


def driver_of(server: OctoPrint, key: str = KEY) -> OctoPrintDriver:
    return OctoPrintDriver(PortSettings(server.url, answer_s=5.0, long_s=60.0, api_key=key))


@pytest.fixture
def driver(virtual: OctoPrint) -> OctoPrintDriver:
    found = driver_of(virtual)
    assert found.open().firmware == "OctoPrint 1.11.8"
    assert found.status().state is State.READY
    return found


def test_a_print_ends_as_its_history_says(driver: OctoPrintDriver) -> None:
    lines = program(40, COOL_C)
    run = drive(driver, lines)
    assert run.report == RunReport(EndedBy.FINISHED, len(lines), safe=True)
    assert driver.status().state is State.READY


def test_a_hold_shows_at_the_server_and_goes_on_where_it_stood(virtual: OctoPrint, driver: OctoPrintDriver) -> None:
    def hold() -> None:
        driver.hold("a look")
        eventually(lambda: "paused" in virtual.flags())
        eventually(lambda: driver.status().state is State.HELD)
        driver.resume()

    run = drive(driver, program(40, COOL_C), hold)
    assert (run.seen.held, run.seen.resumed, run.ended_by) == (["a look"], 1, EndedBy.FINISHED)


def test_a_cancel_leaves_it_cold(virtual: OctoPrint, driver: OctoPrintDriver) -> None:
    run = drive(driver, program(200, COOL_C), driver.cancel)
    assert run.report is not None
    assert (run.report.ended_by, run.report.safe) == (EndedBy.CANCELLED, True)
    heat = virtual.ask("GET", "printer").json()["temperature"]
    assert {name: heater["target"] for name, heater in heat.items()} == {"tool0": 0.0, "bed": 0.0}


def test_stop_now_stops_the_firmware(virtual: OctoPrint, driver: OctoPrintDriver) -> None:
    run = drive(driver, program(200, COOL_C), driver.stop_now)
    assert isinstance(run.fault, FirmwareHalted)
    assert not run.fault.safe
    assert virtual.state() == "Offline after error"


def test_somebody_else_s_job_is_left_alone(virtual: OctoPrint, driver: OctoPrintDriver) -> None:
    virtual.print_file("theirs.gcode", program(200, COOL_C))
    run = drive_refused(driver)
    assert "theirs.gcode" in str(run)
    assert virtual.state() == "Printing"
    assert driver.status().state is State.NOT_READY


def drive_refused(driver: OctoPrintDriver) -> NotReady:
    with pytest.raises(NotReady) as caught:
        driver.run(program(10, COOL_C), allow, Seen().watch())
    return caught.value


def test_somebody_cancels_at_the_server(virtual: OctoPrint, driver: OctoPrintDriver) -> None:
    run = drive(
        driver,
        program(200, COOL_C),
        lambda: virtual.ask("POST", "job", {"command": "cancel"}).raise_for_status().close(),
    )
    # Whether it was cancelled or failed, the server's history doesn't tell; finished it has not.
    assert run.ended_by in (EndedBy.CANCELLED, JobFailed)


def test_a_wrong_key_is_refused(virtual: OctoPrint) -> None:
    with pytest.raises(HostRefused, match="api_key"):
        driver_of(virtual, "a-wrong-key").open()


@pytest.mark.parametrize(
    "trigger",
    [
        "trigger_resend_lineno",
        "trigger_resend_checksum",
        "trigger_missing_checksum",
        "resend_ratio 10",
        "dont_answer",
        "sleep_after_next G1 2",
    ],
)
def test_what_the_server_gets_over_finishes(virtual: OctoPrint, driver: OctoPrintDriver, trigger: str) -> None:
    run = drive(driver, program(40, COOL_C), lambda: virtual.command(f"!!DEBUG:{trigger}"))
    assert run.ended_by is EndedBy.FINISHED, run.fault


@pytest.mark.parametrize(
    ("trigger", "faults"),
    [
        ("go_awol", {LinkLost}),
        ("drop_connection", {LinkLost}),
        ("trigger_fatal_error_marlin", {FirmwareHalted}),
        # The server cancels at the banner; or the restarted firmware first asks for a line that it no longer has.
        ("reset", {JobFailed, LinkLost}),
    ],
)
def test_what_the_server_does_not_get_over_is_a_fault(
    virtual: OctoPrint, driver: OctoPrintDriver, trigger: str, faults: set[type[MachineFault]]
) -> None:
    run = drive(driver, program(400, COOL_C), lambda: virtual.command(f"!!DEBUG:{trigger}"))
    assert run.ended_by in faults, run.fault
    assert driver.status().state is State.FAULT


def test_through_octoprint_the_rig_s_printer_lays_every_deposit_down_once(server: OctoPrint, folder: Path) -> None:
    with connected(server, folder) as machine:
        driver = driver_of(server)
        driver.open()
        run = drive(driver, program())
        assert run.report == RunReport(EndedBy.FINISHED, len(program()), safe=True)
        assert_printed_once(machine, folder)


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ({"command": "fault", "fault": {"kind": "thermal_runaway"}}, FirmwareHalted),
        ({"command": "unplug"}, LinkLost),
        ({"command": "reset"}, JobFailed),
    ],
)
def test_faults_of_the_rig_s_printer_end_truthfully(
    server: OctoPrint, folder: Path, command: dict[str, object], fault: type[MachineFault]
) -> None:
    with connected(server, folder) as machine:
        driver = driver_of(server)
        driver.open()
        run = drive(driver, program(6000), lambda: _strike(machine, command))
        assert run.ended_by == fault, run.fault


def _strike(machine: RigMachine, command: dict[str, object]) -> None:
    eventually(lambda: machine.count("deposits") > 10)
    machine.command(**command)


def test_a_cancel_and_a_stop_reach_the_rig_s_printer(server: OctoPrint, folder: Path) -> None:
    with connected(server, folder) as machine:
        driver = driver_of(server)
        driver.open()
        run = drive(driver, program(6000), driver.cancel)
        assert run.report is not None
        assert (run.report.ended_by, run.report.safe) == (EndedBy.CANCELLED, True)
        eventually(machine.at_rest)
        run = drive(driver, program(6000), driver.stop_now)
        assert run.ended_by is FirmwareHalted
        assert machine.command(command="summary")["state"] == "killed"
