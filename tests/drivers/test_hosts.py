"""What every driver of a machine behind a host does, over three hosts' APIs."""

import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.base import EndedBy, LostLink, RunReport, State
from drivers.errors import (
    DriverMisuse,
    FirmwareHalted,
    HostRefused,
    JobFailed,
    LineRefused,
    LinkLost,
    NoAnswer,
    NotReady,
    OtherJob,
    UploadFailed,
)
from drivers.registry import make
from tests.drivers.host_apps import octoprint, prusalink
from tests.drivers.host_jobs import PROGRAM, Job, opened
from tests.drivers.hosts import ScriptedPrinter, Site, serving
from tests.drivers.moonraker_app import moonraker
from tests.drivers.peers import Seen, allow
from tests.waiting import eventually

APPS = {"octoprint": octoprint, "moonraker": moonraker, "prusalink": prusalink}
OTHER = "vase.gcode"


@pytest.fixture(params=sorted(APPS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def site(name: str) -> Iterator[Site]:
    threads = threading.active_count()
    with serving(APPS[name]) as served:
        yield served
    eventually(lambda: threading.active_count() <= threads)


def test_opening_tells_who_answers_and_what_a_lost_link_means(name: str, site: Site) -> None:
    driver = make(name, site.settings())
    told = driver.open()
    assert told.firmware.lower().count(name) == 1
    assert any(letter.isdigit() for letter in told.firmware)
    assert told.lost_link is LostLink.HOST_GOES_ON
    assert told.volume_mm == (None if name == "prusalink" else (250.0, 210.0, 200.0))
    assert (driver.status().state, driver.status().hotend_c) == (State.READY, 21.0)
    boot = driver.status().boot_id
    driver.open()
    assert driver.status().boot_id not in ("", boot)
    driver.close()
    driver.close()
    assert driver.status().state is State.CLOSED
    with pytest.raises(DriverMisuse):
        driver.run(PROGRAM, allow, Seen().watch())


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_said_so(name: str, site: Site, status: int) -> None:
    site.printer.status = status if name != "moonraker" else 0
    driver = make(name, site.settings(key="" if name == "moonraker" else "another"))
    with pytest.raises(HostRefused, match="check api_key"):
        driver.open()
    assert driver.status().state is State.CLOSED


def test_nobody_there_is_a_lost_link(name: str, site: Site) -> None:
    site.server.down()
    with pytest.raises(LinkLost, match="can't be reached"):
        make(name, site.settings()).open()


def test_a_web_page_instead_of_answers_is_no_answer(name: str, site: Site) -> None:
    site.printer.garbage = True
    with pytest.raises(NoAnswer, match=r"Starting up|JSON"):
        make(name, site.settings()).open()


def test_a_host_that_never_answers_is_named_in_time(name: str, site: Site) -> None:
    site.printer.answering.clear()
    with pytest.raises(NoAnswer, match="in time"):
        make(name, site.settings(answer_s=0.3)).open()


def test_a_program_is_uploaded_whole_started_and_followed_to_its_end_in_history(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        job = Job(driver, site).begin()
        printer = job.started()
        assert printer.files[printer.path] == ("\n".join(PROGRAM) + "\n").encode()
        assert job.seen.started[0].count(printer.path) == 1
        printer.share = 0.5
        eventually(lambda: driver.status().lines_done > 50)
        printer.targets["tool"] = 0.0
        printer.end("finished")
        assert job.ended() == RunReport(EndedBy.FINISHED, len(PROGRAM), safe=True)
        done = [status.lines_done for status in job.seen.progress]
        assert done == sorted(done)
        assert (done[-1], job.seen.progress[-1].lines_total) == (len(PROGRAM), len(PROGRAM))
        assert driver.status().state is State.READY
    assert printer.asked == ["start"]
    assert printer.files == {}, "its program is taken off the disk again"
    assert printer.commands == [], "a program that left it cold is left alone"


def test_half_of_the_bytes_are_half_of_the_lines(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        job = Job(driver, site).begin(["G1 X1"] * 100)
        printer = job.started()
        printer.share = 0.5
        eventually(lambda: driver.status().lines_done == 50)
        printer.share = 0.25
        told = len(job.seen.progress)
        eventually(lambda: len(job.seen.progress) > told + 1)
        assert driver.status().lines_done == 50, "it never falls"
        driver.cancel()
        job.join()


def test_a_refused_line_uploads_nothing(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        with pytest.raises(LineRefused) as caught:
            driver.run(PROGRAM, lambda line: "no" if line == PROGRAM[7] else None, Seen().watch())
        assert (caught.value.line_number, caught.value.reason, caught.value.safe) == (8, "no", True)
        assert driver.status().state is State.READY
        with pytest.raises(LineRefused, match="control character"):
            driver.run(["; two\rM104 S300"], allow, Seen().watch())
    assert site.printer.files == {}


def test_an_empty_program_brings_the_safe_end_state(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        site.printer.targets["tool"] = 0.0 if name == "prusalink" else 200.0
        assert driver.run([], allow, Seen().watch()) == RunReport(EndedBy.FINISHED, 0, safe=True)
        assert (site.printer.targets["tool"], site.printer.asked) == (0.0, [])


def test_an_upload_that_is_stored_short_is_not_started(name: str, site: Site) -> None:
    site.printer.store = lambda data: data[:-10]
    with opened(name, site) as driver, pytest.raises(UploadFailed) as caught:
        driver.run(PROGRAM, allow, Seen().watch())
    assert caught.value.safe
    assert site.printer.asked == []


def test_a_start_that_is_answered_with_yes_and_prints_nothing_is_named(name: str, site: Site) -> None:
    site.printer.obeys -= {"start"}
    with opened(name, site, answer_s=0.5) as driver:
        seen = Seen()
        with pytest.raises(JobFailed, match="does not print it"):
            driver.run(PROGRAM, allow, seen.watch())
        assert seen.started == []
        assert driver.status().state is State.FAULT
        with pytest.raises(NotReady):
            driver.run(PROGRAM, allow, seen.watch())


def test_a_job_of_somebody_elses_before_a_run_is_named_and_left_alone(name: str, site: Site) -> None:
    site.printer.print(OTHER, owner="Ana")
    with opened(name, site) as driver:
        assert driver.status().state is State.NOT_READY
        with pytest.raises(NotReady, match=OTHER) as caught:
            driver.run(PROGRAM, allow, Seen().watch())
        if name == "octoprint":
            assert "started by Ana" in str(caught.value)
        driver.cancel()
        site.printer.end("finished")
        eventually(lambda: driver.status().state is State.READY)
    assert (site.printer.asked, site.printer.commands, site.printer.files) == ([], [], {})


def test_a_job_of_somebody_elses_in_mid_run_is_named_and_left_alone(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        job = Job(driver, site).begin()
        printer = job.started()
        printer.end("cancelled")
        printer.print(OTHER)
        error = job.failed()
        assert isinstance(error, OtherJob)
        assert OTHER in str(error)
        assert not error.safe
    assert printer.asked == ["start"]
    assert (printer.state, printer.targets["tool"]) == ("printing", 200.0)


def test_hold_and_resume_are_shown_once_the_host_shows_them(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        job = Job(driver, site).begin()
        printer = job.started()
        driver.hold("look at it")
        assert job.seen.is_held.wait(20)
        assert (driver.status().state, driver.status().reason) == (State.HELD, "look at it")
        driver.hold("look again")
        driver.resume()
        driver.resume()
        assert job.seen.is_resumed.wait(20)
        printer.end("finished")
        assert job.ended().ended_by is EndedBy.FINISHED
    assert printer.asked[:3] == ["start", "pause", "resume"]
    assert (len(job.seen.held), job.seen.resumed) == (1, 1)


def test_a_pause_at_the_host_is_told_and_resume_ends_it(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        job = Job(driver, site).begin()
        printer = job.started()
        printer.state = "attention" if name == "prusalink" else "paused"
        assert job.seen.is_held.wait(20)
        if name == "prusalink":
            assert driver.status().prompt == "ATTENTION"
        driver.resume()
        assert job.seen.is_resumed.wait(20)
        printer.end("finished")
        job.ended()


def test_a_job_that_is_finished_is_not_held_any_more(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        job = Job(driver, site).begin()
        printer = job.started()
        driver.hold("look at it")
        assert job.seen.is_held.wait(20)
        printer.end("finished")
        assert job.ended().ended_by is EndedBy.FINISHED
    assert job.seen.resumed == 1


def test_cancel_ends_the_job_and_reads_back_that_heaters_are_off(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        job = Job(driver, site).begin()
        printer = job.started()
        driver.cancel()
        driver.cancel()
        report = job.ended()
        assert (report.ended_by, report.safe) == (EndedBy.CANCELLED, True)
        assert driver.status().state is State.READY
    assert printer.asked == ["start", "cancel"]
    assert printer.targets == {"tool": 0.0, "bed": 0.0}


def test_a_cancel_that_the_host_never_does_is_not_safe(name: str, site: Site) -> None:
    site.printer.obeys -= {"cancel"}
    with opened(name, site, answer_s=0.3, long_s=0.5) as driver:
        job = Job(driver, site).begin()
        job.started()
        driver.cancel()
        assert job.ended().safe is False
        assert driver.status().state is State.FAULT


def test_a_cancel_at_the_host_is_no_end_of_the_program(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        job = Job(driver, site).begin()
        printer = job.started()
        printer.state = "cancelling"
        if name != "moonraker":  # which shows no such step
            eventually(lambda: any(status.details["host"] in ("Cancelling", "BUSY") for status in job.seen.progress))
        printer.end("cancelled")
        assert job.ended().ended_by is EndedBy.CANCELLED
        assert job.ended().lines_done < len(PROGRAM)


def test_a_failure_in_history_is_a_fault(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        job = Job(driver, site).begin()
        job.started().end("failed")
        error = job.failed()
        assert isinstance(error, JobFailed | FirmwareHalted)
        assert "fail" in str(error) or "ERROR" in str(error)


def test_idle_alone_is_never_taken_for_finished(name: str, site: Site) -> None:
    with opened(name, site, answer_s=0.5) as driver:
        job = Job(driver, site).begin()
        job.started().state = "idle"
        error = job.failed()
        assert isinstance(error, JobFailed)
        assert "does not tell what became of" in str(error)


def test_stop_now_overtakes_everything(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        job = Job(driver, site).begin()
        printer = job.started()
        driver.stop_now()
        error = job.failed()
        assert isinstance(error, FirmwareHalted)
        assert "stopped at once on request" in str(error)
        assert driver.status().state is State.FAULT
    assert printer.state == ("idle" if name == "prusalink" else "halted")


def test_a_firmware_that_halts_is_named(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        job = Job(driver, site).begin()
        job.started().halt("Thermal runaway: printer halted")
        error = job.failed()
        assert isinstance(error, FirmwareHalted)
        if name != "prusalink":
            assert "Thermal runaway" in str(error)
        assert not error.safe
    with opened(name, site) as driver:
        assert driver.status().state is State.NOT_READY
        with pytest.raises(NotReady, match="a person must restart it"):
            driver.run(PROGRAM, allow, Seen().watch())
    assert "connect" not in site.printer.asked, "a restart is a person's step"


# A connection that drops ------------------------------------------------------------------------------


def lost(job: Job) -> ScriptedPrinter:
    """The host is away, and the driver has noticed and said so."""
    printer = job.started()
    job.site.server.down()
    eventually(lambda: "goes on without us" in job.driver.status().reason)
    assert job.driver.status().state is State.RUNNING
    return printer


def test_the_same_job_goes_on_after_a_drop(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        job = Job(driver, site).begin()
        printer = lost(job)
        site.server.up()
        eventually(lambda: driver.status().reason == "")
        printer.end("finished")
        assert job.ended() == RunReport(EndedBy.FINISHED, len(PROGRAM), safe=name != "prusalink")


def test_a_job_that_ended_meanwhile_is_told_by_history(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        job = Job(driver, site).begin()
        printer = lost(job)
        printer.targets["tool"] = 0.0
        printer.end("finished")
        site.server.up()
        assert job.ended() == RunReport(EndedBy.FINISHED, len(PROGRAM), safe=True)


def test_another_job_after_a_drop_is_named_and_left_alone(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        job = Job(driver, site).begin()
        printer = lost(job)
        printer.end("finished")
        printer.print(OTHER)
        site.server.up()
        error = job.failed()
        assert isinstance(error, OtherJob)
        assert not error.safe
    assert printer.asked == ["start"]


def test_a_host_that_restarted_has_forgotten_the_job(name: str, site: Site) -> None:
    with opened(name, site, answer_s=0.5) as driver:
        job = Job(driver, site).begin()
        printer = lost(job)
        printer.state, printer.path = "idle", ""
        site.server.up()
        assert isinstance(job.failed(), JobFailed)


def test_a_cancel_during_a_drop_is_done_afterwards(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        job = Job(driver, site).begin()
        printer = lost(job)
        driver.cancel()
        site.server.up()
        report = job.ended()
        assert (report.ended_by, report.safe) == (EndedBy.CANCELLED, True)
    assert printer.asked == ["start", "cancel"]


def test_a_host_that_stays_away_is_a_lost_link_with_the_truth(name: str, site: Site) -> None:
    with opened(name, site, answer_s=0.3, long_s=1.0) as driver:
        job = Job(driver, site).begin()
        lost(job)
        error = job.failed()
        assert isinstance(error, LinkLost)
        assert "heaters may be ON" in str(error)
        assert not error.safe
        assert driver.status().state is State.FAULT


def page_of_a_proxy(printer: ScriptedPrinter, on: bool) -> None:
    printer.garbage = on


def bad_gateway(printer: ScriptedPrinter, on: bool) -> None:
    printer.status = 502 if on else 0


def refused_key(printer: ScriptedPrinter, on: bool) -> None:
    printer.status = 403 if on else 0


def late_answer(printer: ScriptedPrinter, on: bool) -> None:
    if on:
        printer.answering.clear()
    else:
        printer.answering.set()


@pytest.mark.parametrize("trouble", [page_of_a_proxy, bad_gateway, refused_key, late_answer])
@pytest.mark.parametrize("name", ["octoprint", "prusalink"])
def test_trouble_in_mid_run_is_waited_out(
    name: str, site: Site, trouble: Callable[[ScriptedPrinter, bool], None]
) -> None:
    trouble_is_waited_out(name, site, trouble)


@pytest.mark.parametrize("name", ["moonraker"])
def test_a_silent_websocket_is_waited_out_too(name: str, site: Site) -> None:
    trouble_is_waited_out(name, site, late_answer)


def trouble_is_waited_out(name: str, site: Site, trouble: Callable[[ScriptedPrinter, bool], None]) -> None:
    with opened(name, site, answer_s=0.4) as driver:
        job = Job(driver, site).begin()
        printer = job.started()
        trouble(printer, True)
        eventually(lambda: "goes on without us" in driver.status().reason)
        trouble(printer, False)
        eventually(lambda: driver.status().reason == "")
        printer.end("finished")
        assert job.ended().ended_by is EndedBy.FINISHED


def test_between_runs_a_drop_shows_and_changes_the_boot_id(name: str, site: Site) -> None:
    with opened(name, site) as driver:
        boot = driver.status().boot_id
        site.server.down()
        assert driver.status().state is State.NOT_READY
        with pytest.raises(NotReady):
            driver.run(PROGRAM, allow, Seen().watch())
        site.server.up()
        eventually(lambda: driver.status().state is State.READY)
        assert driver.status().boot_id not in ("", boot)


def test_no_file_is_left_to_the_garbage_collector(name: str, site: Site) -> None:
    files = open_files()
    gc.disable()
    try:
        with opened(name, site) as driver:
            job = Job(driver, site).begin()
            printer = lost(job)
            site.server.up()
            eventually(lambda: driver.status().reason == "")
            driver.stop_now()
            assert isinstance(job.failed(), FirmwareHalted)
            assert "stop" in printer.asked or name == "prusalink"
        eventually(lambda: open_files() <= files)
    finally:
        gc.enable()


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_watch_that_fails_leaves_the_machine_safe(name: str, site: Site) -> None:
    class Broken(Exception):
        pass

    def fail(_: str) -> None:
        raise Broken

    with opened(name, site) as driver:
        watch = Seen().watch()
        with pytest.raises(Broken):
            driver.run(PROGRAM, allow, type(watch)(fail, watch.progress, watch.held, watch.resumed))
        assert driver.status().state is State.FAULT
    assert site.printer.asked == ["start", "cancel"]
    assert site.printer.targets["tool"] == 0.0
