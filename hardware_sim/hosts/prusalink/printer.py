"""PrusaLink's printer: the board on its serial cable, and the one job it knows.

Source: Prusa-Link-Web spec/openapi.yaml (states), Prusa-Link printer_adapter/ (file_printer, command_handlers: a print
starts from IDLE, READY, FINISHED and STOPPED only; a lost printer is looked for again).
"""

import asyncio
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hardware_sim.hosts.board import Board, BoardGone, BoardRestarted
from hardware_sim.hosts.disk import Disk, Stored
from hardware_sim.hosts.program import Program

AUTOREPORT = "M155 S1"
AFTER_STOP = ("M104 S0", "M140 S0", "M107", "M84")
AGAIN_S = 0.5
"""Between two looks for a lost printer."""


class State(StrEnum):
    IDLE = "IDLE"
    BUSY = "BUSY"
    """Not known yet, or being looked for."""
    PRINTING = "PRINTING"
    PAUSED = "PAUSED"
    FINISHED = "FINISHED"
    STOPPED = "STOPPED"
    ERROR = "ERROR"


PRINTABLE = frozenset({State.IDLE, State.FINISHED, State.STOPPED})
ACTIVE = frozenset({State.PRINTING, State.PAUSED})


@dataclass(slots=True)
class Job:
    number: int
    file: Stored
    program: Program
    started: float
    """Steady clock, s; as all times here."""
    paused_since: float | None = None
    paused_s: float = 0.0
    ended: float | None = None

    def printing_s(self) -> float:
        until = self.paused_since or self.ended or time.monotonic()
        return until - self.started - self.paused_s


class Printer:
    def __init__(self, disk: Disk, serial: Path) -> None:
        self.disk = disk
        self.state = State.BUSY
        self.error = ""
        self.job: Job | None = None
        self.board = Board(serial, self)
        self._serial = serial
        self._jobs = 0
        self._go = asyncio.Event()
        self._stopping = False
        self._work = asyncio.TaskGroup()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            async with self._work:
                while True:
                    if not self.board.is_open:
                        await self._connect()
                    await asyncio.sleep(AGAIN_S)
        finally:
            self.board.close()

    async def _connect(self) -> None:
        self.board = Board(self._serial, self)
        try:
            await self.board.open()
            await self.board.send("M105")
            await self.board.send(AUTOREPORT)
        except (OSError, BoardGone, BoardRestarted) as error:
            self.board.close()
            self._fail(str(error))
            return
        if self.state in (State.BUSY, State.ERROR):
            self.state, self.error = State.IDLE, ""

    def _fail(self, error: str) -> None:
        """Whatever was printed is over."""
        if self.job is not None and self.state in ACTIVE:
            self.job.ended = time.monotonic()
        self.state, self.error = State.ERROR, error
        self._go.set()

    # What the board says.

    def heard(self, line: str) -> None:
        return

    def restarted(self) -> None:
        if self.state in ACTIVE:
            self._fail("the printer was reset")
        self._work.create_task(self._greet_again())

    async def _greet_again(self) -> None:
        try:
            await self.board.send(AUTOREPORT)
        except (BoardGone, BoardRestarted):
            return
        if self.state is State.ERROR:
            self.state, self.error = State.IDLE, ""

    def halted(self, error: str) -> None:
        self._fail(error)

    def lost(self, reason: str) -> None:
        self._fail(reason)

    # The job.

    def start(self, file: Stored) -> bool:
        """False where the state doesn't allow it."""
        if self.state not in PRINTABLE:
            return False
        self._jobs += 1
        program = Program(self.disk.on_disk(file.path), file.size_bytes)
        self.job = Job(self._jobs, file, program, time.monotonic())
        self.state, self._stopping = State.PRINTING, False
        self._go.set()
        self._work.create_task(self._print(self.job))
        return True

    def pause(self) -> bool:
        if self.job is None or self.state is not State.PRINTING or self._stopping:
            return False
        self._go.clear()
        return True

    def resume(self) -> bool:
        if self.job is None or self.state is not State.PAUSED:
            return False
        if self.job.paused_since is not None:
            self.job.paused_s += time.monotonic() - self.job.paused_since
            self.job.paused_since = None
        self.state = State.PRINTING
        self._go.set()
        return True

    def stop(self) -> bool:
        if self.state not in ACTIVE:
            return False
        self._stopping = True
        self.board.shout("M108")
        self._go.set()
        return True

    async def _print(self, job: Job) -> None:
        try:
            for line in job.program.lines():
                if not self._go.is_set():
                    await self._hold(job)
                if self._stopping or self.state not in ACTIVE:
                    break
                await self.board.send(line)
            await self._end(job)
        except (BoardGone, BoardRestarted):
            return  # the state says so already

    async def _hold(self, job: Job) -> None:
        job.paused_since = time.monotonic()
        self.state = State.PAUSED
        await self._go.wait()

    async def _end(self, job: Job) -> None:
        if self.state not in ACTIVE:
            return
        for line in AFTER_STOP if self._stopping else ("M400",):
            await self.board.send(line)
        job.ended = time.monotonic()
        if self.state in ACTIVE:
            self.state = State.STOPPED if self._stopping else State.FINISHED
