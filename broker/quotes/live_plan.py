"""What quotes ask of the plan above them; `app` fills the Protocol with `planning`'s answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from broker.wire.plates import Recipe
from broker.wire.shop import Process
from broker.wire.tiers import Tier
from slicer_bridge.facts import PartFacts


@dataclass(frozen=True, slots=True)
class Wanted:
    """One item of a quote to be."""

    name: str
    facts: PartFacts
    quantity: int
    process: Process
    material: str
    recipe: Recipe
    share: bool = True
    """May lie on a plate with other pieces."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one machine would make of an item."""

    workshop_id: str
    machine_id: str
    pieces: int
    machine_s: float
    """Machine seconds in all, plates' fixed part included."""
    plates: float
    """Plates started for it; a plate shared with other items counts by its share."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    workshop: str
    machine: str
    reason: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """How one item would be made; `unplanned` pieces found no machine."""

    shares: tuple[Share, ...]
    left_out: tuple[LeftOut, ...]
    unplanned: int
    unplanned_reason: str
    piece_s: float
    """Estimated machine seconds per piece on the quickest machine that can."""
    ready_s: float
    """Seconds from now until all its pieces are at the buyer's."""


class LivePlan(Protocol):
    async def consider(self, wanted: Sequence[Wanted]) -> Mapping[Tier, tuple[Opinion, ...]]:
        """Plan the items beside everything already promised, disturbing nothing; one opinion each.

        The standard tier is always among them; others are where every piece finds a place in theirs.
        """
        ...
