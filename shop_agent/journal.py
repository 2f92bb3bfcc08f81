"""The agent's journal: what it knows, and everything it told the broker, committed together.

SQLite, WAL, synchronous=FULL: it survives a power cut. A crash between any two commits loses or doubles nothing,
because state, outbox and the streamers' cursors change in one transaction.
"""

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from broker.wire.messages import Body, Envelope, Signed
from shop_agent.identity import Signer
from shop_agent.journal_file import JournalFile
from shop_agent.shop_log import Answer, Unsent
from shop_agent.state.memory import DONE, Changed, Memory
from shop_agent.state.records import LotRecord, MachineRecord, RunRecord, SpoolRecord

KEEP = timedelta(days=30)
"""Acknowledged events and settled runs stay this long."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (
    epoch TEXT NOT NULL, seq INTEGER NOT NULL, run TEXT, payload TEXT NOT NULL, signature TEXT NOT NULL,
    at TEXT NOT NULL, acked INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (epoch, seq));
CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, body TEXT NOT NULL, done INTEGER NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS machines (name TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS lots (id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS spools (id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tombstones (run TEXT PRIMARY KEY, fence INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS answers (task TEXT PRIMARY KEY, answer TEXT NOT NULL, at TEXT NOT NULL);
"""
_OLD_RUNS = "SELECT body FROM runs WHERE done = 1 AND at < ?"
_BURY = """
INSERT INTO tombstones VALUES (?, ?) ON CONFLICT (run) DO UPDATE SET fence = max(fence, excluded.fence)
"""
_RUN: TypeAdapter[RunRecord] = TypeAdapter(RunRecord)
_MACHINE: TypeAdapter[MachineRecord] = TypeAdapter(MachineRecord)
_LOT: TypeAdapter[LotRecord] = TypeAdapter(LotRecord)
_SPOOL: TypeAdapter[SpoolRecord] = TypeAdapter(SpoolRecord)
Record = TypeVar("Record")


