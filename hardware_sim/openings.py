"""Who opens and closes a device, told by inotify: two openings in quick succession are two.

Polling would miss them, and a board that isn't restarted by an opening misleads whoever opened it.
"""

import ctypes
import os
import struct

IN_CLOSE_WRITE = 0x8
IN_CLOSE_NOWRITE = 0x10
IN_OPEN = 0x20
_EVENT = struct.Struct("iIII")
_LIBC = ctypes.CDLL(None, use_errno=True)


class Openings:
    """Watches one path; `descriptor` becomes readable when something happened."""

    def __init__(self, path: str) -> None:
        self.descriptor = int(_LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        wanted = IN_OPEN | IN_CLOSE_WRITE | IN_CLOSE_NOWRITE
        if self.descriptor < 0 or _LIBC.inotify_add_watch(self.descriptor, os.fsencode(path), wanted) < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"cannot watch {path}: {os.strerror(number)}")

    def changes(self) -> list[int]:
        """+1 for each opening and -1 for each closing since the last call, in order."""
        try:
            data = os.read(self.descriptor, 4096)
        except BlockingIOError:
            return []
        found, at = [], 0
        while at < len(data):
            _, mask, _, length = _EVENT.unpack_from(data, at)
            at += _EVENT.size + length
            if mask & (IN_OPEN | IN_CLOSE_WRITE | IN_CLOSE_NOWRITE):
                found.append(1 if mask & IN_OPEN else -1)
        return found

    def close(self) -> None:
        os.close(self.descriptor)
