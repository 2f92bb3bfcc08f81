"""One simulated machine as a process, and what a person's hands do to it."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from hardware_sim.faults import Fault
from hardware_sim.firmware.config import Kind, MachineConfig, PrinterConfig, RouterConfig
from hardware_sim.network.processes import Processes, python
from hardware_sim.network.towns import SimMachine

_ANSWER_S = 20.0


class HandRefused(RuntimeError):
    """The simulated machine refused what the rig's hands tried."""


class Summary(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    state: str
    faulted: bool
    bed: int
    loaded: dict[str, str | float]
    counters: dict[str, float]
    details: dict[str, str | float | bool | None]


@dataclass(frozen=True, slots=True)
class MachineProcess:
    """`folder` holds the machine's own log and truth; `port` is where a driver opens it."""

    machine: SimMachine
    shop: str
    folder: Path
    port: Path
    control: Path

    @property
    def name(self) -> str:
        return self.machine.name

    def start(self, processes: Processes, speed: float) -> None:
        config = MachineConfig(
            name=self.name,
            firmware=Kind(self.machine.firmware),
            port=self.port,
            folder=self.folder,
            control=self.control,
            speed=speed,
            printer=PrinterConfig(volume_mm=self.machine.volume_mm, cancel_objects=self.machine.skips_objects),
            router=RouterConfig(travel_mm=self.machine.volume_mm, tool_diameter_mm=self.machine.tool_mm),
        )
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        text = config.model_dump_json()
        processes.start(f"machine-{self.name}", python("hardware_sim.firmware", "serve", text), talk=True)

    def _ask(self, **command: object) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(_ANSWER_S)
            link.connect(str(self.control))
            link.sendall(json.dumps(command).encode() + b"\n")
            with link.makefile("rb") as answers:
                answer = answers.readline()
        if not json.loads(answer)["ok"]:
            raise HandRefused(f"{self.name}: {json.loads(answer)['error']}")
        return answer

    def summary(self) -> Summary:
        """How it stands; all truth up to now is in its files afterwards."""
        return Summary.model_validate_json(self._ask(command="summary"))

    def clear_bed(self) -> None:
        self._ask(command="clear_bed")

    def reset(self) -> None:
        """Put right what failed and press the reset button."""
        self._ask(command="reset")

    def load_spool(self, material: str, grams: float = 1000.0) -> None:
        self._ask(command="load_spool", material=material, grams=grams)

    def fit_nozzle(self, diameter_mm: float) -> None:
        self._ask(command="fit_nozzle", diameter_mm=diameter_mm)

    def fit_tool(self, longer_mm: float) -> None:
        """The machine's own tool, standing out so much further than when the work zero was set."""
        length_mm = RouterConfig().tool_length_mm + longer_mm
        self._ask(command="fit_tool", length_mm=length_mm, diameter_mm=self.machine.tool_mm)

    def press_cycle_start(self) -> None:
        """What goes on with a router that was held because nobody was there."""
        self._ask(command="press_button")

    def expect(self, **wanted: str | float) -> None:
        """What the plate wants on the machine."""
        self._ask(command="expect", **wanted)

    def somebody_there(self) -> None:
        self._ask(command="somebody_there")

    def nobody_there(self) -> None:
        self._ask(command="nobody_there")

    def load_sheet(
        self, corner_mm: tuple[float, float, float], size_mm: tuple[float, float, float], material: str
    ) -> None:
        """Clamp a sheet; `corner_mm` is its low corner with its top surface, in machine coordinates."""
        (x, y, z_top), (width, depth, thickness) = corner_mm, size_mm
        self._ask(
            command="load_sheet",
            x=x,
            y=y,
            z_top=z_top,
            width=width,
            depth=depth,
            thickness=thickness,
            material=material,
        )

    def break_it(self, fault: Fault) -> None:
        self._ask(command="fault", fault=fault.as_json())
