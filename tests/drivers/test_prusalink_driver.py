import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.base import PortSettings
from drivers.errors import FirmwareHalted
from drivers.hosting.host import ACTIVE, Ended, Outcome, Phase
from drivers.prusalink.answers import SIGN, Job, Status, outcome, view
from drivers.prusalink.driver import PrusaLinkHost
from tests.drivers.host_apps import prusalink
from tests.drivers.host_jobs import Job as Run
from tests.drivers.host_jobs import opened
from tests.drivers.host_replay import replayed
from tests.drivers.hosts import Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(prusalink) as served:
        yield served


def test_a_job_goes_as_the_transcript_says() -> None:
    with replayed("prusalink_job") as url:
        host = PrusaLinkHost(PortSettings(url, answer_s=5.0, api_key="a-key"))
        try:
            assert host.open().firmware == "PrusaLink 2.1.2"
            idle = host.look()
            assert (idle.phase, idle.path, idle.position_mm) == (Phase.IDLE, "", (-8.0, -9.0, 0.0))
            host.upload("part.gcode", b"G28\nM104\n")
            host.start("part.gcode")
            prints = host.look()
            assert (prints.phase, prints.path, prints.done) == (Phase.PRINTING, "part.gcode", 0.33)
            assert (prints.heating, prints.hotend_c, prints.time_left_s) == (True, 150.1, 520)
            host.pause()
            assert host.look().phase is Phase.PAUSED
            host.resume()
            host.cancel()
            ended = host.look()
            assert (ended.phase, ended.cold) == (Phase.IDLE, True)
            assert host.outcome("part.gcode") == Outcome(Ended.CANCELLED, "STOPPED")
        finally:
            host.close()


def test_stopping_at_once_is_stopping_the_job_and_says_so(site: Site) -> None:
    with opened("prusalink", site) as driver:
        told = driver.open()
        assert any("no emergency stop" in detail for detail in told.details)
        run = Run(driver, site).begin()
        run.started()
        driver.stop_now()
        error = run.failed()
        assert isinstance(error, FirmwareHalted)
        assert error.safe, "the firmware ended the job, and reads no target"
    assert site.printer.asked[:2] == ["start", "cancel"]


def test_a_firmware_that_leaves_heaters_on_is_not_safe(site: Site) -> None:
    with opened("prusalink", site, answer_s=0.5) as driver:
        run = Run(driver, site).begin()
        run.started().end("finished")
        assert not run.ended().safe, "no command can be sent over its API"


WORDS = ["IDLE", "READY", "BUSY", "PRINTING", "PAUSED", "FINISHED", "STOPPED", "ERROR", "ATTENTION"]


@pytest.mark.parametrize("word", WORDS)
def test_every_state_of_the_specification_is_known(word: str) -> None:
    seen = view(Status.model_validate({"printer": {"state": word}}), None)
    assert seen.text == word
    assert (seen.phase in ACTIVE) == (word in ("BUSY", "PRINTING", "PAUSED", "ATTENTION"))
    assert (outcome(seen) is not None) == (word in ("FINISHED", "STOPPED", "ERROR"))


@given(
    st.text() | st.sampled_from(WORDS),
    st.floats() | st.none() | st.booleans(),
    st.fixed_dictionaries({"id": st.integers(), "progress": st.floats() | st.none()}),
)
def test_whatever_is_said_is_a_view_or_refused(word: str, temperature: object, job: object) -> None:
    printer = {"state": word, "temp_nozzle": temperature, "target_nozzle": temperature}
    try:
        status, current = Status.model_validate({"printer": printer}), Job.model_validate(job)
    except ValidationError:
        return
    seen = view(status, current)
    assert seen.phase in Phase
    assert 0.0 <= seen.done <= 1.0


def test_prusalink_is_known_by_its_version() -> None:
    version = {"api": "2.0.0", "server": "2.1.2", "text": "PrusaLink", "hostname": ""}
    assert SIGN.recognise(200, json.dumps(version)) == "PrusaLink 2.1.2"
    assert SIGN.recognise(200, json.dumps({**version, "text": "PrusaLink 0.8.1"})) == "PrusaLink 0.8.1"
    assert SIGN.recognise(200, json.dumps({**version, "text": "OctoPrint 1.11.8"})) == ""
    assert SIGN.recognise(401, "401: Unauthorized") == ""
