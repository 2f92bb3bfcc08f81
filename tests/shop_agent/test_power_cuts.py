"""What is left of a journal when the power fails: at any write, in the middle of one, or of its checkpoint.

A commit has returned once its last byte is on the disk. Until then any of the disk's sectors may have its old or its
new content, in whatever order they were written. So files are copied at each commit, and mixed: what is read of a mix
must be what was known before the commit or after it, and nothing else.
"""

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from broker.wire.messages import Finished, Running
from shop_agent.journal import Journal
from shop_agent.streamer.journal import RunJournal
from tests.shop_agent.contract.places import SqliteShop, envelopes
from tests.shop_agent.contract.test_shop_log import Writer, restored
from tests.shop_agent.test_journal import EVENTS, signer

SECTOR = 512
TORN = 6
"""Cuts in the middle of a sector, and as many of all sectors in any order, for each commit."""
CHECKPOINT_COMMITS = 800
"""More than enough for SQLite to carry its log over into the database by itself."""


@dataclass(frozen=True)
class Disk:
    """A database and its log, as they would be found."""

    db: bytes
    wal: bytes

    def put(self, path: Path) -> None:
        for leftover in path.parent.glob(path.name + "*"):
            leftover.unlink()
        path.write_bytes(self.db)
        path.with_name(path.name + "-wal").write_bytes(self.wal)


def found(path: Path) -> Disk:
    wal = path.with_name(path.name + "-wal")
    return Disk(path.read_bytes(), wal.read_bytes() if wal.exists() else b"")


