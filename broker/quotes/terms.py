"""What each lead time costs and when it arrives, and which of them are worth offering."""

from collections.abc import Mapping
from dataclasses import dataclass

from broker.quotes.price import PriceLine
from broker.wire.tiers import Tier

_SAME_S = 60.0
"""Nobody chooses by less: dates are read in minutes."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A price and a date."""

    lines: tuple[PriceLine, ...]
    ready_s: float
    """Seconds from now until the last item is at the buyer's."""

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)


def worth_offering(terms: Mapping[Tier, Terms]) -> dict[Tier, Terms]:
    """Nobody chooses between equals: express only where it is sooner than standard, economy only where it is cheaper.

    Standard is always there. An economy that is no later takes its place: an order is planned with more care as
    standard. An express that is no dearer stays beside it, since others may be later for it.
    """
    standard, express, economy = (
        terms.get(tier, terms[Tier.STANDARD]) for tier in (Tier.STANDARD, Tier.EXPRESS, Tier.ECONOMY)
    )
    if economy.total <= standard.total and not _sooner(standard, economy):
        standard = economy
    offered = {Tier.STANDARD: standard}
    if _sooner(express, standard):
        offered[Tier.EXPRESS] = express
    if economy.total < min(other.total for other in offered.values()):
        offered[Tier.ECONOMY] = economy
    return {tier: offered[tier] for tier in Tier if tier in offered}


def _sooner(one: Terms, other: Terms) -> bool:
    return one.ready_s <= other.ready_s - _SAME_S
