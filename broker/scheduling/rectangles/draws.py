"""Random numbers inside compiled loops: splitmix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195)."""

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.compiled import compiled

State = NDArray[np.uint64]


def seeded(seed: int) -> State:
    """[1] state that every draw moves on."""
    return np.random.default_rng(seed).integers(0, 2**63, 1, dtype=np.uint64)


@compiled
def uniform(state: State) -> float:
    """In [0, 1)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) * 2.0**-53


@compiled
def below(state: State, number: int) -> int:
    """In 0..number-1."""
    return int(uniform(state) * number)
