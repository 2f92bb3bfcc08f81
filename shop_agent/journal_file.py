"""A journal's file: SQLite, WAL, synchronous=FULL, so that what was committed survives a power cut."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shop_agent.errors import JournalDamaged, JournalFailed

_NOT_A_JOURNAL = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class JournalFile:
    """Raises JournalDamaged for a file that can't be trusted; else JournalFailed for whatever the disk refuses."""

    def __init__(self, path: Path, schema: str, *, any_thread: bool = False) -> None:
        self.path = path
        _make_folder(path.parent)
        with self._told():
            self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=not any_thread)
            try:
                self._open(schema)
            except BaseException:
                self.db.close()
                raise

    def _open(self, schema: str) -> None:
        # What was read of a damaged file once is acted upon for ever: so it is read as a whole first.
        (verdict,) = self.db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise JournalDamaged(self.path, verdict)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.executescript(schema)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, on the disk when this ends; nothing of it is kept if its body raises."""
        with self._told(), self.db:
            self.db.execute("BEGIN IMMEDIATE")
            yield self.db

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF in _NOT_A_JOURNAL:
                raise JournalDamaged(self.path, str(error)) from error
            raise JournalFailed(self.path, str(error)) from error


def _make_folder(folder: Path) -> None:
    """With its name on the disk: what is committed in it would be lost with it."""
    if folder.exists():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync(folder.parent)


def create(path: Path) -> None:
    """An empty file that a power cut doesn't take away; it may be there."""
    if not path.exists():
        path.touch()
        sync(path.parent)


def sync(path: Path) -> None:
    """A file's bytes, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
