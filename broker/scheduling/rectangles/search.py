"""Goal-driven search: with one bin fewer than the best packing has, until every piece lies in one.

Ruin and recreate: a part of one to three bins is emptied, and what came out, together with the pieces that lie
nowhere, is laid anew in a disturbed order. The less area lies nowhere the better; late acceptance (Burke and Bykov
2017, doi:10.1016/j.ejor.2016.07.012) lets the search pass through worse packings. After Gardeyn and Wauters
(2022, doi:10.1016/j.ejor.2021.11.031), with maximal rectangles in place of guillotine cuts.
"""

from typing import NamedTuple

import numpy as np

from broker.scheduling.compiled import compiled
from broker.scheduling.draws import State, below, uniform
from broker.scheduling.rectangles.construct import lay, least_sides
from broker.scheduling.rectangles.grid import Pieces
from broker.scheduling.rectangles.layout import Layout
from broker.scheduling.rectangles.problem import Floats, Ints
from broker.scheduling.rectangles.space import NOWHERE, RULES, Space, Spot, empty, space, spot
from broker.scheduling.stopping import Stop

WORK = 400_000
"""Free rectangles looked at between two questions whether to stop: some milliseconds."""
PER_PIECE = 10
"""What one piece costs apart from those, in the same measure."""
AT_WORK = 3
"""Most bins emptied at a time."""
MEMORY = 50
"""Steps that late acceptance looks back."""
NOISE = 0.5
"""Most by which a piece counts as larger than it is when the order is disturbed."""
WHOLE = 0.3
"""Chance that all of a chosen bin is taken out."""
ORDERS = 5


class _Members(NamedTuple):
    """Doubly linked lists of the pieces in each bin; the last list has those that lie in none."""

    first: Ints
    """[bins + 1] -1: empty."""
    next: Ints
    """[n]"""
    before: Ints
    """[n]"""


class _Trial(NamedTuple):
    """One step before it is accepted."""

    taken: Ints
    """[n] pieces taken out or lying nowhere, in the order in which they are laid."""
    key: Floats
    """[n] order of each of them, the largest first."""
    layout: Layout
    """Of the taken pieces alone."""
    bins: Ints
    """[AT_WORK] bins emptied."""


class _Course(NamedTuple):
    state: State
    past: Floats
    """[MEMORY] unlaid areas of earlier steps."""
    unlaid: Floats
    """[1] area that lies nowhere, in bins."""
    steps: Ints
    """[1]"""


def emptied(pieces: Pieces, layout: Layout, state: State, stop: Stop) -> Layout | None:
    """A packing into one bin fewer; None: stopped before one was found."""
    goal = layout.bins() - 1
    draft = _without_least(pieces, layout)
    members = _members(draft, goal)
    trial = _Trial(
        np.zeros(len(draft.bin), dtype=np.int64), np.zeros(len(draft.bin)), draft.copied(), np.zeros(AT_WORK, np.int64)
    )
    unlaid = float(pieces.area[draft.bin == goal].sum())
    course = _Course(state, np.full(MEMORY, unlaid), np.array([unlaid]), np.zeros(1, np.int64))
    room = space(AT_WORK)
    room.least[:] = least_sides(pieces)
    while not stop():
        if _search(pieces, draft, members, trial, course, room, goal, WORK):
            return draft
    return None


def _without_least(pieces: Pieces, layout: Layout) -> Layout:
    """The bin with the least area becomes the list of what lies nowhere."""
    draft = layout.copied()
    last = layout.bins() - 1
    least = int(np.bincount(layout.bin, pieces.area).argmin())
    draft.bin[layout.bin == last] = least
    draft.bin[layout.bin == least] = last
    return draft


def _members(layout: Layout, goal: int) -> _Members:
    members = _Members(np.full(goal + 1, -1), np.full(len(layout.bin), -1), np.full(len(layout.bin), -1))
    _enter(members, np.arange(len(layout.bin)), layout.bin)
    return members


@compiled
def _enter(members: _Members, pieces: Ints, bins: Ints) -> None:
    for piece in pieces:
        first = members.first[bins[piece]]
        members.next[piece], members.before[piece] = first, -1
        if first >= 0:
            members.before[first] = piece
        members.first[bins[piece]] = piece


@compiled
def _leave(members: _Members, piece: int, at: int) -> None:
    after, before = members.next[piece], members.before[piece]
    if before >= 0:
        members.next[before] = after
    else:
        members.first[at] = after
    if after >= 0:
        members.before[after] = before


