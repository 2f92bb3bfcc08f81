"""Small plans made better with their true plates: remainders share one, and work is shared out over machines.

What a search over numbers can't know is what lies together. A plan of a few dozen runs is cheap enough to be timed
anew for every change; of a larger one only remainders are joined. A change is kept that makes the plan better by its
own figures, or no worse with a plate less.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from broker.scheduling.network.figures import figures
from broker.scheduling.network.problem import Plan, Problem
from broker.scheduling.plates.company import joined, may_lie, pairs
from broker.scheduling.plates.layout import Entries, Lies
from broker.scheduling.plates.retime import Planned, retimed, runs_of
from broker.scheduling.stopping import Stop

CHANGES_TRIED = 2000
"""About two seconds."""
FEW_RUNS = 60
Score = tuple[float, float, int]


def bettered(problem: Problem, plan: Plan, lies: Lies, stop: Stop, rng: np.random.Generator) -> Plan:
    """The plan after every change that made it better, until none does or `stop` is true."""
    best, tried, found = score(problem, plan), 0, True
    while found:
        found = False
        for runs in _changed(problem, runs_of(plan), lies, rng):
            if tried >= CHANGES_TRIED or stop():
                return plan
            tried += 1
            candidate, late = retimed(problem, runs)
            if not late and (worth := score(problem, candidate)) < best:
                plan, best, found = candidate, worth, True
                break
    return plan


def score(problem: Problem, plan: Plan) -> Score:
    """Less is better: weighted tardiness with what is rejected, then cost, then runs."""
    of = figures(problem, plan)
    return round(of.tardiness + of.rejected, 3), round(of.cost, 3), len(plan.machine)


def _changed(problem: Problem, runs: list[Planned], lies: Lies, rng: np.random.Generator) -> Iterator[list[Planned]]:
    """Remainders joined first, then runs or parts of them moved, in an order drawn from `rng`."""
    for one, other in pairs(problem, runs):
        together = joined(runs[one].entries, runs[other].entries)
        if may_lie(problem, runs[one].machine, together, lies):
            yield [
                replace(run, entries=together) if place == one else run
                for place, run in enumerate(runs)
                if place != other
            ]
    if len(runs) > FEW_RUNS:
        return
    yield from _levied(problem, runs, lies)
    places = [(place, machine) for place in range(len(runs)) for machine in _machines(problem, runs[place])]
    for number in rng.permutation(len(places)):
        place, machine = places[number]
        for going in _portions(runs[place].entries):
            if may_lie(problem, machine, going, lies):
                yield _moved(runs, place, machine, going)


def _levied(problem: Problem, runs: list[Planned], lies: Lies) -> Iterator[list[Planned]]:
    """An even part of each of a lot's runs onto one more machine: where all end alike, moving one is no help."""
    whole = {run.entries[0][0] for run in runs if len(run.entries) == 1}
    for lot in sorted(whole):
        of = [place for place, run in enumerate(runs) if len(run.entries) == 1 and run.entries[0][0] == lot]
        used = {runs[place].machine for place in of}
        gone = {place: runs[place].entries[0][1] // (len(used) + 1) for place in of}
        going: Entries = ((lot, sum(gone.values())),)
        if len(used) < 2 or not going[0][1]:
            continue
        left = [_less(run, gone.get(place, 0)) for place, run in enumerate(runs)]
        for machine in _machines(problem, runs[of[0]]):
            if machine not in used and may_lie(problem, machine, going, lies):
                yield [*left[: of[0]], Planned(machine, going), *left[of[0] :]]


def _less(run: Planned, pieces: int) -> Planned:
    """Without so many, fewer than it has, of its first lot."""
    (lot, number), *rest = run.entries
    return replace(run, entries=((lot, number - pieces), *rest)) if pieces else run


def _machines(problem: Problem, run: Planned) -> Iterator[int]:
    """Others whose class can make all of it."""
    for machine, kind in enumerate(problem.machines.kind.tolist()):
        working = np.isfinite(problem.machines.ready_s[machine])
        if machine != run.machine and working and all(problem.lots.per_plate[lot, kind] for lot, _ in run.entries):
            yield machine


def _portions(entries: Entries) -> Iterator[Entries]:
    """All of a run, half of it, a quarter, an eighth; of several lots only whole ones."""
    yield entries
    if len(entries) > 1:
        yield from ((entry,) for entry in entries)
        return
    [(lot, pieces)] = entries
    for _ in range(3):
        pieces //= 2
        if not pieces:
            return
        yield ((lot, pieces),)


def _merged(runs: list[Planned], one: int, other: int, together: Entries) -> list[Planned]:
    """Both at the turn of the first of them named."""
    changed = [*runs[:one], replace(runs[one], entries=together), *runs[one + 1 :]]
    del changed[other]
    return changed


def _moved(runs: list[Planned], place: int, machine: int, going: Entries) -> list[Planned]:
    """Those pieces as a run of their own, on another machine at the same turn."""
    gone = dict(going)
    stay = tuple((lot, pieces - gone.get(lot, 0)) for lot, pieces in runs[place].entries if pieces > gone.get(lot, 0))
    here = [replace(runs[place], entries=stay)] if stay else []
    return [*runs[:place], *here, Planned(machine, going), *runs[place + 1 :]]
