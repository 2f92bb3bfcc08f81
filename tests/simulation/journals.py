"""The journals of agent and streamer in memory, on a disk that may forget what was not synced.

A killed process is an exception out of a hook; the next process is another journal on the same disk.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

from broker.wire.messages import Body, Envelope, Starting
from shop_agent.journal import KEEP
from shop_agent.shop_log import Answer, Unsent
from shop_agent.state.memory import DONE, Changed, Memory
from shop_agent.state.records import LotRecord, MachineRecord, RunRecord, SpoolRecord
from shop_agent.streamer.run_log import ENDS, RunUsed
from shop_agent.streamer.wire import Entry, Report

Key = TypeVar("Key")
Value = TypeVar("Value")
Hook = Callable[[], None]


def _nothing() -> None:
    """A hook that lets everything pass."""


class Disk:
    """Undoes what was not committed, and at a power cut what was not synced."""

    def __init__(self, *, synchronous: bool = True) -> None:
        self.synchronous = synchronous
        self.before_commit: Hook = _nothing
        self.after_commit: Hook = _nothing
        self._open: list[Hook] | None = None
        self._unsynced: list[Hook] = []

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction; nothing of it is kept if its body, or the hook before the commit, raises."""
        if self._open is not None:
            raise RuntimeError("a transaction is open already")
        undo: list[Hook] = []
        self._open = undo
        try:
            yield
            self.before_commit()
        except BaseException:
            _undo(undo)
            raise
        finally:
            self._open = None
        if self.synchronous:
            self._unsynced.clear()
        else:
            self._unsynced += undo
        self.after_commit()

    def changed(self, undo: Hook) -> None:
        if self._open is None:
            raise RuntimeError("this is written in no transaction")
        self._open.append(undo)

    def power_cut(self) -> None:
        _undo(self._unsynced)
        self._unsynced.clear()


def _undo(steps: list[Hook]) -> None:
    for step in reversed(steps):
        step()


class Table(Generic[Key, Value]):
    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.rows: dict[Key, Value] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self.rows

    def put(self, key: Key, value: Value) -> None:
        rows = self.rows
        if key in rows:
            before = rows[key]
            self._disk.changed(lambda: rows.__setitem__(key, before))
        else:
            self._disk.changed(lambda: rows.__delitem__(key))
        rows[key] = value

    def drop(self, key: Key) -> None:
        rows = self.rows
        if key in rows:
            before = rows.pop(key)
            self._disk.changed(lambda: rows.__setitem__(key, before))


class Epochs(Protocol):
    """Makes names of epochs and journals."""

    def __call__(self) -> str: ...


class ShopDisk(Disk):
    """What an agent's journal has written."""

    def __init__(self, *, synchronous: bool = True) -> None:
        super().__init__(synchronous=synchronous)
        self.meta: Table[str, str] = Table(self)
        self.last_seq: Table[str, int] = Table(self)
        self.outbox: defaultdict[str, Table[int, tuple[Envelope, datetime]]] = defaultdict(lambda: Table(self))
        self.acked: Table[str, int] = Table(self)
        self.inventory: Table[str, Body] = Table(self)
        self.runs: Table[str, tuple[RunRecord, datetime]] = Table(self)
        self.machines: Table[str, MachineRecord] = Table(self)
        self.lots: Table[str, LotRecord] = Table(self)
        self.spools: Table[str, SpoolRecord] = Table(self)
        self.tombstones: Table[str, int] = Table(self)
        self.answers: Table[str, tuple[str, datetime]] = Table(self)

    def copy(self) -> "ShopDisk":
        """Somebody's copy of the files, made now."""
        copy = ShopDisk(synchronous=self.synchronous)
        for name, table in vars(self).items():
            if isinstance(table, Table):
                getattr(copy, name).rows.update(table.rows)
        for epoch, outbox in self.outbox.items():
            copy.outbox[epoch].rows.update(outbox.rows)
        return copy


