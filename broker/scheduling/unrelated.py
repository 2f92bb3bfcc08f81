"""Jobs on unrelated machines, with or without setups between them: R | s_ijk | Cmax.

The model of Vallada and Ruiz (2011, doi:10.1016/j.ejor.2011.01.011): a job is made whole on one machine; every machine
has its own times; a setup depends on machine and on both jobs, and there is none before a machine's first job.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.errors import NotFinite, OutOfRange, WrongArray

Floats = NDArray[np.float64]
MOST_SECONDS = 1e12
"""Sums of so large times still resolve a thousandth."""


@dataclass(frozen=True, slots=True)
class UnrelatedMachines:
    """n jobs, m machines, times in any one unit."""

    time: Floats
    """[n, m] of job j on machine i; inf where the machine can't make it."""
    setup: Floats | None = None
    """[m, n, n] on machine i from job j to the next job k; the diagonal isn't read. None: no setups."""

    def __post_init__(self) -> None:
        """Raises WrongArray, NotFinite, OutOfRange."""
        _check_times(self.time)
        if self.setup is not None:
            _check_setups(self.setup, self.time.shape)


@dataclass(frozen=True, slots=True)
class Sequences:
    """A plan: each machine's jobs in order."""

    jobs: tuple[tuple[int, ...], ...]
    """[m] every job that some machine can make, once."""
    makespan: float
    bound: float
    """No plan ends earlier."""
    left_out: tuple[int, ...]
    """Jobs that no machine can make."""
    trace: tuple[tuple[int, float], ...]
    """(iterations, makespan) at each improvement."""

    @property
    def gap(self) -> float:
        """Share by which the makespan exceeds its bound; 0 where there is nothing to make."""
        return self.makespan / self.bound - 1.0 if self.bound > 0 else 0.0


def makespan(problem: UnrelatedMachines, jobs: tuple[tuple[int, ...], ...]) -> float:
    """Recomputed from the arrays alone; sequences may lack jobs, and must repeat none.

    Raises
    ------
    OutOfRange
        For a job that isn't there, that stands twice, or that its machine can't make.
    """
    seen: set[int] = set()
    longest = 0.0
    for machine, sequence in enumerate(jobs):
        end, before = 0.0, -1
        for job in sequence:
            if not 0 <= job < len(problem.time) or job in seen or not np.isfinite(problem.time[job, machine]):
                raise OutOfRange("jobs", f"[{machine}] holds {job}: unknown, a second time, or not for this machine")
            seen.add(job)
            if before >= 0 and problem.setup is not None:
                end += float(problem.setup[machine, before, job])
            end += float(problem.time[job, machine])
            before = job
        longest = max(longest, end)
    return longest


def _check_times(time: Floats) -> None:
    if time.ndim != 2 or time.dtype != np.float64:
        raise WrongArray("time", f"is {time.dtype} of shape {time.shape}, needs float64 of shape (n, m)")
    if np.isnan(time).any():
        raise NotFinite("time", f"{np.argwhere(np.isnan(time))[0].tolist()} is nan")
    _check_range("time", time, infinite=True)


def _check_setups(setup: Floats, shape: tuple[int, ...]) -> None:
    jobs, machines = shape
    if setup.dtype != np.float64 or setup.shape != (machines, jobs, jobs):
        raise WrongArray("setup", f"is {setup.dtype} of shape {setup.shape}, needs float64 of {(machines, jobs, jobs)}")
    if not np.isfinite(setup).all():
        place = np.argwhere(~np.isfinite(setup))[0].tolist()
        raise NotFinite("setup", f"{place} is {setup[tuple(place)]}")
    _check_range("setup", setup, infinite=False)


def _check_range(name: str, array: Floats, *, infinite: bool) -> None:
    too_large = np.isfinite(array) & (array > MOST_SECONDS) if infinite else array > MOST_SECONDS
    wrong = (array < 0) | too_large
    if wrong.any():
        place = np.argwhere(wrong)[0].tolist()
        raise OutOfRange(name, f"{place} is {array[tuple(place)]:g}, must lie in 0 to {MOST_SECONDS:g}")
