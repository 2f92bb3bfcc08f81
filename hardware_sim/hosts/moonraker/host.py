"""A simulated computer with Moonraker and Klipper, whose micro-controller is the board on its serial cable."""

import asyncio
from pathlib import Path

from starlette.types import ASGIApp

from hardware_sim.hosts.control import Button, ButtonRefused
from hardware_sim.hosts.disk import BadPath, Disk
from hardware_sim.hosts.moonraker.api import application
from hardware_sim.hosts.moonraker.callers import Door
from hardware_sim.hosts.moonraker.gcode import GcodeError
from hardware_sim.hosts.moonraker.history import Records
from hardware_sim.hosts.moonraker.klippy import Klippy, KlippyState
from hardware_sim.hosts.moonraker.macros import Macros
from hardware_sim.hosts.moonraker.moves import Volume
from hardware_sim.hosts.moonraker.print_stats import PrintState
from hardware_sim.hosts.moonraker.server import Server

SCRIPTS = {Button.PAUSE: "PAUSE", Button.RESUME: "RESUME", Button.CANCEL: "CANCEL_PRINT"}


class Moonraker:
    def __init__(
        self, disk: Disk, records: Records, serial: Path, volume_mm: Volume, api_key: str, macros: Macros
    ) -> None:
        self._server = Server(Klippy(disk, serial, volume_mm, macros), disk, records, Door(api_key))
        self._app = application(self._server)
        self._pressed: asyncio.Queue[str] = asyncio.Queue()

    @property
    def app(self) -> ASGIApp:
        return self._app

    @property
    def settled(self) -> bool:
        return self._server.klippy.state not in (KlippyState.DISCONNECTED, KlippyState.STARTUP)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._server.run())
            while True:
                group.create_task(self._carry_out(await self._pressed.get()))

    async def _carry_out(self, script: str) -> None:
        try:
            await self._server.klippy.script(script)
        except GcodeError as error:
            self._server.notify("gcode_response", f"!! {error}")

    def press(self, button: Button, file: str, program: str | None) -> None:
        server, stats = self._server, self._server.klippy.interpreter.sd.stats
        if server.klippy.state is not KlippyState.READY:
            raise ButtonRefused(f"{button}: Klipper is {server.klippy.state}")
        if button is Button.PRINT:
            self._press_print(file, program)
        elif stats.state not in (PrintState.PRINTING, PrintState.PAUSED):
            raise ButtonRefused(f"{button}: nothing is printed")
        else:
            self._pressed.put_nowait(SCRIPTS[button])

    def _press_print(self, file: str, program: str | None) -> None:
        server = self._server
        if server.printing():
            raise ButtonRefused("print: it is printing")
        if program is not None:
            try:
                server.disk.put(file, program.encode())
            except BadPath as error:
                raise ButtonRefused(f"print: {file!r} is no name of a file") from error
        if file not in server.disk.files:
            raise ButtonRefused(f"print: there is no file {file!r}")
        self._pressed.put_nowait(f'SDCARD_PRINT_FILE FILENAME="{file}"')
