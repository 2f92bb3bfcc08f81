"""OctoPrint's serial side: connecting, one selected file, its print, and how each of them ends.

Source: OctoPrint 1.11 util/comm.py (startPrint, setPause, cancelPrint, _get_next_from_job, _trigger_error,
_trigger_emergency_stop, "External reset"), printer/standard.py (on_comm_state_change), schema/config/scripts.py.
"""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from hardware_sim.hosts.board import Board, BoardGone, BoardRestarted
from hardware_sim.hosts.disk import Stored
from hardware_sim.hosts.octoprint.states import BUSY, OPERATIONAL, State
from hardware_sim.hosts.octoprint.uploads import Uploads
from hardware_sim.hosts.program import Program

AUTOREPORT = "M155 S2"
AFTER_CANCEL = ("M84", "M104 T0 S0", "M140 S0", "M106 S0")
"""The script `afterPrintCancelled` as OctoPrint comes with it."""
SILENCE_S = {True: 150.0, False: 60.0}
"""Five time-outs of 30 s while printing, two while not."""
KILL_ERRORS = ("Heating failed", "Thermal Runaway", "MAXTEMP triggered", "MINTEMP triggered")
"""Errors that Marlin says in two lines; OctoPrint joins them."""
EMERGENCY = "Closing serial port due to emergency stop M112."


@dataclass(slots=True)
class Job:
    """The selected file; `started` and `lost_s` are of its last print, steady clock, s."""

    file: Stored
    program: Program
    user: str | None = None
    started: float | None = None
    paused_since: float | None = None
    lost_s: float = 0.0
    ended: float | None = None

    def print_time_s(self) -> float | None:
        if self.started is None:
            return None
        until = self.paused_since or self.ended or time.monotonic()
        return until - self.started - self.lost_s


