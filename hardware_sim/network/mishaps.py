"""What the rig breaks on purpose, from one seed: at least one run fails and at least one piece is scrap.

A run that fails makes another one necessary, so the second mishap always finds a run to happen in.
"""

import threading
from dataclasses import dataclass, field
from random import Random

from hardware_sim.faults import After, Fault, FaultKind
from hardware_sim.network.api import PlateSeen
from hardware_sim.network.machine import MachineProcess

ISLANDS = 100
NOISE_LINES = (50, 400)


@dataclass(frozen=True, slots=True)
class Mishap:
    kind: str
    machine: str
    detail: str


@dataclass(slots=True)
class Mishaps:
    """Asked by every operator, each in a thread of its own."""

    seed: int
    breaks: bool = True
    happened: list[Mishap] = field(default_factory=list)
    _random: Random = field(init=False)
    _prints: list[FaultKind] = field(init=False)
    _cuts: list[FaultKind] = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._prints = [FaultKind.DETACH, FaultKind.THERMAL_RUNAWAY] if self.breaks else []
        self._cuts = [FaultKind.HARD_LIMIT] if self.breaks else []
        self._random.shuffle(self._prints)

    def at_set_up(self, machine: MachineProcess, plate: PlateSeen) -> tuple[Fault, ...]:
        """What is to go wrong in the run that was just set up."""
        with self._lock:
            faults = self._cut() if plate.document.process == "cut2d" else self._print(plate)
            self.happened += [Mishap(fault.kind, machine.name, _words(fault)) for fault in faults]
            return faults

    def expect(self, prints: bool) -> None:
        """Where nothing is printed, the first cut always fails; else with every second seed."""
        with self._lock:
            if prints and self._random.random() < 0.5:
                self._cuts.clear()

    def _print(self, plate: PlateSeen) -> tuple[Fault, ...]:
        if not self.breaks:
            return ()
        lowest_mm = min(part.height_mm for part in plate.document.parts)
        height_mm = round(lowest_mm * self._random.uniform(0.3, 0.7), 2)
        noise = Fault(FaultKind.CORRUPT_BYTE, after=After.LINE, at=self._random.randint(*NOISE_LINES))
        if not self._prints:
            return (noise,) if self._random.random() < 0.5 else ()
        kind = self._prints.pop()
        if kind is FaultKind.DETACH:
            island = self._random.randrange(ISLANDS)
            return (Fault(kind, after=After.HEIGHT_MM, at=height_mm, island=island), noise)
        return (Fault(kind, after=After.HEIGHT_MM, at=height_mm),)

    def _cut(self) -> tuple[Fault, ...]:
        if not self._cuts:
            return ()
        return (Fault(self._cuts.pop(), after=After.MOVES, at=self._random.randint(20, 120)),)


def _words(fault: Fault) -> str:
    return f"after {fault.at:g} {fault.after.replace('_', ' ')}"
