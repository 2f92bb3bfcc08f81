"""A program's file, some lines at a time: memory stays small however long it is."""

from collections.abc import Iterator
from io import BytesIO
from itertools import cycle
from pathlib import Path
from typing import BinaryIO

import numpy as np

from slicer_bridge.motion.lexer import LONGEST_LINE, Lexer, Lines

PIECE = 1 << 18
"""Bytes; the arrays of one piece stay in the processor's cache."""
TAIL = 1 << 16


def pieces(program: Path | bytes, *, router: bool, kept: int = 1) -> Iterator[Lines]:
    """Each is valid until `kept` more have been asked for. Raises OSError."""
    with _opened(program) as file:
        buffers = [np.empty(PIECE + LONGEST_LINE, np.uint8) for _ in range(kept)]
        lexers = [Lexer(len(buffer), router=router) for buffer in buffers]
        rest = np.empty(0, np.uint8)
        begun = last = False
        for buffer, lexer in cycle(zip(buffers, lexers, strict=True)):
            held = len(rest)
            buffer[:held] = rest
            got = file.readinto(memoryview(buffer)[held:])  # type: ignore[arg-type, attr-defined]
            last = got == 0
            lines, used, begun = lexer.lines(buffer, held + got, begun=begun, last=last)
            if lines.count:
                yield lines
            if last:
                return
            rest = buffer[used : held + got].copy()


def ends_of(program: Path | bytes) -> tuple[bytes, bytes]:
    """Its first and last 64 kB. Raises OSError."""
    with _opened(program) as file:
        head = file.read(TAIL)
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL))
        return head, file.read(TAIL)


def _opened(program: Path | bytes) -> BinaryIO:
    return BytesIO(program) if isinstance(program, bytes) else program.open("rb", buffering=0)
