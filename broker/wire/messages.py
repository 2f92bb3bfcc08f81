"""What broker and agent say to each other over the agent's one outbound socket.

Durable events travel as `Signed`: the payload's exact text and an Ed25519 signature over its UTF-8
bytes. Everything else on the socket is a hint; correctness lives in seq, version and fence.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from broker.wire import availability
from broker.wire.base import Wire
from broker.wire.pieces import Corrected, LotCount, Scrap, ScrapReason, Skipped
from broker.wire.rolled_back import RolledBack
from broker.wire.setup import SetupRecord
from broker.wire.shop import Inventory, Process
from broker.wire.states import RunState

__all__ = ["Corrected", "LotCount", "Scrap", "ScrapReason", "SetupRecord", "Skipped"]
"""From `pieces` and `setup`: events of a run are said with these."""

PROTOCOL = 1
Availability = availability.Availability
Lines = Annotated[int, Field(ge=0, le=10**12)]
Seconds = Annotated[float, Field(ge=0, le=10**8, allow_inf_nan=False)]
"""Three years at most: the plan adds them up."""
_MOST = 1000
"""Machines or leases of one agent."""


def _unsaid(value: object) -> bool:
    """What has its default isn't sent: a peer that is older doesn't know the field."""
    return value is None or value in ("", ())


# Durable events, agent to broker -----------------------------------------------------------------


class LotAccepted(Wire):
    kind: Literal["lot_accepted"] = "lot_accepted"
    lot: str
    quantity: int
    line: str = Field(default="", exclude_if=_unsaid)


class LotDeclined(Wire):
    kind: Literal["lot_declined"] = "lot_declined"
    lot: str
    reason: str


class Claimed(Wire):
    """What was offered, said back: a broker that was restored from a backup may never have heard of the run."""

    kind: Literal["claimed"] = "claimed"
    machine: str = Field(default="", exclude_if=_unsaid)
    pieces: tuple[tuple[str, int], ...] = Field(default=(), exclude_if=_unsaid)


class Rejected(Wire):
    kind: Literal["rejected"] = "rejected"
    reason: str


class Staged(Wire):
    """Program made or fetched, checked line by line, and on the shop's disk."""

    kind: Literal["staged"] = "staged"
    program_sha256: str
    lines: Lines
    estimate_s: Seconds
    material_g: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    made_by: str
    """Slicer or cutter with its version."""


class Released(Wire):
    kind: Literal["released"] = "released"
    reason: str


class Armed(Wire):
    kind: Literal["armed"] = "armed"
    record: SetupRecord


class Lapsed(Wire):
    kind: Literal["lapsed"] = "lapsed"
    reason: str


class NotStarted(Wire):
    """A permit that was not used: signed "not started"."""

    kind: Literal["not_started"] = "not_started"
    reason: str


class Starting(Wire):
    kind: Literal["starting"] = "starting"


class Running(Wire):
    kind: Literal["running"] = "running"
    evidence: str


class Paused(Wire):
    kind: Literal["paused"] = "paused"
    reason: str


class Resumed(Wire):
    kind: Literal["resumed"] = "resumed"


class Finished(Wire):
    kind: Literal["finished"] = "finished"
    lines: Lines
    seconds: Seconds


class Faulted(Wire):
    kind: Literal["faulted"] = "faulted"
    reason: str
    lines: Lines = 0
    safe: bool
    """The safe end state was sent and confirmed; False: go and look."""
    first_layer: bool = Field(default=False, exclude_if=lambda only: not only)
    """Nothing but the first layer failed: the machine is in order, and needs clearing."""


class Stopped(Wire):
    kind: Literal["stopped"] = "stopped"
    reason: str
    lines: Lines = 0


class Unknown(Wire):
    kind: Literal["unknown"] = "unknown"
    reason: str


class Counted(Wire):
    """Good and scrap of a finished run; good + scrap = what the plate holds, for every lot of the plate."""

    kind: Literal["counted"] = "counted"
    operator: str
    counts: tuple[LotCount, ...]


