"""A program's file, some lines at a time: memory stays small however long it is."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from slicer_bridge.motion.lexer import LONGEST_LINE, Lexer, Lines

PIECE = 1 << 18
"""Bytes; the arrays of one piece stay in the processor's cache."""
TAIL = 1 << 16


def pieces(program: Path | bytes, *, router: bool) -> Iterator[Lines]:
    """Each is valid until the next one is asked for. Raises OSError."""
    with _opened(program) as file:
        buffer = np.empty(PIECE + LONGEST_LINE, np.uint8)
        lexer = Lexer(len(buffer), router=router)
        room = memoryview(buffer)  # type: ignore[arg-type]
        held = 0
        while True:
            got = file.readinto(room[held:])  # type: ignore[attr-defined]
            last = got == 0
            lines, used = lexer.lines(buffer, held + got, last=last)
            if lines.count:
                yield lines
            held += got - used
            buffer[:held] = buffer[used : used + held].copy()
            if last:
                return


def ends_of(program: Path | bytes) -> tuple[bytes, bytes]:
    """Its first and last 64 kB. Raises OSError."""
    with _opened(program) as file:
        head = file.read(TAIL)
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL))
        return head, file.read(TAIL)


def _opened(program: Path | bytes) -> BinaryIO:
    return BytesIO(program) if isinstance(program, bytes) else program.open("rb", buffering=0)
