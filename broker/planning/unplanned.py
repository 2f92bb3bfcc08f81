"""Why pieces of an order are on no plate, for whoever ordered them."""

import math
from collections import defaultdict

from broker.planning.standing import Standing
from broker.scheduling.network.explain import Explanation

_MOST_NAMED = 3


def unplanned_because(stands: Standing, said: Explanation) -> tuple[str, ...]:
    """Empty where a machine could make it: then the plan merely hasn't come round to it."""
    if said.pieces_left == 0 or any(math.isfinite(way.arrival_s) for way in said.alternatives):
        return ()
    return said.reasons if said.alternatives else _by_machine(stands, said)


def _by_machine(stands: Standing, said: Explanation) -> tuple[str, ...]:
    """What stands against it on each machine; those with the same reason together."""
    kinds = {out.kind: out.reason for out in said.left_out if out.machine < 0}
    single = {out.machine: out.reason for out in said.left_out if out.machine >= 0}
    places: dict[str, list[str]] = defaultdict(list)
    for machine, station in enumerate(stands.posed.stations):
        kind = int(stands.posed.problem.machines.kind[machine])
        reason = kinds.get(kind) or single.get(machine) or station.idle_because
        places[reason].append(f"{station.workshop} ({station.spec.name})")
    return tuple(f"{_some(named)}: {reason}" for reason, named in places.items())


def _some(named: list[str]) -> str:
    more = len(named) - _MOST_NAMED
    return ", ".join(named[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
