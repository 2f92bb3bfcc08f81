"""Which piece is cut when: each from the nearest, then exchanges of two ways (2-opt) while they shorten the travel."""

from slicer_bridge.cutting.job import Job
from slicer_bridge.cutting.way import Point, gap

_LEAST_GAIN_MM = 0.01
_MOST_ROUNDS = 20
_ALL_PAIRS = 400
"""With more pieces, only neighbours in the order are exchanged with the next so many."""


def in_order(jobs: list[Job], home: Point = (0.0, 0.0)) -> list[Job]:
    """One piece's jobs after another; within a piece by rank, and within a rank from the nearest."""
    groups: dict[int, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.piece, []).append(job)
    pieces = [_within(group) for group in groups.values()]
    return [job for piece in _improved(_nearest(pieces, home), home) for job in piece]


def travel_mm(pieces: list[list[Job]], home: Point) -> float:
    """From `home` through all pieces and back, between pieces alone."""
    ends = [home, *(piece[-1].end for piece in pieces)]
    starts = [*(piece[0].start for piece in pieces), home]
    return sum(gap(end, start) for end, start in zip(ends, starts, strict=True))


def _within(group: list[Job]) -> list[Job]:
    left = sorted(group, key=lambda job: (job.rank, job.handles))
    ordered: list[Job] = []
    while left:
        first = [job for job in left if job.rank == left[0].rank]
        at = ordered[-1].end if ordered else first[0].start
        nearest = min(first, key=lambda job: gap(job.start, at))
        left.remove(nearest)
        ordered.append(nearest)
    return ordered


def _nearest(pieces: list[list[Job]], home: Point) -> list[list[Job]]:
    left, ordered, at = list(pieces), [], home
    while left:
        index = min(range(len(left)), key=lambda number: gap(left[number][0].start, at))
        piece = left.pop(index)
        ordered.append(piece)
        at = piece[-1].end
    return ordered


def _improved(pieces: list[list[Job]], home: Point) -> list[list[Job]]:
    """2-opt for pieces whose start and end differ: a run of them is turned where that shortens the whole."""
    for _ in range(_MOST_ROUNDS):
        better = False
        for i in range(len(pieces) - 1):
            for j in range(i + 1, min(len(pieces), i + _ALL_PAIRS)):
                if _gain(pieces, i, j, home) > _LEAST_GAIN_MM:
                    pieces[i : j + 1] = pieces[i : j + 1][::-1]
                    better = True
        if not better:
            break
    return pieces


def _gain(pieces: list[list[Job]], i: int, j: int, home: Point) -> float:
    """What turning the run from `i` to `j` saves, mm; worked out in full only where its two ends promise something."""
    before = pieces[i - 1][-1].end if i else home
    after = pieces[j + 1][0].start if j + 1 < len(pieces) else home
    now = gap(before, pieces[i][0].start) + gap(pieces[j][-1].end, after)
    turned = gap(before, pieces[j][0].start) + gap(pieces[i][-1].end, after)
    if now - turned <= _LEAST_GAIN_MM:
        return 0.0
    run = pieces[i : j + 1]
    return _length(before, run, after) - _length(before, run[::-1], after)


def _length(before: Point, run: list[list[Job]], after: Point) -> float:
    ends = [before, *(piece[-1].end for piece in run)]
    starts = [*(piece[0].start for piece in run), after]
    return sum(gap(end, start) for end, start in zip(ends, starts, strict=True))
