"""What is cut when: each from the nearest, then runs turned round while that shortens the travel (2-opt)."""

from itertools import groupby, pairwise

from slicer_bridge.cutting.job import Job
from slicer_bridge.cutting.way import Point, gap

_LEAST_GAIN_MM = 0.01
_MOST_ROUNDS = 8
_AHEAD = 60
"""Longer runs are not turned: with thousands of holes nobody waits for the last millimetre."""
Run = list[Job]
"""Jobs that stay together, in their order."""


def in_order(jobs: list[Job], home: Point = (0.0, 0.0)) -> list[Job]:
    """One piece's jobs after another; within a piece by rank. From `home` and back to it."""
    groups: dict[int, Run] = {}
    for job in jobs:
        groups.setdefault(job.piece, []).append(job)
    pieces = _improved(_nearest([_within(group, home) for group in groups.values()], home), home, home)
    at, ordered = home, []
    for piece in pieces:  # once more from where the tool really comes
        again = _within(piece, at)
        best = min(piece, again, key=lambda run: gap(at, run[0].start) + travel_mm(run))
        ordered += best
        at = best[-1].end
    return ordered


def travel_mm(jobs: Run) -> float:
    """Between jobs, from the first to the last."""
    return sum(gap(one.end, other.start) for one, other in pairwise(jobs))


def _within(group: Run, at: Point) -> Run:
    ordered: Run = []
    for _, ranked in groupby(sorted(group, key=lambda job: (job.rank, job.handles)), key=lambda job: job.rank):
        runs = _improved(_nearest([[job] for job in ranked], at), at, None)
        ordered += [job for run in runs for job in run]
        at = ordered[-1].end
    return ordered


def _nearest(runs: list[Run], at: Point) -> list[Run]:
    left, ordered = list(runs), []
    while left:
        index = min(range(len(left)), key=lambda number: gap(left[number][0].start, at))
        ordered.append(left.pop(index))
        at = ordered[-1][-1].end
    return ordered


def _improved(runs: list[Run], before: Point, after: Point | None) -> list[Run]:
    """`after` None: wherever it ends."""
    for _ in range(_MOST_ROUNDS):
        better = False
        for i in range(len(runs) - 1):
            for j in range(i + 1, min(len(runs), i + _AHEAD)):
                if _gain(runs, i, j, before, after) > _LEAST_GAIN_MM:
                    runs[i : j + 1] = runs[i : j + 1][::-1]
                    better = True
        if not better:
            break
    return runs


def _gain(runs: list[Run], i: int, j: int, before: Point, after: Point | None) -> float:
    """What turning the runs from `i` to `j` saves, mm; in full only where the two ends promise something."""
    first = runs[i - 1][-1].end if i else before
    last = runs[j + 1][0].start if j + 1 < len(runs) else after
    now = gap(first, runs[i][0].start) + (gap(runs[j][-1].end, last) if last else 0.0)
    turned = gap(first, runs[j][0].start) + (gap(runs[i][-1].end, last) if last else 0.0)
    if now - turned <= _LEAST_GAIN_MM:
        return 0.0
    inner, back = runs[i : j + 1], runs[i : j + 1][::-1]
    return now - turned + _between(inner) - _between(back)


def _between(runs: list[Run]) -> float:
    return sum(gap(one[-1].end, other[0].start) for one, other in pairwise(runs))
