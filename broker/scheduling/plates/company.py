"""What lies together: a run of several lots that no table holds is parted, runs that may share a plate are joined."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from broker.scheduling.network.problem import Problem
from broker.scheduling.plates.layout import Entries, Lies
from broker.scheduling.plates.retime import Planned


def parted(runs: Sequence[Planned], lies: Lies) -> list[Planned]:
    """The runs; one whose lots don't lie together as several, of which each takes as many lots as do."""
    found = []
    for run in runs:
        left = list(run.entries)
        while left:
            together: Entries = (left.pop(0),)
            for entry in list(left):
                if lies(run.machine, (*together, entry)):
                    together = (*together, entry)
                    left.remove(entry)
            found.append(replace(run, entries=together))
    return found


def joined(one: Entries, other: Entries) -> Entries:
    """What both make; a lot that is in both once."""
    pieces = dict(one)
    for lot, number in other:
        pieces[lot] = pieces.get(lot, 0) + number
    return tuple(sorted(pieces.items()))


def pairs(problem: Problem, runs: Sequence[Planned]) -> Iterator[tuple[int, int]]:
    """Positions of a run and of one that might lie on its plate; the emptiest first, and the near before the far."""
    load = [_load(problem, run) for run in runs]
    group = [_group(problem, run) for run in runs]
    found = [
        (load[one] + load[other], abs(one - other), one, other)
        for one in range(len(runs))
        for other in range(len(runs))
        if one != other and group[one] == group[other] and load[one] < 1 and load[other] < 1
    ]
    for _, _, one, other in sorted(found):
        yield one, other


def _load(problem: Problem, run: Planned) -> float:
    kind = int(problem.machines.kind[run.machine])
    return sum(pieces / int(problem.lots.per_plate[lot, kind]) for lot, pieces in run.entries)


def _group(problem: Problem, run: Planned) -> tuple[int, int]:
    """Runs of one group may share; a lot that shares with nobody is a group by itself."""
    lot = run.entries[0][0]
    share = int(problem.lots.share[lot])
    return int(problem.lots.family[lot]), share if share >= 0 else -1 - lot


def may_lie(problem: Problem, machine: int, entries: Entries, lies: Lies) -> bool:
    kind = int(problem.machines.kind[machine])
    lots = [lot for lot, _ in entries]
    if any(pieces > problem.lots.per_plate[lot, kind] for lot, pieces in entries):
        return False
    barred = problem.barred
    if any(((barred.lot == lot) & (barred.machine == machine)).any() for lot in lots):
        return False
    return lies(machine, entries)
