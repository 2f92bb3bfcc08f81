"""A backup while brokers run: rows as of one moment, then every file, then what it consists of."""

import shutil
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from broker.app.backups import blobs, dumps, embedded
from broker.app.backups.errors import BackupFailed
from broker.app.backups.files import sha256_of, sync_file, sync_folder
from broker.app.backups.manifest import DATABASE_NAMES, FORMAT, Kind, Manifest
from broker.database import Database
from broker.migrations.upgrade import current_revision
from broker.parts.blobs import BLOBS_NAME, BlobStore
from broker.runs.history import broker_epoch
from broker.settings import EMBEDDED_NAME, Settings


async def back_up(settings: Settings, target: Path, now: datetime) -> Manifest:
    """Into the folder `target`, which must not be there yet; until it is whole it has another name.

    Raises BackupFailed, DatabaseAway, WrongRevision.
    """
    if target.exists():
        raise BackupFailed(f"{target} is there already", where=str(target), fix="name a folder that is not there yet")
    half = target.with_name(f".{target.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    try:
        half.mkdir(parents=True)
        manifest = await _fill(settings, half, now)
        half.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise BackupFailed(
            f"it can't be written: {error.strerror}",
            where=str(error.filename or target),
            fix="make room, or name another disk",
        ) from error
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return manifest


async def _fill(settings: Settings, half: Path, now: datetime) -> Manifest:
    kind: Kind = "sqlite" if settings.database_url is None else "postgresql"
    revision, epoch = await _standing(settings)
    copy = half / DATABASE_NAMES[kind]
    # A row's files are there before it is: copied after the rows, none can be missing.
    if settings.database_url is None:
        embedded.copy_database(settings.data / EMBEDDED_NAME, copy)
    else:
        dumps.dump(settings.database_url, copy)
        sync_file(copy)
    manifest = Manifest(
        format=FORMAT,
        software=version("llagar"),
        revision=revision,
        broker_epoch=epoch,
        made_at=now,
        kind=kind,
        database_sha256=sha256_of(copy),
        database_bytes=copy.stat().st_size,
        blobs=blobs.back_up(BlobStore(settings.files / BLOBS_NAME), half / BLOBS_NAME),
    )
    manifest.write(half)
    return manifest


async def _standing(settings: Settings) -> tuple[str, str]:
    if settings.database_url is None and not (settings.data / EMBEDDED_NAME).is_file():
        raise BackupFailed(
            f"there is no database in {settings.data}",
            where=str(settings.data),
            fix="name the broker's data folder: --data, or --config",
        )
    database = Database(settings.url)
    try:
        revision = await current_revision(database)
        async with database.reading() as session:
            return revision, await broker_epoch(session)
    finally:
        await database.close()
