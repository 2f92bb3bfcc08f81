"""Plans made in the plainest way, by no code of the planner's: random ones, and all there are."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from broker.scheduling.network.problem import Plan, Problem


@dataclass(frozen=True, slots=True)
class Run:
    machine: int
    begin_s: float
    start_s: float
    end_s: float
    lots: tuple[tuple[int, int], ...]
    """Lot, pieces."""


def plan(runs: list[Run]) -> Plan:
    ordered = sorted(runs, key=lambda run: (run.begin_s, run.machine))
    entries = [entry for run in ordered for entry in run.lots]
    return Plan(
        machine=np.array([run.machine for run in ordered], dtype=np.int64),
        begin_s=np.array([run.begin_s for run in ordered], dtype=np.float64),
        start_s=np.array([run.start_s for run in ordered], dtype=np.float64),
        end_s=np.array([run.end_s for run in ordered], dtype=np.float64),
        entry_first=np.cumsum([0, *(len(run.lots) for run in ordered)]).astype(np.int64),
        entry_lot=np.array([lot for lot, _ in entries], dtype=np.int64),
        entry_pieces=np.array([pieces for _, pieces in entries], dtype=np.int64),
    )


@dataclass(slots=True)
class Floor:
    """A network in which runs are begun one after the other."""

    problem: Problem
    runs: list[Run] = field(default_factory=list)

    def added(self, machine: int, lots: tuple[tuple[int, int], ...], after_s: float = 0.0) -> Run | None:
        """The earliest run from `after_s` on that keeps every rule but those of quantity; None: there is none."""
        problem = self.problem
        kind, shop = int(problem.machines.kind[machine]), int(problem.machines.workshop[machine])
        mine = [run for run in self.runs if run.machine == machine]
        free, loaded = float(problem.machines.ready_s[machine]), int(problem.machines.family[machine])
        if mine:
            free, loaded = mine[-1].end_s, int(problem.lots.family[mine[-1].lots[0][0]])
        kinds = problem.classes
        change = float(
            kinds.clear_s[kind] + kinds.count_s[kind] + problem.setup_s[loaded, problem.lots.family[lots[0][0]]]
        )
        lasts = float(kinds.overhead_s[kind]) + sum(n * float(problem.lots.piece_s[lot, kind]) for lot, n in lots)
        release = max(float(problem.lots.release_s[lot]) for lot, _ in lots)
        begin = max(free, problem.now_s, release - change, after_s)
        for moment in sorted({begin, *(t for t in self._moments(machine, shop) if t > begin)}):
            run = Run(machine, moment, moment + change, moment + change + lasts, lots)
            if moment + change >= problem.horizon_s:
                return None
            if self._fits(run, kind, shop):
                return run
        return None

    def _moments(self, machine: int, shop: int) -> Iterator[float]:
        problem, shops = self.problem, self.problem.workshops
        yield from shops.shift_s[shops.shift_first[shop] : shops.shift_first[shop + 1], 0].tolist()
        yield from problem.machines.block_s[problem.machines.block_machine == machine, 1].tolist()
        for run in self.runs:
            if problem.machines.workshop[run.machine] == shop:
                yield run.start_s + float(problem.classes.watch_s[problem.machines.kind[run.machine]])

    def _fits(self, run: Run, kind: int, shop: int) -> bool:
        problem, shops, machines = self.problem, self.problem.workshops, self.problem.machines
        watched = run.start_s + float(problem.classes.watch_s[kind])
        until = watched if problem.classes.unattended[kind] else max(watched, run.end_s)
        shifts = shops.shift_s[shops.shift_first[shop] : shops.shift_first[shop + 1]].tolist()
        if not any(opens <= run.begin_s and until <= closes for opens, closes in shifts):
            return False
        blocks = machines.block_s[machines.block_machine == run.machine].tolist()
        if any(run.begin_s < closes and run.end_s > opens for opens, closes in blocks):
            return False
        busy = [(run.begin_s, watched)]
        for other in self.runs:
            if machines.workshop[other.machine] == shop:
                busy.append(
                    (other.begin_s, other.start_s + float(problem.classes.watch_s[machines.kind[other.machine]]))
                )
        return all(sum(a <= at < b for a, b in busy) <= shops.operators[shop] for at, _ in busy)

    def delivers(self, run: Run) -> bool:
        problem = self.problem
        legs = problem.workshops.ship_s[:, problem.machines.workshop[run.machine]]
        arrivals = [(run.end_s + float(legs[problem.lots.place[lot]]), lot) for lot, _ in run.lots]
        return all(np.isfinite(at) and at <= problem.lots.deadline_s[lot] for at, lot in arrivals)


def random_plan(problem: Problem, seed: int, tries: int = 60) -> Plan:
    """A feasible plan that makes what luck lets it; no plate is shared."""
    rng = np.random.default_rng(seed)
    floor = Floor(problem)
    left = problem.lots.quantity.copy()
    stock = problem.workshops.stock.copy()
    barred = set(zip(problem.barred.lot.tolist(), problem.barred.machine.tolist(), strict=True))
    for _ in range(tries):
        if not len(left) or not len(problem.machines.kind):
            break
        lot, machine = int(rng.integers(len(left))), int(rng.integers(len(problem.machines.kind)))
        most = int(min(left[lot], problem.lots.per_plate[lot, problem.machines.kind[machine]]))
        if most == 0 or (lot, machine) in barred or not np.isfinite(problem.machines.ready_s[machine]):
            continue
        pieces = int(rng.integers(1, most + 1))
        material, shop = int(problem.lots.material[lot]), int(problem.machines.workshop[machine])
        used = pieces * float(problem.lots.use[lot])
        if material >= 0 and used > stock[shop, material]:
            continue
        run = floor.added(machine, ((lot, pieces),), float(rng.integers(0, 3)) * 3600)
        if run is None or not floor.delivers(run):
            continue
        floor.runs.append(run)
        left[lot] -= pieces
        if material >= 0:
            stock[shop, material] -= used
    return plan(floor.runs)


def every_plan(problem: Problem) -> Iterator[Plan]:
    """All plans in which runs begin one after the other, each as early as may be: the best is among them.

    Without stock, bars and shared plates.
    """
    yield from _grown(Floor(problem), problem.lots.quantity.tolist(), problem.now_s)


def _grown(floor: Floor, left: list[int], after_s: float) -> Iterator[Plan]:
    yield plan(floor.runs)
    problem = floor.problem
    for machine, kind in enumerate(problem.machines.kind.tolist()):
        for lot, wanted in enumerate(left):
            for pieces in range(1, min(wanted, int(problem.lots.per_plate[lot, kind])) + 1):
                run = floor.added(machine, ((lot, pieces),), after_s)
                if run is None or not floor.delivers(run):
                    continue
                floor.runs.append(run)
                yield from _grown(floor, [*left[:lot], wanted - pieces, *left[lot + 1 :]], run.begin_s)
                floor.runs.pop()
