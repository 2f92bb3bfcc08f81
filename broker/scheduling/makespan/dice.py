"""Random numbers inside compiled loops: xorshift (Marsaglia, 2003)."""

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.compiled import inlined

Dice = NDArray[np.uint64]
"""[1] the state; never 0."""


def dice(random: np.random.Generator) -> Dice:
    return random.integers(1, 1 << 63, size=1, dtype=np.uint64)


@inlined
def roll(dice: Dice, sides: int) -> int:
    """0 to sides - 1; sides < 2³¹."""
    state = dice[0]
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    state ^= state << np.uint64(17)
    dice[0] = state
    return int(np.int64(((state >> np.uint64(32)) * np.uint64(sides)) >> np.uint64(32)))
