"""The last look at a program before it may start: the very file, within the limits, where the work's zero really is."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from slicer_bridge.programs.blocks import BlockSpan
from slicer_bridge.programs.check import ProgramChecker, check_program
from slicer_bridge.programs.limits import MachineLimits

Offset = tuple[float, float, float]


class ProgramRefused(Exception):
    """The program may not run on this machine as it stands; the text says why."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """`lines` as the file has them: progress counts comments and blanks too."""

    lines: tuple[str, ...]
    checker: ProgramChecker
    offset: Offset | None = None
    blocks: tuple[BlockSpan, ...] = ()

    def anew(self, limits: MachineLimits) -> ProgramChecker:
        """A checker that has seen no line."""
        return ProgramChecker(limits, self.offset, self.blocks)


def load_program(
    path: Path, sha256: str, limits: MachineLimits, offset: Offset | None, blocks: tuple[BlockSpan, ...] = ()
) -> Loaded:
    """Raises ProgramRefused."""
    try:
        data = path.read_bytes()
        verdict = check_program(path, limits, offset, blocks)
    except OSError as error:
        raise ProgramRefused(f"the program can't be read: {error}") from error
    except ValueError as error:
        raise ProgramRefused(f"its blocks are wrong: {error}") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ProgramRefused("the program is not the one that was staged: its SHA-256 differs")
    if not verdict.ok:
        first = verdict.findings[0]
        raise ProgramRefused(f"line {first.line}: {first.reason}")
    lines = tuple(line.rstrip("\r") for line in data.decode("latin-1").removesuffix("\n").split("\n"))
    return Loaded(lines, ProgramChecker(limits, offset, blocks), offset, blocks)
