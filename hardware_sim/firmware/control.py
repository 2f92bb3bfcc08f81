"""Carries out what a person does to a machine: commands as JSON lines on a Unix socket.

Each line is an object with `command` (`hardware_sim.firmware.acts`), and is answered by one line:
`{"ok": true, …}` or `{"ok": false, "error": …}`.
"""

import json
from dataclasses import asdict
from math import inf
from typing import assert_never

from pydantic import ValidationError

from hardware_sim.firmware import acts
from hardware_sim.firmware.config import Kind, misfit
from hardware_sim.firmware.firmware import Firmware
from hardware_sim.firmware.grbl.machine import Grbl
from hardware_sim.firmware.marlin.machine import Marlin
from hardware_sim.firmware.sheet import Sheet
from hardware_sim.hosts.control import (
    ButtonRefused,
    Hands,
    HangHost,
    PlugSerial,
    Press,
    RestartHost,
    UnplugSerial,
    obey,
)

UNTIL_PLUGGED_S = 0.0

Reply = dict[str, object]


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
            act = acts.COMMAND.validate_json(line)
            reply, out = self._carry_out(act, now)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            reply, out = {"ok": False, "error": f"{where}: {first['msg']}"}, b""
        except (NotThisMachine, ButtonRefused) as error:
            reply, out = {"ok": False, "error": str(error)}, b""
        return json.dumps(reply).encode() + b"\n", out

    def _carry_out(self, act: acts.Command, now: float) -> tuple[Reply, bytes]:
        firmware = self.firmware
        match act:
            case acts.LoadSpool() | acts.FitNozzle() | acts.Choose():
                if not isinstance(firmware, Marlin):
                    raise NotThisMachine(f"{act.command}: a router has none")
                return {"ok": True}, self._at_printer(firmware, act, now)
            case (
                acts.LoadSheet()
                | acts.FitTool()
                | acts.LayProbePlate()
                | acts.TakeProbePlate()
                | acts.OpenDoor()
                | acts.CloseDoor()
            ):
                if not isinstance(firmware, Grbl):
                    raise NotThisMachine(f"{act.command}: a printer takes no sheets, and has no tool, plate or door")
                return {"ok": True, "bed": firmware.witness.bed}, self._at_router(firmware, act, now)
            case acts.Unplug() | acts.Plug() | UnplugSerial() | PlugSerial() | Press() | HangHost() | RestartHost():
                self._reach(act)
                return {"ok": True}, b""
            case _:
                return self._at_any(firmware, act, now)

    def _reach(self, command: acts.AtCable) -> None:
        """What is done to the cables and to the host."""
        match command:
            case acts.Unplug() if self.host is not None:
                self.host.unplug()
            case acts.Plug() if self.host is not None:
                self.host.plug()
            case acts.Unplug() | UnplugSerial():
                self.firmware.unplug_s = UNTIL_PLUGGED_S
            case acts.Plug() | PlugSerial():
                self.plug_asked = True
            case Press() | HangHost() | RestartHost():
                if self.host is None:
                    raise NotThisMachine(f"{command.command}: this machine is behind no host")
                obey(command, self.host)
            case _:
                assert_never(command)

    def _at_any(self, firmware: Firmware, act: acts.AtAny, now: float) -> tuple[Reply, bytes]:
        reply: Reply = {"ok": True}
        out = b""
        match act:
            case acts.Summary():
                firmware.book(now)
                reply.update(self._summary())
            case acts.InjectFault(fault=fault):
                if problem := misfit(fault.kind, Kind.GRBL if isinstance(firmware, Grbl) else Kind.MARLIN):
                    raise NotThisMachine(problem)
                out = firmware.inject(fault.fault(), now)
            case acts.Reset():
                out = firmware.recover(now)
            case acts.ClearBed():
                reply["bed"] = firmware.clear_bed(now)
            case acts.PressButton():
                out = firmware.press_button(now)
            case acts.Expect():
                firmware.wanted = act.model_dump(exclude={"command"}, exclude_none=True)
            case acts.SomebodyThere(until_s=until_s):
                firmware.book(now)
                firmware.witness.presence.somebody(now + until_s if until_s else inf)
            case acts.NobodyThere():
                firmware.book(now)
                firmware.witness.presence.nobody()
            case _:
                assert_never(act)
        return reply, out

    def _at_printer(self, printer: Marlin, act: acts.AtPrinter, now: float) -> bytes:
        match act:
            case acts.LoadSpool(material=material, colour=colour, grams=grams):
                self.loaded = {"material": material, "colour": colour, "grams": grams}
                printer.load_spool(material, colour, grams, now)
                printer.witness.note("spool_loaded", now, **self.loaded)
            case acts.FitNozzle(diameter_mm=diameter_mm):
                printer.fit_nozzle(diameter_mm, now)
                printer.witness.note("nozzle_fitted", now, nozzle_mm=diameter_mm)
            case acts.Choose(entry=entry):
                return printer.choose(entry, now)
            case _:
                assert_never(act)
        return b""

    def _at_router(self, router: Grbl, act: acts.AtRouter, now: float) -> bytes:
        match act:
            case acts.LoadSheet():
                sheet = Sheet(act.x, act.y, act.z_top, act.width, act.depth, act.thickness)
                router.load_sheet(sheet, now, act.material)
                self.loaded = {**asdict(sheet), "material": act.material}
                self._note_sheet(router, now)
            case acts.FitTool(length_mm=length_mm, diameter_mm=diameter_mm):
                router.fit_tool(length_mm, diameter_mm, now)
                router.witness.note("tool_fitted", now, length_mm=length_mm, diameter_mm=diameter_mm)
                if self.loaded:
                    self._note_sheet(router, now)
            case acts.LayProbePlate(thickness_mm=thickness_mm):
                router.lay_probe_plate(thickness_mm, now)
            case acts.TakeProbePlate():
                router.take_probe_plate(now)
            case acts.OpenDoor():
                return router.open_door(now)
            case acts.CloseDoor():
                return router.close_door(now)
            case _:
                assert_never(act)
        return b""

    def _note_sheet(self, router: Grbl, now: float) -> None:
        details: dict[str, str | int | float] = {**self.loaded, "tool_diameter": router.table.tool.diameter_mm}
        router.witness.note("sheet_loaded", now, bed=router.witness.bed, **details)

    def _summary(self) -> Reply:
        witness = self.firmware.witness
        episode = witness.episode
        return {
            "state": self.firmware.state(),
            "faulted": witness.faulted,
            "bed": witness.bed,
            "episode": None if episode is None else asdict(episode),
            "counters": asdict(witness.counters),
            "loaded": self.loaded,
            "details": self.firmware.details(),
            "faults_waiting": [fault.as_json() for fault in self.firmware.mishaps.pending()],
        }
