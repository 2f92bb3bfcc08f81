import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.base import SafeEnd, State
from drivers.errors import LinkLost, UploadFailed
from drivers.hosting.host import Ended, Phase
from drivers.octoprint.answers import SIGN, File, Job, Printer, Prints, outcome, phase, view
from tests.drivers.host_apps import octoprint
from tests.drivers.host_jobs import PROGRAM, opened
from tests.drivers.host_jobs import Job as Run
from tests.drivers.hosts import Site, serving
from tests.drivers.peers import Seen, allow

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(octoprint) as served:
        yield served


def test_other_bytes_of_the_same_length_are_found_by_their_hash(site: Site) -> None:
    site.printer.store = lambda data: data[::-1]
    with opened("octoprint", site) as driver, pytest.raises(UploadFailed, match="other bytes"):
        driver.run(PROGRAM, allow, Seen().watch())
    assert site.printer.asked == []


def test_a_lost_serial_link_is_named_and_made_anew_to_switch_the_heaters_off(site: Site) -> None:
    with opened("octoprint", site) as driver:
        run = Run(driver, site).begin()
        printer = run.started()
        printer.error = "SerialException: device reports readiness to read but returned no data"
        printer.state = "offline"
        error = run.failed()
        assert isinstance(error, LinkLost)
        assert "SerialException" in str(error)
        assert error.safe
    assert printer.asked == ["start", "connect"]
    assert printer.targets == {"tool": 0.0, "bed": 0.0}


def test_the_fan_goes_on_until_the_hotend_is_cool(site: Site) -> None:
    with opened("octoprint", site, safe_end=SafeEnd(fan_until_c=50.0, hold_z=False)) as driver:
        run = Run(driver, site).begin()
        printer = run.started()
        printer.tool_c = 180.0
        driver.cancel()
        assert run.ended().safe
        assert printer.commands[-2:] == ["M106 S255", "M84"]
        assert driver.status().state is State.READY
        assert printer.commands[-1] != "M107"
        printer.tool_c = 49.0
        driver.status()
        driver.status()
        assert printer.commands[-1] == "M107"
        assert printer.commands.count("M107") == 1


def test_a_fan_that_is_not_wanted_is_switched_off_at_once_and_motors_stay_on(site: Site) -> None:
    with opened("octoprint", site, safe_end=SafeEnd(fan_until_c=0.0)) as driver:
        run = Run(driver, site).begin()
        run.started().tool_c = 180.0
        driver.cancel()
        run.ended()
    assert site.printer.commands == ["M108", "M104 S0", "M140 S0", "M105", "M107"]


def test_targets_that_octoprint_only_has_sent_are_not_believed(site: Site) -> None:
    with opened("octoprint", site, answer_s=0.5, long_s=0.5) as driver:
        run = Run(driver, site).begin()
        run.started().reporting = False
        driver.cancel()
        assert not run.ended().safe


@pytest.mark.parametrize(
    ("state", "error", "expected"),
    [
        ("Operational", None, Phase.IDLE),
        ("Printing", None, Phase.PRINTING),
        ("Printing from SD", None, Phase.PRINTING),
        ("Starting", None, Phase.BUSY),
        ("Finishing", None, Phase.BUSY),
        ("Transferring file to SD", None, Phase.BUSY),
        ("Paused", None, Phase.PAUSED),
        ("Connecting", None, Phase.OFFLINE),
        ("Offline", None, Phase.OFFLINE),
        ("Closed", None, Phase.OFFLINE),
        ("Offline after error", "Too many consecutive timeouts, printer still connected and alive?", Phase.OFFLINE),
        ("Offline after error", "Closing serial port due to emergency stop M112.", Phase.HALTED),
        ("Error", "Printer halted. kill() called!", Phase.HALTED),
        ("Offline after error", "Heating failed, system stopped! Heater_ID: 0, MINTEMP", Phase.HALTED),
    ],
)
def test_states_are_told_by_octoprints_words(state: str, error: str | None, expected: Phase) -> None:
    assert phase(Job.model_validate({"job": {}, "state": state, "error": error})) is expected


def test_history_knows_success_and_failure_alone() -> None:
    assert outcome(File(), cancelled=False) is None
    won = outcome(File(prints=Prints(success=1)), cancelled=False)
    lost = outcome(File(prints=Prints(failure=1)), cancelled=False)
    ended = outcome(File(prints=Prints(failure=1)), cancelled=True)
    assert [found.ended for found in (won, lost, ended) if found] == [Ended.FINISHED, Ended.FAILED, Ended.CANCELLED]


@given(st.fixed_dictionaries({"job": JSON, "state": st.text(), "progress": JSON}))
def test_whatever_is_said_of_a_job_is_a_view_or_no_answer(told: object) -> None:
    try:
        job = Job.model_validate(told)
    except ValidationError:
        return
    assert 0.0 <= view(job, ()).done <= 1.0


@given(st.dictionaries(st.text(), JSON))
def test_whatever_is_said_of_temperatures_is_read_or_refused(told: dict[str, object]) -> None:
    try:
        printer = Printer.model_validate({"temperature": told})
        heaters = printer.heaters()
    except ValidationError:
        return
    assert {heater.name for heater in heaters} <= set(told)


def test_octoprint_is_known_by_what_it_tells_without_a_key() -> None:
    guest = {"name": None, "permissions": [], "groups": ["guests"]}
    assert SIGN.recognise(200, json.dumps(guest)) == "OctoPrint"
    assert SIGN.recognise(200, json.dumps({"groups": ["guests"]})) == ""
    assert SIGN.recognise(403, json.dumps(guest)) == ""
    assert SIGN.recognise(200, "<html></html>") == ""
