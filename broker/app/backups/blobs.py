"""A blob store's content into a backup and back; each file is looked at, since its name says what it must hold."""

from collections.abc import Mapping
from pathlib import Path

from broker.app.backups.errors import BackupFailed, RestoreRefused
from broker.app.backups.files import link_or_copy, sha256_of, sync_folder
from broker.parts.blobs import BlobStore


def back_up(source: BlobStore, folder: Path) -> dict[str, int]:
    """Bytes by SHA-256. Raises BackupFailed for content that is not what it was."""
    folder.mkdir()
    found = {}
    for sha256, path in source.contents():
        target = folder / sha256[:2] / sha256
        target.parent.mkdir(exist_ok=True)
        link_or_copy(path, target)
        if sha256_of(target) != sha256:
            raise BackupFailed(
                "a file's content has changed on the disk",
                where=str(path),
                fix="look at the disk; get the file back from an older backup, or take it away and upload it again",
            )
        found[sha256] = target.stat().st_size
    for inner in (*folder.iterdir(), folder):
        sync_folder(inner)
    return found


def verify(folder: Path, blobs: Mapping[str, int]) -> None:
    """Raises RestoreRefused unless all are there, and whole."""
    for sha256 in blobs:
        path = folder / sha256[:2] / sha256
        if not path.is_file() or sha256_of(path) != sha256:
            raise RestoreRefused(
                "a file of the backup is missing or damaged", where=str(path), fix="take another copy of this backup"
            )


def bring_back(folder: Path, blobs: Mapping[str, int], target: BlobStore) -> None:
    """Content that is there already stays: it is the same."""
    for sha256 in blobs:
        if not target.holds(sha256):
            with (folder / sha256[:2] / sha256).open("rb") as file:
                target.put(file)
