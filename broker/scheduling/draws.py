"""Random numbers inside compiled loops: xorshift64* (Vigna 2016, doi:10.1145/2845077)."""

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.compiled import inlined

State = NDArray[np.uint64]
"""[1] moved on by every draw; never 0."""


def seeded(seed: int) -> State:
    return drawn(np.random.default_rng(seed))


def drawn(random: np.random.Generator) -> State:
    return random.integers(1, 1 << 63, 1, dtype=np.uint64)


@inlined
def uniform(state: State) -> float:
    """In [0, 1)."""
    state[0] = following(state[0])
    return fraction(state[0])


@inlined
def below(state: State, number: int) -> int:
    """In 0..number-1."""
    return int(uniform(state) * number)


@inlined
def following(x: np.uint64) -> np.uint64:
    """The state after x; for whoever keeps it elsewhere than in an array of its own."""
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    return x


@inlined
def fraction(x: np.uint64) -> float:
    """The number that a state stands for, in [0, 1)."""
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * 2.0**-53
