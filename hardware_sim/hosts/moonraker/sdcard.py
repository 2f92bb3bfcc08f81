"""Klipper's virtual_sdcard and pause_resume: a file fed line by line, stopped and taken up again between two lines.

Source: klippy/extras/virtual_sdcard.py, pause_resume.py. No macros are installed: PAUSE parks nothing and CANCEL_PRINT
leaves the heaters on, as Klipper's own do.
"""

import asyncio
from collections.abc import Awaitable, Callable

from hardware_sim.hosts.board import BoardGone, BoardRestarted
from hardware_sim.hosts.disk import Disk, Stored
from hardware_sim.hosts.moonraker.gcode import GcodeError
from hardware_sim.hosts.moonraker.print_stats import PrintState, PrintStats
from hardware_sim.hosts.web import Json

POLL_S = 0.002
"""Klipper looks every 50 ms whether a script in between is done; ours run at many times the speed."""

RunLine = Callable[[str], Awaitable[None]]


class VirtualSd:
    def __init__(self, disk: Disk, run_line: RunLine, on_error: RunLine, mutex: asyncio.Lock) -> None:
        self.stats = PrintStats()
        self.file: Stored | None = None
        self.position = 0
        self.size_bytes = 0
        self.is_paused = False
        self._disk = disk
        self._run_line = run_line
        self._on_error = on_error
        self._mutex = mutex
        self._lines: list[bytes] = []
        self._at = 0
        self._work: asyncio.Task[None] | None = None
        self._must_pause = False
        self._from_sd = False
        self._sd_paused = False

    @property
    def is_active(self) -> bool:
        return self._work is not None

    def print_file(self, filename: str, group: asyncio.TaskGroup) -> None:
        """SDCARD_PRINT_FILE. Raises GcodeError."""
        if self.is_active:
            raise GcodeError("SD busy")
        name = filename.removeprefix("/")
        stored = self._disk.files.get(name)
        if stored is None:
            raise GcodeError("Unable to open file")
        self._unload()
        self.file, self.size_bytes, self.stats = stored, stored.size_bytes, PrintStats(filename=name)
        self._lines = self._disk.on_disk(name).read_bytes().splitlines(keepends=True)
        self.resume_work(group)

    def _unload(self) -> None:
        self.file, self.position, self.size_bytes, self._lines, self._at = None, 0, 0, [], 0

    async def reset_file(self) -> None:
        """SDCARD_RESET_FILE: as if nothing had ever been printed."""
        if self._from_sd:
            raise GcodeError("SDCARD_RESET_FILE cannot be run from the sdcard")
        await self.stop_work()
        self._unload()
        self.stats = PrintStats()

    def resume_work(self, group: asyncio.TaskGroup) -> None:
        if self.is_active:
            raise GcodeError("SD busy")
        self._must_pause = False
        self._work = group.create_task(self._feed())

    async def stop_work(self) -> None:
        """Once the line under execution is done."""
        self._must_pause = True
        if self._work is not None and not self._from_sd:
            await asyncio.wait([self._work])

    def stop_at_once(self) -> None:
        self._must_pause = True

    async def pause(self) -> bool:
        """PAUSE; False: it was paused already."""
        if self.is_paused:
            return False
        self._sd_paused = self.is_active
        if self._sd_paused:
            await self.stop_work()
        self.is_paused = True
        return True

    def resume(self, group: asyncio.TaskGroup) -> None:
        if self._sd_paused:
            self.resume_work(group)
        self._sd_paused = self.is_paused = False

    async def cancel(self) -> None:
        if (self.is_active or self._sd_paused) and self.file is not None:
            await self.stop_work()
            self._unload()
            self.stats.note_end(PrintState.CANCELLED)
        self.clear_pause()

    def clear_pause(self) -> None:
        self.is_paused = self._sd_paused = False

    async def _feed(self) -> None:
        self.stats.note_start()
        error = await self._feed_lines()
        self._work, self._from_sd = None, False
        if error:
            self.stats.note_end(PrintState.ERROR, error)
        elif self._at < len(self._lines):
            self.stats.note_pause()
        elif self.file is not None:
            self.file = None
            self.stats.note_end(PrintState.COMPLETE)

    async def _feed_lines(self) -> str:
        """What went wrong; empty: nothing."""
        while not self._must_pause and self._at < len(self._lines):
            if self._mutex.locked():
                await asyncio.sleep(POLL_S)
                continue
            line = self._lines[self._at]
            async with self._mutex:
                self._from_sd = True
                try:
                    await self._run_line(line.decode("utf-8", "replace"))
                except GcodeError as error:
                    await self._on_error("TURN_OFF_HEATERS")
                    return str(error)
                except (BoardGone, BoardRestarted):
                    return ""  # the shutdown says what happened; the file stays where it was
                finally:
                    self._from_sd = False
            self._at += 1
            self.position += len(line)
            await asyncio.sleep(0)  # a script that waits gets its turn before we look again
        return ""

    def status(self) -> Json:
        size = self.size_bytes
        return {
            "file_path": None if self.file is None else str(self._disk.on_disk(self.file.path)),
            "progress": self.position / size if size else 0.0,
            "is_active": self.is_active,
            "file_position": self.position,
            "file_size": size,
        }
