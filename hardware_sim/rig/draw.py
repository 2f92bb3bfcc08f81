"""Faults drawn from a seed: the same seed gives the same machine the same faults, whatever stands beside it."""

from random import Random

from pydantic import ValidationError

from hardware_sim.faults import After, FaultKind
from hardware_sim.firmware.config import FaultConfig, MachineConfig

JOBS = 3
"""A drawn fault waits for one of so many first jobs of its machine."""
LINES = (20, 400)
MOVES = (5, 200)
ISLANDS = 100


def draw(seed: int, config: MachineConfig, number: int) -> tuple[FaultConfig, ...]:
    """`number` faults that this machine can have; they fire by lines or moves, never by the clock."""
    random = Random(f"{seed}/{config.name}")
    kinds = [kind for kind in FaultKind if number and _can_have(config, kind)]
    return tuple(_one(random, random.choice(kinds)) for _ in range(number))


def _can_have(config: MachineConfig, kind: FaultKind) -> bool:
    """As the configuration's own rules judge it."""
    try:
        MachineConfig.model_validate({**config.model_dump(), "faults": ({"kind": kind},)})
    except ValidationError:
        return False
    return True


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
