"""One file through every verb of the command line, as a stranger would: nothing is imported, only run."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_LIMITS = ROOT / "rigs" / "limits"
_DRAWINGS = frozenset({".dxf", ".svg"})
_WORK_ZERO = "-595,-395,-20"
"""Machine position of the sheet's low corner, upper side: rigs/limits/grbl.toml has 600 × 400 × 80 mm below 0."""
_LONGEST_S = 600.0

Entry = dict[str, Any]
"""One entry of what `--json` prints; docs/corpus.md is all that is made of it."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one verb answered for one file."""

    verb: str
    exit: int
    entry: Entry

    @property
    def reason(self) -> str:
        return str(self.entry.get("reason", ""))


@dataclass(slots=True)
class Journey:
    """How far one file came."""

    path: Path
    unit_given: str = ""
    """Empty: the file said it."""
    steps: dict[str, Step] = field(default_factory=dict)

    @property
    def drawing(self) -> bool:
        return self.path.suffix.lower() in _DRAWINGS


def travel(path: Path, folder: Path) -> Journey:
    """measure, printability, slice or cut, check, estimate; ends at the first that can't go on.

    A file that doesn't say its unit is asked for it, and gets what its makers meant: pixels in SVG, mm elsewhere.
    """
    journey = Journey(path)
    unit: tuple[str, ...] = ()
    first = _ask("measure", path)
    if first.exit == 2 and "unit" in first.reason:
        journey.unit_given = "px" if path.suffix.lower() == ".svg" else "mm"
        unit = ("--unit", journey.unit_given)
        first = _ask("measure", path, *unit)
    journey.steps["measure"] = first
    if first.exit:
        return journey
    process = "laser" if journey.drawing else "fdm"
    journey.steps["printability"] = _ask("printability", path, *unit, "--process", process)
    made = _ask("cut" if journey.drawing else "slice", path, *unit, "--out", str(folder))
    journey.steps["make"] = made
    if made.exit:
        return journey
    program = folder / f"{path.stem}{'.nc' if journey.drawing else '.gcode'}"
    limits = _LIMITS / ("grbl.toml" if journey.drawing else "marlin.toml")
    where = (f"--offset={_WORK_ZERO}",) if journey.drawing else ()
    journey.steps["check"] = _ask("check", program, "--limits", str(limits), *where)
    journey.steps["estimate"] = _ask("estimate", program)
    return journey


def _ask(verb: str, path: Path, *more: str) -> Step:
    command = [sys.executable, "-m", "slicer_bridge", verb, str(path), *more, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
    if not done.stdout:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode} and no answer: {done.stderr[-400:]}")
    return Step(verb, done.returncode, json.loads(done.stdout)[0])
