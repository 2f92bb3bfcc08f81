"""A serial port that isn't there: a pty behind a symbolic link, opened by others like any USB port."""

import fcntl
import os
import select
import termios
import tty
from pathlib import Path
from typing import Protocol

from hardware_sim.openings import Openings

DONE_MS = 20.0
"""How long an opening or a closing may be under way, ms: microseconds, unless the processor is busy elsewhere."""


class Port(Protocol):
    """A board's end of its serial link, whatever that is made of. Reads and writes never block."""

    @property
    def connected(self) -> bool:
        """Somebody holds the other end open."""
        ...

    @property
    def descriptor(self) -> int:
        """Readable when bytes have come, or when the other end is closed; while `connected`."""
        ...

    @property
    def address(self) -> str:
        """What others open."""
        ...

    def plug(self) -> None: ...

    def unplug(self) -> None: ...

    def wakers(self) -> list[int]:
        """Descriptors that become readable when `opened` has something to look at."""
        ...

    def opened(self) -> bool:
        """True if the other end was opened anew, with nobody else holding it."""
        ...

    def read(self) -> bytes: ...

    def write(self, data: bytes) -> int: ...


class PseudoPort:
    """Our end of the pty. `connected` follows whether anybody holds the other end open."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.descriptor = -1
        self.connected = False
        self._openings: Openings | None = None
        self._holders = 0

    @property
    def address(self) -> str:
        return str(self.link)

    def plug(self) -> None:
        """Make the device and point the link at it. Repeating it does nothing."""
        if self.descriptor >= 0:
            return
        ours, theirs = os.openpty()
        # Raw from the first byte on: the settings outlive the close, since our end stays open.
        tty.setraw(theirs, termios.TCSANOW)
        name = os.ttyname(theirs)
        os.close(theirs)
        fcntl.fcntl(ours, fcntl.F_SETFL, fcntl.fcntl(ours, fcntl.F_GETFL) | os.O_NONBLOCK)
        self.descriptor = ours
        self._openings = Openings(name)
        self._holders = 0
        self.link.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.link.with_name(f".{self.link.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(name)
        fresh.replace(self.link)

    def unplug(self) -> None:
        """The cable comes off: whoever holds the other end gets a hang-up, the name vanishes."""
        if self.descriptor < 0:
            return
        self.link.unlink(missing_ok=True)
        os.close(self.descriptor)
        if self._openings is not None:
            self._openings.close()
            self._openings = None
        self.descriptor = -1
        self.connected = False

    def wakers(self) -> list[int]:
        """Descriptors that become readable when somebody opens or closes the other end."""
        return [] if self._openings is None else [self._openings.descriptor]

    def opened(self) -> bool:
        """Look at what happened to the other end; True if it was opened anew, with nobody else holding it."""
        if self._openings is None:
            return False
        events = select.poll()
        events.register(self.descriptor, 0)
        events.register(self._openings.descriptor, select.POLLIN)
        anew = False
        while True:
            for change in self._openings.changes():
                anew |= self._holders == 0 and change > 0
                self._holders = max(0, self._holders + change)
            self.connected = not self._hung_up()
            # A closing is told before it is done, an opening after: what is under way comes soon.
            if not self.connected or self._holders > 0 or not events.poll(DONE_MS):
                break
        # Equal events in a row may come as one, so the line itself has the last word.
        self._holders = max(1, self._holders) if self.connected else 0
        return anew and self.connected

    def _hung_up(self) -> bool:
        poll = select.poll()
        poll.register(self.descriptor, 0)
        return any(event & select.POLLHUP for _, event in poll.poll(0))

    def read(self) -> bytes:
        """What has arrived; empty: nothing, or the other end was closed (see `connected`)."""
        try:
            return os.read(self.descriptor, 4096)
        except BlockingIOError:
            return b""
        except OSError:
            # EIO: the last holder of the other end closed it.
            self.connected = False
            self._holders = 0
            return b""

    def write(self, data: bytes) -> int:
        """How many bytes the line took."""
        try:
            return os.write(self.descriptor, data)
        except BlockingIOError:
            return 0
