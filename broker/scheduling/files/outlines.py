"""Parts and sheets of a file: a polygon or a size."""

from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from broker.scheduling.files.errors import WrongFile
from broker.scheduling.shapes import Floats, Pose, Shape
from broker.scheduling.validate import MAX_MM, check_shape

Length = Annotated[float, Field(gt=0, le=MAX_MM, allow_inf_nan=False)]
Point = tuple[FiniteFloat, FiniteFloat]


class Outlined(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    polygon: list[Point] | None = None
    size: tuple[Length, Length] | None = None
    """Width and depth: of a rectangle from the origin."""

    def points(self, kind: str) -> list[Point]:
        """Raises WrongFile, which calls it a `kind`, where not one of both is given."""
        if (self.polygon is None) == (self.size is None):
            raise WrongFile(f"{kind} {self.id!r}: give a polygon or a size, one of both")
        if self.size is not None:
            width, depth = self.size
            return [(0.0, 0.0), (width, 0.0), (width, depth), (0.0, depth)]
        return self.polygon or []


def shape(name: str, corners: list[Point]) -> tuple[Shape, Floats]:
    """With its low corner at the origin, and where that lies in its own coordinates.

    Raises ProblemError where the polygon isn't simple.
    """
    points = np.array(corners, dtype=np.float64).reshape(-1, 2)
    corner: Floats = points.min(axis=0) if len(points) else np.zeros(2)
    found = Shape((Pose(points - corner, 1.0),))
    check_shape(name, found)
    return found, corner


def outline(name: str, corners: list[Point]) -> Floats:
    """[k, 2] in its own coordinates; raises ProblemError where the polygon isn't simple."""
    shape(name, corners)
    return np.array(corners, dtype=np.float64)
