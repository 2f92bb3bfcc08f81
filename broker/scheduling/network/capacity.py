"""What a network's machines can do at most, by class and stretch of time, and what lots ask of them at least.

A machine works either within its shop's shifts, or in the gap after one. Nobody can start a run in a gap: so each gap
of a machine belongs to the one run that was going on as the shift ended, and gives no more seconds than that run
lasts. Gaps are therefore counted, shifts are measured.
"""

from dataclasses import dataclass

import numpy as np

from broker.scheduling.network.earliest import least_change_s
from broker.scheduling.network.problem import Bools, Floats, Ints, Problem


@dataclass(frozen=True, slots=True)
class Offers:
    """O offers: all seconds of shifts, or all gaps, of one class in one stretch of time."""

    kind: Ints
    """[O] class."""
    is_gap: Bools
    """[O]"""
    amount: Floats
    """[O] seconds, or number of gaps, > 0."""
    from_s: Floats
    """[O] when the first of them begins."""
    until_s: Floats
    """[O] when the last of them ends; inf: no matter."""
    gap_s: Floats
    """[O] the longest of the gaps; inf where no shift follows."""


@dataclass(frozen=True, slots=True)
class Demand:
    work_s: Floats
    """[N, C] machine seconds that all of a lot takes at least, changes too, plates full; inf where it can't be made."""
    run_s: Floats
    """[N, C] longest run that holds any of it."""


@dataclass(frozen=True, slots=True)
class _Shifts:
    """[A] shifts by machine, of those with somebody there before the horizon."""

    kind: Ints
    opens_s: Floats
    closes_s: Floats
    next_s: Floats
    """When the next one opens; inf: none does before the horizon."""


def offers(problem: Problem, stretches: int, *, within: bool) -> Offers:
    """`within`: what lies beyond the horizon doesn't count; else runs that start before it may end as they will."""
    shifts = _shifts(problem)
    unattended = problem.classes.unattended[shifts.kind]
    cut = np.minimum(shifts.closes_s, problem.horizon_s)
    closes = cut if within else np.where(unattended, cut, shifts.closes_s)
    end = np.minimum(shifts.next_s, problem.horizon_s) if within else shifts.next_s
    gap = np.flatnonzero(unattended & (end > closes))
    lasts = max(problem.horizon_s - problem.now_s, 0.0)
    begin: Floats = problem.now_s + np.arange(stretches, dtype=np.float64) * (lasts / stretches)
    found = [_of_gaps(begin, shifts.kind[gap], closes[gap], end[gap])]
    for stretch in range(stretches):
        until = float(begin[stretch + 1]) if stretch + 1 < stretches else np.inf
        found.append(_of_seconds(float(begin[stretch]), until, shifts.kind, shifts.opens_s, closes))
    return Offers(
        kind=np.concatenate([some.kind for some in found]),
        is_gap=np.concatenate([some.is_gap for some in found]),
        amount=np.concatenate([some.amount for some in found]),
        from_s=np.concatenate([some.from_s for some in found]),
        until_s=np.concatenate([some.until_s for some in found]),
        gap_s=np.concatenate([some.gap_s for some in found]),
    )


def _shifts(problem: Problem) -> _Shifts:
    machines, shops = problem.machines, problem.workshops
    number = np.diff(shops.shift_first)[machines.workshop]
    machine = np.repeat(np.arange(len(number)), number)
    row = shops.shift_first[machines.workshop[machine]]
    row = row + np.arange(len(machine)) - np.repeat(np.cumsum(number) - number, number)
    follows = np.append(shops.shift_s[1:, 0], np.inf)[: len(shops.shift_s)]
    follows[shops.shift_first[1:][np.diff(shops.shift_first) > 0] - 1] = np.inf
    follows[follows >= problem.horizon_s] = np.inf
    opens = np.maximum(shops.shift_s[row, 0], np.maximum(machines.ready_s, problem.now_s)[machine])
    closes = shops.shift_s[row, 1]
    there = (closes > opens) & (opens < problem.horizon_s) & (shops.operators[machines.workshop[machine]] > 0)
    return _Shifts(machines.kind[machine[there]], opens[there], closes[there], follows[row[there]])


def _of_seconds(begin_s: float, until_s: float, kind: Ints, opens_s: Floats, closes_s: Floats) -> Offers:
    first = np.maximum(opens_s, begin_s)
    seconds = np.minimum(closes_s, until_s) - first
    some = seconds > 0
    kinds, group = np.unique(kind[some], return_inverse=True)
    earliest = np.full(len(kinds), np.inf)
    np.minimum.at(earliest, group, first[some])
    return Offers(
        kind=kinds,
        is_gap=np.zeros(len(kinds), dtype=np.bool_),
        amount=np.bincount(group, seconds[some], len(kinds)).astype(np.float64),
        from_s=earliest,
        until_s=np.full(len(kinds), until_s),
        gap_s=np.full(len(kinds), np.inf),
    )


def _of_gaps(begin_s: Floats, kind: Ints, from_s: Floats, until_s: Floats) -> Offers:
    """Gaps of one class in one stretch are one offer, but for those that no shift follows."""
    stretch = np.clip(np.searchsorted(begin_s, from_s, side="right") - 1, 0, None)
    endless = np.isinf(until_s)
    key, group = np.unique((kind * len(begin_s) + stretch) * 2 + endless, return_inverse=True)
    first, last, longest = np.full(len(key), np.inf), np.full(len(key), -np.inf), np.zeros(len(key))
    np.minimum.at(first, group, from_s)
    np.maximum.at(last, group, until_s)
    np.maximum.at(longest, group, until_s - from_s)
    return Offers(
        kind=key // 2 // max(1, len(begin_s)),
        is_gap=np.ones(len(key), dtype=np.bool_),
        amount=np.bincount(group, minlength=len(key)).astype(np.float64),
        from_s=first,
        until_s=last,
        gap_s=longest,
    )


def demand(problem: Problem) -> Demand:
    """A run's change and heating are spread over all that it may hold: one lot's plate, or all lots that share one."""
    lots, kinds = problem.lots, problem.classes
    able: Bools = lots.per_plate > 0
    piece_s = np.where(able, lots.piece_s, 0.0)
    held = np.minimum(lots.per_plate, lots.quantity[:, None]).astype(np.float64)
    plate = _together(problem, held)
    fixed = kinds.overhead_s + np.where(able, least_change_s(problem)[lots.family], 0.0)
    spread = np.divide(fixed, plate, out=np.zeros_like(plate), where=plate > 0)
    work = np.where(able, lots.quantity[:, None] * (piece_s + spread), np.inf)
    return Demand(work, kinds.overhead_s + _together(problem, held * piece_s))


def _together(problem: Problem, amount: Floats) -> Floats:
    """[N, C] the sum over all lots that may lie on one plate with a lot."""
    lots = problem.lots
    sharing = np.flatnonzero(lots.share >= 0)
    if not len(sharing):
        return amount
    pairs = np.stack([lots.family[sharing], lots.share[sharing]])
    _, group = np.unique(pairs, axis=1, return_inverse=True)
    total = np.zeros((group.max() + 1, amount.shape[1]))
    np.add.at(total, group, amount[sharing])
    summed = amount.copy()
    summed[sharing] = total[group]
    return summed
