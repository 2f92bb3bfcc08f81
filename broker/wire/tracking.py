"""What producers, pages and administrators see of lots, plates, runs and machines."""

from datetime import datetime
from enum import StrEnum

from broker.wire.base import Wire
from broker.wire.messages import Availability, ScrapReason
from broker.wire.plates import Plate
from broker.wire.shop import Process
from broker.wire.states import Actor, RunState


class LotPieces(Wire):
    lot: str
    line: str
    pieces: int


class StateView(Wire):
    state: RunState
    actor: Actor
    at: datetime
    note: str


class RunView(Wire):
    """One attempt to make a plate; `states` are all it passed through, the latest last."""

    id: str
    order_ids: tuple[str, ...]
    workshop: str
    machine: str
    driver: str
    attested: bool
    """Run by hand: what is told of it is a person's word."""
    state: RunState
    states: tuple[RunState, ...]
    steps: tuple[StateView, ...]
    plate: str
    lots: tuple[LotPieces, ...]
    lines_done: int
    lines_total: int
    planned_start: datetime
    planned_end: datetime
    started_at: datetime | None
    ended_at: datetime | None
    estimate_s: float | None
    stop_requested: str | None
    note: str
    """Reason of the last fault, stop, refusal or release."""
    waits_for: str = ""
    """What somebody has to do next, and who: "person: count good and scrap"; "" in the end."""
    overdue: bool = False
    """A person has been called about it, and hasn't come."""


class PlateView(Wire):
    """A plate and the latest run of it."""

    id: str
    run: str
    state: RunState
    workshop: str
    machine: str
    machine_volume_mm: tuple[float, float, float]
    document: Plate


class ScrapView(Wire):
    reason: ScrapReason
    pieces: int


class CorrectionView(Wire):
    """A count of a lot that was put right."""

    run: str
    at: datetime
    note: str
    good_before: int
    good_after: int
    scrap_before: int
    scrap_after: int


class LotStateView(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    MADE = "made"
    DELIVERED = "delivered"
    WITHDRAWN = "withdrawn"


class LotView(Wire):
    id: str
    line: str
    workshop: str
    state: LotStateView
    quantity: int
    good: int
    scrap: int
    scrap_by_reason: tuple[ScrapView, ...]
    surplus: int = 0
    """Good pieces over and above what was ordered."""
    corrections: tuple[CorrectionView, ...] = ()
    reason: str
    """Why the shop declined it or a growth of it."""
    delivered_at: datetime | None


class ExcludedView(Wire):
    """A machine that can't make a line, and which limit stands against it."""

    line: str
    part: str
    workshop: str
    machine: str
    reason: str


class StopWish(Wire):
    """Body of `POST /runs/{id}/stop`."""

    reason: str


class Link(StrEnum):
    CONNECTED = "connected"
    SUSPECT = "suspect"
    """Not heard for a minute."""
    DISCONNECTED = "disconnected"


class MachineView(Wire):
    id: str
    name: str
    driver: str
    process: Process
    volume_mm: tuple[float, float, float]
    availability: Availability
    reason: str


class WorkshopView(Wire):
    id: str
    name: str
    town: str
    country: str
    latitude: float | None
    longitude: float | None
    link: Link
    last_seen_at: datetime | None
    machines: tuple[MachineView, ...]