class MemoryJournal:
    """A `ShopLog` whose events travel as unsigned envelopes."""

    def __init__(self, disk: ShopDisk, agent: str, name_epoch: Epochs) -> None:
        self.disk = disk
        self._agent = agent
        self._name_epoch = name_epoch
        if self.meta("agent") != agent:
            with disk.writing():
                self._begin_epoch()

    def power_cut(self) -> "MemoryJournal":
        """As the disk has it after one."""
        self.disk.power_cut()
        return MemoryJournal(self.disk, self._agent, self._name_epoch)

    @property
    def epoch(self) -> str:
        return self.disk.meta.rows["epoch"]

    @property
    def last_seq(self) -> int:
        return self.disk.last_seq.rows.get(self.epoch, 0)

    def begin_epoch(
        self, inventory: Body, memory: Memory, changed: Changed, unsent: Iterable[Unsent], at: datetime
    ) -> None:
        with self.disk.writing():
            self._begin_epoch()
            self._tell_inventory(inventory, at)
            self._write(memory, changed, at)
            for event in unsent:
                self._tell(event, at)

    def _begin_epoch(self) -> None:
        self.disk.meta.put("epoch", self._name_epoch())
        self.disk.meta.put("agent", self._agent)
        self.disk.inventory.drop("told")

    def events_after(self, seq: int, at_most: int = 50) -> list[tuple[int, Envelope]]:
        rows, found = self.disk.outbox[self.epoch].rows, []
        for number in range(seq + 1, self.last_seq + 1):
            if number in rows:
                found.append((number, rows[number][0]))
                if len(found) == at_most:
                    break
        return found

    def acknowledge(self, epoch: str, seq: int) -> None:
        upto = min(seq, self.disk.last_seq.rows.get(epoch, 0))
        if upto > self.disk.acked.rows.get(epoch, 0):
            with self.disk.writing():
                self.disk.acked.put(epoch, upto)

    def is_latest(self, seq: int, run: str) -> bool:
        rows = self.disk.outbox[self.epoch].rows
        later = range(seq + 1, self.last_seq + 1)
        return not any(number in rows and rows[number][0].run == run for number in later)

    def commit(
        self, memory: Memory, changed: Changed, unsent: Iterable[Unsent], at: datetime, answer: Answer | None = None
    ) -> None:
        with self.disk.writing():
            self._write(memory, changed, at)
            for event in unsent:
                self._tell(event, at)
            if answer is not None:
                if answer.task in self.disk.answers:
                    raise sqlite3.IntegrityError(f"task {answer.task} was answered before")
                self.disk.answers.put(answer.task, (answer.text, at))

    def _write(self, memory: Memory, changed: Changed, at: datetime) -> None:
        disk = self.disk
        for run in changed.runs:
            if run in memory.runs:
                disk.runs.put(run, (memory.runs[run], at))
            else:
                disk.runs.drop(run)
        for name in changed.machines:
            disk.machines.put(name, memory.machines[name])
        for lot in changed.lots:
            disk.lots.put(lot, memory.lots[lot])
        for spool in changed.spools:
            disk.spools.put(spool, memory.spools[spool])
        for run in changed.tombstones:
            disk.tombstones.put(run, memory.tombstones[run])

    def _tell(self, event: Unsent, at: datetime) -> None:
        epoch, seq = self.epoch, self.last_seq + 1
        envelope = Envelope(
            agent=self._agent,
            epoch=epoch,
            seq=seq,
            at=at,
            run=event.run,
            fence=event.fence,
            version=event.version,
            body=event.body,
        )
        self.disk.last_seq.put(epoch, seq)
        self.disk.outbox[epoch].put(seq, (envelope, at))

    def tell_inventory(self, body: Body, at: datetime) -> bool:
        if self.disk.inventory.rows.get("told") == body:
            return False
        with self.disk.writing():
            self._tell_inventory(body, at)
        return True

    def _tell_inventory(self, body: Body, at: datetime) -> None:
        self._tell(Unsent(body), at)
        self.disk.inventory.put("told", body)

    def restore(self, memory: Memory) -> None:
        disk = self.disk
        memory.runs = {id_: run for id_, (run, _) in disk.runs.rows.items() if run.machine in memory.machines}
        memory.lots = dict(disk.lots.rows)
        memory.spools = dict(disk.spools.rows)
        memory.machines |= {name: one for name, one in disk.machines.rows.items() if name in memory.machines}
        memory.tombstones = dict(disk.tombstones.rows)

    def answer_to(self, task: str) -> str | None:
        found = self.disk.answers.rows.get(task)
        return None if found is None else found[0]

    def forget_old(self, now: datetime) -> None:
        before, disk = now - KEEP, self.disk
        with disk.writing():
            for epoch, outbox in disk.outbox.items():
                upto, last = disk.acked.rows.get(epoch, 0), self.last_seq if epoch == self.epoch else 0
                for seq in [seq for seq, (_, at) in outbox.rows.items() if seq <= upto and at < before and seq != last]:
                    outbox.drop(seq)
            for run in [run for run, at in disk.runs.rows.values() if run.phase in DONE and at < before]:
                disk.tombstones.put(run.id, max(run.fence, disk.tombstones.rows.get(run.id, 0)))
                disk.runs.drop(run.id)
            for task in [task for task, (_, at) in disk.answers.rows.items() if at < before]:
                disk.answers.drop(task)

    def meta(self, key: str) -> str | None:
        return self.disk.meta.rows.get(key)

    def set_meta(self, key: str, value: str) -> None:
        with self.disk.writing():
            self.disk.meta.put(key, value)


