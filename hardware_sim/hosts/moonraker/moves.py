"""Klipper's gcode_move: where the program has led the tool, in which modes; and the move that the board is to make.

Source: klippy/extras/gcode_move.py, klippy/kinematics/cartesian.py (limits), klippy/kinematics/extruder.py.
The board itself is kept in absolute positions and relative extrusion, so that left-out moves leave no trace.
"""

from dataclasses import dataclass, field, replace

from hardware_sim.hosts.moonraker.gcode import Command, GcodeError

Volume = tuple[float, float, float]
BOARD_MODES = ("G90", "M83")


@dataclass(slots=True)
class Modes:
    """mm and mm/s."""

    position: list[float] = field(default_factory=lambda: [0.0] * 4)
    base: list[float] = field(default_factory=lambda: [0.0] * 4)
    absolute: bool = True
    absolute_extrude: bool = True
    speed: float = 25.0
    speed_factor: float = 1.0
    extrude_factor: float = 1.0


class Moves:
    def __init__(self, volume_mm: Volume) -> None:
        self.volume_mm = volume_mm
        self.modes = Modes()
        self.homed = False
        self._saved: dict[str, Modes] = {}

    def save(self, name: str) -> None:
        modes = self.modes
        self._saved[name] = replace(modes, position=list(modes.position), base=list(modes.base))

    def restore(self, name: str) -> list[float]:
        """Back to the saved modes; returns where the tool was then. Raises GcodeError."""
        if name not in self._saved:
            raise GcodeError(f"Unknown g-code state: {name}")
        saved, now = self._saved[name], self.modes.position
        base = list(saved.base)
        base[3] += now[3] - saved.position[3]
        self.modes = replace(saved, position=list(now), base=base)
        return list(saved.position)

    def home(self) -> None:
        self.homed = True
        self.modes.position[:3] = [0.0] * 3
        self.modes.base[:3] = [0.0] * 3

    def set_origin(self, command: Command) -> None:
        """G92."""
        given = {axis: command.number(axis) for axis in "XYZE" if axis in command.parameters}
        for axis, index in zip("XYZE", range(4), strict=True):
            if axis in given or not given:
                self.modes.base[index] = self.modes.position[index] - given.get(axis, 0.0)

    def target(self, command: Command) -> list[float]:
        """Where this move leads; also takes over its feed. Raises GcodeError."""
        modes = self.modes
        target = list(modes.position)
        for index, axis in enumerate("XYZE"):
            if axis not in command.parameters:
                continue
            value = command.number(axis) * (modes.extrude_factor if axis == "E" else 1.0)
            relative = not modes.absolute or (axis == "E" and not modes.absolute_extrude)
            target[index] = value + (modes.position[index] if relative else modes.base[index])
        if "F" in command.parameters:
            modes.speed = command.number("F") / 60.0
        return target

    def check(self, target: list[float]) -> None:
        """Raises GcodeError for what the kinematics refuse."""
        if target[:3] == self.modes.position[:3]:
            return
        if not self.homed:
            raise GcodeError("Must home axis first: {:.3f} {:.3f} {:.3f} [{:.3f}]".format(*target))
        if any(not 0.0 <= value <= most for value, most in zip(target, self.volume_mm, strict=False)):
            raise GcodeError("Move out of range: {:.3f} {:.3f} {:.3f} [{:.3f}]".format(*target))

    def board_move(self, command: Command, target: list[float]) -> str:
        """The line that has the board do it."""
        x, y, z, e = target
        extruded = e - self.modes.position[3]
        feed = self.modes.speed * 60.0 * self.modes.speed_factor
        words = [command.name, f"X{x:.4f}", f"Y{y:.4f}", f"Z{z:.4f}"]
        words += [f"{axis}{command.number(axis):.4f}" for axis in "IJ" if axis in command.parameters]
        if extruded:
            words.append(f"E{extruded:.5f}")
        return " ".join([*words, f"F{feed:.1f}"])
