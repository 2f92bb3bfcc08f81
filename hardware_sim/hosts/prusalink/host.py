"""A simulated computer with PrusaLink, whose printer is the board on its serial cable."""

from pathlib import Path

from starlette.types import ASGIApp

from hardware_sim.hosts.control import Button, ButtonRefused
from hardware_sim.hosts.disk import BadPath, Disk
from hardware_sim.hosts.prusalink.api import application
from hardware_sim.hosts.prusalink.printer import PRINTABLE, Printer, State


class PrusaLink:
    def __init__(self, disk: Disk, serial: Path, api_key: str, name: str) -> None:
        self._printer = Printer(disk, serial)
        self._app = application(self._printer, api_key, name)

    @property
    def app(self) -> ASGIApp:
        return self._app

    @property
    def settled(self) -> bool:
        return self._printer.state is not State.BUSY

    async def run(self) -> None:
        await self._printer.run()

    def press(self, button: Button, file: str, program: str | None) -> None:
        printer = self._printer
        if button is Button.PRINT:
            self._print(file, program)
            return
        presses = {Button.PAUSE: printer.pause, Button.RESUME: printer.resume, Button.CANCEL: printer.stop}
        if not presses[button]():
            raise ButtonRefused(f"{button}: the printer is {printer.state}")

    def _print(self, file: str, program: str | None) -> None:
        printer = self._printer
        if printer.state not in PRINTABLE:
            raise ButtonRefused(f"print: the printer is {printer.state}")
        if program is not None:
            try:
                printer.disk.put(file, program.encode())
            except BadPath as error:
                raise ButtonRefused(f"print: {file!r} is no name of a file") from error
        if file not in printer.disk.files:
            raise ButtonRefused(f"print: there is no file {file!r}")
        printer.start(printer.disk.files[file])
