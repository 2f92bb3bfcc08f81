"""Why a line of an order is made where and when it is: what `GET /orders/{id}/explanation` answers."""

from datetime import datetime
from enum import StrEnum

from broker.wire.base import Wire


class WaitCause(StrEnum):
    NOT_READY = "not-ready"
    """The machine takes no work."""
    RELEASE = "release"
    MACHINE = "machine"
    """It makes something before."""
    BLOCKED = "blocked"
    NOBODY = "nobody"
    """Nobody is in the workshop."""
    PEOPLE = "people"
    """Everybody there is busy."""
    LEFT = "left"
    """The plan has it wait."""
    CHANGE = "change"
    """Clearing and setting up."""
    RUN = "run"
    TRANSPORT = "transport"


class Lever(StrEnum):
    """What would bring a line earlier."""

    RELEASE = "release"
    PERSON = "person"
    SHIFT = "shift"
    QUEUE = "queue"
    SPLIT = "split"
    NEARER = "nearer"
    ELSEWHERE = "elsewhere"


class WaitView(Wire):
    cause: WaitCause
    from_at: datetime
    until_at: datetime
    note: str
    """What the workshop says of it."""
    parts: tuple[str, ...]
    """Of the order, on the machine meanwhile."""
    others: bool
    """It makes something for others meanwhile."""


class PlaceView(Wire):
    workshop: str
    machine: str


class AlternativeView(Wire):
    """All that is left of the line on one machine, in what the plan leaves free."""

    workshop: str
    machine: str
    arrives_at: datetime | None
    """None: it never gets round to it."""
    cost: int
    """Minor units: machine, people, a parcel."""
    currency: str


class LeverView(Wire):
    lever: Lever
    gain_s: float


class ExplanationView(Wire):
    """Of what is still to make of a line."""

    line: str
    part: str
    pieces: int
    places: tuple[PlaceView, ...]
    """Where it is made, in order of arrival."""
    arrives_at: datetime | None
    """The last of its planned pieces; None: nothing of it is planned."""
    promised_at: datetime | None
    waits: tuple[WaitView, ...]
    """One after the other, from now until the last piece has arrived."""
    alternatives: tuple[AlternativeView, ...]
    """Soonest first."""
    levers: tuple[LeverView, ...]
    """Most first."""
    pieces_unplanned: int
    unplanned_because: tuple[str, ...]
    """Empty while the plan merely hasn't come round to them."""
