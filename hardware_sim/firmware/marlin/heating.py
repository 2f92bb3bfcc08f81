"""M104, M105, M109, M140, M155, M190. Source: Marlin 2.1 gcode/temp, module/temperature.cpp wait_for_hotend()."""

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from hardware_sim.firmware.heater import Heater
from hardware_sim.firmware.marlin import reports, words
from hardware_sim.firmware.waits import Execution
from hardware_sim.firmware.witness import EpisodeKind

if TYPE_CHECKING:
    from hardware_sim.firmware.marlin.machine import Marlin

RESIDENCY_S = 10.0
"""TEMP_RESIDENCY_TIME: seconds of physics at the target before a wait ends."""
CLOSE_C = 1.0
"""TEMP_WINDOW."""


@dataclass(slots=True)
class HeatReport:
    """What a waiting M109 or M190 prints each second."""

    reached_at: float
    broken_off: bool = False

    def line(self, hotend: Heater, bed: Heater, now: float, speed: float) -> bytes:
        left = "?"
        if now >= self.reached_at:
            left = str(max(0, int(RESIDENCY_S - (now - self.reached_at) * speed)))
        return b" " + reports.temperatures(hotend, bed, now) + f" W:{left}\n".encode()


def set_target(machine: "Marlin", heater: Heater, target_c: float) -> None:
    if target_c > heater.kind.max_target_c:
        machine.witness.counters.over_temperature += 1
    if target_c > 0:
        machine.active(EpisodeKind.JOB)
    elif heater.target_c > 0 and machine.witness.episode is not None:
        machine.witness.episode.last = machine.now
    heater.set_target(target_c, machine.now)
    if machine.hotend.target_c <= 0 and machine.bed.target_c <= 0:
        machine.attention.printing = False
    machine.retime()


def _wait(machine: "Marlin", heater: Heater, given: dict[str, float]) -> Execution:
    target_c = given.get("R", given.get("S"))
    if target_c is not None:
        set_target(machine, heater, target_c)
        machine.attention.printing = machine.attention.printing or target_c > 0
    cools = "R" in given
    if heater.target_c <= 0 or (not cools and heater.temperature(machine.now) >= heater.target_c):
        return
    report = HeatReport(heater.settled_at)
    machine.runner.heat_report = report
    while not report.broken_off and not is_there(heater, machine.now):
        report.reached_at = heater.settled_at
        yield next_look(heater, machine.now)
    if not report.broken_off:
        yield report.reached_at + RESIDENCY_S / machine.speed


def next_look(heater: Heater, now: float) -> float:
    """When to look again whether it has arrived; inf: it never will by itself."""
    return heater.settled_at if heater.settled_at > now else inf


def is_there(heater: Heater, now: float) -> bool:
    """A heater that has failed meanwhile settles too, but elsewhere."""
    return now >= heater.settled_at and abs(heater.temperature(now) - heater.target_c) < CLOSE_C


def set_hotend(machine: "Marlin", parts: list[str]) -> None:
    if (target := words.read(parts).get("S")) is not None:
        set_target(machine, machine.hotend, target)


def set_bed(machine: "Marlin", parts: list[str]) -> None:
    if (target := words.read(parts).get("S")) is not None:
        set_target(machine, machine.bed, target)


def wait_hotend(machine: "Marlin", parts: list[str]) -> Execution:
    return _wait(machine, machine.hotend, words.read(parts))


def wait_bed(machine: "Marlin", parts: list[str]) -> Execution:
    return _wait(machine, machine.bed, words.read(parts))


def report(machine: "Marlin", _: list[str]) -> None:
    """`ok T:…` is the acknowledgement itself."""
    machine.out += b"ok " + reports.temperatures(machine.hotend, machine.bed, machine.now) + b"\n"
    machine.runner.acknowledged = True


def autoreport(machine: "Marlin", parts: list[str]) -> None:
    machine.heat_reports.every(words.read(parts).get("S", 0.0), machine.now)
    machine.retime()
