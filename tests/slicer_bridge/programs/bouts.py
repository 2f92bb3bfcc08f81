"""A judge against the firmwares that read the same lines: what passes the one must be right to all of the others."""

import pickle
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Protocol

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


def new_checker(limits: MachineLimits, offset: Offset) -> ProgramChecker:
    return ProgramChecker(limits, offset if limits.dialect is Dialect.GRBL else None)


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
        self.checker = new_checker(self.limits, self.offset)
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

    def snapshot(self) -> bytes:
        """The same situation, to be gone on with many times over; lines are counted together."""
        out = BytesIO()
        _Pickler(out, protocol=5).dump(self)
        return out.getvalue()


_kept: dict[int, object] = {}


def _kept_object(number: int) -> object:
    return _kept[number]


class _Pickler(pickle.Pickler):
    """Limits and tallies are not copied."""

    def reducer_override(self, obj: object) -> Any:
        if isinstance(obj, (MachineLimits, Tally)):
            _kept[id(obj)] = obj
            return _kept_object, (id(obj),)
        return NotImplemented


def again(snapshot: bytes) -> Bout:
    bout = pickle.loads(snapshot)
    assert isinstance(bout, Bout)
    return bout