def mixed(before: bytes, after: bytes, keep: Callable[[int], bool]) -> bytes:
    """`after` where the sector is one of those that were written in time."""
    size = max(len(before), len(after))
    old, new = before.ljust(size, b"\0"), after.ljust(size, b"\0")
    parts = [(new if keep(at // SECTOR) else old)[at : at + SECTOR] for at in range(0, size, SECTOR)]
    return b"".join(parts)


def cuts(before: bytes, after: bytes, dice: random.Random) -> Iterator[bytes]:
    """The ways in which a file may be found that was being written."""
    changed = [at for at in range(0, len(after), SECTOR) if before[at : at + SECTOR] != after[at : at + SECTOR]]
    for at in dice.sample(changed, min(len(changed), TORN)):
        torn = at + dice.randrange(SECTOR)
        yield after[:torn] + before[torn:]
    for _ in range(TORN):
        written = {at // SECTOR for at in changed if dice.random() < 0.5}
        yield mixed(before, after, written.__contains__)
    yield after


def runs(journal: RunJournal) -> tuple[object, ...]:
    entries = [(entry.seq, entry.run, entry.report) for entry in journal.after(0, 10_000)]
    return entries, [journal.has_started(f"run{number}") for number in range(5)], journal.quarantine()


def read(folder: Path, disk: Disk) -> tuple[object, ...]:
    """As the next process reads it."""
    disk.put(folder / "runs.sqlite")
    with closing(RunJournal(folder / "runs.sqlite")) as journal:
        return runs(journal)


STEPS: list[Callable[[RunJournal], object]] = [
    lambda journal: journal.start("run1", 1, "rec1", "aa"),
    lambda journal: journal.append("run1", Running(evidence="heating")),
    lambda journal: journal.append("run1", Finished(lines=3, seconds=1.0)),
    lambda journal: journal.forbid("run2", 1, "late"),
    lambda journal: journal.start("run3", 1, "rec3", "aa"),
    lambda journal: journal.reset(),
]


def test_a_streamer_that_loses_its_power_knows_what_it_had_committed(tmp_path: Path) -> None:
    dice, again = random.Random(1), tmp_path / "again"
    again.mkdir()
    path = tmp_path / "runs.sqlite"
    with closing(RunJournal(path)) as journal:
        before, known = found(path), runs(journal)
        for step in STEPS:
            step(journal)
            after, knows = found(path), runs(journal)
            read_of = {repr(read(again, Disk(before.db, wal))) for wal in cuts(before.wal, after.wal, dice)}
            assert read_of <= {repr(known), repr(knows)}
            assert repr(read(again, after)) == repr(knows)
            before, known = after, knows


def test_a_power_cut_while_the_log_is_carried_over_changes_nothing(tmp_path: Path) -> None:
    dice, again = random.Random(2), tmp_path / "again"
    again.mkdir()
    path = tmp_path / "runs.sqlite"
    with closing(RunJournal(path)) as journal:
        journal.start("run1", 1, "rec1", "aa")
        first, disks = found(path), []
        for number in range(CHECKPOINT_COMMITS):
            journal.append("run1", Running(evidence=str(number)))
            if path.stat().st_size != len(first.db):
                disks.append((found(path), runs(journal)))
                if len(disks) == 3:
                    break
    (carried, knows), *later = disks
    for _ in range(20):
        share = dice.random()
        db = mixed(first.db, carried.db, lambda _, share=share: dice.random() < share)  # type: ignore[misc]
        assert read(again, Disk(db, carried.wal)) == knows
    for (before, known), (after, now) in pairwise([(carried, knows), *later]):
        for wal in cuts(before.wal, after.wal, dice):
            assert read(again, Disk(before.db, wal)) in (known, now)


def test_an_agent_that_loses_its_power_knows_what_it_had_committed(tmp_path: Path) -> None:
    dice, again = random.Random(3), tmp_path / "again"
    place = SqliteShop(tmp_path)
    writer = Writer([place])
    path = tmp_path / "agent.sqlite"
    shutil.copytree(tmp_path, again, ignore=shutil.ignore_patterns("again", "*.sqlite*"))

    def told(disk: Disk) -> str:
        disk.put(again / "agent.sqlite")
        with closing(Journal(again / "agent.sqlite", signer(again))) as journal:
            return repr((restored(journal), envelopes(journal)))

    before = found(path)
    known = told(before)
    for event in EVENTS:
        writer.apply(event)
        after = found(path)
        knows = repr((restored(writer.logs[0]), envelopes(writer.logs[0])))
        assert {told(Disk(before.db, wal)) for wal in cuts(before.wal, after.wal, dice)} <= {known, knows}
        assert told(after) == knows
        before, known = after, knows
    place.close()


COMMITS = """
import os, sys
from pathlib import Path
from broker.wire.messages import Running
from shop_agent.streamer.journal import RunJournal
journal = RunJournal(Path(sys.argv[1]))
os.write(2, b"begin")
for number in range(5):
    journal.append("run1", Running(evidence=str(number)))
    os.write(2, b"commit")
os._exit(0)
"""


def traced(command: Sequence[str], log: Path) -> str:
    """Its writes and syncs in order; skips where nobody may be traced."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    calls = "trace=write,pwrite64,fsync,fdatasync"
    done = subprocess.run(
        [strace, "-y", "-e", calls, "-o", str(log), *command], stderr=subprocess.PIPE, timeout=60, check=False
    )
    if b"ptrace" in done.stderr or not log.exists() or "commit" not in log.read_text():
        pytest.skip(f"nothing may be traced here: {done.stderr.decode()[:200]}")
    return log.read_text()


def test_every_commit_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    trace = traced([sys.executable, "-c", COMMITS, str(tmp_path / "runs.sqlite")], tmp_path / "trace")
    commits = trace.partition('"begin"')[2].split('"commit"')[:-1]
    assert len(commits) == 5
    for calls in commits:
        written = [match.end() for match in re.finditer(r"pwrite64\(\d+<[^>]*-wal>", calls)]
        synced = [match.start() for match in re.finditer(r"f(?:data)?sync\(\d+<[^>]*-wal>\) += 0", calls)]
        assert written
        assert synced[-1] > written[-1]
