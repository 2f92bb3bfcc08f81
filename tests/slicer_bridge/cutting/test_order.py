"""The order of jobs: pieces stay together, ranks are kept, and the way between is short."""

from itertools import pairwise, permutations
from random import Random

from slicer_bridge.cutting.job import Cut, Job, Strand
from slicer_bridge.cutting.order import in_order, travel_mm
from slicer_bridge.cutting.way import Point, Segment, gap


def job(at: Point, rank: int = 0, piece: int = 0) -> Job:
    strand = Strand(at, (Cut(Segment(at, at), -1.0),))
    return Job("drill", (f"{at}",), (strand,), 1.0, 0, rank, piece)


def test_pieces_stay_together_and_ranks_are_kept() -> None:
    random = Random(1)
    jobs = [
        job((random.uniform(0, 300), random.uniform(0, 200)), random.randrange(4), random.randrange(6))
        for _ in range(60)
    ]
    ordered = in_order(jobs)
    assert sorted(map(id, ordered)) == sorted(map(id, jobs))
    pieces = [one.piece for one in ordered]
    assert len(set(pieces)) == sum(a != b for a, b in pairwise(pieces)) + 1
    for piece in set(pieces):
        ranks = [one.rank for one in ordered if one.piece == piece]
        assert ranks == sorted(ranks)
    assert in_order(jobs[::-1]) == ordered


def test_near_the_best_of_all_orders() -> None:
    for seed in range(8):
        random = Random(seed)
        jobs = [job((random.uniform(0, 100), random.uniform(0, 100)), piece=n) for n in range(7)]
        best = min(_tour(list(one)) for one in permutations(jobs))
        assert _tour(in_order(jobs)) <= 1.12 * best


def test_holes_of_one_piece_without_crossings() -> None:
    random = Random(3)
    jobs = [job((random.uniform(0, 100), random.uniform(0, 100))) for _ in range(40)]
    assert travel_mm(in_order(jobs)) < 0.25 * travel_mm(jobs)


def _tour(jobs: list[Job]) -> float:
    return gap((0, 0), jobs[0].start) + travel_mm(jobs) + gap(jobs[-1].end, (0, 0))