class Journal:
    """A `ShopLog` on the disk. Raises JournalDamaged, JournalFailed."""

    def __init__(self, path: Path, signer: Signer) -> None:
        self._file = JournalFile(path, _SCHEMA)
        self._db = self._file.db
        self._signer = signer
        if self.meta("epoch") is None or self.meta("agent") != signer.identity.agent:
            with self._file.writing():
                self._begin_epoch()

    def close(self) -> None:
        self._db.close()

    # Epoch and outbox -------------------------------------------------------------------------------

    @property
    def epoch(self) -> str:
        return self.meta("epoch") or ""

    def begin_epoch(
        self, inventory: Body, memory: Memory, changed: Changed, unsent: Iterable[Unsent], at: datetime
    ) -> None:
        """Numbers begin at 1 again; the broker learns anew what the shop has, and after it what is told."""
        with self._file.writing():
            self._begin_epoch()
            self._tell_inventory(inventory, at)
            self._write(memory, changed, at)
            for event in unsent:
                self._tell(event, at)

    def _begin_epoch(self) -> None:
        self._set("epoch", uuid.uuid4().hex)
        self._set("agent", self._signer.identity.agent)
        self._set("inventory", "")

    @property
    def last_seq(self) -> int:
        """Highest number of this epoch; 0 before the first."""
        row = self._db.execute("SELECT coalesce(max(seq), 0) FROM outbox WHERE epoch = ?", (self.epoch,)).fetchone()
        return int(row[0])

    def events_after(self, seq: int, at_most: int = 50) -> list[tuple[int, Signed]]:
        """In order, acknowledged ones too: a broker restored from a backup may lack them."""
        rows = self._db.execute(
            "SELECT seq, payload, signature FROM outbox WHERE epoch = ? AND seq > ? ORDER BY seq LIMIT ?",
            (self.epoch, seq, at_most),
        )
        return [(number, Signed(payload=payload, signature=signature)) for number, payload, signature in rows]

    def acknowledge(self, epoch: str, seq: int) -> None:
        with self._file.writing():
            self._db.execute("UPDATE outbox SET acked = 1 WHERE epoch = ? AND seq <= ? AND acked = 0", (epoch, seq))

    def is_latest(self, seq: int, run: str) -> bool:
        """Whether nothing was said of the run after this event."""
        later = "SELECT 1 FROM outbox WHERE epoch = ? AND seq > ? AND run = ? LIMIT 1"
        return self._db.execute(later, (self.epoch, seq, run)).fetchone() is None

    # Commits ----------------------------------------------------------------------------------------

    def commit(
        self, memory: Memory, changed: Changed, unsent: Iterable[Unsent], at: datetime, answer: Answer | None = None
    ) -> None:
        """One transaction: what is known, what is told, and which answer of a person it came from."""
        with self._file.writing():
            self._write(memory, changed, at)
            for event in unsent:
                self._tell(event, at)
            if answer is not None:
                self._db.execute("INSERT INTO answers VALUES (?, ?, ?)", (answer.task, answer.text, at.isoformat()))

    def _write(self, memory: Memory, changed: Changed, at: datetime) -> None:
        for run in changed.runs:
            record = memory.runs.get(run)
            if record is None:
                self._db.execute("DELETE FROM runs WHERE id = ?", (run,))
                continue
            values = (run, _RUN.dump_json(record).decode(), record.phase in DONE, at.isoformat())
            self._db.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)", values)
        for name in changed.machines:
            text = _MACHINE.dump_json(memory.machines[name]).decode()
            self._db.execute("INSERT OR REPLACE INTO machines VALUES (?, ?)", (name, text))
        for lot in changed.lots:
            text = _LOT.dump_json(memory.lots[lot]).decode()
            self._db.execute("INSERT OR REPLACE INTO lots VALUES (?, ?)", (lot, text))
        for spool in changed.spools:
            text = _SPOOL.dump_json(memory.spools[spool]).decode()
            self._db.execute("INSERT OR REPLACE INTO spools VALUES (?, ?)", (spool, text))
        for run in changed.tombstones:
            self._db.execute("INSERT OR REPLACE INTO tombstones VALUES (?, ?)", (run, memory.tombstones[run]))

    def _tell(self, event: Unsent, at: datetime) -> None:
        epoch, seq = self.epoch, self.last_seq + 1
        envelope = Envelope(
            agent=self._signer.identity.agent,
            epoch=epoch,
            seq=seq,
            at=at,
            run=event.run,
            fence=event.fence,
            version=event.version,
            body=event.body,
        )
        payload = envelope.model_dump_json()
        values = (epoch, seq, event.run, payload, self._signer.sign(payload), at.isoformat())
        self._db.execute(
            "INSERT INTO outbox (epoch, seq, run, payload, signature, at) VALUES (?, ?, ?, ?, ?, ?)", values
        )

    def tell_inventory(self, body: Body, at: datetime) -> bool:
        """Once an epoch, and whenever it has changed. True if it was told."""
        if self.meta("inventory") == body.model_dump_json():
            return False
        with self._file.writing():
            self._tell_inventory(body, at)
        return True

    def _tell_inventory(self, body: Body, at: datetime) -> None:
        self._tell(Unsent(body), at)
        self._set("inventory", body.model_dump_json())

    # What was known ----------------------------------------------------------------------------------

    def restore(self, memory: Memory) -> None:
        """Fill a fresh memory; machines that the owner has removed stay behind."""
        runs = self._load("SELECT body FROM runs", _RUN.validate_json, lambda run: run.id)
        memory.runs = {id_: run for id_, run in runs.items() if run.machine in memory.machines}
        memory.lots = self._load("SELECT body FROM lots", _LOT.validate_json, lambda lot: lot.id)
        memory.spools = self._load("SELECT body FROM spools", _SPOOL.validate_json, lambda spool: spool.id)
        machines = self._load("SELECT body FROM machines", _MACHINE.validate_json, lambda machine: machine.name)
        memory.machines |= {name: machine for name, machine in machines.items() if name in memory.machines}
        memory.tombstones = {run: int(fence) for run, fence in self._db.execute("SELECT run, fence FROM tombstones")}

    def _load(self, sql: str, parse: Callable[[str], Record], key: Callable[[Record], str]) -> dict[str, Record]:
        records = (parse(text) for (text,) in self._db.execute(sql))
        return {key(record): record for record in records}

    def answer_to(self, task: str) -> str | None:
        """What was answered to this task before."""
        row = self._db.execute("SELECT answer FROM answers WHERE task = ?", (task,)).fetchone()
        return None if row is None else str(row[0])

    def forget_old(self, now: datetime) -> None:
        """Drop what is acknowledged or settled and over 30 days old."""
        before = (now - KEEP).isoformat()
        with self._file.writing():
            self._db.execute(
                "DELETE FROM outbox WHERE acked = 1 AND at < ? AND NOT (epoch = ? AND seq = ?)",
                (before, self.epoch, self.last_seq),
            )
            self._bury_runs(before)
            self._db.execute("DELETE FROM answers WHERE at < ?", (before,))

    def _bury_runs(self, before: str) -> None:
        """A settled run is forgotten, its fence never: an offer of it may still be under way."""
        old = [_RUN.validate_json(text) for (text,) in self._db.execute(_OLD_RUNS, (before,))]
        for run in old:
            self._db.execute(_BURY, (run.id, run.fence))
            self._db.execute("DELETE FROM runs WHERE id = ?", (run.id,))

    def meta(self, key: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        with self._file.writing():
            self._set(key, value)

    def _set(self, key: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
