"""What Klipper's commands do: one method a group, found in a table.

Source: docs/G-Codes.md, klippy/extras/ of the same names. Macros are the ones that the printer's owner has installed.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NoReturn, Protocol

from hardware_sim.hosts.board import Board
from hardware_sim.hosts.disk import Disk
from hardware_sim.hosts.moonraker.exclude import ExcludeObject
from hardware_sim.hosts.moonraker.gcode import Command, GcodeError, parsed
from hardware_sim.hosts.moonraker.macros import Macros, expanded
from hardware_sim.hosts.moonraker.moves import Moves, Volume
from hardware_sim.hosts.moonraker.sdcard import VirtualSd

RECOVER_SPEED = 50.0
"""mm/s back to where a pause was."""
PAUSE_STATE = "PAUSE_STATE"
HEATERS = {"extruder": "M104", "heater_bed": "M140"}
PASSED_ON = frozenset({"G4", "M18", "M84", "M104", "M106", "M107", "M140", "M400"})
ACCEPTED = frozenset({"G17", "G21", "T0", "M82.1", "M110", "M204", "M205", "SET_VELOCITY_LIMIT", "SET_IDLE_TIMEOUT"})

Handler = Callable[[Command], Awaitable[None]]


class Machine(Protocol):
    """What commands need of Klippy."""

    board: Board

    @property
    def respond(self) -> Callable[[str], None]: ...

    def refuse_cold_extrusion(self) -> NoReturn:
        """The board was asked to extrude and is too cold for it. Raises GcodeError, or BoardGone after a shutdown."""
        ...


class Interpreter:
    """One run of Klipper's software: forgotten at a restart."""

    def __init__(
        self, machine: Machine, disk: Disk, volume_mm: Volume, group: asyncio.TaskGroup, macros: Macros
    ) -> None:
        self.mutex = asyncio.Lock()
        self.moves = Moves(volume_mm)
        self.exclude = ExcludeObject()
        self.sd = VirtualSd(disk, self.run, self.run, self.mutex)
        self.progress: float | None = None
        """As M73 says, 0 to 1."""
        self.shown = ""
        self.fan = 0.0
        self.busy_since: float | None = None
        self.busy_until = 0.0
        """Steady clock, s; when the last command was done."""
        self._machine = machine
        self._macros = macros
        self._group = group
        self._handlers: dict[str, Handler] = {
            **dict.fromkeys(("G0", "G1", "G2", "G3"), self._move),
            "G28": self._home,
            "BED_MESH_CALIBRATE": self._probe_bed,
            "G92": self._set_origin,
            "M105": self._tell_temperatures,
            "M109": self._wait_for_heater,
            "M190": self._wait_for_heater,
            "M114": self._tell_position,
            "M115": self._tell_version,
            "SET_HEATER_TEMPERATURE": self._set_heater,
            "TURN_OFF_HEATERS": self._turn_off_heaters,
            "SDCARD_PRINT_FILE": self._print_file,
            "SDCARD_RESET_FILE": self._reset_file,
            "PAUSE": self._pause,
            "RESUME": self._resume,
            "CANCEL_PRINT": self._cancel,
        }

    async def run(self, line: str) -> None:
        """Raises GcodeError, BoardGone, BoardRestarted."""
        command = parsed(line)
        if command is None:
            return
        if self.busy_since is None or time.monotonic() - self.busy_until > 0.5:
            self.busy_since = time.monotonic()
        handler = self._handlers.get(command.name)
        if command.name in self._macros:
            for step in expanded(self._macros[command.name], command):
                await self.run(step)
        elif handler is not None:
            await handler(command)
        elif not self._at_the_host(command):
            await self._pass_on(command)
        self.busy_until = time.monotonic()

    async def _send(self, line: str) -> list[str]:
        return await self._machine.board.send(line)

    async def _pass_on(self, command: Command) -> None:
        if command.name in PASSED_ON:
            await self._send(command.text)
            if command.name in ("M18", "M84"):
                self.moves.homed = False
            if command.name in ("M106", "M107"):
                self.fan = min(1.0, command.number("S", 255.0) / 255.0) if command.name == "M106" else 0.0
        elif command.name not in ACCEPTED:
            self._machine.respond(f'// Unknown command:"{command.name}"')

    # Kept at the host.

    def _at_the_host(self, command: Command) -> bool:
        return self._changes_modes(command) or self._tells_of_the_print(command)

    def _changes_modes(self, command: Command) -> bool:
        modes = self.moves.modes
        match command.name:
            case "G90" | "G91":
                modes.absolute = command.name == "G90"
            case "M82" | "M83":
                modes.absolute_extrude = command.name == "M82"
            case "M220":
                modes.speed_factor = max(0.01, command.number("S", 100.0) / 100.0)
            case "M221":
                modes.extrude_factor = max(0.01, command.number("S", 100.0) / 100.0)
            case "SAVE_GCODE_STATE":
                self.moves.save(command.parameters.get("NAME", "default"))
            case _:
                return False
        return True

    def _tells_of_the_print(self, command: Command) -> bool:
        stats = self.sd.stats
        match command.name:
            case "M73":
                self.progress = min(1.0, max(0.0, command.number("P", 0.0) / 100.0))
            case "M117":
                self.shown = command.text[4:].strip()
            case "SET_PRINT_STATS_INFO":
                stats.total_layer = int(command.number("TOTAL_LAYER", stats.total_layer or 0)) or None
                stats.current_layer = int(command.number("CURRENT_LAYER", stats.current_layer or 0))
            case "EXCLUDE_OBJECT_DEFINE":
                self.exclude.define(command)
            case "EXCLUDE_OBJECT_START":
                self.exclude.start(command)
            case "EXCLUDE_OBJECT_END":
                self.exclude.end()
            case "EXCLUDE_OBJECT":
                self._machine.respond(f"// {self.exclude.exclude(command)}")
            case "CLEAR_PAUSE":
                self.sd.clear_pause()
            case _:
                return False
        return True

    # Motion.

    async def _move(self, command: Command) -> None:
        target = self.moves.target(command)
        await self._go_to(command, target)

    async def _go_to(self, command: Command, target: list[float]) -> None:
        self.moves.check(target)
        extruded = target[3] - self.moves.modes.position[3]
        if target != self.moves.modes.position and not self.exclude.leaves_out:
            said = await self._send(self.moves.board_move(command, target))
            if any("cold extrusion" in line for line in said):
                self._machine.refuse_cold_extrusion()
            self.sd.stats.extruded(extruded)
        self.moves.modes.position = target

    async def _home(self, _: Command) -> None:
        await self._send("G28")
        self.moves.home()

    async def _probe_bed(self, _: Command) -> None:
        """Raises GcodeError before homing, as bed_mesh does."""
        if not self.moves.homed:
            raise GcodeError("Must home axis first")
        await self._send("G29")

    async def _set_origin(self, command: Command) -> None:
        self.moves.set_origin(command)

    # Heat.

    async def _wait_for_heater(self, command: Command) -> None:
        await self._send(command.text)
        await self._send("M105")

    async def _set_heater(self, command: Command) -> None:
        heater = command.text_of("HEATER")
        if heater not in HEATERS:
            raise GcodeError(f"The value '{heater}' is not valid for HEATER")
        await self._send(f"{HEATERS[heater]} S{command.number('TARGET', 0.0):.1f}")
        await self._send("M105")

    async def _turn_off_heaters(self, _: Command) -> None:
        for line in ("M104 S0", "M140 S0", "M105"):
            await self._send(line)

    # What it tells.

    async def _tell_temperatures(self, _: Command) -> None:
        heat = self._machine.board.temperatures
        self._machine.respond(f"B:{heat.bed:.1f} /{heat.bed_target:.1f} T0:{heat.hotend:.1f} /{heat.hotend_target:.1f}")

    async def _tell_position(self, _: Command) -> None:
        position = self.moves.modes.position
        self._machine.respond("X:{:.3f} Y:{:.3f} Z:{:.3f} E:{:.3f}".format(*position))

    async def _tell_version(self, _: Command) -> None:
        self._machine.respond("FIRMWARE_VERSION:v0.13.0 FIRMWARE_NAME:Klipper")

    # The print.

    async def _print_file(self, command: Command) -> None:
        name = command.text_of("FILENAME")
        self.sd.print_file(name, self._group)
        self.exclude.reset()
        self.progress = None

    async def _reset_file(self, _: Command) -> None:
        await self.sd.reset_file()
        self.exclude.reset()

    async def _pause(self, _: Command) -> None:
        if not await self.sd.pause():
            self._machine.respond("// Print already paused")
            return
        self.moves.save(PAUSE_STATE)

    async def _resume(self, _: Command) -> None:
        if not self.sd.is_paused:
            self._machine.respond("// Print is not paused, resume aborted")
            return
        place = self.moves.restore(PAUSE_STATE)
        back = [*place[:3], self.moves.modes.position[3]]
        speed, self.moves.modes.speed = self.moves.modes.speed, RECOVER_SPEED
        await self._go_to(Command("G1", "G1", {}), back)
        self.moves.modes.speed = speed
        self.sd.resume(self._group)

    async def _cancel(self, _: Command) -> None:
        await self.sd.cancel()
