"""Hours that explain themselves, and silences that don't; in virtual time."""

import pytest

from drivers.base import EndedBy, PortSettings, State, Status, Watch
from drivers.errors import NoAnswer
from drivers.marlin.driver import MarlinDriver
from tests.drivers.marlin_model import MarlinModel
from tests.drivers.peers import Seen, allow
from tests.drivers.virtual import VirtualPort, driving

HOURS_S = 3 * 3600.0
PROMPT = "//action:prompt_begin Look\n//action:prompt_button Continue\n//action:prompt_show\n"
SETTINGS = PortSettings("virtual", answer_s=10.0, long_s=600.0)


def answering_after(driver: MarlinDriver, model: MarlinModel, wait_s: float, seen: Seen) -> Watch:
    """Somebody comes after so long, and says go on."""
    due: list[float] = []

    def look(status: Status) -> None:
        if status.state is State.HELD and not due:
            due.append(model.now + wait_s)
        if due and model.now >= due[0]:
            due[0] = float("inf")
            driver.resume()

    watch = seen.watch()
    return Watch(watch.started, look, watch.held, watch.resumed)


@pytest.mark.parametrize("says", ["", "//action:paused\n" + PROMPT])
def test_a_person_may_take_hours(says: str) -> None:
    model, seen = MarlinModel(waits={"M600": says}), Seen()
    with driving(model, settings=SETTINGS) as driver:
        report = driver.run(["G1 X1", "M600", "G1 X2"], allow, answering_after(driver, model, HOURS_S, seen))
    assert report.ended_by is EndedBy.FINISHED
    assert model.now > HOURS_S
    assert model.moves == ["G1 X1", "G1 X2"]


def test_a_prompt_explains_silence_where_the_firmware_never_says_busy() -> None:
    model, seen = MarlinModel(waits={"M0": PROMPT}), Seen()
    model.busy_every_s = float("inf")
    with driving(model, settings=SETTINGS) as driver:
        report = driver.run(["M0"], allow, answering_after(driver, model, HOURS_S, seen))
    assert report.ended_by is EndedBy.FINISHED


@pytest.mark.parametrize("says_busy", [True, False])
def test_a_heat_up_may_take_as_long_as_it_tells_its_temperatures(says_busy: bool) -> None:
    model = MarlinModel(heat_s=3000.0)
    if not says_busy:
        model.busy_every_s = float("inf")
    with driving(model, settings=SETTINGS) as driver:
        report = driver.run(["M109 S200", "G1 X1"], allow, Seen().watch())
    assert (report.ended_by, report.safe) == (EndedBy.FINISHED, True)


def test_a_heat_up_is_cancelled_at_once() -> None:
    model, seen = MarlinModel(heat_s=3000.0), Seen()
    watch = seen.watch()
    with driving(model, settings=SETTINGS) as driver:

        def look(status: Status) -> None:
            if model.now > 60.0:
                driver.cancel()

        report = driver.run(["M109 S200", "G1 X1"], allow, Watch(watch.started, look, watch.held, watch.resumed))
    assert (report.ended_by, report.safe) == (EndedBy.CANCELLED, True)
    assert model.now < 120.0
    assert (model.moves, model.target) == ([], "0")


def test_a_cancel_that_the_machine_does_not_heed_ends_and_is_not_called_safe() -> None:
    model, seen = MarlinModel(waits={"M600": ""}, heeds_hosts=False), Seen()
    watch = seen.watch()
    with driving(model, settings=SETTINGS) as driver:

        def look(status: Status) -> None:
            if status.state is State.HELD:
                driver.cancel()

        report = driver.run(["M600", "G1 X1"], allow, Watch(watch.started, look, watch.held, watch.resumed))
        assert driver.status().state is State.FAULT
    assert (report.ended_by, report.safe) == (EndedBy.CANCELLED, False)
    assert model.now < 120.0
    assert model.moves == []


def test_a_firmware_that_dies_while_a_person_is_waited_for_is_noticed() -> None:
    """It had said that it was busy, each two seconds, and says nothing any more."""
    model, seen = MarlinModel(waits={"M600": ""}), Seen()
    watch = seen.watch()

    def look(status: Status) -> None:
        if status.state is State.HELD:
            model.busy_every_s = model.busy_s = float("inf")

    with driving(model, settings=SETTINGS) as driver, pytest.raises(NoAnswer):
        driver.run(["M600"], allow, Watch(watch.started, look, watch.held, watch.resumed))
    assert model.now < 200.0
    assert VirtualPort.model is model
