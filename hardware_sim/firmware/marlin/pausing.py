"""M0, M1, M125, M600, M108, M876, M412: waiting for a person, and filament that ran out.

Source: Marlin 2.1 feature/pause.cpp, feature/runout.cpp, lcd/marlinui.cpp, gcode/lcd/M0_M1.cpp, gcode/feature/pause,
defaults of Configuration_adv.h ADVANCED_PAUSE_FEATURE. A machine without prompts has a display, whose knob goes on as
M108 does.
"""

from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING

from hardware_sim.firmware.marlin import heating, motion, words
from hardware_sim.firmware.marlin.hostui import Reason
from hardware_sim.firmware.planner import Point
from hardware_sim.firmware.waits import Execution, Motion, Person
from hardware_sim.firmware.witness import EpisodeKind

if TYPE_CHECKING:
    from hardware_sim.firmware.marlin.machine import Marlin

PARK_RAISE_MM = 20.0
PARK_INSET_MM = 10.0
PARK_RAISE_MIN_MM = 2.0
PARK_XY_MM_S = 100.0
PARK_Z_MM_S = 5.0
RETRACT_S = 2.0 / 60.0
"""PAUSE_PARK_RETRACT_LENGTH at PAUSE_PARK_RETRACT_FEEDRATE, seconds of physics."""
UNLOAD_S = 17.5
"""13 mm back, 5 s to cool, 21 mm forth, 100 mm out at 10 mm/s; seconds of physics."""
PURGE_MM = 50.0
PURGE_MM_S = 3.0
NOZZLE_TIMEOUT_S = 90.0
"""PAUSE_PARK_NOZZLE_TIMEOUT, real seconds."""


class MenuEntry(StrEnum):
    """What the display offers while a print is under way."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


class Attention:
    """What a person is waited for, and whether the runout switch is heeded."""

    def __init__(self) -> None:
        self.awaited = False
        self.paused = False
        self.sensor_on = True
        self.host_handles = False
        self.tripped = False
        """The runout was told already."""
        self.printing = False
        """The print timer runs; without it the switch isn't heeded."""
        self.awaits_choice = False
        self.choice: int | None = None
        """The button chosen after a purge: 0 purges more, 1 goes on."""

    def choose(self, button: int | None) -> None:
        """None: a choice is waited for."""
        self.choice = button
        self.awaits_choice = button is None

    def satisfied(self) -> bool:
        """Whether the person waited for has spoken."""
        return not self.awaited and not self.awaits_choice

    def ended(self) -> None:
        """A new look at the switch."""
        self.tripped = False


def answered(machine: "Marlin") -> None:
    """M108, the knob, or an answer to a prompt that asks to go on."""
    machine.attention.awaited = False


def pressed(machine: "Marlin") -> None:
    """The knob answers the purge menu too, which M108 doesn't."""
    machine.attention.choose(1)
    answered(machine)


def choose(machine: "Marlin", entry: MenuEntry) -> None:
    """The display's menu while a host prints: the firmware does nothing itself, it tells the host."""
    match entry:
        case MenuEntry.PAUSE:
            machine.host.tell_paused()
            machine.host.action("pause")
        case MenuEntry.RESUME:
            answered(machine)
            machine.host.action("resume")
            machine.attention.printing = True
        case MenuEntry.STOP:
            machine.host.action("cancel")
            machine.attention.printing = False
            machine.host.tell("UI Aborted")


def start_timer(machine: "Marlin", _: list[str]) -> None:
    machine.attention.printing = True


def stop_timer(machine: "Marlin", _: list[str]) -> None:
    machine.attention.printing = False


def respond(machine: "Marlin", button: int) -> None:
    """M876: the number of the button that was chosen."""
    match machine.host.answered():
        case Reason.USER_CONTINUE:
            answered(machine)
        case Reason.FILAMENT_RUNOUT:
            machine.attention.choose(button)
            if button == 1 and machine.attention.tripped:
                machine.attention.sensor_on = False
                machine.attention.ended()
        case _:
            return


def prompt_response(machine: "Marlin", parts: list[str]) -> None:
    """M876 from the queue: with an emergency parser it has been carried out on arrival."""
    given = words.read(parts)
    if "S" in given and not machine.config.emergency_parser:
        respond(machine, int(given["S"]))


def check_runout(machine: "Marlin") -> None:
    """Looks at the switch, after filament was moved."""
    attention = machine.attention
    heeded = attention.sensor_on and not attention.tripped and not attention.paused
    if not (machine.config.runout_sensor and heeded and attention.printing):
        return
    attention.tripped = True
    machine.host.ask(Reason.FILAMENT_RUNOUT, "FilamentRunout T0")
    if attention.host_handles:
        machine.host.action("filament_runout T0")
        machine.host.action("pause filament_runout 0")
    else:
        machine.host.action("paused filament_runout 0")
        machine.inject_command("M600")


def runout(machine: "Marlin", parts: list[str]) -> None:
    """M412."""
    given, attention = words.read(parts), machine.attention
    if not {"R", "S", "H"} & given.keys():
        handling = f" ; Host handling {_on(attention.host_handles)}" if machine.config.host_actions else ""
        machine.out += f"echo:Filament runout {_on(attention.sensor_on)}{handling}\n".encode()
        return
    attention.host_handles = bool(given.get("H", attention.host_handles))
    if "R" in given or "S" in given:
        attention.ended()
    attention.sensor_on = bool(given.get("S", attention.sensor_on))


def _on(value: bool) -> str:
    return "ON" if value else "OFF"


