"""Copies of the embedded database."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from broker.app.backups.errors import BackupFailed, RestoreRefused
from broker.app.backups.files import sync_file, sync_folder

_BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database; of another one it would be poison."""


def copy_database(source: Path, target: Path) -> None:
    """As of one moment, while brokers write on; one file, whole. Raises BackupFailed."""
    if not source.is_file():
        raise BackupFailed(
            f"there is no database {source}", where=str(source), fix="name the broker's data folder: --data or --config"
        )
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as from_,
            closing(sqlite3.connect(target)) as to,
        ):
            from_.backup(to)
            to.execute("PRAGMA journal_mode=DELETE")
        require_sound(target)
    except sqlite3.Error as error:
        raise BackupFailed(
            f"the database can't be copied: {error}", where=str(source), fix="look at the disk"
        ) from error
    sync_file(target)


def require_sound(database: Path) -> None:
    """Raises sqlite3.DatabaseError for one whose pages or indexes don't fit together."""
    with closing(sqlite3.connect(database)) as connection:
        [said] = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if said != "ok":
        raise sqlite3.DatabaseError(said)


def put_in_place(half: Path, target: Path, aside: str) -> Path | None:
    """Make `half` the database, in one step. What was there goes to a name with `aside`; returned if there was any."""
    require_closed(half)
    sync_file(half)
    old = target.with_name(f"{target.name}.{aside}")
    had = target.exists()
    if had:
        target.rename(old)
    for suffix in _BESIDE:
        with suppress(FileNotFoundError):
            target.with_name(target.name + suffix).rename(old.with_name(old.name + suffix))
    sync_folder(target.parent)
    half.rename(target)
    sync_folder(target.parent)
    return old if had else None


def require_closed(database: Path) -> None:
    """All of it in its one file. Raises RestoreRefused while somebody has it open."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        raise RestoreRefused(f"the new database is in use: {error}", where=str(database), fix="try again") from error


def remove(database: Path) -> None:
    for path in (database, *(database.with_name(database.name + suffix) for suffix in _BESIDE)):
        path.unlink(missing_ok=True)
