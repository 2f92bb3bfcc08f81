"""A G-code file as a serial host reads it: line by line, comments and blanks dropped, its position counted in bytes."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO


class Program:
    def __init__(self, path: Path, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.position = 0
        """Bytes read so far; what they ask for may not have been done yet."""
        self._path = path

    def lines(self) -> Iterator[str]:
        """What is to be sent, from the beginning."""
        self.position = 0
        with self._path.open("rb") as file:
            yield from self._read(file)

    def _read(self, file: IO[bytes]) -> Iterator[str]:
        for line in file:
            self.position += len(line)
            text = line.split(b";", 1)[0].strip().decode("utf-8", "replace")
            if text:
                yield text
        self.position = self.size_bytes

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.position / self.size_bytes if self.size_bytes else 0.0
