"""Reads `tests/transcripts`, as described in its README; the simulated firmware replays the same files."""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "transcripts"


@dataclass(frozen=True)
class Step:
    """`side` is `>` (host), `<` (machine), `@` (time passes) or `!` (a fault)."""

    side: str
    data: bytes


def transcript(name: str) -> list[Step]:
    steps: list[Step] = []
    for line in (FOLDER / f"{name}.txt").read_text().splitlines():
        side, _, text = line.partition(" ")
        if side not in ("<", ">", "@", "!"):
            continue
        data = text.encode("latin-1").decode("unicode_escape").encode("latin-1")
        if side == "<" and steps and steps[-1].side == "<":
            data = steps.pop().data + data
        steps.append(Step(side, data))
    return steps


def names(firmware: str) -> list[str]:
    return sorted(path.stem for path in FOLDER.glob(f"{firmware}_*.txt"))


def said_by_machine(name: str) -> bytes:
    return b"".join(step.data for step in transcript(name) if step.side == "<")
