"""The problem in whole nanometres, its spacing taken up by the pieces.

A piece that keeps a distance on all sides but the bin's edge is a piece larger by it, in a bin larger by it.
"""

from typing import NamedTuple

import numpy as np

from broker.scheduling.rectangles.problem import RESOLUTION_MM, Floats, Ints, Rectangles


class Pieces(NamedTuple):
    """n pieces that each fit the bin, equal ones side by side; every number in nanometres. Compiled code reads it."""

    width: Ints
    """[n] spacing included."""
    depth: Ints
    """[n]"""
    area: Floats
    """[n] share of the bin's area, spacing included."""
    bin_width: int
    """Spacing included."""
    bin_depth: int
    rotate: bool


def on_grid(problem: Rectangles) -> tuple[Pieces, Ints, Ints]:
    """The pieces; kind of each, [n]; kinds that are larger than a bin."""
    size = nanometres(problem.size + problem.spacing)
    width, depth = (int(length) for length in nanometres(np.array(problem.bin) + problem.spacing))
    fits = (size[:, 0] <= width) & (size[:, 1] <= depth)
    if problem.rotate:
        fits |= (size[:, 0] <= depth) & (size[:, 1] <= width)
    kind = np.repeat(np.arange(len(size)), np.where(fits, problem.quantity, 0))
    area = size[kind, 0] / width * (size[kind, 1] / depth)
    pieces = Pieces(
        np.ascontiguousarray(size[kind, 0]), np.ascontiguousarray(size[kind, 1]), area, width, depth, problem.rotate
    )
    return pieces, kind, np.flatnonzero(~fits & (problem.quantity > 0))


def in_mm(nanometres: Ints) -> Floats:
    return nanometres / round(1.0 / RESOLUTION_MM)


def nanometres(lengths_mm: Floats) -> Ints:
    return np.rint(lengths_mm / RESOLUTION_MM).astype(np.int64)