@compiled
def _search(
    pieces: Pieces, draft: Layout, members: _Members, trial: _Trial, course: _Course, room: Space, goal: int, work: int
) -> bool:
    """Whether every piece lies in a bin."""
    while course.unlaid[0] > 0.0 and work > 0:
        bins = _choose_bins(course.state, trial, goal)
        taken = _ruin(pieces, draft, members, trial, course.state, room, bins, goal)
        unlaid, looked = _recreate(pieces, trial, course.state, room, bins, taken)
        step = course.steps[0] % len(course.past)
        if unlaid <= course.unlaid[0] or unlaid <= course.past[step]:
            _accept(draft, members, trial, taken, goal)
            course.unlaid[0] = unlaid if members.first[goal] >= 0 else 0.0
        course.past[step] = course.unlaid[0]
        course.steps[0] += 1
        work -= looked
    return bool(course.unlaid[0] <= 0.0)


@compiled
def _choose_bins(state: State, trial: _Trial, goal: int) -> int:
    bins = min(goal, 1 + below(state, AT_WORK))
    for k in range(bins):
        chosen, fresh = 0, False
        while not fresh:
            chosen, fresh = below(state, goal), True
            for j in range(k):
                fresh = fresh and trial.bins[j] != chosen
        trial.bins[k] = chosen
    return bins


@compiled
def _ruin(
    pieces: Pieces,
    draft: Layout,
    members: _Members,
    trial: _Trial,
    state: State,
    room: Space,
    bins: int,
    goal: int,
) -> int:
    """Take out what lies nowhere and a part of each chosen bin, whose free space is reckoned anew; how many pieces."""
    taken = 0
    piece = members.first[goal]
    while piece >= 0:
        trial.taken[taken] = piece
        taken += 1
        piece = members.next[piece]
    for k in range(bins):
        stays = max(0.0, uniform(state) - WHOLE)
        empty(room, k, pieces.bin_width, pieces.bin_depth)
        piece = members.first[trial.bins[k]]
        while piece >= 0:
            if stays > 0.0 and uniform(state) < stays:
                lay(pieces, room, trial.layout, piece, k, draft.x[piece], draft.y[piece], draft.turned[piece])
            else:
                trial.taken[taken] = piece
                taken += 1
            piece = members.next[piece]
    return taken


@compiled
def _recreate(pieces: Pieces, trial: _Trial, state: State, room: Space, bins: int, taken: int) -> tuple[float, int]:
    """Lay the taken pieces as they fit; area that lies nowhere, free rectangles looked at."""
    _order(pieces, trial, state, taken)
    unit = 1.0 / max(pieces.bin_width, pieces.bin_depth)
    rule = below(state, RULES)
    unlaid, looked = 0.0, PER_PIECE * taken * bins
    for j in range(taken):
        piece = trial.taken[j]
        best, slot = Spot(NOWHERE, 0, 0, False), bins
        for k in range(bins):
            looked += room.number[k]
            found = spot(room, k, pieces.width[piece], pieces.depth[piece], pieces.rotate, rule, unit)
            if found.score < best.score:
                best, slot = found, k
        if slot == bins:
            unlaid += pieces.area[piece]
            trial.layout.bin[piece] = -1
        else:
            lay(pieces, room, trial.layout, piece, slot, best.x, best.y, best.turned)
            trial.layout.bin[piece] = trial.bins[slot]
    return unlaid, looked


@compiled
def _order(pieces: Pieces, trial: _Trial, state: State, taken: int) -> None:
    """Largest first by one of several measures, each disturbed."""
    order, noise = below(state, ORDERS), NOISE * uniform(state)
    for j in range(taken):
        piece = trial.taken[j]
        width, depth = pieces.width[piece] / pieces.bin_width, pieces.depth[piece] / pieces.bin_depth
        trial.key[j] = _size(order, width, depth) * (1.0 + noise * uniform(state))
    _sort(trial.taken, trial.key, taken)


@compiled
def _size(order: int, width: float, depth: float) -> float:
    if order == 0:
        return width * depth
    if order == 1:
        return max(width, depth)
    if order == 2:
        return width + depth
    return depth if order == 3 else width


@compiled
def _sort(items: Ints, key: Floats, number: int) -> None:
    """By falling key: Shell (1959), with Knuth's gaps."""
    gap = 1
    while 3 * gap < number:
        gap = 3 * gap + 1
    while gap > 0:
        for j in range(gap, number):
            item, own, k = items[j], key[j], j
            while k >= gap and key[k - gap] < own:
                items[k], key[k] = items[k - gap], key[k - gap]
                k -= gap
            items[k], key[k] = item, own
        gap //= 3


@compiled
def _accept(draft: Layout, members: _Members, trial: _Trial, taken: int, goal: int) -> None:
    for j in range(taken):
        piece = trial.taken[j]
        before, after = draft.bin[piece], trial.layout.bin[piece]
        after = goal if after < 0 else after
        draft.x[piece], draft.y[piece] = trial.layout.x[piece], trial.layout.y[piece]
        draft.turned[piece] = trial.layout.turned[piece]
        if before != after:
            _leave(members, piece, before)
            draft.bin[piece] = after
            _enter(members, trial.taken[j : j + 1], draft.bin)
