"""A judge against the firmwares that read the same lines: what passes the one must be right to all of the others."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Protocol

from slicer_bridge.programs.check import ProgramChecker
from slicer_bridge.programs.limits import Dialect, MachineLimits
from tests.slicer_bridge.programs.firmwares.body import Machine
from tests.slicer_bridge.programs.firmwares.grbl import LEFTOVERS, Grbl
from tests.slicer_bridge.programs.firmwares.klipper import Klipper
from tests.slicer_bridge.programs.firmwares.marlin import BUILDS, Marlin

Offset = tuple[float, float, float]


class Firmware(Protocol):
    limits: MachineLimits
    body: Machine

    def read(self, line: str) -> list[str]: ...

    def finish(self) -> list[str]: ...


def firmwares(limits: MachineLimits, offset: Offset) -> list[Firmware]:
    match limits.dialect:
        case Dialect.MARLIN:
            return [Marlin(limits, build) for build in BUILDS]
        case Dialect.KLIPPER:
            return [Klipper(limits), Klipper(limits, skipping=True, corner=1)]
        case Dialect.GRBL:
            return [Grbl(limits, offset, leftover) for leftover in LEFTOVERS]


class Beaten(AssertionError):
    """A line passed the judge that some firmware takes for something forbidden."""


@dataclass
class Tally:
    lines: int = 0
    refused: int = 0
    mutants: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.lines + other.lines, self.refused + other.refused, self.mutants + other.mutants)


@dataclass
class Bout:
    """One judge and the firmwares behind it. After the first refusal it is over: nothing more would be sent."""

    limits: MachineLimits
    offset: Offset = (0.0, 0.0, 0.0)
    tally: Tally = field(default_factory=Tally)
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.checker = ProgramChecker(self.limits, self.offset if self.limits.dialect is Dialect.GRBL else None)
        self.firmwares = firmwares(self.limits, self.offset)

    def feed(self, line: str) -> str | None:
        """Why the judge refuses the line. Raises Beaten."""
        self.tally.lines += 1
        self.seen = [*self.seen[-5:], line]
        reason = self.checker.feed(line)
        if reason is not None:
            self.tally.refused += 1
            return reason
        for firmware in self.firmwares:
            if wrong := firmware.read(line):
                raise Beaten(
                    f"{self.limits.dialect} passed {line!r}: {wrong[0]} ({firmware!r:.400}); before: {self.seen!r}"
                )
        return None

    def finish(self) -> None:
        """The program is over. Raises Beaten."""
        if self.checker.finish():
            return
        for firmware in self.firmwares:
            if left := firmware.finish():
                raise Beaten(f"{self.limits.dialect} passed an end with {left} on; before: {self.seen!r}")

    def branch(self) -> "Bout":
        """The same situation once more; lines are counted together."""
        shared: list[object] = [self.limits, self.tally, *(firmware.limits for firmware in self.firmwares)]
        shared += [firmware.body.limits for firmware in self.firmwares]
        return deepcopy(self, {id(one): one for one in shared})
