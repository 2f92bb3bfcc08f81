"""Within a process: its time of day is off by as many seconds as a file says, and jumps when the file is changed.

Monotonic clocks go on as they are, and so do those of databases' servers. It must come before all other imports:
whoever has `datetime.datetime` already keeps the right time.
"""

import copyreg
import datetime as datetimes
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

VARIABLE = "LLAGAR_FAULTS_CLOCK"


def _offset(path: Path) -> Callable[[], float]:
    """Read anew whenever the file has been replaced."""
    off_s, seen = 0.0, (-1, -1)

    def offset() -> float:
        nonlocal off_s, seen
        found = os.stat(path)  # noqa: PTH116  (at every look at the clock: the quickest way)
        if (found.st_ino, found.st_mtime_ns) != seen:
            off_s, seen = float(path.read_text(encoding="ascii")), (found.st_ino, found.st_mtime_ns)
        return off_s

    return offset


def shift(path: Path) -> None:
    """Raises OSError, ValueError, now or whenever the time is read, where the file holds no number."""
    off_s, real_s, real_ns = _offset(path), time.time, time.time_ns
    off_s()
    time.time = lambda: real_s() + off_s()
    time.time_ns = lambda: real_ns() + int(off_s() * 1e9)
    real = datetimes.datetime
    shifted = _shifted(real)
    datetimes.datetime = shifted  # type: ignore[misc]
    copyreg.pickle(real, lambda one: (shifted, *one.__reduce_ex__(2)[1:]))


def _shifted(real: type[datetimes.datetime]) -> type[datetimes.datetime]:
    """What stands in for `datetime.datetime`: it makes real ones, and takes every real one for its own."""

    class Kind(type):
        def __instancecheck__(cls, one: object) -> bool:
            return isinstance(one, real)

        def __subclasscheck__(cls, one: type) -> bool:
            return issubclass(one, real)

    class Shifted(real, metaclass=Kind):  # type: ignore[misc, valid-type]
        def __new__(cls, *args: Any, **more: Any) -> Any:
            return real(*args, **more) if cls is Shifted else real.__new__(cls, *args, **more)

        @classmethod
        def now(cls, tz: datetimes.tzinfo | None = None) -> datetimes.datetime:
            return real.fromtimestamp(time.time(), tz)

        @classmethod
        def today(cls) -> datetimes.datetime:
            return real.fromtimestamp(time.time())

        @classmethod
        def utcnow(cls) -> datetimes.datetime:
            return real.fromtimestamp(time.time(), datetimes.UTC).replace(tzinfo=None)

    Shifted.__name__ = Shifted.__qualname__ = "datetime"
    Shifted.__module__ = "datetime"
    return Shifted
