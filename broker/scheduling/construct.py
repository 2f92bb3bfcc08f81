"""A first plan: each line shared out over its machines so that its last piece arrives as early as it can."""

from broker.scheduling.timeline import Timeline
from broker.scheduling.workload import Batch, Queues, Workload

HALVINGS = 60


def shared_out(load: Workload, timeline: Timeline) -> Queues:
    """Lines by due date; each poured into its machines, level at the time at which the last piece arrives."""
    return _construct(load, timeline, split=True)


def kept_whole(load: Workload, timeline: Timeline) -> Queues:
    """Lines by due date; each whole on the machine where it arrives first."""
    return _construct(load, timeline, split=False)


def _construct(load: Workload, timeline: Timeline, *, split: bool) -> Queues:
    queues: Queues = tuple(() for _ in load.ready_s)
    for line in sorted(range(len(load.quantity)), key=lambda line: _urgency(load, line)):
        if not load.quantity[line]:
            continue
        pours = [_Pour(load, timeline, queues, line, machine) for machine in load.machines[line]]
        share = _level(pours, load.quantity[line])
        whole = {pour.machine: load.quantity[line] for pour in pours}
        if not split:
            share = dict([min(whole.items(), key=lambda item: _arrival(pours, item[0], item[1]))])
        queues = tuple(
            queue + _plates(line, share.get(machine, 0), load.capacity[line][machine])
            for machine, queue in enumerate(queues)
        )
    return queues


def _urgency(load: Workload, line: int) -> tuple[float, float, float, int]:
    machines = load.machines[line]
    work = load.quantity[line] * min((load.piece_s[line][m] for m in machines), default=0.0) / max(len(machines), 1)
    return load.due_s[line], load.release_s[line], -work, line


class _Pour:
    """How many pieces of a line one machine can have at the buyer's by a given time, after what it already has."""

    def __init__(self, load: Workload, timeline: Timeline, queues: Queues, line: int, machine: int) -> None:
        ends = timeline.clock(queues).end_s[machine]
        free = max(ends[-1] if ends else load.ready_s[machine], load.release_s[line])
        before = load.family[queues[machine][-1][0][0]] if queues[machine] else load.loaded[machine]
        change = load.change_s[machine] if before != load.family[line] else 0.0
        self.machine = machine
        self._begin_s = free + change + load.ship_s[load.workshop[machine]]
        self._plate_s = load.clear_s[machine] + load.plate_s[machine]
        self._piece_s = load.piece_s[line][machine]
        self._capacity = load.capacity[line][machine]

    def arrival_s(self, pieces: int) -> float:
        """When the last of so many arrives."""
        return self._begin_s + -(-pieces // self._capacity) * self._plate_s + pieces * self._piece_s

    def pieces(self, until_s: float, limit: int) -> int:
        """As many as arrive by then, `limit` at most."""
        low, high = 0, limit
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.arrival_s(middle) <= until_s else (low, middle - 1)
        return low


def _level(pours: list[_Pour], quantity: int) -> dict[int, int]:
    """Pieces by machine: all of them by the earliest time at which the machines together manage that."""
    low, high = 0.0, min(pour.arrival_s(quantity) for pour in pours)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = sum(pour.pieces(middle, quantity) for pour in pours) >= quantity
        low, high = (low, middle) if enough else (middle, high)
    share = {pour.machine: pour.pieces(high, quantity) for pour in pours}
    # What is too much is taken where least is made: a machine that makes next to nothing is left alone.
    for machine in sorted(share, key=lambda machine: (share[machine], machine)):
        share[machine] -= min(share[machine], sum(share.values()) - quantity)
    return share


def _arrival(pours: list[_Pour], machine: int, pieces: int) -> float:
    return next(pour.arrival_s(pieces) for pour in pours if pour.machine == machine)


def _plates(line: int, pieces: int, capacity: int) -> tuple[Batch, ...]:
    """As few plates as hold the pieces, filled evenly."""
    if not pieces:
        return ()
    number = -(-pieces // capacity)
    small, larger = divmod(pieces, number)
    return tuple(((line, small + (1 if k < larger else 0)),) for k in range(number))
