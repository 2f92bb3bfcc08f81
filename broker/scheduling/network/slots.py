"""Where a run could still go in a plan, and where it could were one of its limits lifted."""

from bisect import bisect_right, insort
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from broker.scheduling.network.problem import Plan, Problem


@dataclass(frozen=True, slots=True)
class Lifted:
    """Limits that are taken not to hold."""

    release: bool = False
    people: bool = False
    shifts: bool = False
    queue: bool = False
    """Other lots' runs on the machine."""


@dataclass(frozen=True, slots=True)
class Slot:
    begin_s: float
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class _Gap:
    from_s: float
    until_s: float
    loaded: int
    follows: int
    """Family of the next run; -1: none."""
    blocked: bool
    """The machine is taken before that run, whose change can't grow then."""


class Slots:
    """A plan without some of its runs, in which to look for a lot's place."""

    def __init__(self, problem: Problem, plan: Plan, without: Collection[int]) -> None:
        self._problem = problem
        first = plan.entry_first[:-1]
        kept = np.setdiff1d(np.arange(len(plan.machine)), np.array(list(without), dtype=np.int64))
        families = problem.lots.family[plan.entry_lot[first]]
        self._runs: dict[int, list[tuple[float, float, int]]] = {}
        for machine, begin, end, family in zip(
            plan.machine[kept].tolist(),
            plan.begin_s[kept].tolist(),
            plan.end_s[kept].tolist(),
            families[kept].tolist(),
            strict=True,
        ):
            self._runs.setdefault(machine, []).append((begin, end, family))
        until = plan.start_s + problem.classes.watch_s[problem.machines.kind[plan.machine]]
        self._busy: dict[int, list[tuple[float, float]]] = {}
        shops = problem.machines.workshop[plan.machine[kept]].tolist()
        for shop, begin, end in zip(shops, plan.begin_s[kept].tolist(), until[kept].tolist(), strict=True):
            self._busy.setdefault(shop, []).append((begin, end))

    def whole(self, lot: int, machine: int, pieces: int, lifted: Lifted = Lifted()) -> tuple[Slot, ...]:
        """One run after the other until all pieces are made; empty where the machine never gets round to it."""
        most = int(self._problem.lots.per_plate[lot, self._problem.machines.kind[machine]])
        found: list[Slot] = []
        left = pieces
        own = _Own(self, machine)
        while left > 0 and most > 0:
            held = min(left, most)
            slot = own.first(lot, held, lifted)
            if slot is None:
                return ()
            own.take(slot, int(self._problem.lots.family[lot]))
            found.append(slot)
            left -= held
        return tuple(found)

    def first(self, lot: int, machine: int, pieces: int, lifted: Lifted = Lifted()) -> Slot | None:
        """The earliest run of so many pieces; None: there is none before the horizon."""
        return _Own(self, machine).first(lot, pieces, lifted)

    def runs(self, machine: int) -> list[tuple[float, float, int]]:
        return self._runs.get(machine, [])

    def busy(self, shop: int) -> list[tuple[float, float]]:
        return self._busy.get(shop, [])

    @property
    def problem(self) -> Problem:
        return self._problem


def own_runs(plan: Plan, lot: int) -> list[int]:
    """Runs of one lot alone; plates that it shares were made for others as well."""
    first, held = plan.entry_first[:-1], np.diff(plan.entry_first)
    alone = np.flatnonzero(held == 1)
    found: list[int] = alone[plan.entry_lot[first[alone]] == lot].tolist()
    return found


