"""What happens to a plan that is being carried out. Times are the plan's seconds, runs the live plan's numbers."""

from dataclasses import dataclass
from enum import IntEnum

from broker.scheduling.network.problem import Floats, Ints


@dataclass(frozen=True, slots=True)
class Request:
    """A lot that isn't in the plan yet: C classes, W workshops."""

    family: int
    quantity: int
    piece_s: Floats
    """[C] as `Lots.piece_s`."""
    per_plate: Ints
    """[C] as `Lots.per_plate`."""
    ship_s: Floats
    """[W] from each workshop to its place; inf: not delivered from there."""
    ship_cost: Floats
    """[W] a parcel, minor units."""
    release_s: float
    due_s: float
    weight: float
    rejection: float
    deadline_s: float = float("inf")
    material: int = -1
    use: float = 0.0


class Tier(IntEnum):
    """Lead times that can be asked for."""

    EXPRESS = 0
    """As soon as can be: before whatever isn't promised."""
    STANDARD = 1
    """The first free places, nobody late for it."""
    ECONOMY = 2
    """On the cheapest machines, at any time within a longer window."""


@dataclass(frozen=True, slots=True)
class TimeGoesOn:
    """What begins before `now_s` has begun, as planned, and stays."""

    now_s: float


@dataclass(frozen=True, slots=True)
class FailedRun:
    """A run that has begun comes to nothing; its pieces are wanted again."""

    run: int
    free_s: float
    """When its machine can take the next one: now, or later where it is down."""


@dataclass(frozen=True, slots=True)
class Scrap:
    """Pieces of a lot, made or being made, are no good and wanted again (one: an object that was skipped)."""

    lot: int
    pieces: int = 1


@dataclass(frozen=True, slots=True)
class MachineTaken:
    """Down, or at the shop's own work. A run that has begun stays: say `FailedRun` where it doesn't."""

    machine: int
    from_s: float
    until_s: float
    """inf: for good."""


@dataclass(frozen=True, slots=True)
class AgentSilent:
    """No machine of the workshop takes anything until then."""

    workshop: int
    until_s: float


@dataclass(frozen=True, slots=True)
class RushOrder:
    """A new lot. With the tier and seed of an offer on the same plan it goes where the offer says."""

    request: Request
    tier: Tier = Tier.EXPRESS
    promised_s: float = float("inf")
    """Its arrival, as promised; inf: nothing is."""


@dataclass(frozen=True, slots=True)
class CancelledOrder:
    """Of these lots nothing more is begun."""

    lots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ChangedCalendar:
    """The workshop's shifts from now on."""

    workshop: int
    shift_s: Floats
    """[S, 2] from, until, in order, apart from each other."""


@dataclass(frozen=True, slots=True)
class Reconsidered:
    """Lots of the plan that are late, in a hurry or not made whole; each is placed anew where that is better.

    Better is what all lots lose by lateness and rejection; for the tier EXPRESS, an earlier arrival of the lot itself
    that breaks no promise.
    """

    lots: tuple[int, ...]
    tier: Tier = Tier.STANDARD


Event = (
    TimeGoesOn
    | FailedRun
    | Scrap
    | MachineTaken
    | AgentSilent
    | RushOrder
    | CancelledOrder
    | ChangedCalendar
    | Reconsidered
)
