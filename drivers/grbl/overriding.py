"""Overrides: realtime bytes of one step each, until the report tells what was asked for.

Steps of one kind that come too close together count as one in gnea/grbl 1.1 (`serial.c` sets a flag): so at most one of
each kind goes out before a report has told the outcome.
"""

from drivers.base import Overrides
from drivers.errors import DriverMisuse, NoAnswer
from drivers.grbl.console import Console
from drivers.streaming.serial_driver import QUERY_S

PERCENT = range(10, 201)
RAPIDS = {100: b"\x95", 50: b"\x96", 25: b"\x97"}
_FEED = (b"\x91", b"\x92", b"\x93", b"\x94")
_SPINDLE = (b"\x9a", b"\x9b", b"\x9c", b"\x9d")
"""Ten up, ten down, one up, one down."""
_STEPS = 40
"""Twice what the longest way takes."""
_ASK_S = 0.1


class Overriding(Console, Overrides):
    def override(
        self, *, feed_percent: int | None = None, rapid_percent: int | None = None, spindle_percent: int | None = None
    ) -> None:
        """Raises DriverMisuse for values that GRBL lacks or without a machine, NoAnswer if it does not follow."""
        _require(feed_percent, spindle_percent, rapid_percent)
        if self.requests.active:
            self._steer(feed_percent, rapid_percent, spindle_percent)
            return
        with self.owned("override"):
            self.require_open()
            self._steer(feed_percent, rapid_percent, spindle_percent)

    def _steer(self, feed: int | None, rapid: int | None, spindle: int | None) -> None:
        now = self.overrides or self._told(b"")
        for _ in range(_STEPS):
            step = towards(now, feed, rapid, spindle)
            if not step:
                return
            now = self._told(step)
        raise NoAnswer(f"the firmware does not follow: its overrides are {now}")

    def _told(self, step: bytes) -> tuple[int, int, int]:
        """Send a step; what is reported next."""
        seen = self.overrides_told
        self.port.urgent(step)
        for _ in range(round(QUERY_S / _ASK_S)):
            self.port.urgent(b"?")
            if self._heard_of(seen) and self.overrides is not None:
                return self.overrides
        raise NoAnswer("the firmware reports no overrides")

    def _heard_of(self, seen: int) -> bool:
        """Some report has told of the overrides since; a run's thread reads them itself."""
        if not self.requests.active:
            return self.wait(lambda: self.overrides_told > seen, _ASK_S)
        with self.overridden:
            return self.overridden.wait_for(lambda: self.overrides_told > seen, _ASK_S)


def _require(feed: int | None, spindle: int | None, rapid: int | None) -> None:
    for percent in (feed, spindle):
        if percent is not None and percent not in PERCENT:
            raise DriverMisuse(f"feed and spindle can be overridden by 10 to 200 %, not by {percent} %")
    if rapid is not None and rapid not in RAPIDS:
        raise DriverMisuse(f"rapids can be overridden by 25, 50 or 100 %, not by {rapid} %")


def towards(now: tuple[int, int, int], feed: int | None, rapid: int | None, spindle: int | None) -> bytes:
    """The next step of each towards what is wanted; empty once all is reached."""
    rapids = b"" if rapid in (None, now[1]) else RAPIDS[rapid or 100]
    return _step(_FEED, now[0], feed) + rapids + _step(_SPINDLE, now[2], spindle)


def _step(kinds: tuple[bytes, bytes, bytes, bytes], now: int, wanted: int | None) -> bytes:
    away = 0 if wanted is None else wanted - now
    tens = kinds[0] if away >= 10 else kinds[1] if away <= -10 else b""
    ones = away % 10 if away >= 0 else -(-away % 10)
    return tens + (kinds[2] if ones > 0 else kinds[3] if ones < 0 else b"")
