"""The commands that a person, or the rig in a person's place, has at a machine: JSON objects with `command`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, TypeAdapter

from hardware_sim.firmware.config import FaultConfig
from hardware_sim.firmware.marlin.pausing import MenuEntry
from hardware_sim.hosts.control import HostCommand


class _Act(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Summary(_Act):
    """Counters, the episode under way, what is loaded. All truth up to now is in the files when it answers."""

    command: Literal["summary"]


class InjectFault(_Act):
    """Something is to go wrong, at once or later."""

    command: Literal["fault"]
    fault: FaultConfig


class Reset(_Act):
    """A person puts right what failed and presses the machine's reset button."""

    command: Literal["reset"]


class ClearBed(_Act):
    """A person takes everything off the bed; answers with the number of the bed that was closed."""

    command: Literal["clear_bed"]


class Unplug(_Act):
    """The cable by which others reach the machine comes off: its serial port's, or its host's network."""

    command: Literal["unplug"]


class Plug(_Act):
    """A person puts the cable back."""

    command: Literal["plug"]


class Expect(_Act):
    """What the next jobs' plate wants; a job that begins with anything else is logged and counted as mismatched."""

    command: Literal["expect"]
    material: str | None = None
    colour: str | None = None
    nozzle_mm: PositiveFloat | None = None
    tool_mm: PositiveFloat | None = None
    thickness_mm: PositiveFloat | None = None


class SomebodyThere(_Act):
    """Somebody is at the machine for so many seconds from now; 0: until told otherwise."""

    command: Literal["somebody_there"]
    until_s: NonNegativeFloat = 0.0


class NobodyThere(_Act):
    """Everybody has left."""

    command: Literal["nobody_there"]


# Printers.


class LoadSpool(_Act):
    """A person hangs a spool on, threads it, and frees what was jammed."""

    command: Literal["load_spool"]
    material: str
    colour: str = ""
    grams: PositiveFloat = 1000.0


class FitNozzle(_Act):
    """A person screws another nozzle in."""

    command: Literal["fit_nozzle"]
    diameter_mm: PositiveFloat


class PressButton(_Act):
    """A person presses the printer's knob, or a router's cycle start: whatever waits for a person goes on."""

    command: Literal["press_button"]


class Choose(_Act):
    """A person chooses `pause`, `resume` or `stop` in the printer's display; the firmware tells its host."""

    command: Literal["choose"]
    entry: MenuEntry


# Routers.


class LoadSheet(_Act):
    """A person clamps a sheet; its lower left front corner and its top in machine coordinates, mm."""

    command: Literal["load_sheet"]
    x: float
    y: float
    z_top: float
    width: PositiveFloat
    depth: PositiveFloat
    thickness: PositiveFloat
    material: str = ""


class FitTool(_Act):
    """A person changes the tool: how far it stands out of the spindle's nose, and how thick it is, mm."""

    command: Literal["fit_tool"]
    length_mm: PositiveFloat
    diameter_mm: PositiveFloat


class LayProbePlate(_Act):
    """A person lays a contact plate under the tool, on the sheet if there is one, and clips the wire on."""

    command: Literal["lay_probe_plate"]
    thickness_mm: NonNegativeFloat


class TakeProbePlate(_Act):
    """A person takes the plate and its wire away."""

    command: Literal["take_probe_plate"]


class OpenDoor(_Act):
    """A person opens the router's door; only a machine with a switch notices."""

    command: Literal["open_door"]


class CloseDoor(_Act):
    """A person closes it again."""

    command: Literal["close_door"]


AtPrinter = LoadSpool | FitNozzle | Choose
AtRouter = LoadSheet | FitTool | LayProbePlate | TakeProbePlate | OpenDoor | CloseDoor
AtAny = Summary | InjectFault | Reset | ClearBed | Expect | SomebodyThere | NobodyThere | PressButton
AtCable = Unplug | Plug | HostCommand
Command = Annotated[AtPrinter | AtRouter | AtAny | AtCable, Field(discriminator="command")]
COMMAND: TypeAdapter[Command] = TypeAdapter(Command)
