"""Files by the SHA-256 of their content. A file is there whole or not at all, whenever power fails."""

import contextlib
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from broker.errors import NotFound

BLOBS_NAME = "blobs"
_CHUNK_BYTES = 1 << 20
_HALF = "half-"
_SHA256 = re.compile("[0-9a-f]{64}")


class BlobStore:
    """A folder; its methods block, so call them in a thread where files may be large."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._root.mkdir(parents=True, exist_ok=True)

    def put(self, file: BinaryIO) -> str:
        """Store what `file` still has to read; returns its SHA-256."""
        digest = hashlib.sha256()
        with tempfile.NamedTemporaryFile(dir=self._root, prefix=_HALF, delete=False) as half:
            try:
                while chunk := file.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    half.write(chunk)
                half.flush()
                os.fsync(half.fileno())
                sha256 = digest.hexdigest()
                target = self._path(sha256)
                target.parent.mkdir(exist_ok=True)
                Path(half.name).replace(target)
            except BaseException:
                Path(half.name).unlink(missing_ok=True)
                raise
        for folder in (target.parent, self._root):
            _sync_folder(folder)
        return sha256

    def clear_halves(self, older_s: float = 0.0) -> None:
        """Remove what killed brokers were writing. While other brokers use the folder, only what is old is theirs."""
        before = time.time() - older_s
        for half in self._root.glob(f"{_HALF}*"):
            with contextlib.suppress(FileNotFoundError):  # another broker was quicker
                if half.stat().st_mtime <= before:
                    half.unlink()

    def contents(self) -> Iterator[tuple[str, Path]]:
        """Everything that is there, by its SHA-256."""
        for path in sorted(self._root.glob("??/*")):
            if _SHA256.fullmatch(path.name):
                yield path.name, path

    def holds(self, sha256: str) -> bool:
        return self._path(sha256).is_file()

    def path(self, sha256: str) -> Path:
        """Raises NotFound for content that isn't here, or for what is no SHA-256."""
        path = self._path(sha256) if _SHA256.fullmatch(sha256) else None
        if path is None or not path.is_file():
            raise NotFound(f"there is no content with SHA-256 {sha256!r}", where="sha256")
        return path

    def open(self, sha256: str) -> BinaryIO:
        """Raises NotFound."""
        return self.path(sha256).open("rb")

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
