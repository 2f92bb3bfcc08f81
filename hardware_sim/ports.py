"""A serial port that isn't there: a pty behind a symbolic link, opened by others like any USB port."""

import fcntl
import os
import select
import termios
import tty
from pathlib import Path


class PseudoPort:
    """Our end of the pty. `connected` follows whether anybody holds the other end open."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.descriptor = -1
        self.connected = False

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
        self.descriptor = -1
        self.connected = False

    def opened(self) -> bool:
        """Look whether the other end is open; True if it was opened since the last look."""
        if self.descriptor < 0:
            return False
        poll = select.poll()
        poll.register(self.descriptor, 0)
        hung_up = any(event & select.POLLHUP for _, event in poll.poll(0))
        before, self.connected = self.connected, not hung_up
        return self.connected and not before

    def read(self) -> bytes:
        """What has arrived; empty: nothing, or the other end was closed (see `connected`)."""
        try:
            return os.read(self.descriptor, 4096)
        except BlockingIOError:
            return b""
        except OSError:
            # EIO: the last holder of the other end closed it.
            self.connected = False
            return b""

    def write(self, data: bytes) -> int:
        """How many bytes the line took."""
        try:
            return os.write(self.descriptor, data)
        except BlockingIOError:
            return 0
