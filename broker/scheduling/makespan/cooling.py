"""How hot a search is from round to round."""

HOTTEST = 0.5
COLDEST = 0.045
"""In mean times of a job with its setup, were every machine busy to the best makespan so far."""
TRIAL = 0.05
"""Share of a known budget that a first, quick anneal takes, for whoever cuts in early."""
SHORTEST = 64
"""Rounds of the first anneal where the budget isn't known."""


class Cooling:
    """Down once, after a trial, where the budget is known; else again and again, each time twice as slowly."""

    def __init__(self) -> None:
        self._round = 0
        self._length = SHORTEST

    def heat(self, share: float | None) -> float:
        """Temperature of the next round, in such mean times; `share` of the budget is used."""
        return HOTTEST * float((COLDEST / HOTTEST) ** self._way(share))

    def _way(self, share: float | None) -> float:
        """How far down, 0 to 1."""
        if share is not None:
            return share / TRIAL if share < TRIAL else (share - TRIAL) / (1.0 - TRIAL)
        way = self._round / self._length
        self._round += 1
        if self._round == self._length:
            self._round, self._length = 0, 2 * self._length
        return way
