"""The problem in whole nanometres: poses that fit, runs of parts that are laid alike."""

from dataclasses import dataclass

import numpy as np

from broker.scheduling.builds.problem import Boxes
from broker.scheduling.rectangles.grid import nanometres
from broker.scheduling.rectangles.problem import Flags, Ints

MOST_SINGLE = 400
"""Up to so many parts each is laid for itself; of more, all of a kind are laid alike, one after the other."""


@dataclass(frozen=True, slots=True)
class Stock:
    """Parts that fit a build, equal ones side by side; spacing is part of every length."""

    pose: Ints
    """[q, 3] nm."""
    volume: Ints
    """[3] nm."""
    spacing_z: int
    fits: Flags
    """[q]"""
    item: Ints
    """[n] kind of each part."""
    run: Ints
    """[r + 1] first part of each run, and n."""
    ways: tuple[Ints, ...]
    """[r] rows of `pose` that a run may take."""
    left_out: Ints
    rotate: bool

    @property
    def run_length(self) -> Ints:
        return np.diff(self.run)


def stock(problem: Boxes) -> Stock:
    spacing = np.array([problem.spacing, problem.spacing, problem.spacing_z])
    pose, volume = nanometres(problem.pose + spacing), nanometres(np.array(problem.volume) + spacing)
    fits = np.all(pose <= volume, axis=1)
    if problem.rotate:
        fits = fits | np.all(pose[:, [1, 0, 2]] <= volume, axis=1)
    number = np.bincount(problem.kind[fits], minlength=len(problem.quantity))
    item = np.repeat(np.arange(len(problem.quantity)), np.where(number > 0, problem.quantity, 0))
    run = np.arange(len(item)) if len(item) <= MOST_SINGLE else np.flatnonzero(np.diff(item, prepend=-1))
    rows = np.flatnonzero(fits)
    rows = rows[np.argsort(problem.kind[rows], kind="stable")]
    by_kind = np.split(rows, np.cumsum(number)[:-1])
    return Stock(
        pose=pose,
        volume=volume,
        spacing_z=int(nanometres(np.array([problem.spacing_z]))[0]),
        fits=fits,
        item=item,
        run=np.append(run, len(item)).astype(np.int64),
        ways=tuple(by_kind[kind] for kind in item[run].tolist()),
        left_out=np.flatnonzero((number == 0) & (problem.quantity > 0)),
        rotate=problem.rotate,
    )
