"""Small disks that fill up: a tmpfs in a world's folder. Mounting needs root."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = "48m"
_BALLAST = "ballast"
_STEP_BYTES = 1 << 16


@contextmanager
def mounted(*folders: Path) -> Iterator[None]:
    """Each a disk of its own. Raises subprocess.CalledProcessError, with the reason, where that isn't allowed."""
    made: list[Path] = []
    try:
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
            argv = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "llagar-faults", str(folder)]
            subprocess.run(argv, check=True, capture_output=True, text=True)
            made.append(folder)
        yield
    finally:
        for folder in reversed(made):
            subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


def fill(folder: Path) -> None:
    """Up to its last byte."""
    with (folder / _BALLAST).open("ab", buffering=0) as file:
        step = _STEP_BYTES
        while step:
            try:
                file.write(b"\0" * step)
            except OSError:
                step //= 2


def empty(folder: Path) -> None:
    """Room again."""
    (folder / _BALLAST).unlink()
