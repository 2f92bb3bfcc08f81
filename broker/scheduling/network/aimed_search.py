"""A search of one state for another objective than tardiness."""

import numpy as np

from broker.scheduling.network.aim import Score
from broker.scheduling.network.anneal import anneal
from broker.scheduling.network.course import Course
from broker.scheduling.network.hasten import hasten
from broker.scheduling.network.load import drop_unmade
from broker.scheduling.network.problem import Step
from broker.scheduling.network.search import SAMPLE, SCALE, TIDY, Search, cooled, energy
from broker.scheduling.network.state import State
from broker.scheduling.network.worth import revalue

_OFTEN = 4
"""Stretches after which a large plan that is hurried is looked at."""


class AimedSearch(Search):
    """As its course goes; the best plan is the one of the best score."""

    def __init__(self, state: State, trace: list[Step], course: Course) -> None:
        super().__init__(course.laid, state, trace)
        self._course = course
        self._score = course.score(state)
        self._since = 0

    def step(self) -> None:
        if self._course.turn(self._score, self._drafts, self._since):
            self._return()
        strength, fine = (8, 0.8) if self._small else (4, 0.0)
        until = self._least - 1e-6 if self._small else -np.inf
        laid, state, drafts, heat = self._laid, self._state, self._stretch(), self._temperature()
        if self._course.hurried:
            self._drafts += hasten(laid, state, drafts, heat, SCALE, strength, SAMPLE, until)
        else:
            self._drafts += anneal(laid, state, drafts, heat, SCALE, strength, SAMPLE, fine, until)
        self._stretches += 1
        self._since += 1
        if self._small or self._stretches % (_OFTEN if self._course.hurried else TIDY) == 0:
            self._note()

    def key(self) -> Score:
        self._note()
        return self._score

    def _return(self) -> None:
        """To the best plan, worth what it is by the limits that hold now."""
        random = self._state.head["random"].copy()
        for ours, theirs in zip(self._state, self._best, strict=True):
            np.copyto(ours, theirs)
        self._state.head["random"] = random
        revalue(self._laid, self._state)
        self._least = energy(self._state)

    def _temperature(self) -> float:
        if self._small:
            return self._course.temperature(self._score)
        pace = self._course.pace(self._score)
        return pace.heat if pace.hurried else cooled(pace.heat, self._drafts / len(self._laid.lots))

    def _note(self) -> None:
        drop_unmade(self._laid, self._state)
        self._least = min(self._least, energy(self._state))
        found = self._course.score(self._state)
        if found < self._score:
            self._score, self._since = found, 0
            for ours, theirs in zip(self._best, self._state, strict=True):
                np.copyto(ours, theirs)
            self._trace.append(self._course.step(self._drafts, found))