class Settled(Wire):
    """A person's word on a faulted, stopped or unknown run: the run's last event.

    Per lot good + scrap ≤ what the plate holds (what was never made is neither); a lot left out counts as 0.
    With good pieces the run passes finished to accepted, else it is scrapped.
    """

    kind: Literal["settled"] = "settled"
    operator: str
    note: str
    counts: tuple[LotCount, ...]
    first_layer: bool = Field(default=False, exclude_if=lambda only: not only)
    """Nothing but the first layer failed, and nothing is good: the same plate is offered to the machine again."""


class MachineChanged(Wire):
    """Send it whenever a machine becomes free: a run is offered as soon as the broker hears so.

    The quarantine that follows a lost journal (a new epoch) ends by this event alone: a heartbeat doesn't lift it.
    """

    kind: Literal["machine"] = "machine"
    machine: str
    availability: Availability
    reason: str = ""


class HandedOver(Wire):
    """A lot's good pieces went into a parcel and out of the door."""

    kind: Literal["handed_over"] = "handed_over"
    lot: str
    operator: str
    reference: str = ""


RunBody = (
    Claimed
    | Rejected
    | Staged
    | Released
    | Armed
    | Lapsed
    | NotStarted
    | Starting
    | Running
    | Paused
    | Resumed
    | Finished
    | Faulted
    | Stopped
    | Unknown
    | Counted
    | Settled
)
Remark = Skipped | Corrected
"""About a run, and no step of it; like a step it raises the run's version."""
ShopBody = Inventory | LotAccepted | LotDeclined | MachineChanged | HandedOver
Body = Annotated[RunBody | Remark | ShopBody, Field(discriminator="kind")]


class Envelope(Wire):
    """One durable event. `version` is the run's version that the agent saw before it (0 without a run).

    Each event that is applied raises the run's version by 1. What the broker did in the agent's silence (unknown)
    doesn't count: an agent with an unbroken journal goes on with its own numbers.
    """

    protocol: Literal[1] = 1
    agent: str
    epoch: str
    seq: int = Field(ge=1)
    """1, 2, 3 … without gaps within an epoch."""
    at: AwareDatetime
    run: str | None = None
    fence: int = 0
    version: int = 0
    body: Body


class Signed(Wire):
    payload: str
    """The envelope's JSON, exactly as signed."""
    signature: str
    """Base64 of the Ed25519 signature over `payload` in UTF-8."""


# Frames, agent to broker -------------------------------------------------------------------------


class Hello(Wire):
    """Answers `Challenge` within 10 s, and `Welcome` answers it; a refusal closes the socket with a reason.

    `signature` is over the text `llagar-hello|{nonce}|{agent}|{epoch}`. A second connection of
    an agent ends its first.
    """

    type: Literal["hello"] = "hello"
    protocol: int = PROTOCOL
    agent: str
    epoch: str
    software: str
    signature: str
    last_seq: int | None = Field(default=None, exclude_if=_unsaid)
    """Highest seq of the epoch so far: a broker restored from a backup offers nothing before it has all up to there."""


class Events(Wire):
    type: Literal["events"] = "events"
    events: tuple[Signed, ...]


class MachineReport(Wire):
    machine: str
    availability: Availability
    run: str | None = None
    reason: str = ""


class Heartbeat(Wire):
    """`leases`: the claimed, staged and armed runs that the agent wants to keep."""

    type: Literal["heartbeat"] = "heartbeat"
    machines: tuple[MachineReport, ...] = Field(max_length=_MOST)
    leases: tuple[str, ...] = Field(default=(), max_length=_MOST)


class Progress(Wire):
    """Lossy; at most one per run per 30 s unless the broker's welcome asks for more."""

    type: Literal["progress"] = "progress"
    run: str
    machine: str
    lines_done: Lines
    lines_total: Lines
    hotend_c: float | None = None
    bed_c: float | None = None


class PermitRequest(Wire):
    """`request` is made anew for each try; the permit's 30 s count from when this was sent.

    Send it after the `Armed` event on the same connection, with the version that follows it. Sent again with the
    same `request`, it gets the same permit.
    """

    type: Literal["permit_request"] = "permit_request"
    run: str
    fence: int
    version: int
    record: str
    request: str