class Printer:
    def __init__(self, uploads: Uploads, serial: Path) -> None:
        self.uploads = uploads
        self.serial = serial
        self.state = State.OPENING
        self.error = ""
        self.job: Job | None = None
        self.board = Board(serial, self)
        self._half_an_error = ""
        self._go = asyncio.Event()
        self._work = asyncio.TaskGroup()
        self._printing: asyncio.Task[None] | None = None
        self._commands: asyncio.Queue[str] = asyncio.Queue()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            async with self._work:
                self._work.create_task(self._send_commands())
                self._work.create_task(self._watch_silence())
                self.connect()
        finally:
            self.board.close()

    # The connection.

    def connect(self) -> None:
        """Whatever is connected is closed first."""
        self.disconnect()
        self.error = ""
        self.state = State.OPENING
        self.board = Board(self.serial, self)
        self._work.create_task(self._connect(self.board))

    async def _connect(self, board: Board) -> None:
        try:
            self.state = State.CONNECTING
            await board.open()
            self.state = State.OPERATIONAL
            for line in ("M115", "M105", AUTOREPORT):
                await board.send(line)
        except (OSError, BoardGone, BoardRestarted) as error:
            if board is self.board and self.state in (State.CONNECTING, State.OPERATIONAL):
                self._close(State.OFFLINE_AFTER_ERROR, str(error))

    def disconnect(self) -> None:
        self._close(State.OFFLINE, "")

    def _close(self, state: State, error: str) -> None:
        """The port is closed and the selected file forgotten; what was printing has failed."""
        self._log_failure_if_printing()
        self.state, self.error, self.job = state, error, None
        self.board.close()
        self._go.set()

    def _log_failure_if_printing(self) -> None:
        """Of a paused print OctoPrint logs nothing."""
        if self.state is State.PRINTING:
            self._log(success=False)

    def _log(self, *, success: bool) -> None:
        if self.job is not None:
            self.uploads.log(self.job.file.path, success=success, print_time_s=self.job.print_time_s() or 0.0)

    # What the board says.

    def heard(self, line: str) -> None:
        if self._half_an_error and not line.startswith("Error:"):
            self._fail(self._half_an_error)
        elif line.startswith("//action:"):
            self._obey(line.removeprefix("//action:").split()[0])

    def _obey(self, action: str) -> None:
        """Source: docs/features/action_commands.rst."""
        match action:
            case "pause" | "paused":
                self.pause()
            case "resume" | "resumed":
                self.resume()
            case "cancel":
                self.cancel()
            case "disconnect":
                self.disconnect()
            case _:
                return

    def restarted(self) -> None:
        if self.state in BUSY:
            self.state = State.CANCELLING
            self._go.set()

    def halted(self, error: str) -> None:
        if not self._half_an_error and error.startswith(KILL_ERRORS):
            self._half_an_error = error
        else:
            self._fail(" - ".join(filter(None, (self._half_an_error, error))))

    def _fail(self, error: str) -> None:
        """An error of the firmware is answered with M112, and the port is closed."""
        self._half_an_error = ""
        self._stop_board()
        self._close(State.OFFLINE_AFTER_ERROR, error)

    def lost(self, reason: str) -> None:
        self._close(State.OFFLINE_AFTER_ERROR, reason)

    async def _watch_silence(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            silence_s = time.monotonic() - self.board.heard_at
            if self.state in OPERATIONAL and silence_s > SILENCE_S[self.state in BUSY]:
                self.lost("Too many consecutive timeouts, printer still connected and alive?")

    # Commands from outside.

    def command(self, line: str) -> None:
        """Queue one; M112 overtakes everything and closes the port."""
        code = line.strip().upper().split(maxsplit=1)[:1]
        if code == ["M112"]:
            self._stop_board()
            self._close(State.OFFLINE_AFTER_ERROR, EMERGENCY)
        elif code in (["M108"], ["M410"]):
            self.board.shout(line)
        elif self.state in OPERATIONAL:
            self._commands.put_nowait(line)

    def _stop_board(self) -> None:
        self.board.shout("M112")
        for line in ("M112", "M104 T0 S0", "M140 S0"):
            self.board.shout_numbered(line)

    async def _send_commands(self) -> None:
        while True:
            line = await self._commands.get()
            try:
                await self.board.send(line)
            except (BoardGone, BoardRestarted):
                continue  # what was queued for a board that is gone, OctoPrint drops

    # The job.

    def select(self, file: Stored, user: str | None) -> None:
        if self.state not in BUSY:
            self.job = Job(file, Program(self.uploads.disk.on_disk(file.path), file.size_bytes), user)

    def unselect(self) -> None:
        if self.state not in BUSY:
            self.job = None

    def start(self, user: str | None) -> None:
        """Without a selected file nothing happens, and nobody is told."""
        if self.job is None or self.state is not State.OPERATIONAL:
            return
        job = self.job
        job.user, job.started, job.paused_since, job.lost_s, job.ended = user, time.monotonic(), None, 0.0, None
        job.program.position = 0
        self.state = State.STARTING
        self._go.set()
        if self._printing is not None:
            self._printing.cancel()
        self._printing = self._work.create_task(self._print(job))

    def restart(self, user: str | None) -> None:
        """Of a paused print: it begins anew, as if nothing lay on the bed."""
        if self.state is State.PAUSED:
            self.state = State.OPERATIONAL
            self.start(user)

    def pause(self) -> None:
        if self.job is not None and self.state in (State.STARTING, State.PRINTING, State.RESUMING):
            self.job.paused_since = time.monotonic()
            self.state = State.PAUSING
            self._go.clear()

    def resume(self) -> None:
        """Of a print that is paused; while it is still pausing nothing happens."""
        if self.job is not None and self.state is State.PAUSED:
            if self.job.paused_since is not None:
                self.job.lost_s += time.monotonic() - self.job.paused_since
                self.job.paused_since = None
            self.state = State.RESUMING
            self._go.set()

    def cancel(self) -> None:
        if self.job is not None and self.state in BUSY and self.state is not State.CANCELLING:
            self.state = State.CANCELLING
            self.board.shout("M108")
            self._go.set()

    async def _print(self, job: Job) -> None:
        try:
            await self._feed(job)
        except BoardRestarted:
            await self._cancelled(job)
        except BoardGone:
            return  # how that ended, `_close` has written down

    async def _feed(self, job: Job) -> None:
        self._become(State.STARTING, State.PRINTING)
        for line in job.program.lines():
            if not self._go.is_set():
                await self._hold()
            if self.state is State.CANCELLING:
                break
            await self.board.send(line)
        if not self._go.is_set():
            await self._hold()
        if self.state is not State.CANCELLING:
            await self._finish(job)
        if self.state is State.CANCELLING:
            await self._cancelled(job)

    def _become(self, before: State, after: State) -> None:
        if self.state is before:
            self.state = after

    async def _hold(self) -> None:
        for line in ("M400", "M114"):
            await self.board.send(line)
        self._become(State.PAUSING, State.PAUSED)
        await self._go.wait()
        self._become(State.RESUMING, State.PRINTING)

    async def _finish(self, job: Job) -> None:
        """The success is written down before the last moves are made: so does OctoPrint."""
        self.state = State.FINISHING
        self._log(success=True)
        await self.board.send("M400")
        job.ended = time.monotonic()
        self._become(State.FINISHING, State.OPERATIONAL)

    async def _cancelled(self, job: Job) -> None:
        """The file stays selected, as if it had never been begun."""
        self._log(success=False)
        job.started = None
        try:
            for line in AFTER_CANCEL:
                await self.board.send(line)
        except (BoardGone, BoardRestarted):
            return
        self._become(State.CANCELLING, State.OPERATIONAL)