def stop(machine: "Marlin", parts: list[str], name: str) -> Execution:
    """M0, M1: until somebody goes on, or for P milliseconds or S seconds."""
    first = next((at for at, part in enumerate(parts) if not part[1:2].strip("+-.").isdigit()), len(parts))
    given, text = words.read(parts[:first]), " ".join(parts[first:])
    wait_s = given.get("S", given.get("P", 0.0) / 1000.0)
    yield Motion.STILL
    if text and machine.config.prompt_support:
        machine.out += f"echo:{text}\n".encode("latin-1", "replace")
    machine.host.ask_to_continue(text or f"{name} Stop")
    yield from _person(machine, machine.now + wait_s if wait_s else inf)


def _person(machine: "Marlin", until: float = inf) -> Execution:
    machine.attention.awaited = True
    yield Person(until)
    machine.attention.awaited = False


def park(machine: "Marlin", parts: list[str]) -> Execution:
    """M125."""
    if machine.attention.paused:
        return
    place = machine.axes.position
    yield from _pause(machine, words.read(parts))
    yield from _confirm(machine, "{} to resume")
    yield from _resume(machine, place)


def change_filament(machine: "Marlin", parts: list[str]) -> Execution:
    """M600."""
    if machine.attention.paused:
        return
    place = machine.axes.position
    yield from _pause(machine, words.read(parts))
    yield from _warm(machine)
    yield machine.now + UNLOAD_S / machine.speed
    yield from _confirm(machine, "Insert filament and {}")
    yield from _warm(machine)
    yield from _purge(machine)
    yield from _resume(machine, place)


def _purge(machine: "Marlin") -> Execution:
    """load_filament(): through the nozzle, until a menu or a prompt says that it is enough."""
    attention = machine.attention
    other = "DisableRunout" if attention.tripped else "Continue"
    attention.choose(0)
    while attention.choice == 0:
        yield machine.now + PURGE_MM / PURGE_MM_S / machine.speed
        machine.feed.turn(PURGE_MM)
        machine.host.ask(Reason.FILAMENT_RUNOUT, "Paused", "PurgeMore", other)
        attention.choose(None)
        yield Person()
    machine.host.end()


def _pause(machine: "Marlin", given: dict[str, float]) -> Execution:
    machine.host.action("paused")
    machine.host.tell("Pause")
    machine.attention.paused = True
    yield Motion.STILL
    axes = machine.axes
    if machine.hotend.temperature(machine.now) >= motion.HOT_C:
        yield machine.now + RETRACT_S / machine.speed
    if axes.homed:
        x, y, z = axes.position
        up = max(given.get("Z", PARK_RAISE_MM), min(z + PARK_RAISE_MIN_MM, axes.size[2]))
        aside = (given.get("X", PARK_INSET_MM), given.get("Y", axes.size[1] - PARK_INSET_MM), up)
        yield from _travel(machine, (x, y, up), PARK_Z_MM_S)
        yield from _travel(machine, aside, PARK_XY_MM_S)


def _travel(machine: "Marlin", target: Point, speed_mm_s: float) -> Execution:
    """A move of the firmware's own, at its own speed, to its end."""
    axes = machine.axes
    if axes.position == target:
        return
    feed, scale = axes.feed, axes.feed_scale
    axes.feed, axes.feed_scale = speed_mm_s, 1.0
    machine.active(EpisodeKind.JOB)
    machine.planner.add(axes.block(target, 0.0), machine.now)
    axes.feed, axes.feed_scale = feed, scale
    yield Motion.STILL


def _warm(machine: "Marlin") -> Execution:
    """ensure_safe_temperature(): no filament is moved cold."""
    hotend = machine.hotend
    if hotend.target_c < motion.HOT_C:
        heating.set_target(machine, hotend, motion.HOT_C)
    while not heating.is_there(hotend, machine.now) and hotend.temperature(machine.now) < hotend.target_c:
        yield heating.next_look(hotend, machine.now)


def _confirm(machine: "Marlin", wish: str) -> Execution:
    """wait_for_confirmation(): after a while the nozzle gets no more power until somebody asks for it."""
    title = "Nozzle Parked"
    while True:
        machine.out += _say(machine, wish)
        machine.host.ask_to_continue(title)
        timeout_at = machine.now + NOZZLE_TIMEOUT_S
        machine.attention.awaited = True
        yield Person(timeout_at)
        if not machine.attention.awaited:
            return
        machine.hotend.rest(machine.now, resting=True)
        machine.retime()
        machine.out += _say(machine, "{} to heat nozzle")
        machine.host.ask(Reason.USER_CONTINUE, "Heater Timeout", "Reheat")
        yield from _person(machine)
        machine.host.ask(Reason.INFO, "Reheating...")
        machine.hotend.rest(machine.now, resting=False)
        machine.retime()
        yield from _warm(machine)
        title = "Reheat Done"


def _say(machine: "Marlin", wish: str) -> bytes:
    text = wish.format("send M108" if machine.config.emergency_parser else "press button")
    return f"echo:{text[0].upper()}{text[1:]}\n".encode()


def _resume(machine: "Marlin", place: Point) -> Execution:
    axes = machine.axes
    yield from _warm(machine)
    yield machine.now + 2 * RETRACT_S / machine.speed
    if axes.homed:
        yield from _travel(machine, (place[0], place[1], axes.position[2]), PARK_XY_MM_S)
        yield from _travel(machine, place, PARK_Z_MM_S)
    machine.host.action("resumed")
    machine.attention.paused = False
    machine.host.tell("Resuming")
    machine.attention.ended()
