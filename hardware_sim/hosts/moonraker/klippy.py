"""Klipper's part: its states, and its connection to the board. What commands do, is in `commands`.

A Marlin core plays the micro-controller. Source: klippy/klippy.py (states and their messages), klippy/mcu.py,
klippy/extras/verify_heater.py, docs/Status_Reference.md.
"""

import asyncio
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

from hardware_sim.hosts.board import Board, BoardGone, BoardRestarted
from hardware_sim.hosts.disk import Disk
from hardware_sim.hosts.moonraker.commands import Interpreter
from hardware_sim.hosts.moonraker.gcode import GcodeError
from hardware_sim.hosts.moonraker.macros import Macros
from hardware_sim.hosts.moonraker.moves import BOARD_MODES, Volume

SILENCE_S = 5.0
"""Longest that the board may say nothing while it reports its temperatures each second."""
AUTOREPORT = "M155 S1"
COMES_UP_S = 0.3
"""From the end of Klipper's process to the next one's first answer; the original takes longer."""

READY = "Printer is ready"
STARTUP = "Printer is not ready\nThe klippy host software is attempting to connect.  Please\nretry in a few moments.\n"
RESTART_FIRMWARE = (
    "Once the underlying issue is corrected, use the\n"
    '"FIRMWARE_RESTART" command to reset the firmware, reload the\n'
    "config, and restart the host software.\nPrinter is shutdown\n"
)
COLD = "Extrude below minimum temp\nSee the 'min_extrude_temp' config option for details"
HYSTERESIS_C = 5.0
LOST_MCU = "Lost communication with MCU 'mcu'"
BAD_HEATER = (
    "Heater extruder not heating at expected rate\nSee the 'verify_heater' section in docs/Config_Reference.md\n"
    "for the parameters that control this check.\n"
)


class KlippyState(StrEnum):
    DISCONNECTED = "disconnected"
    """The host software itself is down; only Moonraker can say so."""
    STARTUP = "startup"
    READY = "ready"
    SHUTDOWN = "shutdown"
    ERROR = "error"


class Klippy:
    def __init__(self, disk: Disk, serial: Path, volume_mm: Volume, macros: Macros) -> None:
        self.state = KlippyState.DISCONNECTED
        self.message = ""
        self.changed: Callable[[KlippyState], None] = lambda _: None
        """Called at every change of the state, with the new one."""
        self.respond: Callable[[str], None] = lambda _: None
        """Called with each line of G-code responses."""
        self.volume_mm = volume_mm
        self._macros = macros
        self._disk = disk
        self._serial = serial
        self.board = Board(serial, self)
        self._held_c = 0.0
        """The last target that the hot end has reached, °C."""
        self._work = asyncio.TaskGroup()
        self.interpreter = self._fresh_interpreter()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            async with self._work:
                self._work.create_task(self._watch_silence())
                self.connect()
        finally:
            self.board.close()

    def _fresh_interpreter(self) -> Interpreter:
        return Interpreter(self, self._disk, self.volume_mm, self._work, self._macros)

    # States.

    def _become(self, state: KlippyState, message: str) -> None:
        self.state, self.message = state, message
        self.changed(state)

    def connect(self) -> None:
        self._become(KlippyState.STARTUP, STARTUP)
        self._work.create_task(self._connect())

    async def _connect(self) -> None:
        board = self.board = Board(self._serial, self)
        try:
            await board.open()
            for line in (*BOARD_MODES, "M105", AUTOREPORT):
                await board.send(line)
        except (OSError, BoardGone, BoardRestarted) as error:
            if board is self.board and self.state is KlippyState.STARTUP:
                board.close()
                self._become(KlippyState.ERROR, f"mcu 'mcu': Unable to connect\n{error}\nPrinter is halted\n")
            return
        if board is self.board and self.state is KlippyState.STARTUP:
            self._become(KlippyState.READY, READY)

    def restart(self) -> None:
        """RESTART and FIRMWARE_RESTART: the software begins anew, and opens the port, which resets the board.

        A plain RESTART leaves a healthy micro-controller alone in the original; then nothing is heated or printed.
        """
        self.interpreter.sd.stop_at_once()
        self._become(KlippyState.DISCONNECTED, "Klippy Disconnected")
        self.board.close()
        self.interpreter = self._fresh_interpreter()
        self._work.create_task(self._come_up())

    async def _come_up(self) -> None:
        await asyncio.sleep(COMES_UP_S)
        if self.state is KlippyState.DISCONNECTED:
            self.connect()

    def shut_down(self, reason: str) -> None:
        """Everything off at once; nothing but a restart is possible afterwards. Repeating it does nothing."""
        if self.state in (KlippyState.SHUTDOWN, KlippyState.DISCONNECTED):
            return
        self.board.shout("M112")
        self.interpreter.sd.stop_at_once()
        self._become(KlippyState.SHUTDOWN, f"{reason}\n{RESTART_FIRMWARE}")
        self.board.close(reason)

    # What the board says.

    def heard(self, line: str) -> None:
        heat = self.board.temperatures
        if heat.hotend >= heat.hotend_target - HYSTERESIS_C:
            self._held_c = heat.hotend_target
        if line.startswith("//"):
            self.respond(line)

    def refuse_cold_extrusion(self) -> NoReturn:
        """A heater that had been at its target and isn't any more has failed: `verify_heater` finds out earlier."""
        if self._held_c and self._held_c == self.board.temperatures.hotend_target:
            self.shut_down(BAD_HEATER)
            raise BoardGone(BAD_HEATER)
        raise GcodeError(COLD)

    def restarted(self) -> None:
        self.shut_down(LOST_MCU)

    def halted(self, error: str) -> None:
        bad_heater = "Heating failed" in error or "Runaway" in error
        self.shut_down(BAD_HEATER if bad_heater else f"MCU 'mcu' shutdown: {error}")

    def lost(self, reason: str) -> None:
        if self.state is KlippyState.READY:
            self.shut_down(LOST_MCU)

    async def _watch_silence(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            if self.state is KlippyState.READY and time.monotonic() - self.board.heard_at > SILENCE_S:
                self.shut_down(LOST_MCU)

    # G-code.

    async def script(self, text: str) -> None:
        """Run these lines, each once the one before is done. Raises GcodeError."""
        for line in text.splitlines():
            if self._at_once(line):
                continue
            if self.state is not KlippyState.READY:
                raise GcodeError(self.message)
            interpreter = self.interpreter
            async with interpreter.mutex:
                try:
                    await interpreter.run(line)
                except (BoardGone, BoardRestarted) as error:
                    raise GcodeError(self.message) from error

    def _at_once(self, line: str) -> bool:
        """Commands that don't wait for those before them, and are taken in any state."""
        match line.strip().upper():
            case "M112":
                self.shut_down("Shutdown due to M112 command")
            case "RESTART" | "FIRMWARE_RESTART":
                self.restart()
            case _:
                return False
        return True