class _Own:
    """One machine of it, to which runs may be added."""

    def __init__(self, slots: Slots, machine: int) -> None:
        self._problem, self._machine = slots.problem, machine
        self._runs = list(slots.runs(machine))
        self._shop = int(self._problem.machines.workshop[machine])
        self._busy = sorted(slots.busy(self._shop))
        self._ends = sorted(end for _, end in self._busy)

    def take(self, slot: Slot, family: int) -> None:
        insort(self._runs, (slot.begin_s, slot.end_s, family))
        watch = float(self._problem.classes.watch_s[self._problem.machines.kind[self._machine]])
        insort(self._busy, (slot.begin_s, slot.start_s + watch))
        insort(self._ends, slot.start_s + watch)

    def first(self, lot: int, pieces: int, lifted: Lifted) -> Slot | None:
        kind = int(self._problem.machines.kind[self._machine])
        lasts = float(self._problem.classes.overhead_s[kind] + pieces * self._problem.lots.piece_s[lot, kind])
        for gap in self._gaps(lifted):
            slot = self._within(gap, lot, lasts, lifted)
            if slot is not None:
                return slot
        return None

    def _gaps(self, lifted: Lifted) -> list[_Gap]:
        """Times in which the machine is free, in order."""
        machines = self._problem.machines
        free = max(float(machines.ready_s[self._machine]), self._problem.now_s)
        loaded = int(machines.family[self._machine])
        blocks = machines.block_s[machines.block_machine == self._machine].tolist()
        taken = sorted([(begin, end, -1) for begin, end in blocks] + ([] if lifted.queue else self._runs))
        gaps = []
        for position, (begin, end, family) in enumerate(taken):
            follows = next((after for _, _, after in taken[position:] if after >= 0), -1)
            gaps.append(_Gap(free, begin, loaded, follows, blocked=family < 0))
            free = max(free, end)
            loaded = family if family >= 0 else loaded
        return [*gaps, _Gap(free, np.inf, loaded, -1, blocked=False)]

    def _within(self, gap: _Gap, lot: int, lasts_s: float, lifted: Lifted) -> Slot | None:
        problem = self._problem
        kind, family = int(problem.machines.kind[self._machine]), int(problem.lots.family[lot])
        change = float(
            problem.classes.clear_s[kind] + problem.classes.count_s[kind] + problem.setup_s[gap.loaded, family]
        )
        more = 0.0
        if gap.follows >= 0:
            more = max(0.0, float(problem.setup_s[family, gap.follows] - problem.setup_s[gap.loaded, gap.follows]))
        if gap.blocked and more > 0:
            return None
        release = problem.now_s if lifted.release else float(problem.lots.release_s[lot])
        latest = min(gap.until_s - more - change - lasts_s, problem.horizon_s - change - 1e-3)
        begin = max(gap.from_s, release - change, problem.now_s)
        watch = float(problem.classes.watch_s[kind])
        needs = change + (watch if problem.classes.unattended[kind] else max(watch, lasts_s))
        while begin <= latest:
            opened = begin if lifted.shifts else self._opened(begin, needs)
            freed = opened if lifted.people else self._freed(opened, opened + change + watch)
            if freed == begin:
                return Slot(begin, begin + change, begin + change + lasts_s)
            begin = freed
        return None

    def _opened(self, begin_s: float, needs_s: float) -> float:
        """When somebody is there for so long."""
        shops = self._problem.workshops
        for opens, closes in shops.shift_s[shops.shift_first[self._shop] : shops.shift_first[self._shop + 1]].tolist():
            if max(begin_s, opens) + needs_s <= closes:
                return float(max(begin_s, opens))
        return float(np.inf)

    def _freed(self, begin_s: float, until_s: float) -> float:
        """`begin_s` where a person is free until then, else when the next one is."""
        people = int(self._problem.workshops.operators[self._shop])
        inside = [(begin, end) for begin, end in self._busy if begin < until_s and end > begin_s]
        moments = [begin_s, *(begin for begin, _ in inside if begin > begin_s)]
        if people and all(sum(begin <= moment < end for begin, end in inside) < people for moment in moments):
            return begin_s
        later = bisect_right(self._ends, begin_s)
        return self._ends[later] if people and later < len(self._ends) else float(np.inf)
