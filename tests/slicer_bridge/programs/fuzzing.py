"""Programs that go wrong, many times over, each line of them before a judge and the firmwares."""

from pathlib import Path
from random import Random

from slicer_bridge.programs.check import check_by_line
from tests.slicer_bridge.programs.bouts import Bout, Tally, again, new_checker
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
            snapshot = bout.snapshot()
            for _ in range(_TRIES):
                _try(again(snapshot), mutated(random, line, specimen.limits.dialect), specimen.lines[at : at + _AFTER])
        assert bout.feed(line) is None, f"{specimen.name}: {line}"
    return bout.tally


def _try(bout: Bout, line: str, after: tuple[str, ...]) -> None:
    bout.tally.mutants += 1
    for one in (line, *after):
        if bout.feed(one) is not None:
            return


def programs_go_wrong(specimen: Specimen, random: Random, lines: int, folder: Path | None = None) -> Tally:
    """Programs with lines left out, swapped, put in: up to the first refusal, or to the end. Raises Beaten.

    With a folder every fourth of them is judged by compiled code too, which must come to the same.
    """
    total = Tally()
    while total.lines < lines:
        bout = Bout(specimen.limits, OFFSET)
        bout.tally.mutants += 1
        mutant = rearranged(random, list(shortened(specimen, random)), specimen.limits.dialect)
        for line in mutant:
            if bout.feed(line) is not None:
                break
        else:
            bout.finish()
        if folder is not None and bout.tally.lines % 4 == 0:
            _both_ways(specimen, mutant, folder / "mutant")
        total += bout.tally
    return total


def _both_ways(specimen: Specimen, lines: list[str], path: Path) -> None:
    from slicer_bridge.programs.quick import check_quickly

    path.write_bytes("\n".join(lines).encode("latin-1", "replace"))
    checkers = [new_checker(specimen.limits, OFFSET) for _ in range(2)]
    slow, quick = check_by_line(path, checkers[0]), check_quickly(path, checkers[1], specimen.limits)
    assert (quick.findings, quick.refused, quick.end) == (slow.findings, slow.refused, slow.end), lines


def shortened(specimen: Specimen, random: Random) -> tuple[str, ...]:
    """Beginning, a stretch from the middle that still passes, and end."""
    lines = specimen.lines
    if len(lines) <= _MOST_LINES:
        return lines
    return lines[: _MOST_LINES // 2 + random.randrange(_MOST_LINES // 2)] + lines[-60:]


def passes(specimen: Specimen) -> str:
    """Why the judge refuses a program; empty if it doesn't."""
    checker = new_checker(specimen.limits, OFFSET)
    for number, line in enumerate(specimen.lines, 1):
        if reason := checker.feed(line):
            return f"{specimen.name} line {number} {line!r}: {reason}"
    return "; ".join(checker.finish())