AgentFrame = Annotated[Hello | Events | Heartbeat | Progress | PermitRequest, Field(discriminator="type")]


# Frames, broker to agent -------------------------------------------------------------------------


class Challenge(Wire):
    type: Literal["challenge"] = "challenge"
    nonce: str


class Welcome(Wire):
    """`acked`: highest seq of this epoch that the broker holds; the agent sends what comes after. More than it has ever
    said: its journal is an older copy and its epoch over, so it begins a new one.

    More than the agent has ever said: its journal is an older copy and its epoch over, so it begins a new one.


    `broker_epoch`: the history that the rows tell. A restore begins another; permits, and brokers, of before are void.
    """

    type: Literal["welcome"] = "welcome"
    broker_epoch: str
    acked: int
    heartbeat_s: float = 20.0
    progress_s: float = 30.0


class Ack(Wire):
    """Every event of `epoch` up to `seq` is stored."""

    type: Literal["ack"] = "ack"
    epoch: str
    seq: int


class Conflict(Wire):
    """An event did not fit the run as the broker knows it; it is acknowledged and has changed nothing.

    `version` and `fence` are the broker's; the agent's next event of this run carries this version.
    """

    type: Literal["conflict"] = "conflict"
    seq: int
    run: str
    state: RunState
    version: int
    fence: int
    reason: str


class LotOffer(Wire):
    """Repeated until answered. A lot that grew is offered again whole: `quantity` counts what was accepted before."""

    type: Literal["lot_offer"] = "lot_offer"
    lot: str
    order: str
    line: str
    part: str
    process: Process
    material: str
    quantity: int
    payout: int
    currency: str
    due: datetime | None = None


class RunOffer(Wire):
    type: Literal["run_offer"] = "run_offer"
    run: str
    fence: int
    version: int
    machine: str
    plate_sha256: str
    """Of the JSON text of a `Plate`."""
    lots: tuple[str, ...]
    process: Process
    material: str
    pieces: tuple[tuple[str, int], ...] = Field(default=(), exclude_if=_unsaid)


class Permit(Wire):
    """`version` is the run's after the grant; it lives `life_s` from when `request` was sent, in its broker epoch."""

    type: Literal["permit"] = "permit"
    run: str
    fence: int
    version: int
    request: str
    life_s: float = 30.0
    broker_epoch: str = Field(default="", exclude_if=_unsaid)


class PermitRefused(Wire):
    type: Literal["permit_refused"] = "permit_refused"
    run: str
    request: str
    reason: str


class Withdrawn(Wire):
    """The broker took the run back by raising its fence; nothing below `fence` may act. May come again: leave it be.

    With a `version` the broker needs the agent's word: `NotStarted`, at that and fence - 1, unless it started.
    """

    type: Literal["withdrawn"] = "withdrawn"
    run: str
    fence: int
    reason: str
    version: int | None = Field(default=None, exclude_if=_unsaid)


class StopRequest(Wire):
    """A *remote stop request*: a wish, not an emergency stop; final when the agent confirms."""

    type: Literal["stop_request"] = "stop_request"
    run: str
    reason: str


class RunUnsettled(Wire):
    """The agent's journal doesn't reach back to this run's permit: a person has to say what became of it.

    Repeated until then; `pieces`: each lot and how many of it the plate holds.
    """

    type: Literal["run_unsettled"] = "run_unsettled"
    run: str
    fence: int
    version: int
    state: RunState
    machine: str
    material: str
    plate_sha256: str
    pieces: tuple[tuple[str, int], ...]
    reason: str


class LotReady(Wire):
    """All good pieces of the lot's line are counted: pack this lot and hand it over. Repeated until handed over."""

    type: Literal["lot_ready"] = "lot_ready"
    lot: str
    pieces: int
    ship_to: str
    notices: tuple[str, ...] = ()


BrokerFrame = Annotated[
    Challenge
    | Welcome
    | Ack
    | RolledBack
    | Conflict
    | LotOffer
    | RunOffer
    | Permit
    | PermitRefused
    | Withdrawn
    | StopRequest
    | RunUnsettled
    | LotReady,
    Field(discriminator="type"),
]
