"""Where every piece lies."""

from typing import NamedTuple

import numpy as np

from broker.scheduling.rectangles.problem import Flags, Ints


class Layout(NamedTuple):
    """n pieces, nanometres; compiled code writes it."""

    bin: Ints
    """[n] -1: in none."""
    x: Ints
    """[n] low corner."""
    y: Ints
    turned: Flags

    def bins(self) -> int:
        return int(self.bin.max(initial=-1)) + 1

    def copied(self) -> "Layout":
        return Layout(self.bin.copy(), self.x.copy(), self.y.copy(), self.turned.copy())


def unlaid(pieces: int) -> Layout:
    whole = [np.zeros(pieces, dtype=np.int64) for _ in range(3)]
    return Layout(whole[0] - 1, whole[1], whole[2], np.zeros(pieces, dtype=np.bool_))
