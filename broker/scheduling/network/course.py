"""The course of a search for another objective than tardiness, in turns.

First comes what is asked for first; then that is kept, and what comes after it is brought down. A makespan is sought by
a target a little below the best one: what ends later costs each second, until nothing does; then the next target is
set, further away where the last one was met and nearer where it wasn't.
"""

from collections.abc import Callable

import numpy as np

from broker.scheduling.network.aim import EARNED, REJECTED, Score, aimed, score
from broker.scheduling.network.halves import Pace
from broker.scheduling.network.objective import Objective
from broker.scheduling.network.problem import Step
from broker.scheduling.network.state import State
from broker.scheduling.network.world import World

TURNS = 2
"""Times that both turns are taken, where the stop says how much of its budget is used."""
_DRAFTS = 1_500
"""For each lot, of a turn where it doesn't."""
_SOON, _KEPT = 1e3, 1e5
"""Weighted seconds that a second after the target costs: while the target is sought, and while it is kept."""
_STEP = 0.02
"""Of the makespan, by which the first target lies below it."""
_LEAST_S = 1.0
STALLED = 12
"""Stretches without success after which a target was too far away."""
_DEAR = 10.0
"""Times as much as usual that a machine's second is worth while earned use is sought."""
Used = Callable[[], float | None]
"""Share of the budget that is used; None: nobody knows."""


class Course:
    """Of one search; its `laid` is the world that the search goes through, whose limits change with the turns."""

    def __init__(self, plain: World, objective: Objective, bound_s: float, used: Used) -> None:
        self.laid = aimed(plain, objective)
        self.first = False
        """Whether what is asked for first is being sought."""
        self.hurried = False
        """Whether drafts begin with what ends last: in such a turn's second half, or where no lot is left out."""
        self._plain, self._objective = plain, objective
        self._bound_s, self._used = bound_s, used
        self._end_s = self._step_s = np.inf
        self._lots = max(1, len(plain.lots))
        self._most_s = float((plain.lots["earns"] * plain.lots["quantity"]).sum())
        self._way = 0.0

    def another(self) -> "Course":
        """For a second search beside the first."""
        return Course(self._plain, self._objective, self._bound_s, self._used)

    def score(self, state: State) -> Score:
        return score(self._plain, state, self._objective)

    def step(self, drafts: int, found: Score) -> Step:
        if self._objective is Objective.TARDINESS:
            return Step(drafts, *found)
        tardiness = found[0] + found[2] if self._objective is Objective.MAKESPAN else found[1]
        return Step(drafts, tardiness, found[-1], abs(found[1 if self._objective is Objective.MAKESPAN else 0]))

    def turn(self, best: Score, drafts: int, since: int) -> bool:
        """What the next stretch goes for, `since` so many that found nothing better; True: it is something else.

        The search then goes on from its best plan.
        """
        share = self._used()
        turns = drafts / (2 * _DRAFTS * self._lots) if share is None else share * TURNS
        self._way = 2.0 * turns % 1.0
        first = bool(turns % 1.0 < 0.5) and self._is_more(best)
        missing = best[0] > (-self._most_s if self._objective is Objective.UTILISATION else 0.0)
        self.hurried = first and (self._way >= 0.5 or not missing)
        if self._objective is not Objective.MAKESPAN:
            changed, self.first = first != self.first, first
            self.laid.limits["dear"] = _DEAR if first else 1.0
            return changed
        return self._retarget(best[1], first, since)

    def _is_more(self, best: Score) -> bool:
        """Whether what is asked for first may be bettered, apart from what is late."""
        if self._objective is Objective.TARDINESS:
            return False
        if self._objective is Objective.UTILISATION:
            return best[0] > 1e-2 - self._most_s
        return best[1] > self._bound_s + _LEAST_S

    def _retarget(self, end_s: float, first: bool, since: int) -> bool:
        stalled = first and since > 0 and since % STALLED == 0
        if first == self.first and end_s == self._end_s and not stalled:
            return False
        if self._end_s == np.inf:
            self._step_s = _STEP * (end_s - float(self.laid.limits["now"][0]))
        elif end_s < self._end_s:
            self._step_s *= 2.0
        elif stalled and self.first:
            self._step_s = max(self._step_s / 2.0, _LEAST_S)
        self._step_s = min(self._step_s, max(end_s - self._bound_s, _LEAST_S))
        self._end_s, self.first = end_s, first
        self.laid.limits["target"] = end_s - self._step_s if first else end_s
        self.laid.limits["over"] = _SOON if first else _KEPT
        return True

    def temperature(self, best: Score) -> float:
        """Of a small search."""
        cooled = 10.0 ** -(3.0 * self._way)
        if not self.first:
            return float(self.late(best) * cooled)
        if self._objective is Objective.UTILISATION:
            return float(self._unearned(best) * cooled)
        if not self.hurried:
            return float(REJECTED * best[0] / self._lots * cooled**2)
        return float(_SOON * self._step_s * cooled / 10.0)

    def late(self, best: Score) -> float:
        """Weighted seconds of a lot, on average, with what cost adds where nothing is late."""
        tardiness = self.step(0, best).tardiness
        return (tardiness + 1e-3 * best[-1]) / self._lots

    def pace(self, best: Score) -> Pace:
        """Of a large search."""
        if not self.first:
            return Pace(hurried=False, heat=self.late(best))
        if self._objective is Objective.UTILISATION:
            mean = self._unearned(best)
            return Pace(self.hurried, mean / 30.0 if self.hurried else mean)
        if not self.hurried:
            return Pace(hurried=False, heat=REJECTED * best[0] / self._lots)
        return Pace(hurried=True, heat=float(_SOON * self._step_s / 30.0))

    def _unearned(self, best: Score) -> float:
        """Weighted seconds of a lot, on average."""
        return EARNED * (self._most_s + best[0]) / self._lots
