"""Local search: pieces moved between plates and machines, plates between queues, as long as the plan gets better."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from broker.scheduling.timeline import Score, Timeline
from broker.scheduling.workload import Batch, Queues, Workload

WORTHWHILE = 1e-6
"""Seconds below which a gain is rounding."""
MOVES_TRIED = 30_000
"""After so many, about a second, a plan that no single move betters is taken as it is."""
KICKS = 4
"""Moves drawn at random that disturb a plan."""
TARGETS = 60
"""Places a plate's pieces are tried at in one round, where the plan has more."""

Place = tuple[int, int]
"""Machine, place in its queue."""
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class _Shift:
    """Some pieces of a line from one plate to another; to a new plate where `fresh`."""

    line: int
    pieces: int
    source: Place
    target: Place
    fresh: bool


@dataclass(frozen=True, slots=True)
class _Move:
    """A whole plate to another place."""

    source: Place
    target: Place


class Descent:
    """Descents of one workload's plans, in an order drawn from `rng`; cut off as soon as `stop()` is true."""

    def __init__(self, load: Workload, timeline: Timeline, stop: Callable[[], bool], rng: np.random.Generator) -> None:
        self._load = load
        self._timeline = timeline
        self._stop = stop
        self._rng = rng
        self._tried = 0

    def descend(self, queues: Queues) -> Queues:
        """The plan that no move tried betters: of a short plan that is every move, of a long one a draw."""
        best, score = queues, self._timeline.score(queues)
        found = True
        while found:
            found = False
            for source in self._shuffled(_plates(best)):
                for move in self._moves(best, source):
                    if self._stop():
                        return best
                    self._tried += 1
                    changed = _applied(self._load, best, move)
                    if changed is not None and _better(changed_score := self._timeline.score(changed), score):
                        best, score, found = changed, changed_score, True
        return best

    def kick(self, queues: Queues) -> Queues:
        """The best plan after disturbing it and descending again, until `MOVES_TRIED` moves were tried in all."""
        best = queues
        while self._tried < MOVES_TRIED and not self._stop() and any(queues):
            disturbed = best
            for _ in range(KICKS):
                source = self._shuffled(_plates(disturbed))[0]
                drawn = (_applied(self._load, disturbed, move) for move in self._moves(disturbed, source))
                disturbed = next((changed for changed in drawn if changed is not None), disturbed)
            self._tried += KICKS
            candidate = self.descend(disturbed)
            if _better(self._timeline.score(candidate), self._timeline.score(best)):
                best = candidate
        return best

    def _moves(self, queues: Queues, source: Place) -> list[_Shift | _Move]:
        """Moves out of one plate, shuffled; `TARGETS` drawn where there are more places to go to."""
        machine, place = source
        if place >= len(queues[machine]):
            return []
        targets = [(m, at) for m, queue in enumerate(queues) for at in range(len(queue) + 1)]
        if len(targets) > TARGETS:
            targets = [targets[k] for k in self._rng.choice(len(targets), TARGETS, replace=False)]
        return self._shuffled(list(_moves(self._load, queues, source, targets)))

    def _shuffled(self, items: list[Item]) -> list[Item]:
        return [items[k] for k in self._rng.permutation(len(items))]


def _better(score: Score, than: Score) -> bool:
    return score[0] < than[0] or (score[0] == than[0] and score[1] < than[1] - WORTHWHILE)


def _plates(queues: Queues) -> list[Place]:
    return [(machine, place) for machine, queue in enumerate(queues) for place in range(len(queue))]


def _moves(load: Workload, queues: Queues, source: Place, targets: list[Place]) -> Iterator[_Shift | _Move]:
    batch = queues[source[0]][source[1]]
    for target in targets:
        if target != source:
            yield _Move(source, target)
        for line, pieces in batch:
            if not load.capacity[line][target[0]]:
                continue
            for number in _amounts(pieces):
                yield _Shift(line, number, source, target, fresh=True)
                if target != source and target[1] < len(queues[target[0]]):
                    yield _Shift(line, number, source, target, fresh=False)


def _amounts(pieces: int) -> list[int]:
    """All, half, and ever less."""
    amounts = [pieces]
    while amounts[-1] > 1:
        amounts.append(amounts[-1] // 2)
    return amounts


def _applied(load: Workload, queues: Queues, move: _Shift | _Move) -> Queues | None:
    """The plan after the move; None where an earlier move took its ground away, or a bed won't hold it."""
    machine, place = move.source
    target, at = move.target
    if place >= len(queues[machine]) or at > len(queues[target]):
        return None
    draft = [list(queue) for queue in queues]
    if isinstance(move, _Move):
        batch = draft[machine].pop(place)
        if machine == target and at > place:
            at -= 1
    else:
        left = _changed(draft[machine][place], move.line, -move.pieces)
        # A first fit isn't monotone: fewer pieces of a mixed plate may lie worse than more.
        if left is None or (left and not load.fits(machine, left)):
            return None
        batch = ((move.line, move.pieces),)
        draft[machine][place] = left
        if not move.fresh:
            joined = _joined(load, draft, move)
            if joined is None:
                return None
            draft[target][at] = batch = joined
    if not _makes(load, target, batch):
        return None
    if isinstance(move, _Move) or move.fresh:
        draft[target].insert(at, batch)
    return tuple(tuple(batch for batch in queue if batch) for queue in draft)


def _makes(load: Workload, machine: int, batch: Batch) -> bool:
    return all(load.capacity[line][machine] for line, _ in batch) and load.fits(machine, batch)


def _joined(load: Workload, draft: list[list[Batch]], move: _Shift) -> Batch | None:
    target, at = move.target
    if at >= len(draft[target]) or not draft[target][at]:
        return None
    if load.family[draft[target][at][0][0]] != load.family[move.line]:
        return None
    return _changed(draft[target][at], move.line, move.pieces)


def _changed(batch: Batch, line: int, by: int) -> Batch | None:
    """The batch with so many pieces of a line more, or less; None where there aren't so many."""
    pieces = dict(batch)
    pieces[line] = pieces.get(line, 0) + by
    if pieces[line] < 0:
        return None
    return tuple(sorted((line, number) for line, number in pieces.items() if number))
