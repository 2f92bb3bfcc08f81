"""`python -m broker.scheduling pack FILE.json [--rotate] [--json OUT]`: parts on plates, from a file."""

import argparse
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, PositiveInt, ValidationError

from broker.scheduling.errors import SchedulingError
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.nesting.nofit import Bed
from broker.scheduling.nesting.packing import packed
from broker.scheduling.problem import Floats, Pose, Shape
from broker.scheduling.rotation import turned
from broker.scheduling.validate import MAX_MM, check_shape

MOST_PIECES = 100_000
Length = Annotated[float, Field(gt=0, le=MAX_MM, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    polygon: list[tuple[FiniteFloat, FiniteFloat]] | None = None
    size: tuple[Length, Length] | None = None
    quantity: PositiveInt = 1

    def points(self) -> list[tuple[float, float]]:
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
    parts: list[_Part]


class _Row(BaseModel):
    id: str
    x: float
    y: float
    angle_deg: float


class _Left(BaseModel):
    id: str
    quantity: int


class _Answer(BaseModel):
    plates: list[list[_Row]]
    left_out: list[_Left]
    """Parts that fit no plate."""


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0, or 2 where the file can't be read or is wrong."""
    parser = argparse.ArgumentParser(prog="python -m broker.scheduling")
    pack = parser.add_subparsers(required=True).add_parser("pack", help="parts on as few plates as can be found")
    pack.add_argument("file", type=Path)
    pack.add_argument("--rotate", action="store_true", help="parts may be turned")
    pack.add_argument("--json", type=Path, help="write the plates there, not to the terminal")
    given = parser.parse_args(arguments)
    try:
        file = _PackFile.model_validate_json(given.file.read_bytes())
        answer = _packed(file, rotate=given.rotate).model_dump_json(indent=1)
    except (OSError, ValidationError, SchedulingError) as error:
        print(f"{given.file}: {error}", file=sys.stderr)  # noqa: T201 - a command's own words
        return 2
    if given.json:
        given.json.write_text(answer)
    else:
        print(answer)  # noqa: T201 - a command's own answer
    return 0


def _packed(file: _PackFile, *, rotate: bool) -> _Answer:
    shapes, corners = _read(file)
    width, depth = file.plate
    nester = Nester(shapes, None if rotate else (0.0,))
    pieces = {shape: part.quantity for shape, part in enumerate(file.parts)}
    nests, refused = packed(nester, Bed(width, depth, 1.0, file.spacing), pieces)
    plates = []
    for nest in nests:
        rows = []
        for shape, (x, y, angle_deg) in zip(nest.shape, nest.at.tolist(), strict=True):
            # The file's own coordinates are turned about their origin, not about the part's corner.
            dx, dy = turned(corners[shape], angle_deg).tolist()
            rows.append(_Row(id=file.parts[shape].id, x=x - dx, y=y - dy, angle_deg=angle_deg))
        plates.append(rows)
    return _Answer(plates=plates, left_out=[_Left(id=file.parts[s].id, quantity=n) for s, n in refused.items()])


def _read(file: _PackFile) -> tuple[list[Shape], list[Floats]]:
    """The parts' shapes, and where the low corner of each lies in its own coordinates."""
    if sum(part.quantity for part in file.parts) > MOST_PIECES:
        raise SchedulingError(f"over {MOST_PIECES} pieces at once")
    shapes, corners = [], []
    for part in file.parts:
        points = np.array(part.points(), dtype=np.float64).reshape(-1, 2)
        corner = points.min(axis=0) if len(points) else np.zeros(2)
        shapes.append(Shape((Pose(points - corner, 1.0),)))
        check_shape(f"part {part.id!r}", shapes[-1])
        corners.append(corner)
    return shapes, corners


if __name__ == "__main__":
    sys.exit(main())
