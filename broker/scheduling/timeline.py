"""When every plate of a plan starts and ends, and what the plan is worth.

In a workshop one person does one set-up at a time: whichever machine can be set up first is next.
"""

from dataclasses import dataclass

from broker.scheduling.workload import Batch, Queues, Workload

Score = tuple[float, float]
"""Less is better: weighted tardiness, then seconds of waiting and of cost together."""

SETUP_WORTH = 0.5
"""Seconds of the buyer's waiting that a second of a person's set-up may save: keeps plates from getting tiny."""
MOST_KEPT = 50_000
"""Clocks of workshops, some hundred MB."""


@dataclass(frozen=True, slots=True)
class ShopTimes:
    """One workshop's clock under a plan."""

    start_s: tuple[tuple[float, ...], ...]
    """By machine of the workshop, by plate."""
    end_s: tuple[tuple[float, ...], ...]
    arrival_s: dict[int, float]
    """By line: when its last piece from here is at the buyer's."""
    setup_s: float
    """The person's seconds."""
    cost: float


@dataclass(frozen=True, slots=True)
class Clock:
    """All workshops' times."""

    start_s: list[tuple[float, ...]]
    """[M] by plate."""
    end_s: list[tuple[float, ...]]
    tardiness: float
    cost: float
    score: Score


class Timeline:
    """Clocks of plans for one workload; a workshop whose queues were seen before isn't computed again."""

    def __init__(self, load: Workload) -> None:
        self._load = load
        self._staff: list[list[int]] = [[] for _ in load.ship_s]
        for machine, workshop in enumerate(load.workshop):
            self._staff[workshop].append(machine)
        self._seen: dict[tuple[int, Queues], ShopTimes] = {}

    def clock(self, queues: Queues) -> Clock:
        """Every start and end, the plan's tardiness (Σ weight × s), cost and score."""
        start_s: list[tuple[float, ...]] = [() for _ in queues]
        end_s: list[tuple[float, ...]] = [() for _ in queues]
        arrival: dict[int, float] = {}
        cost, setup_s = 0.0, 0.0
        for workshop, machines in enumerate(self._staff):
            times = self._shop(workshop, tuple(queues[machine] for machine in machines))
            cost += times.cost
            setup_s += times.setup_s
            for place, machine in enumerate(machines):
                start_s[machine], end_s[machine] = times.start_s[place], times.end_s[place]
            for line, at in times.arrival_s.items():
                arrival[line] = max(arrival.get(line, 0.0), at)
        tardiness = sum(self._load.weight[line] * max(0.0, at - self._load.due_s[line]) for line, at in arrival.items())
        effort = setup_s * SETUP_WORTH + cost * self._load.seconds_per_cost
        score = round(tardiness, 3), _waiting(arrival, self._load.order) + effort
        return Clock(start_s, end_s, tardiness, cost, score)

    def score(self, queues: Queues) -> Score:
        """What the plan is worth."""
        return self.clock(queues).score

    def _shop(self, workshop: int, queues: Queues) -> ShopTimes:
        key = (workshop, queues)
        if key not in self._seen:
            if len(self._seen) >= MOST_KEPT:
                self._seen.clear()
            self._seen[key] = self._simulated(workshop, queues)
        return self._seen[key]

    def _simulated(self, workshop: int, queues: Queues) -> ShopTimes:
        load, machines = self._load, self._staff[workshop]
        free = [load.ready_s[machine] for machine in machines]
        loaded = [load.loaded[machine] for machine in machines]
        starts: list[list[float]] = [[] for _ in machines]
        ends: list[list[float]] = [[] for _ in machines]
        arrival: dict[int, float] = {}
        person, cost, setup_s = 0.0, 0.0, 0.0
        for _ in range(sum(len(queue) for queue in queues)):
            waiting = [place for place, queue in enumerate(queues) if len(starts[place]) < len(queue)]
            options = []
            for place in waiting:
                batch = queues[place][len(starts[place])]
                setup = self._setup_s(machines[place], loaded[place], batch)
                begin = max(free[place], person, max(load.release_s[line] for line, _ in batch) - setup)
                options.append((begin, place, setup, batch))
            begin, place, setup, batch = min(options)
            machine = machines[place]
            person = begin + setup
            free[place] = person + load.plate_s[machine] + sum(n * load.piece_s[line][machine] for line, n in batch)
            starts[place].append(person)
            ends[place].append(free[place])
            loaded[place] = load.family[batch[0][0]]
            setup_s += setup
            cost += (free[place] - begin) * load.cost_per_s[machine]
            for line, _ in batch:
                arrival[line] = max(arrival.get(line, 0.0), free[place] + load.ship_s[workshop])
        parcels = len({load.order[line] for line in arrival})
        cost += parcels * load.ship_cost[workshop]
        return ShopTimes(tuple(map(tuple, starts)), tuple(map(tuple, ends)), arrival, setup_s, cost)

    def _setup_s(self, machine: int, loaded: int, batch: Batch) -> float:
        change = self._load.family[batch[0][0]] != loaded
        return self._load.clear_s[machine] + (self._load.change_s[machine] if change else 0.0)


def _waiting(arrival: dict[int, float], order: list[int]) -> float:
    """Half of it the mean over lines, half the mean over orders until they are whole."""
    if not arrival:
        return 0.0
    whole: dict[int, float] = {}
    for line, at in arrival.items():
        whole[order[line]] = max(whole.get(order[line], 0.0), at)
    return (sum(arrival.values()) / len(arrival) + sum(whole.values()) / len(whole)) / 2
