"""What a person, or the rig in a person's place, does to a machine: commands as JSON lines on a Unix socket.

Each line is an object with `command`, and is answered by one line: `{"ok": true, …}` or `{"ok": false, "error": …}`.
"""

import json
from dataclasses import asdict
from typing import Annotated, Literal, assert_never

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, TypeAdapter, ValidationError

from hardware_sim.firmware.config import FaultConfig
from hardware_sim.firmware.firmware import Firmware
from hardware_sim.firmware.grbl.machine import Grbl
from hardware_sim.firmware.panel import energy
from hardware_sim.firmware.sheet import Sheet
from hardware_sim.hosts.control import (
    ButtonRefused,
    Hands,
    HangHost,
    HostCommand,
    PlugSerial,
    Press,
    RestartHost,
    UnplugSerial,
    obey,
)

UNTIL_PLUGGED_S = 0.0

Reply = dict[str, object]


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Summary(_Command):
    """Counters, the episode under way, what is loaded. All truth up to now is in the files when it answers."""

    command: Literal["summary"]


class InjectFault(_Command):
    """Something is to go wrong, at once or later."""

    command: Literal["fault"]
    fault: FaultConfig


class Reset(_Command):
    """A person puts right what failed and presses the machine's reset button."""

    command: Literal["reset"]


class ClearBed(_Command):
    """A person takes everything off the bed; answers with the number of the bed that was closed."""

    command: Literal["clear_bed"]


class LoadSheet(_Command):
    """A person clamps a sheet; its lower left front corner and its top in machine coordinates, mm."""

    command: Literal["load_sheet"]
    x: float
    y: float
    z_top: float
    width: PositiveFloat
    depth: PositiveFloat
    thickness: PositiveFloat
    material: str = ""


class LoadSpool(_Command):
    """A person puts a spool on the printer."""

    command: Literal["load_spool"]
    material: str
    colour: str = ""
    grams: PositiveFloat = 1000.0


class Unplug(_Command):
    """The cable by which others reach the machine comes off: its serial port's, or its host's network."""

    command: Literal["unplug"]


class Plug(_Command):
    """A person puts the cable back."""

    command: Literal["plug"]


Command = Annotated[
    Summary | InjectFault | Reset | ClearBed | LoadSheet | LoadSpool | Unplug | Plug | HostCommand,
    Field(discriminator="command"),
]
_ADAPTER: TypeAdapter[Command] = TypeAdapter(Command)


class NotThisMachine(Exception):
    """The command makes no sense on this machine."""


class Bench:
    """Carries out commands on one machine. `out` is what the firmware has to say to them, for the port."""

    def __init__(self, firmware: Firmware, host: Hands | None = None) -> None:
        self.firmware = firmware
        self.host = host
        self.loaded: dict[str, str | float] = {}
        self.plug_asked = False

    def answer(self, line: bytes, now: float) -> tuple[bytes, bytes]:
        """The reply's line, and bytes for the port."""
        try:
            command = _ADAPTER.validate_json(line)
            reply, out = self._carry_out(command, now)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            reply, out = {"ok": False, "error": f"{where}: {first['msg']}"}, b""
        except (NotThisMachine, ButtonRefused) as error:
            reply, out = {"ok": False, "error": str(error)}, b""
        return json.dumps(reply).encode() + b"\n", out

    def _carry_out(self, command: Command, now: float) -> tuple[Reply, bytes]:
        firmware = self.firmware
        reply: Reply = {"ok": True}
        out = b""
        match command:
            case Summary():
                reply.update(self._summary(now))
            case InjectFault(fault=fault):
                out = firmware.inject(fault.fault(), now)
            case Reset():
                out = firmware.recover(now)
            case ClearBed():
                reply["bed"] = firmware.clear_bed(now)
            case LoadSheet():
                self._load_sheet(command, now)
                reply["bed"] = firmware.witness.bed
            case LoadSpool(material=material, colour=colour, grams=grams):
                self.loaded = {"material": material, "colour": colour, "grams": grams}
                firmware.witness.note("spool_loaded", now, **self.loaded)
            case Unplug() | Plug() | UnplugSerial() | PlugSerial() | Press() | HangHost() | RestartHost():
                self._reach(command)
            case _:
                assert_never(command)
        return reply, out

    def _reach(self, command: Unplug | Plug | HostCommand) -> None:
        """What is done to the cables and to the host."""
        match command:
            case Unplug() if self.host is not None:
                self.host.unplug()
            case Plug() if self.host is not None:
                self.host.plug()
            case Unplug() | UnplugSerial():
                self.firmware.unplug_s = UNTIL_PLUGGED_S
            case Plug() | PlugSerial():
                self.plug_asked = True
            case Press() | HangHost() | RestartHost():
                if self.host is None:
                    raise NotThisMachine(f"{command.command}: this machine is behind no host")
                obey(command, self.host)
            case _:
                assert_never(command)

    def _load_sheet(self, c: LoadSheet, now: float) -> None:
        if not isinstance(self.firmware, Grbl):
            raise NotThisMachine("load_sheet: a printer takes no sheets")
        sheet = Sheet(c.x, c.y, c.z_top, c.width, c.depth, c.thickness)
        self.firmware.load_sheet(sheet, now)
        self.loaded = {**asdict(sheet), "material": c.material}
        details: dict[str, str | int | float] = {**self.loaded, "tool_diameter": self.firmware.config.tool_diameter_mm}
        self.firmware.witness.note("sheet_loaded", now, bed=self.firmware.witness.bed, **details)

    def _summary(self, now: float) -> Reply:
        witness = self.firmware.witness
        episode = witness.episode
        return {
            "state": self.firmware.state(),
            "faulted": witness.faulted,
            "bed": witness.bed,
            "episode": None if episode is None else asdict(episode),
            "counters": asdict(witness.counters),
            "loaded": self.loaded,
            "energy": energy(self.firmware, now),
            "faults_waiting": [fault.as_json() for fault in self.firmware.mishaps.pending()],
        }
