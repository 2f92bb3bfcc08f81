"""What lies together on a table, as compiled searches know it: patterns that nests have shown, and for what none has
been sought yet a guess by the share of the table that each piece takes."""

from typing import NamedTuple

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.problem import Bools, Floats, Ints
from broker.scheduling.network.state import State
from broker.scheduling.network.world import World

WIDE = 12
"""Shapes that share a plate at most."""
KEPT = 128
"""Patterns of a table that are kept of each sort, the latest."""


class Company(NamedTuple):
    """N lots, C classes, M machines, T tables; what is learnt is changed in place."""

    shape: Ints
    """[N]"""
    table: Ints
    """[N, C] -1: none."""
    alone: Bools
    """[M] whose plates hold one lot."""
    mates: Ints
    """[N] lots by family and share."""
    first: Ints
    """[N] where in `mates` those begin that may lie with a lot; those of a lot that shares with nobody are it alone."""
    last: Ints
    space: Floats
    """[N, C] share of the table that a piece takes, as is guessed."""
    reach: Floats
    """[T] sum of shares up to which a plate is tried."""
    patterns: Ints
    """[T, 2, KEPT, WIDE, 2] (shape, pieces) that don't lie together (0), that do (1)."""
    known: Ints
    """[T, 2] how many there are."""


@compiled
def fits(world: World, state: State, company: Company, run: int) -> bool:
    """Whether what a run holds lies on its table, as far as is known or guessed."""
    machine, first = state.runs[run].machine, state.runs[run].entry
    kind = world.machines[machine].kind
    if state.entries[first].other < 0:
        return bool(state.entries[first].pieces <= world.per_plate[state.entries[first].lot, kind])
    table = company.table[state.entries[first].lot, kind]
    pieces = np.zeros((WIDE, 2), dtype=np.int64)
    count, space = _gathered(world, state, company, run, pieces)
    if count < 0 or table < 0 or company.alone[machine]:
        return False
    if _among(company.patterns[table, 0], company.known[table, 0], pieces, count, False):
        return False
    if space <= company.reach[table]:
        return True
    return _among(company.patterns[table, 1], company.known[table, 1], pieces, count, True)


@inlined
def _gathered(world: World, state: State, company: Company, run: int, pieces: Ints) -> tuple[int, float]:
    """Into `pieces` those of each shape; how many shapes there are (-1: they can't lie together), and their space."""
    entry, kind = state.runs[run].entry, world.machines[state.runs[run].machine].kind
    table = company.table[state.entries[entry].lot, kind]
    count, space = 0, 0.0
    while entry >= 0 and count >= 0:
        held = state.entries[entry]
        space += held.pieces * company.space[held.lot, kind]
        count = _counted(pieces, count, company.shape[held.lot], held.pieces)
        if held.pieces > world.per_plate[held.lot, kind] or company.table[held.lot, kind] != table:
            count = -1
        entry = held.other
    return count, space


@inlined
def _among(patterns: Ints, known: int, pieces: Ints, count: int, holding: bool) -> bool:
    """Whether one of the patterns has at least the pieces (`holding`), or at most them."""
    for i in range(min(known, KEPT)):
        if holding and _holds(patterns[i], pieces, count):
            return True
        if not holding and _within(patterns[i], pieces, count):
            return True
    return False


@inlined
def _counted(pieces: Ints, count: int, shape: int, number: int) -> int:
    """How many shapes there are then; -1: too many."""
    at = 0
    while at < count and pieces[at, 0] != shape:
        at += 1
    if at >= WIDE:
        return -1
    pieces[at, 0] = shape
    pieces[at, 1] += number
    return max(count, at + 1)


@inlined
def _within(pattern: Ints, pieces: Ints, count: int) -> bool:
    """Whether the pieces are at least those of the pattern."""
    for i in range(WIDE):
        if pattern[i, 1] == 0:
            break
        found = False
        for j in range(count):
            if pieces[j, 0] == pattern[i, 0]:
                found = pieces[j, 1] >= pattern[i, 1]
        if not found:
            return False
    return True


@inlined
def _holds(pattern: Ints, pieces: Ints, count: int) -> bool:
    """Whether the pieces are at most those of the pattern."""
    for j in range(count):
        found = False
        for i in range(WIDE):
            if pattern[i, 0] == pieces[j, 0]:
                found |= pattern[i, 1] >= pieces[j, 1]
        if not found:
            return False
    return True


@compiled
def mixed(state: State) -> Ints:
    """[R, 4] rows run, machine, lot, pieces of all runs of several lots, run by run."""
    count = 0
    for run in range(len(state.runs)):
        if _is_mixed(state, run):
            entry = state.runs[run].entry
            while entry >= 0:
                count += 1
                entry = state.entries[entry].other
    rows, made = np.empty((count, 4), dtype=np.int64), 0
    for run in range(len(state.runs)):
        if _is_mixed(state, run):
            entry = state.runs[run].entry
            while entry >= 0:
                held = state.entries[entry]
                rows[made, 0], rows[made, 1] = run, state.runs[run].machine
                rows[made, 2], rows[made, 3] = held.lot, held.pieces
                made += 1
                entry = held.other
    return rows


@inlined
def _is_mixed(state: State, run: int) -> bool:
    return bool(state.runs[run].machine >= 0 and state.entries[state.runs[run].entry].other >= 0)
