"""A plan made better with its true plates: lots come to share them, and whatever else pays then.

The search goes on from a plan. Between nests it guesses what lies together from what nests have shown so far. A plan
that is better than any before is kept once all its plates have been nested: what doesn't lie together is parted and
learnt, and the search goes on from there.
"""

import numpy as np

from broker.scheduling.network.export import plan_of
from broker.scheduling.network.figures import figures
from broker.scheduling.network.load import drop_unmade, load
from broker.scheduling.network.problem import Plan, Problem
from broker.scheduling.network.search import SCALE, SMALL, energy, stretch
from broker.scheduling.network.state import State, empty_state
from broker.scheduling.network.world import world
from broker.scheduling.plates.geometry import Geometry
from broker.scheduling.plates.layout import Lies
from broker.scheduling.plates.learnt import Learnt, entries_by_run
from broker.scheduling.plates.runs import rows_of
from broker.scheduling.plates.together import mixed
from broker.scheduling.plates.walk import part, walk
from broker.scheduling.stopping import Stop

_STEPS = np.array([0.2, 0.3, 0.35, 0.85])
"""Up to which of 0 to 1 a draft is a join, a regrouping, a shift, a move of pieces; ruin and recreate is the rest."""
_FIRST, _CYCLES = 200, 4
"""Drafts for each lot until the search begins anew from the best plan; each time twice as many."""
_LOTS = 10
"""Fewer are sought for as long as so many."""
_HOT, _COLD = 1e-3, 1e-5
"""Temperatures, in mean energies of a lot."""
_EPS = 1e-6


def shared(problem: Problem, geometry: Geometry, plan: Plan, lies: Lies, stop: Stop, seed: int) -> Plan:
    """The best plan found until `stop`, or until the search has cooled down a few times; all its plates lie.

    The same seed and number of times that `stop` is asked give the same plan.
    """
    if not len(problem.lots.quantity) or not len(problem.machines.kind):
        return plan
    search = _Search(problem, geometry, plan, lies, seed)
    drafts = _FIRST * max(_LOTS, len(problem.lots.quantity))
    for cycle in range(_CYCLES):
        if not search.cycle(drafts * 2**cycle, stop):
            break
    return search.best


class _Search:
    """`best` is always a plan all of whose plates lie."""

    def __init__(self, problem: Problem, geometry: Geometry, plan: Plan, lies: Lies, seed: int) -> None:
        self._laid = world(problem)
        self._learnt = Learnt(problem, geometry, lies)
        self._room = int(min(problem.lots.quantity.sum(), 20_000 + 2 * len(plan.machine))) + 1
        self._stretch = 200 if self._room <= SMALL else stretch(self._room)
        self._seed = seed
        self.best = plan
        self._state = self._begun()
        told = figures(problem, plan)
        self._least = energy(self._state)
        self._worth = _rounded(told.tardiness + told.rejected, told.cost)
        if self._part(lambda: False):
            self.best = plan_of(self._state)
            self._least, self._worth = energy(self._state), _worth(self._state)

    def cycle(self, drafts: int, stop: Stop) -> bool:
        """From the best plan on, ever cooler; False: the stop ended it."""
        self._state = self._begun()
        mean, made = energy(self._state) / len(self._laid.lots), 0
        while made < drafts:
            if stop():
                return False
            temperature = mean * _HOT * (_COLD / _HOT) ** (made / drafts)
            until, company = self._least - _EPS, self._learnt.company
            made += walk(self._laid, self._state, company, _STEPS, self._stretch, temperature, SCALE, until)
            if energy(self._state) < until:
                self._part(stop)
                if stop():
                    return False
                self._note()
        return True

    def _begun(self) -> State:
        state = empty_state(self._laid, self._room, self._seed)
        load(self._laid, state, rows_of(self.best))
        drop_unmade(self._laid, state)
        self._seed += 1
        return state

    def _part(self, stop: Stop) -> bool:
        """Lots off plates on which they don't lie, until `stop`; whether there are any such."""
        parted = False
        for run, machine, entries in entries_by_run(mixed(self._state)):
            together = entries
            while len(together) > 1 and not stop() and not self._learnt.lies(machine, together):
                *rest, (lot, pieces) = together
                part(self._laid, self._state, run, lot, pieces)
                together, parted = tuple(rest), True
        return parted

    def _note(self) -> None:
        """All plates lie."""
        drop_unmade(self._laid, self._state)
        self._least = min(self._least, energy(self._state))
        worth = _worth(self._state)
        if worth < self._worth:
            self._worth, self.best = worth, plan_of(self._state)


def _worth(state: State) -> tuple[float, float]:
    head = state.head[0]
    return _rounded(float(head["worth"]), float(head["cost"]))


def _rounded(late: float, cost: float) -> tuple[float, float]:
    """Less is better: weighted tardiness with what is rejected, then cost."""
    return round(late, 3), round(cost, 3)
