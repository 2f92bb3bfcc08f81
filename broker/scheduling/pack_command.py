"""`python -m broker.scheduling pack FILE.json [--seconds S] [--rotate] [--seed N] [--json OUT]`: parts on plates."""

import argparse
import sys
import time
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, PositiveInt, ValidationError

from broker.scheduling.errors import SchedulingError
from broker.scheduling.nesting.bed import Bed
from broker.scheduling.nesting.nest import Nest
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.nesting.packing import Packed, packed
from broker.scheduling.rotation import turned
from broker.scheduling.shapes import Floats, Pose, Shape
from broker.scheduling.stopping import AfterSeconds
from broker.scheduling.validate import MAX_MM, check_shape

MOST_PIECES = 100_000
SECONDS = 20.0
"""For everything from the file to the answer."""
Length = Annotated[float, Field(gt=0, le=MAX_MM, allow_inf_nan=False)]
Point = tuple[FiniteFloat, FiniteFloat]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    polygon: list[Point] | None = None
    size: tuple[Length, Length] | None = None
    quantity: PositiveInt = 1

    def points(self) -> list[Point]:
        if (self.polygon is None) == (self.size is None):
            raise SchedulingError(f"part {self.id!r}: give a polygon or a size, one of both")
        if self.size is not None:
            width, depth = self.size
            return [(0.0, 0.0), (width, 0.0), (width, depth), (0.0, depth)]
        return self.polygon or []


class _PackFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    plate: tuple[Length, Length]
    spacing: FiniteFloat = Field(default=0.0, ge=0, le=MAX_MM)
    forbidden: list[list[Point]] = []
    """Polygons on the plate that no part may overlap."""
    parts: list[_Part]


class _Row(BaseModel):
    id: str
    x: float
    y: float
    angle_deg: float


class _Left(BaseModel):
    id: str
    quantity: int
    reason: str


class _Answer(BaseModel):
    plates: list[list[_Row]]
    left_out: list[_Left]
    """Parts that fit no plate."""
    bound: int
    """No answer has fewer plates."""


def add_pack(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The sub-command and its options."""
    pack = commands.add_parser("pack", help="parts on as few plates as can be found")
    pack.add_argument("file", type=Path)
    pack.add_argument("--seconds", type=_seconds, default=SECONDS, help="until the answer")
    pack.add_argument("--rotate", action="store_true", help="parts may be turned")
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
        file = _PackFile.model_validate_json(given.file.read_bytes())
        shapes, corners = _read(file)
        nester = Nester(shapes, None if given.rotate else (0.0,))
        pieces = {shape: part.quantity for shape, part in enumerate(file.parts)}
        answer = _answer(file, packed(nester, _bed(file), pieces, stop, given.seed), corners)
    except (OSError, ValidationError, SchedulingError) as error:
        print(f"{given.file}: {error}", file=sys.stderr)  # noqa: T201 - a command's own words
        return 2
    text = answer.model_dump_json(indent=1)
    if given.json:
        given.json.write_text(text)
    else:
        print(text)  # noqa: T201 - a command's own answer
    return 0


def _answer(file: _PackFile, found: Packed, corners: list[Floats]) -> _Answer:
    width, depth = file.plate
    reason = f"larger than the plate, {width:g} × {depth:g} mm, at every angle it may take"
    return _Answer(
        plates=[_rows(file, nest, corners) for nest in found.nests],
        left_out=[_Left(id=file.parts[s].id, quantity=n, reason=reason) for s, n in found.refused.items()],
        bound=found.bound,
    )


def _rows(file: _PackFile, nest: Nest, corners: list[Floats]) -> list[_Row]:
    rows = []
    for shape, (x, y, angle_deg) in zip(nest.shape, nest.at.tolist(), strict=True):
        # The file's own coordinates are turned about their origin, not about the part's corner.
        dx, dy = turned(corners[shape], angle_deg).tolist()
        rows.append(_Row(id=file.parts[shape].id, x=x - dx, y=y - dy, angle_deg=angle_deg))
    return rows


def _bed(file: _PackFile) -> Bed:
    for number, zone in enumerate(file.forbidden):
        _shape(f"forbidden zone {number}", zone)
    width, depth = file.plate
    return Bed(width, depth, 1.0, file.spacing, tuple(tuple(zone) for zone in file.forbidden))


def _read(file: _PackFile) -> tuple[list[Shape], list[Floats]]:
    """The parts' shapes, and where the low corner of each lies in its own coordinates."""
    if sum(part.quantity for part in file.parts) > MOST_PIECES:
        raise SchedulingError(f"over {MOST_PIECES} pieces at once")
    read = [_shape(f"part {part.id!r}", part.points()) for part in file.parts]
    return [shape for shape, _ in read], [corner for _, corner in read]


def _shape(name: str, corners: list[Point]) -> tuple[Shape, Floats]:
    """Raises ProblemError where the polygon isn't simple."""
    points = np.array(corners, dtype=np.float64).reshape(-1, 2)
    corner: Floats = points.min(axis=0) if len(points) else np.zeros(2)
    shape = Shape((Pose(points - corner, 1.0),))
    check_shape(name, shape)
    return shape, corner
