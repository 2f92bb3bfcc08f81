"""Faults drawn from a seed: the same seed gives the same machine the same faults, whatever stands beside it."""

from random import Random

from hardware_sim.faults import After, FaultKind
from hardware_sim.firmware.config import FaultConfig, MachineConfig, misfit

JOBS = 3
"""A drawn fault waits for one of so many first jobs of its machine."""
LINES = (20, 400)
MOVES = (5, 200)
ISLANDS = 100


def draw(seed: int, config: MachineConfig, number: int) -> tuple[FaultConfig, ...]:
    """`number` faults that this machine can have; they fire by lines or moves, never by the clock."""
    random = Random(f"{seed}/{config.name}")
    kinds = [kind for kind in FaultKind if not misfit(kind, config.firmware)]
    return tuple(_one(random, random.choice(kinds)) for _ in range(number))


def _one(random: Random, kind: FaultKind) -> FaultConfig:
    by_line = FaultConfig(kind=kind).fault().after is After.LINE
    after, (low, high) = (After.LINE, LINES) if by_line else (After.MOVES, MOVES)
    return FaultConfig(
        kind=kind,
        job=random.randint(1, JOBS),
        after=after,
        at=random.randint(low, high),
        island=random.randrange(ISLANDS),
    )
