"""Programs that go wrong, many times over, each line of them before a judge and the firmwares."""

from random import Random

from slicer_bridge.programs.check import ProgramChecker
from slicer_bridge.programs.limits import Dialect
from tests.slicer_bridge.programs.bouts import Bout, Tally
from tests.slicer_bridge.programs.mutations import mutated, rearranged
from tests.slicer_bridge.programs.specimens import OFFSET, Specimen

_TRIES = 12
_AFTER = 6
_MOST_LINES = 400


def lines_go_wrong(specimen: Specimen, random: Random, lines: int) -> Tally:
    """At places all over a program one line is another one, and what follows goes on from there. Raises Beaten."""
    total = Tally()
    while total.lines < lines:
        total += _once_through(specimen, random)
    return total


def _once_through(specimen: Specimen, random: Random) -> Tally:
    """Once along the program: more often at its beginning and end."""
    bout, count = Bout(specimen.limits, OFFSET), len(specimen.lines)
    chance = min(1.0, 60 / count)
    for at, line in enumerate(specimen.lines):
        if at < 25 or at > count - 12 or random.random() < chance:
            for _ in range(_TRIES):
                _try(bout.branch(), mutated(random, line, specimen.limits.dialect), specimen.lines[at : at + _AFTER])
        assert bout.feed(line) is None, f"{specimen.name}: {line}"
    return bout.tally


def _try(bout: Bout, line: str, after: tuple[str, ...]) -> None:
    bout.tally.mutants += 1
    for one in (line, *after):
        if bout.feed(one) is not None:
            return


def programs_go_wrong(specimen: Specimen, random: Random, lines: int) -> Tally:
    """Programs with lines left out, swapped, put in: up to the first refusal, or to the end. Raises Beaten."""
    total = Tally()
    while total.lines < lines:
        bout = Bout(specimen.limits, OFFSET)
        bout.tally.mutants += 1
        short = shortened(specimen, random)
        for line in rearranged(random, list(short), specimen.limits.dialect):
            if bout.feed(line) is not None:
                break
        else:
            bout.finish()
        total += bout.tally
    return total


def shortened(specimen: Specimen, random: Random) -> tuple[str, ...]:
    """Beginning, a stretch from the middle that still passes, and end."""
    lines = specimen.lines
    if len(lines) <= _MOST_LINES:
        return lines
    return lines[: _MOST_LINES // 2 + random.randrange(_MOST_LINES // 2)] + lines[-60:]


def passes(specimen: Specimen) -> str:
    """Why the judge refuses a program; empty if it doesn't."""
    router = specimen.limits.dialect is Dialect.GRBL
    checker = ProgramChecker(specimen.limits, OFFSET if router else None)
    for number, line in enumerate(specimen.lines, 1):
        if reason := checker.feed(line):
            return f"{specimen.name} line {number} {line!r}: {reason}"
    return "; ".join(checker.finish())
