"""What a person does to the run under way, over and above hold, resume and cancel."""

from typing import TypeVar, assert_never

from drivers.base import Attested, Driver, Overrides, Probing
from shop_agent.streamer import wire
from shop_agent.streamer.worker import Unable

Act = wire.SkipObject | wire.Override | wire.AttestStarted | wire.AttestEnded
Able = TypeVar("Able")


def act(driver: Driver, request: Act) -> None:
    """May wait for the machine's answer. Raises Unable, DriverError."""
    match request:
        case wire.SkipObject(name=name):
            driver.skip_object(name)
        case wire.Override(feed_percent=feed, rapid_percent=rapid, spindle_percent=spindle):
            if not isinstance(driver, Overrides):
                raise Unable("this machine's firmware has no overrides")
            driver.override(feed_percent=feed, rapid_percent=rapid, spindle_percent=spindle)
        case wire.AttestStarted(operator=operator):
            _attested(driver).attest_started(operator)
        case wire.AttestEnded(operator=operator, finished=finished, note=note):
            _attested(driver).attest_ended(operator, finished=finished, note=note)
        case _:
            assert_never(request)


def probe(driver: Driver, request: wire.Probe) -> wire.Triple:
    """Raises Unable, DriverError."""
    if not isinstance(driver, Probing):
        raise Unable("this machine has no probe")
    return driver.probe_z(request.travel_mm, request.feed_mm_s, request.plate_mm)


def _attested(driver: Driver) -> Attested:
    if not isinstance(driver, Attested):
        raise Unable("this machine tells by itself what becomes of a run")
    return driver
