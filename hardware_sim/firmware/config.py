"""What one simulated machine is: read from the JSON that `python -m hardware_sim.firmware serve` is given."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator

from hardware_sim.faults import BYTE_FAULTS, PERSON_FAULTS, PRINTER_FAULTS, ROUTER_FAULTS, After, Fault, FaultKind


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


class Flavour(StrEnum):
    """Which of Grbl's family a router runs."""

    GRBL = "grbl"
    """Grbl 1.1h."""
    GRBLHAL = "grblhal"
    FLUIDNC = "fluidnc"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FaultConfig(_Strict):
    kind: FaultKind
    job: int = Field(default=0, ge=0)
    after: After | None = None
    at: float = Field(default=0.0, ge=0.0)
    island: int = Field(default=0, ge=0)
    reconnect_s: float = 2.0
    amount: float | None = None

    def fault(self) -> Fault:
        after = self.after or (After.LINE if self.kind in BYTE_FAULTS else After.SECONDS)
        return Fault(self.kind, self.job, after, self.at, self.island, self.reconnect_s, self.amount)


class PrinterConfig(_Strict):
    """A Marlin printer; bed coordinates begin at the front left corner."""

    volume_mm: tuple[PositiveFloat, PositiveFloat, PositiveFloat] = (250.0, 210.0, 210.0)
    machine_type: str = "Simulated printer"
    resend: Resend = Resend.OK
    advanced_ok: bool = False
    emergency_parser: bool = True
    host_actions: bool = False
    """HOST_ACTION_COMMANDS: `//action:…`."""
    prompt_support: bool = False
    """HOST_PROMPT_SUPPORT; needs `host_actions`."""
    cancel_objects: bool = False
    """CANCEL_OBJECTS: M486."""
    runout_sensor: bool = False
    """FILAMENT_RUNOUT_SENSOR, a switch, with M600 as its script."""
    macros: dict[str, str] = {}
    """Of a Klipper printer, by name: lines in which `{params.NAME}` stands for what the call gives."""
    rx_bytes: Annotated[int, Field(ge=16)] = 128
    """What the receive buffer holds while the command queue is full; more is lost, as on a UART."""

    @model_validator(mode="after")
    def _prompts_are_actions(self) -> Self:
        if self.prompt_support and not self.host_actions:
            raise ValueError("prompt_support needs host_actions: a prompt is a host action")
        return self


class RouterConfig(_Strict):
    """A Grbl router; machine coordinates run from -travel to 0, home is at the far corner, up."""

    travel_mm: tuple[PositiveFloat, PositiveFloat, PositiveFloat] = (600.0, 400.0, 80.0)
    flavour: Flavour = Flavour.GRBL
    homing: bool = True
    laser: bool = False
    """A beam where the spindle was, `$32=1`."""
    door_switch: bool = False
    """ENABLE_SAFETY_DOOR_INPUT_PIN: without it only the byte 0x84 opens the door."""
    line_numbers: bool = False
    """USE_LINE_NUMBERS; grblHAL has it always."""
    tool_diameter_mm: PositiveFloat = 3.175
    tool_length_mm: PositiveFloat = 30.0
    """How far the first tool stands out of the spindle's nose."""
    probe_z_mm: float | None = None
    """A contact plate lies under the tool from the first; its height as the machine counts when it is switched on."""
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

    @model_validator(mode="after")
    def _faults_fit(self) -> Self:
        for fault in self.faults:
            if problem := misfit(fault.kind, self.firmware):
                raise ValueError(problem)
        return self


def misfit(kind: FaultKind, firmware: Kind) -> str:
    """Why such a machine can't have this fault; empty if it can."""
    if kind in PERSON_FAULTS:
        return f"{kind}: people do this, so the rig's operator must be told, not the machine"
    if kind in (ROUTER_FAULTS if firmware is Kind.MARLIN else PRINTER_FAULTS):
        return f"{kind}: a {firmware} machine can't have this fault"
    return ""


def read_config(text_or_path: str) -> MachineConfig:
    """From JSON text, or from the file of that name. Raises pydantic.ValidationError, OSError."""
    text = text_or_path if text_or_path.lstrip().startswith("{") else Path(text_or_path).read_text()
    return MachineConfig.model_validate_json(text)
