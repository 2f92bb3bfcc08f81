"""Realtime bytes: picked out of the stream as they arrive. Source: Grbl 1.1h config.h, serial.c ISR(SERIAL_RX)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

RESET = 0x18
STATUS = ord("?")
CYCLE_START = ord("~")
FEED_HOLD = ord("!")
DOOR = 0x84
JOG_CANCEL = 0x85
SPINDLE_STOP = 0x9E
FLOOD = 0xA0
FEED_OVERRIDES = {0x90: None, 0x91: 10, 0x92: -10, 0x93: 1, 0x94: -1}
SPINDLE_OVERRIDES = {0x99: None, 0x9A: 10, 0x9B: -10, 0x9C: 1, 0x9D: -1}
RAPID_OVERRIDES = {0x95: 100, 0x96: 50, 0x97: 25}

_REALTIME = re.compile(rb"[\x18?~!\x80-\xff]")


def split(data: bytes) -> Iterator[tuple[bytes, int | None]]:
    """Cut the received bytes at realtime bytes, each given with what stood before it."""
    begin = 0
    for match in _REALTIME.finditer(data):
        yield data[begin : match.start()], data[match.start()]
        begin = match.end()
    yield data[begin:], None


@dataclass(slots=True)
class Overrides:
    """Percentages; feed and rapid act on the blocks that are queued after a change."""

    feed: int = 100
    rapid: int = 100
    spindle: int = 100

    def act(self, command: int) -> bool:
        """Any byte that is no override does nothing. True: something changed."""
        before = (self.feed, self.rapid, self.spindle)
        if command in FEED_OVERRIDES:
            self.feed = _overridden(self.feed, FEED_OVERRIDES[command])
        elif command in SPINDLE_OVERRIDES:
            self.spindle = _overridden(self.spindle, SPINDLE_OVERRIDES[command])
        elif command in RAPID_OVERRIDES:
            self.rapid = RAPID_OVERRIDES[command]
        return before != (self.feed, self.rapid, self.spindle)


def _overridden(percent: int, step: int | None) -> int:
    """None sets back to 100."""
    return 100 if step is None else min(200, max(10, percent + step))
