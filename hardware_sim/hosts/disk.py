"""A host's disk: the uploaded files, and what is remembered of their prints. It outlives the host's restarts."""

import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class Stored:
    """One file: its path within the store, size in bytes, wall-clock time of upload (Unix, s)."""

    path: str
    size_bytes: int
    date: float
    sha1: str
    sha256: str

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name


class BadPath(ValueError):
    """A file's name that leads out of the store, or nowhere."""


@dataclass(slots=True)
class Disk:
    folder: Path
    files: dict[str, Stored] = field(default_factory=dict)

    def put(self, path: str, data: bytes) -> Stored:
        """Raises BadPath."""
        clean = cleaned(path)
        target = self.on_disk(clean)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.new")
        fresh.write_bytes(data)
        fresh.replace(target)
        digests = hashlib.sha1(data, usedforsecurity=False).hexdigest(), hashlib.sha256(data).hexdigest()
        self.files[clean] = Stored(clean, len(data), time.time(), *digests)
        return self.files[clean]

    def remove(self, path: str) -> None:
        del self.files[path]
        self.on_disk(path).unlink()

    def on_disk(self, path: str) -> Path:
        return self.folder / path


def cleaned(path: str) -> str:
    """`/a//b.gcode` as `a/b.gcode`. Raises BadPath."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not parts or ".." in parts or "\0" in path or "\\" in path or parts[-1].startswith("."):
        raise BadPath(path)
    return "/".join(parts)
