"""Backups and restores as files: whole or not at all, looked at before they are used, never over what is there."""

import asyncio
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from broker.accounts.models import Account, Role
from broker.accounts.service import add_account
from broker.app.backups.backup import back_up
from broker.app.backups.errors import BackupFailed, RestoreRefused
from broker.app.backups.restore import restore
from broker.app.folder_lock import InUse, folder_lock
from broker.database import Database
from broker.migrations.upgrade import WrongRevision
from broker.parts.blobs import BLOBS_NAME, BlobStore
from broker.runs.history import broker_epoch
from broker.settings import Settings
from tests.broker.app.process import EXECUTABLE
from tests.broker.conftest import HandClock


async def _add(settings: Settings, name: str, clock: HandClock) -> str:
    """An account of that name, and a file that holds it; the file's hash."""
    database = Database(settings.url)
    async with database.writing() as session:
        await add_account(session, name, Role.PRODUCER, "", clock.now())
    await database.close()
    return BlobStore(settings.files / BLOBS_NAME).put(io.BytesIO(name.encode()))


async def _names(settings: Settings) -> tuple[list[str], str]:
    """Of the accounts; and the broker epoch."""
    database = Database(settings.url)
    async with database.reading() as session:
        found = sorted(await session.scalars(select(Account.name))), await broker_epoch(session)
    await database.close()
    return found


@pytest.fixture
async def backup(settings: Settings, tmp_path: Path, clock: HandClock) -> Path:
    """Of a broker that knew ana; eva came after it."""
    await _add(settings, "ana", clock)
    folder = tmp_path / "backup"
    await back_up(settings, folder, clock.now())
    await _add(settings, "eva", clock)
    return folder


async def test_what_was_there_comes_back_as_another_history(
    settings: Settings, backup: Path, clock: HandClock, tmp_path: Path
) -> None:
    [blob] = json.loads((backup / "manifest.json").read_text())["blobs"]
    BlobStore(settings.files / BLOBS_NAME).path(blob).unlink()
    with pytest.raises(RestoreRefused, match=r"is there already|not empty"):
        await restore(settings, backup, clock.now())
    names, before = await _names(settings)
    assert (names, before) == (["ana", "eva"], "1")
    epochs = set()
    for _ in range(2):
        await restore(settings, backup, clock.now(), replace=True)
        names, epoch = await _names(settings)
        assert names == ["ana"]
        epochs.add(epoch)
    assert len(epochs) == 2, "each restore is a history of its own"
    again = await back_up(settings, tmp_path / "again", clock.now())
    assert again.broker_epoch in epochs
    await restore(settings, tmp_path / "again", clock.now(), replace=True)
    names, epoch = await _names(settings)
    assert (names, epoch in epochs) == (["ana"], False)
    assert BlobStore(settings.files / BLOBS_NAME).path(blob).read_bytes() == b"ana"
    if settings.database_url is None:
        kept = {_held(path) for path in tmp_path.glob("broker.sqlite.replaced_*[!lm]")}
        assert ("ana", "eva") in kept


def _held(database: Path) -> tuple[str, ...]:
    with closing(sqlite3.connect(database)) as old:
        return tuple(sorted(name for (name,) in old.execute("SELECT name FROM accounts")))


async def test_an_empty_target_needs_no_word(backup: Path, clock: HandClock, tmp_path: Path) -> None:
    if json.loads((backup / "manifest.json").read_text())["kind"] == "sqlite":
        fresh = Settings(data=tmp_path / "fresh")
        fresh.data.mkdir()
        await restore(fresh, backup, clock.now())
        assert (await _names(fresh))[0] == ["ana"]


async def test_a_backup_never_writes_over_anything(settings: Settings, backup: Path, clock: HandClock) -> None:
    with pytest.raises(BackupFailed, match="is there already"):
        await back_up(settings, backup, clock.now())


