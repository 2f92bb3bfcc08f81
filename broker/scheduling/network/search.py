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
STRENGTH, SAMPLE = 4, 12
"""Runs taken out at once, and machines tried for each lot, at most."""
SMALL = 2_000
"""Runs up to which every best plan is copied at once, and the search begins anew when it has cooled."""
TIDY = 50
"""Stretches after which what can't be finished is dropped, and the best of a large plan is copied."""
_HOT, _COOL, _CYCLE = 0.02, 4.0, 400


class Search:
    """Of one state, which always holds a plan; `best` is the best one seen."""

    def __init__(self, laid: World, state: State, trace: list[Step]) -> None:
        self._laid = laid
        self._state = state
        self._trace = trace
        self._small = len(state.runs) <= SMALL
        self._drafts = 0
        self._least = self._energy()
        self._best = State(*(array.copy() for array in state))

    def run(self, stop: Stop) -> State:
        """Until `stop`; the best state."""
        stretch, stretches = self._stretch(), 0
        while not stop():
            until = self._least - 1e-6 if self._small else -np.inf
            self._drafts += anneal(
                self._laid, self._state, stretch, self._temperature(), SCALE, STRENGTH, SAMPLE, until
            )
            stretches += 1
            if self._small or stretches % TIDY == 0:
                self._note()
        self._note()
        return self._best

    def _stretch(self) -> int:
        return 40 if len(self._state.runs) < 60_000 else 8

    def _temperature(self) -> float:
        lots = len(self._laid.lots)
        since = self._drafts % (_CYCLE * lots) if self._small else self._drafts
        return _HOT * self._energy() / lots / (1.0 + since / (_COOL * lots))

    def _energy(self) -> float:
        head = self._state.head[0]
        return float(head["worth"] + SCALE * head["cost"])

    def _note(self) -> None:
        drop_unmade(self._laid, self._state)
        if self._energy() < self._least - 1e-6:
            self._least = self._energy()
            for ours, theirs in zip(self._best, self._state, strict=True):
                np.copyto(ours, theirs)
            head = self._state.head[0]
            self._trace.append(Step(self._drafts, float(head["worth"]), float(head["cost"])))