class RunDisk(Disk):
    """What a streamer's journal has written."""

    def __init__(self, journal_id: str, *, synchronous: bool = True) -> None:
        super().__init__(synchronous=synchronous)
        self.journal_id = journal_id
        self.starts: Table[str, tuple[int, str, str]] = Table(self)
        self.records: Table[str, str] = Table(self)
        self.forbidden: Table[str, str] = Table(self)
        self.entries: Table[int, Entry] = Table(self)
        self.trouble: Table[str, str] = Table(self)
        """Of whom a reset is due."""


class MemoryRunLog:
    """A `RunLog`."""

    def __init__(self, disk: RunDisk, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.disk = disk
        self._clock = clock

    def power_cut(self) -> "MemoryRunLog":
        """As the disk has it after one."""
        self.disk.power_cut()
        return MemoryRunLog(self.disk, self._clock)

    @property
    def journal_id(self) -> str:
        return self.disk.journal_id

    def start(self, run: str, fence: int, record: str, program_sha256: str) -> None:
        disk = self.disk
        with disk.writing():
            if run in disk.starts:
                raise RunUsed("this run has started before")
            if run in disk.forbidden:
                raise RunUsed(f"this run may not start any more: {disk.forbidden.rows[run]}")
            if record in disk.records:
                raise RunUsed("its setup record was used for another run")
            disk.starts.put(run, (fence, record, program_sha256))
            disk.records.put(record, run)
            self._append(run, Starting())

    def forbid(self, run: str, fence: int, reason: str) -> bool:
        with self.disk.writing():
            if run in self.disk.starts:
                return True
            if run not in self.disk.forbidden:
                self.disk.forbidden.put(run, reason)
        return False

    def has_started(self, run: str) -> bool:
        return run in self.disk.starts

    def append(self, run: str, report: Report) -> None:
        with self.disk.writing():
            self._append(run, report)

    def _append(self, run: str, report: Report) -> None:
        seq = self.last_seq + 1
        self.disk.entries.put(seq, Entry(seq=seq, at=self._clock(), run=run, report=report))
        if report.kind in ("faulted", "unknown") and not self.disk.trouble.rows.get("since"):
            self.disk.trouble.put("since", f"run {run} {report.kind}")

    def after(self, seq: int, at_most: int = 200) -> tuple[Entry, ...]:
        last = min(self.last_seq, seq + at_most)
        return tuple(self.disk.entries.rows[number] for number in range(max(seq, 0) + 1, last + 1))

    @property
    def last_seq(self) -> int:
        return len(self.disk.entries.rows)

    def unended(self) -> str | None:
        last = self.disk.entries.rows.get(self.last_seq)
        return None if last is None or last.report.kind in ENDS else last.run

    def quarantine(self) -> str:
        return self.disk.trouble.rows.get("since", "")

    def reset(self) -> None:
        with self.disk.writing():
            self.disk.trouble.put("since", "")
