"""`python -m broker.scheduling pack FILE.json [--seconds S] [--rotate] [--seed N] [--json OUT]`: parts on plates.

Where the file speaks of sheets or offcuts they are cut from these.
"""

import argparse
import sys
import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, PositiveInt, ValidationError
from pydantic_core import from_json

from broker.scheduling.errors import SchedulingError
from broker.scheduling.files.outlines import Length, Outlined, Point, shape
from broker.scheduling.files.sheets_file import Left, Row, SheetsFile, sheets_answer
from broker.scheduling.nesting.bed import Bed
from broker.scheduling.nesting.nest import Nest
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.nesting.packing import Packed, packed
from broker.scheduling.rotation import turned
from broker.scheduling.shapes import Floats, Shape
from broker.scheduling.sheets.check import check
from broker.scheduling.sheets.solve import solve
from broker.scheduling.stopping import AfterSeconds, Stop
from broker.scheduling.validate import MAX_MM

MOST_PIECES = 100_000
SECONDS = 20.0
"""For everything from the file to the answer."""


class _Part(Outlined):
    quantity: PositiveInt = 1


class _PackFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    plate: tuple[Length, Length]
    spacing: FiniteFloat = Field(default=0.0, ge=0, le=MAX_MM)
    forbidden: list[list[Point]] = []
    """Polygons on the plate that no part may overlap."""
    parts: list[_Part]


class _Answer(BaseModel):
    plates: list[list[Row]]
    left_out: list[Left]
    """Parts that fit no plate."""
    bound: int
    """No answer has fewer plates."""


def add_pack(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The sub-command and its options."""
    pack = commands.add_parser("pack", help="parts on as few plates, or from as cheap sheets, as can be found")
    pack.add_argument("file", type=Path)
    pack.add_argument("--seconds", type=_seconds, default=SECONDS, help="until the answer")
    pack.add_argument("--rotate", action="store_true", help="parts may be turned on plates; on sheets the grain says")
    pack.add_argument("--seed", type=int, default=1)
    pack.add_argument("--json", type=Path, help="write the plates there, not to the terminal")
    pack.set_defaults(run=_run)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds")
    return seconds


def _run(given: argparse.Namespace) -> int:
    """Exit code: 0, or 2 where the file can't be read or is wrong."""
    stop = AfterSeconds(given.seconds, time.monotonic)
    try:
        answer = _answered(given.file.read_bytes(), given, stop)
    except (OSError, ValidationError, SchedulingError) as error:
        print(f"{given.file}: {error}", file=sys.stderr)  # noqa: T201 - a command's own words
        return 2
    text = answer.model_dump_json(indent=1)
    if given.json:
        given.json.write_text(text)
    else:
        print(text)  # noqa: T201 - a command's own answer
    return 0


def _answered(content: bytes, given: argparse.Namespace, stop: Stop) -> BaseModel:
    """Raises ValidationError, SchedulingError."""
    if _speaks_of_sheets(content):
        sheets = SheetsFile.model_validate_json(content)
        problem = sheets.problem()
        result = solve(problem, stop, given.seed)
        check(problem, result)
        return sheets_answer(sheets, result)
    file = _PackFile.model_validate_json(content)
    shapes, corners = _read(file)
    nester = Nester(shapes, None if given.rotate else (0.0,))
    pieces = {row: part.quantity for row, part in enumerate(file.parts)}
    return _answer(file, packed(nester, _bed(file), pieces, stop, given.seed), corners)


def _speaks_of_sheets(content: bytes) -> bool:
    try:
        found = from_json(content)
    except ValueError:
        return False
    return isinstance(found, dict) and not found.keys().isdisjoint({"sheets", "offcuts"})


def _answer(file: _PackFile, found: Packed, corners: list[Floats]) -> _Answer:
    width, depth = file.plate
    reason = f"larger than the plate, {width:g} × {depth:g} mm, at every angle it may take"
    return _Answer(
        plates=[_rows(file, nest, corners) for nest in found.nests],
        left_out=[Left(id=file.parts[s].id, quantity=n, reason=reason) for s, n in found.refused.items()],
        bound=found.bound,
    )


def _rows(file: _PackFile, nest: Nest, corners: list[Floats]) -> list[Row]:
    rows = []
    for row, (x, y, angle_deg) in zip(nest.shape, nest.at.tolist(), strict=True):
        # The file's own coordinates are turned about their origin, not about the part's corner.
        dx, dy = turned(corners[row], angle_deg).tolist()
        rows.append(Row(id=file.parts[row].id, x=x - dx, y=y - dy, angle_deg=angle_deg))
    return rows


def _bed(file: _PackFile) -> Bed:
    for number, zone in enumerate(file.forbidden):
        shape(f"forbidden zone {number}", zone)
    width, depth = file.plate
    return Bed(width, depth, 1.0, file.spacing, tuple(tuple(zone) for zone in file.forbidden))


def _read(file: _PackFile) -> tuple[list[Shape], list[Floats]]:
    """The parts' shapes, and where the low corner of each lies in its own coordinates."""
    if sum(part.quantity for part in file.parts) > MOST_PIECES:
        raise SchedulingError(f"over {MOST_PIECES} pieces at once")
    read = [shape(f"part {part.id!r}", part.points("part")) for part in file.parts]
    return [one for one, _ in read], [corner for _, corner in read]
