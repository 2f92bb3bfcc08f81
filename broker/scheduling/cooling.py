"""How hot an annealing is from round to round."""

from itertools import pairwise

SHORTEST = 64
"""Rounds of the first anneal where the budget isn't known."""


class Cooling:
    """Down in as many anneals as are asked for where the budget is known; else each time twice as slowly."""

    def __init__(self, hottest: float, coldest: float, ends: tuple[float, ...]) -> None:
        """`ends` are the shares of a known budget at which all anneals but the last end, in order, within 0 and 1.

        A first quick one is for whoever cuts in early.
        """
        self._hottest, self._coldest = hottest, coldest
        self._parts = tuple(pairwise((0.0, *ends, 1.0)))
        self._round = 0
        self._length = SHORTEST

    def heat(self, share: float | None) -> float:
        """Temperature of the next round; `share` of the budget is used, 0 to 1."""
        return self._hottest * float((self._coldest / self._hottest) ** self._way(share))

    def _way(self, share: float | None) -> float:
        """How far down, 0 to 1."""
        if share is not None:
            start, end = next((part for part in self._parts if share < part[1]), self._parts[-1])
            return (share - start) / (end - start)
        way = self._round / self._length
        self._round += 1
        if self._round == self._length:
            self._round, self._length = 0, 2 * self._length
        return way
