"""One process at a time serves a data folder, or restores into it; the lock goes with the process that held it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broker.errors import BrokerError

_NAME = "lock"


class InUse(BrokerError):
    title = "The data folder is in use"


@contextmanager
def folder_lock(data: Path) -> Iterator[None]:
    """Raises InUse."""
    path = data / _NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InUse(
                f"another broker serves {data}, or a restore is under way",
                where=str(path),
                fix="end it first; several processes on one PostgreSQL have a data folder each, and name a shared one",
            ) from error
        yield
    finally:
        os.close(descriptor)
