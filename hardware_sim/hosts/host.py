"""What every simulated host of a printer offers to the computer it runs on."""

from typing import Protocol

from starlette.types import ASGIApp

from hardware_sim.hosts.control import Button


class Host(Protocol):
    """One run of the host's software, from power on to power off; all of it in one event loop."""

    @property
    def app(self) -> ASGIApp: ...

    @property
    def settled(self) -> bool:
        """It has found its board, or given up for the time being."""
        ...

    async def run(self) -> None:
        """Do the host's work until cancelled; then let go of the serial port."""
        ...

    def press(self, button: Button, file: str, program: str | None) -> None:
        """Somebody presses a button at the screen. Raises ButtonRefused."""
        ...
