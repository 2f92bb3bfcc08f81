"""A streamer's journal: what this machine did, and which runs may never start on it (again)."""

import sqlite3
import uuid
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock

from broker.wire.messages import Starting
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


class RunJournal:
    """A `RunLog` on the disk. Used from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)
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
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
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
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            if self.has_started(run):
                return True
            self._db.execute("INSERT OR IGNORE INTO forbidden VALUES (?, ?, ?)", (run, fence, reason))
        return False

    def has_started(self, run: str) -> bool:
        return self._one("SELECT run FROM starts WHERE run = ?", run) is not None

    def append(self, run: str, report: Report) -> None:
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
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
        with self._lock:
            self._db.execute("UPDATE meta SET value = ? WHERE key = 'reset_seq'", (str(self.last_seq),))

    def _meta(self, key: str) -> str:
        return self._one("SELECT value FROM meta WHERE key = ?", key) or ""

    def _one(self, sql: str, *values: str | int) -> str | None:
        with self._lock:
            row = self._db.execute(sql, values).fetchone()
        return None if row is None else str(row[0])


def _now() -> str:
    return datetime.now(UTC).isoformat()
