"""A backup becomes the broker's rows and files again, and a new history begins.

Everything is looked at before anything is touched. Files come first: more of them than rows name harm nobody. The
rows then take their place in one step, with the new broker epoch begun in them already: no broker can serve a
restored database as if nothing had happened.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from broker.app.backups import blobs, dumps, embedded
from broker.app.backups.errors import RestoreRefused
from broker.app.backups.files import copy_synced, sha256_of
from broker.app.backups.manifest import Manifest, read_manifest
from broker.app.folder_lock import folder_lock
from broker.database import Database
from broker.migrations.upgrade import require_known, upgrade
from broker.parts.blobs import BLOBS_NAME, BlobStore
from broker.runs import history
from broker.runs.sql_book import SqlBook
from broker.settings import EMBEDDED_NAME, Settings


async def restore(settings: Settings, source: Path, now: datetime, *, replace: bool = False) -> Manifest:
    """Raises RestoreRefused: then the database is as it was. Raises WrongRevision, DatabaseAway, InUse."""
    manifest = verified(source)
    kind = "sqlite" if settings.database_url is None else "postgresql"
    if manifest.kind != kind:
        raise RestoreRefused(
            f"the backup is of a {manifest.kind} database, this broker's is {kind}",
            where="database_url",
            fix="restore it where the broker has the same kind of database",
        )
    aside = f"{dumps.ASIDE}{now:%Y%m%d_%H%M%S}_{secrets.token_hex(2)}"
    with folder_lock(settings.data), _said():
        if settings.database_url is None:
            await _restore_embedded(settings, source, manifest, now, aside, replace=replace)
        else:
            await _restore_shared(settings, settings.database_url, source, manifest, now, aside, replace=replace)
    return manifest


def verified(source: Path) -> Manifest:
    """Raises RestoreRefused for a backup that isn't whole, WrongRevision for a newer program's."""
    manifest = read_manifest(source)
    require_known(manifest.revision)
    database = source / manifest.database_name
    if not database.is_file() or sha256_of(database) != manifest.database_sha256:
        raise RestoreRefused(
            "the backup's database is missing or damaged", where=str(database), fix="take another copy of this backup"
        )
    blobs.verify(source / BLOBS_NAME, manifest.blobs)
    return manifest


async def _restore_embedded(
    settings: Settings, source: Path, manifest: Manifest, now: datetime, aside: str, *, replace: bool
) -> None:
    target = settings.data / EMBEDDED_NAME
    if target.exists() and not replace:
        raise RestoreRefused(
            f"{target} is there already",
            where=str(target),
            fix=f"name an empty data folder, or say --replace: then it is kept as {target.name}.{aside}",
        )
    half = settings.data / f".{EMBEDDED_NAME}.half"
    embedded.remove(half)
    try:
        copy_synced(source / manifest.database_name, half)
        await _begin_history(f"sqlite+aiosqlite:///{half.resolve()}", manifest, now)
        _bring_files(settings, source, manifest)
        embedded.put_in_place(half, target, aside)
    finally:
        embedded.remove(half)


async def _restore_shared(
    settings: Settings, url: str, source: Path, manifest: Manifest, now: datetime, aside: str, *, replace: bool
) -> None:
    dumps.require_programs(RestoreRefused, "pg_restore")
    _bring_files(settings, source, manifest)
    await dumps.make_room(url, aside, replace=replace)
    dumps.load(url, source / manifest.database_name)
    await _begin_history(url, manifest, now)
    await dumps.finish(url)


async def _begin_history(url: str, manifest: Manifest, now: datetime) -> None:
    database = Database(url)
    try:
        await upgrade(database)
        async with database.writing() as session:
            await history.begin(SqlBook(session), manifest.made_at, now)
    finally:
        await database.close()


def _bring_files(settings: Settings, source: Path, manifest: Manifest) -> None:
    blobs.bring_back(source / BLOBS_NAME, manifest.blobs, BlobStore(settings.files / BLOBS_NAME))


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RestoreRefused(
            f"it can't be written: {error.strerror}",
            where=str(error.filename),
            fix="make room on the disk, and try again",
        ) from error
