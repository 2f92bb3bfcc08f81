"""When what machines were given will be made: rows of runs → a `Plan`.

A run begins when it was planned to, or as soon after as what is before it on its machine and the workshop's hours let
it. What is under way ends by its own progress.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from broker.planning.posing import Posed
from broker.planning.snapshot import remaining_s
from broker.runs.models import Run
from broker.scheduling.network.problem import Plan, Problem
from broker.wire.states import RunState

_WAITING = frozenset({RunState.PLANNED, RunState.OFFERED, RunState.CLAIMED, RunState.STAGED, RunState.ARMED})


@dataclass(frozen=True, slots=True)
class Held:
    """A live run, and its pieces by lot."""

    run: Run
    pieces: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class _Timed:
    begin_s: float
    machine: int
    start_s: float
    end_s: float
    entries: tuple[tuple[int, int], ...]


def projected(posed: Posed, work: Sequence[Held], now: datetime) -> Plan:
    """Seconds from `now`; what is under way began before it. Machines that are no more are left out."""
    machines = {station.machine_id: machine for machine, station in enumerate(posed.stations)}
    by_machine: dict[int, list[Held]] = defaultdict(list)
    for held in work:
        if held.run.machine_id in machines:
            by_machine[machines[held.run.machine_id]].append(held)
    timed = [one for machine, queue in by_machine.items() for one in _queue(posed.problem, machine, queue, now)]
    return _plan(sorted(timed, key=lambda one: (one.begin_s, one.machine)))


def _queue(problem: Problem, machine: int, queue: Sequence[Held], now: datetime) -> list[_Timed]:
    free_s, loaded = 0.0, int(problem.machines.family[machine])
    timed = []
    for held in sorted(queue, key=lambda one: (one.run.state in _WAITING, one.run.planned_start)):
        run, family = held.run, int(problem.lots.family[next(iter(held.pieces))])
        change_s, lasts_s = 0.0, remaining_s(run)
        if run.state in _WAITING:
            change_s = _change_s(problem, machine, loaded, family)
            wanted_s = max(free_s, (run.planned_start - now).total_seconds() - change_s)
            begin_s = _attended(problem, int(problem.machines.workshop[machine]), wanted_s, change_s)
        else:
            whole_s = run.estimate_s or (run.planned_end - run.planned_start).total_seconds()
            begin_s = free_s + lasts_s - max(lasts_s, whole_s)
            lasts_s = max(lasts_s, whole_s)
        end_s = begin_s + change_s + lasts_s
        timed.append(_Timed(begin_s, machine, begin_s + change_s, end_s, tuple(sorted(held.pieces.items()))))
        free_s, loaded = end_s, family
    return timed


def _change_s(problem: Problem, machine: int, loaded: int, family: int) -> float:
    kind = int(problem.machines.kind[machine])
    return float(problem.setup_s[loaded, family] + problem.classes.clear_s[kind] + problem.classes.count_s[kind])


def _attended(problem: Problem, workshop: int, begin_s: float, needs_s: float) -> float:
    """The next moment from which on somebody is there for so long; `begin_s` where nobody knows."""
    shops = problem.workshops
    for opens_s, closes_s in shops.shift_s[slice(*shops.shift_first[workshop : workshop + 2])].tolist():
        if max(begin_s, opens_s) + needs_s <= closes_s:
            return float(max(begin_s, opens_s))
    return begin_s


def _plan(timed: Sequence[_Timed]) -> Plan:
    entries = [entry for one in timed for entry in one.entries]
    return Plan(
        machine=np.array([one.machine for one in timed], dtype=np.int64),
        begin_s=np.array([one.begin_s for one in timed], dtype=np.float64),
        start_s=np.array([one.start_s for one in timed], dtype=np.float64),
        end_s=np.array([one.end_s for one in timed], dtype=np.float64),
        entry_first=np.cumsum([0, *(len(one.entries) for one in timed)], dtype=np.int64),
        entry_lot=np.array([lot for lot, _ in entries], dtype=np.int64),
        entry_pieces=np.array([pieces for _, pieces in entries], dtype=np.int64),
    )
