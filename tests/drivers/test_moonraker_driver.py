import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from drivers.base import EndedBy, SafeEnd, State
from drivers.errors import DriverMisuse, FirmwareHalted, LinkLost, NoAnswer, UploadFailed
from drivers.hosting.host import Ended
from drivers.moonraker.answers import SIGN, History, Objects, changes, is_heater, merge, outcome, view, watched
from tests.drivers.host_jobs import PROGRAM, Job, opened
from tests.drivers.hosts import ScriptedPrinter, Site, serving
from tests.drivers.moonraker_app import moonraker, moonraker_without_history
from tests.drivers.peers import Seen, allow
from tests.waiting import eventually


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(moonraker, ScriptedPrinter(objects=["CUBE_1", "CUBE_2"])) as served:
        yield served


def test_other_bytes_of_the_same_length_are_refused_by_their_checksum(site: Site) -> None:
    site.printer.store = lambda data: data[::-1]
    with opened("moonraker", site) as driver, pytest.raises(UploadFailed, match="other bytes"):
        driver.run(PROGRAM, allow, Seen().watch())
    assert site.printer.asked == []


def test_an_object_is_left_out_by_the_name_that_klipper_tells(site: Site) -> None:
    with opened("moonraker", site) as driver:
        with pytest.raises(DriverMisuse):
            driver.skip_object("CUBE_1")
        job = Job(driver, site).begin()
        printer = job.started()
        assert driver.status().objects == ("CUBE_1", "CUBE_2")
        with pytest.raises(DriverMisuse):
            driver.skip_object("CUBE_3")
        driver.skip_object("CUBE_2")
        eventually(lambda: driver.status().skipped == ("CUBE_2",))
        printer.end("finished")
        job.ended()
    assert printer.commands[0] == "EXCLUDE_OBJECT NAME=CUBE_2"


def test_what_the_host_adds_to_the_program_does_not_count(site: Site) -> None:
    with opened("moonraker", site) as driver:
        job = Job(driver, site).begin(["G1 X1"] * 100)
        printer = job.started()
        printer.added_bytes = len(printer.files[printer.path])
        printer.share = 0.5
        eventually(lambda: driver.status().lines_done == 50)
        assert driver.status().time_left_s == 90.0
        driver.cancel()
        job.ended()


def test_without_history_klippers_own_word_counts() -> None:
    with serving(moonraker_without_history) as site, opened("moonraker", site) as driver:
        job = Job(driver, site).begin()
        job.started().end("finished")
        assert job.ended().ended_by is EndedBy.FINISHED


@pytest.mark.parametrize(
    ("status", "state", "expected"),
    [
        ("in_progress", "printing", None),
        ("completed", "complete", Ended.FINISHED),
        ("cancelled", "cancelled", Ended.CANCELLED),
        ("klippy_shutdown", "error", Ended.FAILED),
        ("interrupted", "standby", Ended.FAILED),
        ("interrupted", "complete", Ended.FINISHED),
        ("server_exit", "cancelled", Ended.CANCELLED),
    ],
)
def test_moonraker_may_end_while_klipper_goes_on(status: str, state: str, expected: Ended | None) -> None:
    history = History.model_validate(
        {"jobs": [{"filename": "b", "status": "completed"}, {"filename": "a", "status": status}]}
    )
    told = outcome(history, {"print_stats": {"filename": "a", "state": state}}, "a")
    assert (told.ended if told else None) is expected


def test_klipper_that_is_gone_is_a_lost_link(site: Site) -> None:
    with opened("moonraker", site) as driver:
        job = Job(driver, site).begin()
        job.started().state = "offline"
        error = job.failed()
        assert isinstance(error, LinkLost)
        assert "lost its machine" in str(error)
        assert not error.safe


def test_a_restart_of_the_firmware_is_a_persons_step_and_a_new_boot(site: Site) -> None:
    with opened("moonraker", site) as driver:
        job = Job(driver, site).begin()
        printer = job.started()
        boot = driver.status().boot_id
        driver.stop_now()
        assert isinstance(job.failed(), FirmwareHalted)
    with opened("moonraker", site) as driver:
        assert driver.status().state is State.NOT_READY
        printer.state, printer.error, printer.path = "idle", "", ""
        eventually(lambda: driver.status().state is State.READY)
        assert driver.status().boot_id not in ("", boot)


