"""How hot a search of sequences is from round to round."""

from broker.scheduling.cooling import Cooling

HOTTEST = 0.5
COLDEST = 0.045
"""In mean times of a job with its setup, were every machine busy to the best makespan so far."""
TRIAL = 0.05
"""Share of a known budget that a first, quick anneal takes."""


def cooling() -> Cooling:
    return Cooling(HOTTEST, COLDEST, (TRIAL,))
