"""What many schedules came to."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from broker.wire.states import TRANSITIONS
from tests.simulation.faults import Kind
from tests.simulation.judge import Violation
from tests.simulation.schedule import Transition, run

A_BATCH = 25


@dataclass(slots=True)
class Tally:
    schedules: int = 0
    events: int = 0
    virtual_s: float = 0.0
    faults: Counter[Kind] = field(default_factory=Counter)
    transitions: Counter[Transition] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    violations: list[tuple[int, Violation]] = field(default_factory=list)
    """With the seed of each."""

    def add(self, other: "Tally") -> None:
        self.schedules += other.schedules
        self.events += other.events
        self.virtual_s += other.virtual_s
        self.faults.update(other.faults)
        self.transitions.update(other.transitions)
        self.points.update(other.points)
        self.violations += other.violations


def tally(seeds: Iterable[int]) -> Tally:
    logging.disable(logging.CRITICAL)  # what rules warn of is what schedules are full of
    found = Tally()
    for seed in seeds:
        outcome = run(seed)
        found.add(
            Tally(
                schedules=1,
                events=outcome.events,
                virtual_s=outcome.lasted_s,
                faults=Counter(fault.kind for fault in outcome.faults),
                transitions=outcome.transitions,
                points=outcome.points,
                violations=[(seed, violation) for violation in outcome.violations],
            )
        )
    return found


def tallies(first: int, number: int, processes: int) -> Iterator[Tally]:
    """The whole after each batch, in the order of the seeds."""
    whole = Tally()
    batches = [range(begin, min(begin + A_BATCH, first + number)) for begin in range(first, first + number, A_BATCH)]
    with ProcessPoolExecutor(processes) as pool:
        try:
            for part in pool.map(tally, batches):
                whole.add(part)
                yield whole
        finally:
            pool.shutdown(cancel_futures=True)


def every_transition() -> list[Transition]:
    """What the table allows."""
    return [(before, after, actor.value) for (before, after), actors in TRANSITIONS.items() for actor in sorted(actors)]
