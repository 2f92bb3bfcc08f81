"""A streamer's journal: what this machine did, and which runs may never start on it (again)."""

import logging
import re
import sqlite3
import uuid
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock

from broker.wire.messages import Starting
from shop_agent.errors import JournalDamaged, JournalFailed
from shop_agent.journal_file import JournalFile, sync
from shop_agent.streamer.run_log import ENDS, RunUsed
from shop_agent.streamer.wire import REPORTS, Entry, Report

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS starts (
    run TEXT PRIMARY KEY, fence INTEGER NOT NULL, record TEXT NOT NULL UNIQUE, program_sha256 TEXT NOT NULL,
    at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS forbidden (run TEXT PRIMARY KEY, fence INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, run TEXT NOT NULL, kind TEXT NOT NULL,
    body TEXT NOT NULL);
"""

DAMAGED = "(its journal was damaged)"
"""Stands for the run that may have been under way when a journal was lost."""
_NAME = re.compile(r"runs(?:-([0-9]+))?\.sqlite")
_LOG = logging.getLogger("llagar.streamer")


class RunJournal:
    """A `RunLog` on the disk. Used from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = RLock()
        self._file = JournalFile(path, _SCHEMA, any_thread=True)
        self._db = self._file.db
        with self._file.writing():
            self._db.execute("INSERT OR IGNORE INTO meta VALUES ('journal_id', ?)", (uuid.uuid4().hex,))
            self._db.execute("INSERT OR IGNORE INTO meta VALUES ('reset_seq', '0')")
        self.journal_id = self._meta("journal_id")

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def start(self, run: str, fence: int, record: str, program_sha256: str) -> None:
        """Commit that this run starts: at most once, whatever is asked again.

        Raises RunUsed.
        """
        with self._lock, self._file.writing():
            if self.has_started(run):
                raise RunUsed("this run has started before")
            forbidden = self._one("SELECT reason FROM forbidden WHERE run = ?", run)
            if forbidden is not None:
                raise RunUsed(f"this run may not start any more: {forbidden}")
            values = (run, fence, record, program_sha256, _now())
            try:
                self._db.execute("INSERT INTO starts VALUES (?, ?, ?, ?, ?)", values)
            except sqlite3.IntegrityError as error:
                raise RunUsed("its setup record was used for another run") from error
            self._append(run, Starting())

    def forbid(self, run: str, fence: int, reason: str) -> bool:
        """True if it had started before; else it never will."""
        with self._lock, self._file.writing():
            if self.has_started(run):
                return True
            self._db.execute("INSERT OR IGNORE INTO forbidden VALUES (?, ?, ?)", (run, fence, reason))
        return False

    def has_started(self, run: str) -> bool:
        return self._one("SELECT run FROM starts WHERE run = ?", run) is not None

    def append(self, run: str, report: Report) -> None:
        with self._lock, self._file.writing():
            self._append(run, report)

    def _append(self, run: str, report: Report) -> None:
        values = (_now(), run, report.kind, report.model_dump_json())
        self._db.execute("INSERT INTO entries (at, run, kind, body) VALUES (?, ?, ?, ?)", values)

    def after(self, seq: int, at_most: int = 200) -> tuple[Entry, ...]:
        with self._lock:
            rows = self._db.execute(
                "SELECT seq, at, run, body FROM entries WHERE seq > ? ORDER BY seq LIMIT ?", (seq, at_most)
            ).fetchall()
        return tuple(
            Entry(seq=seq, at=datetime.fromisoformat(at), run=run, report=REPORTS.validate_json(body))
            for seq, at, run, body in rows
        )

    @property
    def last_seq(self) -> int:
        return int(self._one("SELECT coalesce(max(seq), 0) FROM entries") or 0)

    def unended(self) -> str | None:
        """The run whose last entry is no end: whoever streamed it died."""
        with self._lock:
            row = self._db.execute("SELECT run, kind FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        return None if row is None or row[1] in ENDS else str(row[0])

    def quarantine(self) -> str:
        """What went wrong since the last local reset; empty if nothing."""
        found = self._one(
            "SELECT run || ' ' || kind FROM entries WHERE kind IN ('faulted', 'unknown') AND seq > ?"
            " ORDER BY seq LIMIT 1",
            int(self._meta("reset_seq")),
        )
        return "" if found is None else f"run {found}"

    def reset(self) -> None:
        """A person has looked: what went wrong so far is over."""
        with self._lock, self._file.writing():
            self._db.execute("UPDATE meta SET value = ? WHERE key = 'reset_seq'", (str(self.last_seq),))

    def _meta(self, key: str) -> str:
        return self._one("SELECT value FROM meta WHERE key = ?", key) or ""

    def _one(self, sql: str, *values: str | int) -> str | None:
        with self._lock:
            row = self._db.execute(sql, values).fetchone()
        return None if row is None else str(row[0])


def _now() -> str:
    return datetime.now(UTC).isoformat()


def open_journal(folder: Path) -> RunJournal:
    """The machine's newest. A damaged one stays where it is, and the next begins as in mid-run of who knows what: the
    machine is made safe, and in quarantine until somebody has looked. Raises JournalFailed."""
    names = [match for path in folder.glob("runs*.sqlite") if (match := _NAME.fullmatch(path.name))]
    number = max((int(match[1] or 1) for match in names), default=1)
    try:
        return RunJournal(folder / ("runs.sqlite" if number == 1 else f"runs-{number}.sqlite"))
    except JournalDamaged as error:
        _LOG.error("%s", error)
        return _begin_anew(folder / f"runs-{number + 1}.sqlite")


def _begin_anew(path: Path) -> RunJournal:
    """Whole or not at all."""
    fresh = path.with_name("fresh.sqlite")
    for leftover in path.parent.glob("fresh.sqlite*"):
        leftover.unlink()
    journal = RunJournal(fresh)
    journal.append(DAMAGED, Starting())
    journal.close()
    if fresh.with_name("fresh.sqlite-wal").exists():
        raise JournalFailed(path, "a new one could not be brought to the disk")
    fresh.rename(path)
    sync(path.parent)
    return RunJournal(path)
