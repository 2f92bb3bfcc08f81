"""A simulated OctoPrint 1.11 that drives the board at the end of its serial cable."""

from pathlib import Path

from starlette.types import ASGIApp

from hardware_sim.hosts.control import Button, ButtonRefused
from hardware_sim.hosts.disk import BadPath
from hardware_sim.hosts.octoprint.api import application
from hardware_sim.hosts.octoprint.printer import Printer
from hardware_sim.hosts.octoprint.states import BUSY, State
from hardware_sim.hosts.octoprint.uploads import Uploads

SOMEBODY = "somebody"


class OctoPrint:
    """Set up to connect at its own start (`serial.autoconnect`); a lost connection it leaves alone, as the original."""

    def __init__(self, uploads: Uploads, serial: Path, api_key: str) -> None:
        self._printer = Printer(uploads, serial)
        self._app = application(self._printer, api_key)

    @property
    def app(self) -> ASGIApp:
        return self._app

    @property
    def settled(self) -> bool:
        return self._printer.state not in (State.OPENING, State.CONNECTING)

    async def run(self) -> None:
        await self._printer.run()

    def press(self, button: Button, file: str, program: str | None) -> None:
        printer = self._printer
        if button is Button.PRINT:
            self._print(file, program)
        elif printer.state not in BUSY:
            raise ButtonRefused(f"{button}: nothing is printed")
        elif button is Button.PAUSE:
            printer.pause()
        elif button is Button.RESUME:
            printer.resume()
        else:
            printer.cancel()

    def _print(self, file: str, program: str | None) -> None:
        printer, files = self._printer, self._printer.uploads.disk.files
        if printer.state is not State.OPERATIONAL:
            raise ButtonRefused(f"print: the printer is {printer.state.value}")
        try:
            stored = files.get(file) if program is None else printer.uploads.put(file, program.encode())
        except BadPath as error:
            raise ButtonRefused(f"print: {file!r} is no name of a file") from error
        if stored is None:
            raise ButtonRefused(f"print: there is no file {file!r}")
        printer.select(stored, SOMEBODY)
        printer.start(SOMEBODY)
