import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import Overrides
from drivers.errors import DriverMisuse, NoAnswer
from drivers.grbl.overriding import towards
from tests.conformance.bench import meanwhile
from tests.drivers.grbl import opened, run
from tests.drivers.peers import peer
from tests.drivers.scripts import GrblScript

PERCENTS = st.integers(10, 200)
RAPIDS = st.sampled_from((25, 50, 100))


def test_overrides_go_step_by_step_to_what_is_asked_for() -> None:
    script = GrblScript()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        assert isinstance(driver, Overrides)
        driver.override(feed_percent=122, rapid_percent=25, spindle_percent=89)
        assert script.overrides == [122, 25, 89]
        driver.override(rapid_percent=50)
        assert script.overrides == [122, 50, 89]
        assert driver.status().details["overrides"] == "feed 122 %, rapids 50 %, spindle 89 %"
        driver.override()
        driver.close()
    assert script.texts[4:] == [b"\x91", b"\x93", b"\x97", b"\x9b", b"\x9d", b"\x91", b"\x93", b"\x96"]


def test_overrides_work_while_a_run_goes() -> None:
    script = GrblScript({b"G1X1": b""}, checks=False)
    with peer(script, script.realtime) as machine:
        driver = opened(machine)

        def operator() -> None:
            script.texts.wait_for(b"G1X1")
            driver.override(feed_percent=50, spindle_percent=110)
            assert driver.status().details["overrides"] == "feed 50 %, rapids 100 %, spindle 110 %"
            machine.say(b"ok\r\n")

        with meanwhile(operator):
            run(driver, "G1X1")
        driver.close()
    assert script.overrides == [50, 100, 110]


@pytest.mark.parametrize(
    ("feed", "rapid", "spindle"), [(9, None, None), (201, None, None), (None, 75, None), (None, None, 0)]
)
def test_values_that_grbl_lacks_are_misuse(feed: int | None, rapid: int | None, spindle: int | None) -> None:
    script = GrblScript()
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(DriverMisuse):
            driver.override(feed_percent=feed, rapid_percent=rapid, spindle_percent=spindle)
        driver.close()
        with pytest.raises(DriverMisuse):
            driver.override(feed_percent=100)


def test_a_firmware_that_does_not_follow_is_no_answer() -> None:
    script = GrblScript(steered=False)
    with peer(script, script.realtime) as machine:
        driver = opened(machine)
        with pytest.raises(NoAnswer, match="does not follow"):
            driver.override(feed_percent=120)
        driver.close()


@given(st.tuples(PERCENTS, RAPIDS, PERCENTS), PERCENTS, RAPIDS, PERCENTS)
@settings(deadline=None, max_examples=200)
def test_the_steps_lead_there_within_the_range(now: tuple[int, int, int], feed: int, rapid: int, spindle: int) -> None:
    script = GrblScript(overrides=list(now))
    for _ in range(30):
        step = towards((script.overrides[0], script.overrides[1], script.overrides[2]), feed, rapid, spindle)
        assert len(set(step)) == len(step), "one of each kind at a time"
        for byte in step:
            script.realtime(byte)
            assert all(10 <= percent <= 200 for percent in script.overrides)
    assert script.overrides == [feed, rapid, spindle]
