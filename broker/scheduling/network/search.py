"""A search of one state: stretches of annealing, cooler from draft to draft, and the best plan kept."""

import numpy as np

from broker.scheduling.network.anneal import anneal
from broker.scheduling.network.load import drop_unmade
from broker.scheduling.network.problem import Step
from broker.scheduling.network.state import State
from broker.scheduling.network.world import World
from broker.scheduling.stopping import Stop

SCALE = 1e-3
"""Weighted seconds that a minor unit of cost is worth: little enough that tardiness comes first."""
SAMPLE = 12
"""Machines tried for each lot, besides those that the draft has changed."""
SMALL = 2_000
"""Runs up to which every best plan is copied at once, and the search begins anew when it has cooled."""
TIDY = 50
"""Stretches after which what can't be finished is dropped, and the best of a large plan is copied."""
_CYCLE = 3_000
"""Drafts for each lot after which a small search is hot again."""
_FINE = 0.9
"""Of a small search's drafts so many are single moves."""


def energy(state: State) -> float:
    """What a search brings down: weighted seconds, and cost as a tie-breaker."""
    head = state.head[0]
    return float(head["worth"] + SCALE * head["cost"])


def stretch(runs: int) -> int:
    """Drafts of a large plan that take some 20 ms."""
    return 40 if runs < 60_000 else 8


def cooled(mean: float, drafts: float) -> float:
    """Temperature of a large search: from the mean energy of a lot, and how many drafts there were for each lot."""
    return 0.02 * mean / (1.0 + drafts / 4.0)


class Search:
    """Of one state, which always holds a plan; the best one seen is kept."""

    def __init__(self, laid: World, state: State, trace: list[Step]) -> None:
        self._laid = laid
        self._state = state
        self._trace = trace
        self._small = len(state.runs) <= SMALL
        self._drafts = self._stretches = 0
        self._least = energy(state)
        self._best = State(*(array.copy() for array in state))

    def run(self, stop: Stop) -> State:
        """Until `stop`; the best state."""
        while not stop():
            self.step()
        return self.best()

    def step(self) -> None:
        """A stretch of drafts: some 20 ms."""
        fine, until = (_FINE, self._least - 1e-6) if self._small else (0.0, -np.inf)
        self._drafts += anneal(
            self._laid, self._state, self._stretch(), self._temperature(), SCALE, 4, SAMPLE, fine, until
        )
        self._stretches += 1
        if self._small or self._stretches % TIDY == 0:
            self._note()

    def key(self) -> tuple[float, ...]:
        """The less, the better is the best plan."""
        return (energy(self.best()),)

    def best(self) -> State:
        self._note()
        return self._best

    @property
    def trace(self) -> list[Step]:
        """Where it started, then each plan that was the best so far."""
        return self._trace

    def _stretch(self) -> int:
        return 200 if self._small else stretch(len(self._state.runs))

    def _temperature(self) -> float:
        lots = len(self._laid.lots)
        mean = energy(self._state) / lots
        if self._small:
            return mean * float(10.0 ** -(3.0 * (self._drafts % (_CYCLE * lots)) / (_CYCLE * lots)))
        return cooled(mean, self._drafts / lots)

    def _note(self) -> None:
        drop_unmade(self._laid, self._state)
        if energy(self._state) < self._least - 1e-6:
            self._least = energy(self._state)
            for ours, theirs in zip(self._best, self._state, strict=True):
                np.copyto(ours, theirs)
            head = self._state.head[0]
            self._trace.append(Step(self._drafts, float(head["worth"]), float(head["cost"])))