async def test_content_that_the_disk_has_spoilt_is_found(settings: Settings, clock: HandClock, tmp_path: Path) -> None:
    sha256 = await _add(settings, "ana", clock)
    BlobStore(settings.files / BLOBS_NAME).path(sha256).write_bytes(b"anb")
    with pytest.raises(BackupFailed, match="changed on the disk") as failed:
        await back_up(settings, tmp_path / "backup", clock.now())
    assert sha256 in str(failed.value.where)
    assert not [path for path in tmp_path.iterdir() if "backup" in path.name]


@pytest.mark.parametrize("damage", ["database", "blob", "no blob", "manifest", "no manifest", "newer", "format"])
async def test_what_is_not_whole_is_refused_before_anything_is_touched(
    settings: Settings, backup: Path, clock: HandClock, damage: str
) -> None:
    manifest = backup / "manifest.json"
    said = json.loads(manifest.read_text())
    [blob] = [backup / "blobs" / sha256[:2] / sha256 for sha256 in said["blobs"]]
    [rows] = [path for path in backup.iterdir() if path.name.startswith("broker.")]
    match damage:
        case "database":
            rows.write_bytes(rows.read_bytes()[:-1] + b"x")
        case "blob":
            blob.unlink()
            blob.write_bytes(b"anb")
        case "no blob":
            blob.unlink()
        case "manifest":
            manifest.write_text(manifest.read_text()[:-20])
        case "no manifest":
            manifest.unlink()
        case "newer":
            manifest.write_text(json.dumps(said | {"revision": "9999"}))
        case _:
            manifest.write_text(json.dumps(said | {"format": 9}))
    with pytest.raises((RestoreRefused, WrongRevision)) as refused:
        await restore(settings, backup, clock.now(), replace=True)
    assert refused.value.fix
    assert (await _names(settings)) == (["ana", "eva"], "1")


async def test_a_folder_that_is_served_is_not_restored_into(settings: Settings, backup: Path, clock: HandClock) -> None:
    with folder_lock(settings.data), pytest.raises(InUse):
        await restore(settings, backup, clock.now(), replace=True)
    assert (await _names(settings))[0] == ["ana", "eva"]


async def test_a_killed_restore_leaves_the_old_rows_or_the_new(
    settings: Settings, backup: Path, clock: HandClock
) -> None:
    """Killed at each of its steps in the file system, one after the other, until it gets through."""
    if settings.database_url is not None:
        return
    await asyncio.to_thread(_sweep, settings, backup, clock)


def _sweep(settings: Settings, backup: Path, clock: HandClock) -> None:
    steps, outcomes = 0, set()
    while not _restored_up_to(steps, settings, backup, clock):
        steps += 1
        if (settings.data / "broker.sqlite").exists():
            names, epoch = asyncio.run(_names(settings))
            assert (names, epoch == "1") in ((["ana", "eva"], True), (["ana"], False))
            outcomes.add(epoch == "1")
            assert steps < 200
    assert True in outcomes
    names, epoch = asyncio.run(_names(settings))
    assert (names, epoch == "1") == (["ana"], False)
    assert not list(settings.data.glob(".broker*"))


def _restored_up_to(steps: int, settings: Settings, backup: Path, clock: HandClock) -> bool:
    """In a child that kills itself at that step; whether it came to its end before."""
    child = os.fork()
    if child == 0:
        left = steps

        def count(event: str, _args: tuple[object, ...]) -> None:
            nonlocal left
            if event in {"os.rename", "os.remove", "os.mkdir", "shutil.copyfile", "sqlite3.connect"}:
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            asyncio.run(restore(settings, backup, clock.now(), replace=True))
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


async def test_a_disk_that_takes_no_more_is_said_and_nothing_is_left(
    settings: Settings, backup: Path, tmp_path: Path
) -> None:
    if settings.database_url is not None:
        return
    for words in (["backup", str(tmp_path / "second")], ["restore", str(backup), "--replace"]):
        done = await asyncio.to_thread(
            subprocess.run,
            ["prlimit", "--fsize=20000", str(EXECUTABLE), *words, "--data", str(settings.data)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, "to do:" in done.stderr) == (2, True), done.stderr
        assert (await _names(settings)) == (["ana", "eva"], "1")
    assert not (tmp_path / "second").exists()
