"""Files that are there whole or not at all, whenever power fails."""

import hashlib
import os
import shutil
from pathlib import Path


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


sync_folder = sync_file
"""A folder's names reach the disk as a file's content does."""


def copy_synced(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    sync_file(target)


def link_or_copy(source: Path, target: Path) -> None:
    """`source` never changes: on the same disk another name for it will do."""
    try:
        target.hardlink_to(source)
    except OSError:  # another disk, or one without links
        copy_synced(source, target)
