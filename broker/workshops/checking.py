"""Signatures of many events at once are checked by a process beside the broker: the loop that serves everybody goes on.

A signature takes as long as all else that is done with an event, and keeps its process's other threads waiting.
`python -m broker.workshops.checking` reads seals from its standard input and writes a byte for each, until the input
ends.
"""

import asyncio
import logging
import pickle
import struct
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import BinaryIO

from broker.workshops.keys import is_signed

_log = logging.getLogger(__name__)
_LENGTH = struct.Struct("!I")
_WORTH_A_PROCESS = 8
"""Fewer are checked sooner than they are told."""
Seal = tuple[tuple[str, ...], str, str]
"""Keys of which any may have signed, the text, the signature."""
Check = Callable[[Sequence[Seal]], Awaitable[Sequence[bool]]]
_AWAY = (OSError, asyncio.IncompleteReadError)
"""What is raised once the process is gone, or has said nothing for too long (TimeoutError is an OSError)."""
_WITHIN_S = 10.0


def holds(seal: Seal) -> bool:
    keys, text, signature = seal
    return any(is_signed(key, text, signature) for key in keys)


async def check_here(seals: Sequence[Seal]) -> Sequence[bool]:
    if len(seals) < _WORTH_A_PROCESS:
        return [holds(seal) for seal in seals]
    return await asyncio.to_thread(lambda: [holds(seal) for seal in seals])


class Checker:
    """Its process begins with the first seals that are worth it; until it answers, and if it dies, they are checked
    here."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """None: it doesn't answer yet."""
        return None if self._process is None else self._process.pid

    async def check(self, seals: Sequence[Seal]) -> Sequence[bool]:
        if len(seals) < _WORTH_A_PROCESS:
            return await check_here(seals)
        async with self._turn:
            if (process := self._ready()) is not None:
                try:
                    async with asyncio.timeout(_WITHIN_S):
                        return await _asked(process, seals)
                except _AWAY as error:
                    _log.warning("the process that checks signatures is gone (%r); another is started", error)
                    await self._end()
                except asyncio.CancelledError:
                    # What it still answers would be taken for the answer to what is asked next.
                    await self._end()
                    raise
            return await check_here(seals)

    async def close(self) -> None:
        if self._starting is not None:
            await asyncio.gather(self._starting, return_exceptions=True)
        await self._end()

    def _ready(self) -> asyncio.subprocess.Process | None:
        if self._process is None and (self._starting is None or self._starting.done()):
            self._starting = asyncio.create_task(self._start())
        return self._process

    async def _start(self) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", __name__),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,  # the terminal's Ctrl-C is for the broker
            )
        except OSError as error:
            _log.warning("no process to check signatures can be started: %s", error)
            return
        with suppress(*_AWAY):
            await _asked(process, ())
        self._process = process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _asked(process: asyncio.subprocess.Process, seals: Sequence[Seal]) -> Sequence[bool]:
    """Raises what is in _AWAY."""
    assert process.stdin is not None
    assert process.stdout is not None
    asked = pickle.dumps(seals)
    process.stdin.write(_LENGTH.pack(len(asked)) + asked)
    await process.stdin.drain()
    return [bool(one) for one in await process.stdout.readexactly(len(seals) + 1)][1:]


def main() -> None:
    """Each answer begins with a byte that says that there is one. A broker that dies is one that asks no more."""
    asked = sys.stdin.buffer
    with suppress(BrokenPipeError), open(sys.stdout.fileno(), "wb", buffering=0, closefd=False) as answers:
        while (seals := _next(asked)) is not None:
            answers.write(bytes([1, *map(holds, seals)]))


def _next(asked: BinaryIO) -> Sequence[Seal] | None:
    """None once the input has ended, wherever it has."""
    head = asked.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(head)
    pickled = asked.read(size)
    if len(pickled) < size:
        return None
    seals: Sequence[Seal] = pickle.loads(pickled)
    return seals


if __name__ == "__main__":
    main()
