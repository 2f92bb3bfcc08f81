"""What a Marlin was built with, by its own word. Pure. Source: Marlin 2.1 `M115.cpp`; what isn't reported is absent."""

from dataclasses import dataclass, field

from drivers.marlin.answers import Capability, Firmware, UnknownCommand


@dataclass
class Abilities:
    firmware: str = ""
    machine: str = ""
    extruders: int = 1
    advanced_ok: bool = False
    """Its `ok` names the line and the planner's free blocks."""
    _reported: dict[str, bool] = field(default_factory=dict)
    _unknown: list[str] = field(default_factory=list)

    def take(self, told: Firmware | Capability | UnknownCommand) -> None:
        match told:
            case Firmware(name, machine, extruders):
                self.firmware, self.machine, self.extruders = name, machine, extruders
            case Capability(name, enabled):
                self._reported[name] = enabled
            case UnknownCommand(line):
                self._unknown.append(line)

    def has(self, name: str) -> bool:
        return self._reported.get(name, False)

    def knows(self, code: str) -> bool:
        """Asked for once, it did not call it unknown."""
        return not any(line.startswith(code) for line in self._unknown)

    def details(self) -> tuple[str, ...]:
        """For people, what matters most first."""
        named = sorted(name for name, enabled in self._reported.items() if enabled)
        return (
            self._protection(),
            "a stop overtakes whatever it does (EMERGENCY_PARSER)"
            if self.has("EMERGENCY_PARSER")
            else "NO EMERGENCY PARSER: a stop is heeded once the firmware reads its port again",
            *([f"machine: {self.machine}"] if self.machine else []),
            f"extruders: {self.extruders}",
            "progress by executed lines (ADVANCED_OK)" if self.advanced_ok else "progress by acknowledged lines",
            "can leave out objects (M486)" if self.knows("M486") else "can't leave out objects (no M486)",
            f"has {', '.join(named)}" if named else "reports no capabilities",
        )

    def dangers(self) -> tuple[str, ...]:
        return () if self.has("THERMAL_PROTECTION") else (self._protection(),)

    def _protection(self) -> str:
        match self._reported.get("THERMAL_PROTECTION"):
            case True:
                return "thermal protection: on"
            case False:
                return "THERMAL PROTECTION IS OFF: a loose sensor can set it on fire; don't leave it alone"
            case None:
                return "thermal protection: it doesn't say"
