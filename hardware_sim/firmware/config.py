"""What one simulated machine is: read from the JSON that `python -m hardware_sim.firmware serve` is given."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator

from hardware_sim.faults import After, Fault, FaultKind


class Kind(StrEnum):
    MARLIN = "marlin"
    GRBL = "grbl"


class Link(StrEnum):
    """How others reach the machine."""

    PTY = "pty"
    TCP = "tcp"
    """Its serial port, behind a plain TCP socket."""
    HTTP = "http"
    """Through its host."""


class HostKind(StrEnum):
    OCTOPRINT = "octoprint"
    MOONRAKER = "moonraker"
    PRUSALINK = "prusalink"


class Resend(StrEnum):
    """What follows a damaged line."""

    OK = "ok"
    """`Error:…`, `Resend: n`, `ok`."""
    NO_OK = "no_ok"
    """`Error:…`, `Resend: n`, and no ok."""
    RS = "rs"
    """`rs N<n> …` alone."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FaultConfig(_Strict):
    kind: FaultKind
    job: int = Field(default=0, ge=0)
    after: After | None = None
    at: float = Field(default=0.0, ge=0.0)
    island: int = Field(default=0, ge=0)
    reconnect_s: float = 2.0

    def fault(self) -> Fault:
        by_line = self.kind in (FaultKind.CORRUPT_BYTE, FaultKind.LOST_BYTE)
        after = self.after or (After.LINE if by_line else After.SECONDS)
        return Fault(self.kind, self.job, after, self.at, self.island, self.reconnect_s)


class PrinterConfig(_Strict):
    """A Marlin printer; bed coordinates begin at the front left corner."""

    volume_mm: tuple[PositiveFloat, PositiveFloat, PositiveFloat] = (250.0, 210.0, 210.0)
    machine_type: str = "Simulated printer"
    resend: Resend = Resend.OK
    advanced_ok: bool = False
    emergency_parser: bool = True
    rx_bytes: Annotated[int, Field(ge=16)] = 128
    """What the receive buffer holds while the command queue is full; more is lost, as on a UART."""


class RouterConfig(_Strict):
    """A Grbl router; machine coordinates run from -travel to 0, home is at the far corner, up."""

    travel_mm: tuple[PositiveFloat, PositiveFloat, PositiveFloat] = (600.0, 400.0, 80.0)
    homing: bool = True
    tool_diameter_mm: PositiveFloat = 3.175
    eeprom_stall_s: float = Field(default=0.02, ge=0.0)
    """Real seconds of a write to the EEPROM, in which arriving bytes are lost."""


class MachineConfig(_Strict):
    name: str
    firmware: Kind
    port: Path
    """A symbolic link to the pty is made here; with another link, a file that holds the URL."""
    folder: Path
    """Log and truth are written here."""
    control: Path
    """Unix socket for commands, JSON lines."""
    link: Link = Link.PTY
    host: HostKind | None = None
    """What the machine is behind, with `link` http."""
    tcp_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """0: any that is free."""
    api_key: str = ""
    """What the host asks for; empty: nothing."""
    speed: PositiveFloat = 1.0
    """Divides physics only: heat-up, motion, dwell."""
    boot_s: float = Field(default=0.3, ge=0.0)
    """Real seconds from reset to banner; bytes that arrive meanwhile are lost."""
    resets_on_open: bool = True
    """Opening the port restarts the board, as DTR does on most."""
    idle_s: PositiveFloat = 1.0
    """Real seconds of rest that end an episode."""
    printer: PrinterConfig = PrinterConfig()
    router: RouterConfig = RouterConfig()
    faults: tuple[FaultConfig, ...] = ()

    @model_validator(mode="after")
    def _host_and_link_agree(self) -> Self:
        if (self.link is Link.HTTP) != (self.host is not None):
            raise ValueError("`host` is needed with `link` http, and with no other")
        if self.host is not None and self.firmware is not Kind.MARLIN:
            raise ValueError(f"{self.host} drives printers: `firmware` must be marlin")
        return self


def read_config(text_or_path: str) -> MachineConfig:
    """From JSON text, or from the file of that name. Raises pydantic.ValidationError, OSError."""
    text = text_or_path if text_or_path.lstrip().startswith("{") else Path(text_or_path).read_text()
    return MachineConfig.model_validate_json(text)
