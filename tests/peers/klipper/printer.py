"""What Klipper's host does with a file and with commands, as Moonraker and its clients see it, on the rig's Marlin.

Written from Klipper's documents (API_Server.md, Status_Reference.md, G-Codes.md): print_stats, virtual_sdcard,
pause_resume, exclude_object. A cancel leaves the heaters as they are, as it does without a macro of the owner's.
"""

import queue
import shlex
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path

from tests.peers.klipper.board import Board, Halted
from tests.peers.klipper.job import Job

Status = dict[str, dict[str, object]]
_REFRESH_S = 0.2


class CommandError(Exception):
    """What Klipper answers to a command that it won't carry out."""


class Printer:
    """One thread works: commands first, in their order, and a line of the file at a time while it prints."""

    def __init__(self, port: str, gcodes: Path) -> None:
        self.job = Job()
        self.state = "ready"
        self.message = "Printer is ready"
        self._board = Board(port)
        self._gcodes = gcodes
        self._asked: queue.Queue[tuple[str, Future[None]] | None] = queue.Queue()
        self._worker = threading.Thread(target=self._work)
        self._commands: Mapping[str, Callable[[dict[str, str]], None]] = {
            "SDCARD_PRINT_FILE": self._print_file,
            "PAUSE": self._pause,
            "RESUME": self._resume,
            "CANCEL_PRINT": self._cancel,
            "EXCLUDE_OBJECT": self._exclude,
            "TURN_OFF_HEATERS": self._turn_off_heaters,
            "RESTART": self._restart,
            "FIRMWARE_RESTART": self._restart,
        }

    def start(self) -> None:
        self._board.boot()
        self._worker.start()

    def end(self) -> None:
        self._asked.put(None)
        self._worker.join()
        self._board.close()

    def script(self, text: str) -> None:
        """A command a line; returns when they are done. Raises CommandError."""
        for line in text.splitlines():
            done: Future[None] = Future()
            self._asked.put((line, done))
            done.result()

    def emergency_stop(self) -> None:
        self._board.stop()
        self._shut_down("Shutdown due to webhooks request")

    def status(self) -> Status:
        heaters: Status = {
            name: {"temperature": now.current_c, "target": now.target_c}
            for name, now in self._board.temperatures.items()
        }
        return {
            "webhooks": {"state": self.state, "state_message": self.message},
            **self.job.status(),
            "heaters": {"available_heaters": list(heaters), "available_sensors": list(heaters)},
            "configfile": {"config": {"virtual_sdcard": {"path": str(self._gcodes)}}, "settings": {}},
            "toolhead": {"position": [0.0, 0.0, 0.0, 0.0], "homed_axes": "xyz"},
            **heaters,
        }

    # The worker -------------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            printing = self.job.state == "printing" and self.state == "ready"
            try:
                asked = self._asked.get(block=not printing, timeout=_REFRESH_S)
            except queue.Empty:
                self._go_on(printing)
                continue
            if asked is None:
                return
            self._obey(*asked)

    def _go_on(self, printing: bool) -> None:
        try:
            if printing:
                self._next_line()
            elif self.state == "ready":
                self._board.do("M105")
        except Halted as error:
            self._shut_down(str(error))

    def _obey(self, line: str, done: Future[None]) -> None:
        try:
            self._command(line)
        except CommandError as error:
            done.set_exception(error)
        except Halted as error:
            self._shut_down(str(error))
            done.set_exception(CommandError(str(error)))
        else:
            done.set_result(None)

    def _command(self, line: str) -> None:
        name, *words = shlex.split(line)
        if self.state != "ready" and not name.endswith("RESTART"):
            raise CommandError(self.message)
        command = self._commands.get(name.upper())
        if command is not None:
            command(dict(word.split("=", 1) for word in words if "=" in word))
        elif name[0] in "GM" and name[1:].isdigit():
            self._board.do(line)
        else:
            raise CommandError(f'Unknown command:"{name}"')

    def _next_line(self) -> None:
        line = self.job.advance()
        if line is None:
            self.job.end("complete")
        elif line:
            self._board.do(line)

    def _shut_down(self, why: str) -> None:
        if self.state == "ready":
            self.state, self.message = "shutdown", why
            if self.job.is_active:
                self.job.end("error", why)

    # Commands ---------------------------------------------------------------------------------------

    def _print_file(self, words: dict[str, str]) -> None:
        if self.job.is_active:
            raise CommandError("SD busy")
        path = self._gcodes / words["FILENAME"]
        if not path.is_file():
            raise CommandError("Unable to open file")
        self.job = Job.of(path, words["FILENAME"])

    def _pause(self, _: dict[str, str]) -> None:
        if self.job.state == "printing":
            self.job.state = "paused"

    def _resume(self, _: dict[str, str]) -> None:
        if self.job.state == "paused":
            self.job.state = "printing"

    def _cancel(self, _: dict[str, str]) -> None:
        if self.job.is_active:
            self.job.end("cancelled")

    def _exclude(self, words: dict[str, str]) -> None:
        self.job.exclude(words["NAME"])

    def _turn_off_heaters(self, _: dict[str, str]) -> None:
        self._board.do("M104 S0")
        self._board.do("M140 S0")

    def _restart(self, _: dict[str, str]) -> None:
        self.job = Job()
        self._board.boot()
        self.state, self.message = "ready", "Printer is ready"