def test_the_fan_goes_on_until_the_hotend_is_cool(site: Site) -> None:
    with opened("moonraker", site, safe_end=SafeEnd(fan_until_c=50.0)) as driver:
        job = Job(driver, site).begin()
        printer = job.started()
        printer.tool_c = 180.0
        eventually(lambda: driver.status().hotend_c == 180.0)
        driver.cancel()
        assert job.ended().safe
        assert printer.commands == ["TURN_OFF_HEATERS", "M106 S255"]
        printer.tool_c = 40.0
        eventually(lambda: driver.status().hotend_c == 40.0 and printer.commands[-1] == "M107")


# What it says -----------------------------------------------------------------------------------------

FIELDS: dict[str, dict[str, st.SearchStrategy[JsonValue]]] = {
    "print_stats": {
        "state": st.sampled_from(["standby", "printing", "paused", "complete"]),
        "filename": st.sampled_from(["", "a.gcode", "b.gcode"]),
        "print_duration": st.floats(0, 1e6),
    },
    "virtual_sdcard": {"file_position": st.integers(0, 10**6), "file_size": st.integers(0, 10**6)},
    "extruder": {"temperature": st.floats(0, 300), "target": st.floats(0, 300)},
    "toolhead": {"position": st.lists(st.floats(-500, 500), max_size=4)},
}
NEWS = st.sampled_from([(name, field) for name, fields in FIELDS.items() for field in fields]).flatmap(
    lambda at: FIELDS[at[0]][at[1]].map(lambda value: {at[0]: {at[1]: value}})
)
WHOLE: Objects = {"extruder": {"temperature": 20.0, "target": 0.0}}


@given(st.lists(NEWS, max_size=20), st.integers(1, 5))
def test_however_news_are_bundled_the_view_is_the_same(news: list[Objects], size: int) -> None:
    one: Objects = json.loads(json.dumps(WHOLE))
    for item in news:
        merge(one, item)
    other: Objects = json.loads(json.dumps(WHOLE))
    for start in range(0, len(news), size):
        bundle: Objects = {}
        for item in news[start : start + size]:
            merge(bundle, json.loads(json.dumps(item)))
        merge(other, bundle)
    assert view(one, None, "", "") == view(other, None, "", "")
    assert 0.0 <= view(one, None, "", "").done <= 1.0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.lists(JSON, max_size=3))
def test_whatever_is_told_of_objects_is_news_or_no_answer(params: list[JsonValue]) -> None:
    try:
        objects = changes(params)
    except NoAnswer:
        return
    assert objects == (params[0] if params else {})


@given(st.dictionaries(st.sampled_from(["print_stats", "extruder", "toolhead", "exclude_object"]), JSON))
def test_whatever_objects_are_is_a_view_or_no_answer(objects: dict[str, JsonValue]) -> None:
    told = {name: fields for name, fields in objects.items() if isinstance(fields, dict)}
    try:
        seen = view(told, None, "", "")
    except NoAnswer:
        return
    assert len(seen.heaters) == len(told.keys() & {"extruder"})


def test_heaters_are_known_by_their_names() -> None:
    names = ["extruder", "extruder1", "heater_bed", "heater_generic chamber", "heaters", "heater_fan hotend", "fan"]
    assert [name for name in names if is_heater(name)] == names[:4]
    assert watched([*names, "print_stats", "mcu"]) == [*names[:4], "print_stats"]


def test_moonraker_is_known_with_and_without_a_key() -> None:
    info = {"result": {"klippy_state": "ready", "moonraker_version": "v0.9.3"}}
    assert SIGN.recognise(200, json.dumps(info)) == "Moonraker v0.9.3"
    refused = {"error": {"code": 401, "message": "Unauthorized"}}
    assert SIGN.recognise(401, json.dumps(refused)) == "Moonraker (it asks for a key)"
    assert SIGN.recognise(404, "Not Found") == ""
    assert SIGN.recognise(200, json.dumps({"result": {}})) == ""
