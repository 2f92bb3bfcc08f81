"""Runs in a given order as a plan: each begins as soon as its machine, a person and a shift let it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from broker.scheduling.network.problem import Plan, Problem
from broker.scheduling.plates.runs import Planned

SLACK_S = 1e-6
"""Rounding by which a run may end after its shift."""


@dataclass(frozen=True, slots=True)
class _Times:
    begin_s: float
    start_s: float
    end_s: float
    person: int
    """Who sets it up, of the workshop's."""


def retimed(problem: Problem, runs: Sequence[Planned]) -> tuple[Plan, tuple[Planned, ...]]:
    """A plan of the runs, and those for which there is no time before the horizon.

    A machine makes its runs in the order given, and so do the people of a workshop.
    """
    hall = _Hall(problem)
    made: list[tuple[_Times, Planned]] = []
    late: list[Planned] = []
    for run in runs:
        times = hall.take(run)
        if times is None:
            late.append(run)
        else:
            made.append((times, run))
    made.sort(key=lambda one: (one[0].begin_s, one[1].machine))
    return _plan(made), tuple(late)


class _Hall:
    """Machines and people as they become free."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._free_s = np.maximum(problem.machines.ready_s, problem.now_s).tolist()
        self._loaded = problem.machines.family.tolist()
        self._people_s = [[problem.now_s] * number for number in problem.workshops.operators.tolist()]

    def take(self, run: Planned) -> _Times | None:
        """Times of the next run; None where it can't start before the horizon, and then nothing changes."""
        times = self._times(run)
        if times is None:
            return None
        problem, machine = self._problem, run.machine
        workshop, kind = int(problem.machines.workshop[machine]), int(problem.machines.kind[machine])
        self._free_s[machine] = times.end_s
        self._loaded[machine] = int(problem.lots.family[run.entries[0][0]])
        self._people_s[workshop][times.person] = times.start_s + float(problem.classes.watch_s[kind])
        return times

    def _times(self, run: Planned) -> _Times | None:
        problem, machine = self._problem, run.machine
        lots, classes = problem.lots, problem.classes
        workshop, kind = int(problem.machines.workshop[machine]), int(problem.machines.kind[machine])
        people = self._people_s[workshop]
        if not people or not np.isfinite(self._free_s[machine]):
            return None
        family = int(lots.family[run.entries[0][0]])
        hands = float(classes.clear_s[kind] + classes.count_s[kind] + problem.setup_s[self._loaded[machine], family])
        making = float(classes.overhead_s[kind]) + sum(
            pieces * float(lots.piece_s[lot, kind]) for lot, pieces in run.entries
        )
        release = max(float(lots.release_s[lot]) for lot, _ in run.entries)
        person = min(range(len(people)), key=people.__getitem__)
        earliest = max(self._free_s[machine], people[person], release - hands)
        watch = float(classes.watch_s[kind])
        busy = hands + (watch if classes.unattended[kind] else max(watch, making))
        begin = self._fitting(machine, workshop, earliest, busy, hands + making)
        if begin is None or begin + hands >= problem.horizon_s:
            return None
        return _Times(begin, begin + hands, begin + hands + making, person)

    def _fitting(self, machine: int, workshop: int, earliest: float, busy: float, whole: float) -> float | None:
        """The first time from `earliest` on with `busy` seconds within a shift, and `whole` without a block."""
        for opens, closes in self._shifts(workshop):
            begin = max(earliest, opens)
            for blocked, until in self._blocks(machine):
                if begin < until and begin + whole > blocked:
                    begin = until
            if begin + busy <= closes + SLACK_S:
                return begin
        return None

    def _shifts(self, workshop: int) -> Iterator[tuple[float, float]]:
        own = self._problem.workshops
        rows = own.shift_s[own.shift_first[workshop] : own.shift_first[workshop + 1]]
        return iter([(float(opens), float(closes)) for opens, closes in rows])

    def _blocks(self, machine: int) -> list[tuple[float, float]]:
        own = self._problem.machines
        rows = own.block_s[own.block_machine == machine]
        return sorted((float(blocked), float(until)) for blocked, until in rows)


def _plan(made: Sequence[tuple[_Times, Planned]]) -> Plan:
    entries = [entry for _, run in made for entry in run.entries]
    counts = [len(run.entries) for _, run in made]
    return Plan(
        machine=np.array([run.machine for _, run in made], dtype=np.int64),
        begin_s=np.array([times.begin_s for times, _ in made], dtype=np.float64),
        start_s=np.array([times.start_s for times, _ in made], dtype=np.float64),
        end_s=np.array([times.end_s for times, _ in made], dtype=np.float64),
        entry_first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        entry_lot=np.array([lot for lot, _ in entries], dtype=np.int64),
        entry_pieces=np.array([pieces for _, pieces in entries], dtype=np.int64),
    )
