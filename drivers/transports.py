"""One machine's port: bytes out, bytes in, a wait that other threads can end.

pyserial opens and configures it; reading and writing go to the file descriptor in whole chunks, because
pyserial's own loops cost more per line than everything else in a driver.
"""

import errno
import os
import select
import threading
from contextlib import suppress
from io import UnsupportedOperation

import serial
from serial.urlhandler.protocol_socket import Serial as SocketSerial

from drivers.base import PortSettings
from drivers.errors import LinkLost, PortBusy

_CHUNK_BYTES = 4096
_BUSY = frozenset({errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK})


class Port:
    """Used by one thread at a time, but for `urgent` and `wake`, which any thread may call."""

    def __init__(self, settings: PortSettings) -> None:
        self._settings = settings
        self._serial: serial.SerialBase | None = None
        self._fd = -1
        self._unsent = bytearray()
        self._full = False
        self._woken = (-1, -1)
        self._poll = select.poll()
        self._closing = threading.Lock()

    @property
    def is_open(self) -> bool:
        return self._serial is not None

    def open(self) -> None:
        """Open exclusively, with nothing left to read or to write. Raises PortBusy, LinkLost."""
        try:
            opened = serial.serial_for_url(
                self._settings.url, baudrate=self._settings.baudrate, exclusive=True, timeout=0
            )
            fd = opened.fileno()
        except UnsupportedOperation as error:
            raise LinkLost(f"{self._settings.url} has no file descriptor to wait on") from error
        except (serial.SerialException, OSError, ValueError) as error:
            raise self._unopened(error) from error
        os.set_blocking(fd, False)
        self._unsent.clear()
        self._full = False
        woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)
        self._poll.register(woken[0], select.POLLIN)
        with self._closing:
            self._serial, self._fd, self._woken = opened, fd, woken

    def _unopened(self, error: Exception) -> PortBusy | LinkLost:
        if isinstance(error, OSError) and error.errno in _BUSY:
            return PortBusy(f"{self._settings.url} is in use by another program")
        return LinkLost(f"{self._settings.url} can't be opened: {error}")

    def set_speed(self, baudrate: int) -> None:
        """Go on at another speed; opening anew would restart most boards. Raises LinkLost."""
        if self._serial is None:
            return
        try:
            self._serial.baudrate = baudrate
        except (serial.SerialException, OSError, ValueError) as error:
            raise LinkLost(f"{self._settings.url} can't be set to {baudrate}: {error}") from error

    def send(self, data: bytes) -> None:
        """Queue bytes; they leave with the next `read`, at the latest."""
        self._unsent += data

    def read(self, timeout_s: float) -> bytes:
        """Write what is queued, then whatever arrives; empty after the time-out or a `wake`. Raises LinkLost."""
        if self._serial is None:
            raise LinkLost(f"{self._settings.url} is not open")
        if self._unsent:
            self._write()
        ready = self._poll.poll(max(0.0, timeout_s * 1000.0))
        data = b""
        for fd, what in ready:
            if fd == self._woken[0]:
                os.read(fd, _CHUNK_BYTES)
            elif what & select.POLLOUT and not what & ~select.POLLOUT:
                self._write()
            else:
                data = self._receive()
        return data

    def _receive(self) -> bytes:
        try:
            data = os.read(self._fd, _CHUNK_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise LinkLost(f"{self._settings.url}: {error.strerror}") from error
        if not data:
            raise LinkLost(f"{self._settings.url}: the other end is gone")
        return data

    def _write(self) -> None:
        try:
            written = os.write(self._fd, self._unsent)
        except BlockingIOError:
            written = 0
        except OSError as error:
            raise LinkLost(f"{self._settings.url}: {error.strerror}") from error
        del self._unsent[:written]
        if self._unsent or self._full:
            self._full = bool(self._unsent)
            self._poll.modify(self._fd, select.POLLIN | select.POLLOUT if self._full else select.POLLIN)

    def forget(self) -> None:
        """Drop what is queued and has not left."""
        self._unsent.clear()

    def urgent(self, data: bytes) -> bool:
        """Write ahead of everything queued, from any thread; False if the port is closed, broken or full."""
        with self._closing:
            if self._serial is None:
                return False
            try:
                return os.write(self._fd, data) == len(data)
            except OSError:
                return False

    def wake(self) -> None:
        """End a `read` that waits in another thread."""
        with self._closing, suppress(BlockingIOError):  # a full pipe wakes as well
            if self._serial is not None:
                os.write(self._woken[1], b"w")

    def close(self) -> None:
        """Give the port back; may be repeated."""
        with self._closing:
            if self._serial is None:
                return
            opened, self._serial = self._serial, None
            woken, self._woken = self._woken, (-1, -1)
            self._fd = -1  # its number may be another file's from now on
            for fd in woken:
                os.close(fd)
            _close(opened)


def _close(opened: serial.SerialBase) -> None:
    """pyserial 3.5 leaves a socket open whose peer has reset it: its shutdown() raises before its close()."""
    if isinstance(opened, SocketSerial):
        opened._socket.close()  # type: ignore[attr-defined]
    opened.close()
