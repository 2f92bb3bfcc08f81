"""What broker and agent say to each other over the agent's one outbound socket.

Durable events travel as `Signed`: the payload's exact text and an Ed25519 signature over its UTF-8
bytes. Everything else on the socket is a hint; correctness lives in seq, version and fence.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from broker.wire.states import RunState

PROTOCOL = 1


class Wire(BaseModel):
    """Frozen; an unknown field is an error on either side."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="float")


# What a workshop says of itself ------------------------------------------------------------------


class Process(StrEnum):
    FDM = "fdm"
    CUT2D = "cut2d"


class Rates(Wire):
    """What a shop asks, in minor units of `currency`."""

    currency: str = "EUR"
    machine_per_h: int = 300
    labour_per_h: int = 1800
    setup: int = 100
    """Per plate started."""
    shipping: int = 450
    """Per parcel."""


class Stock(Wire):
    """A material the shop has: filament by mass, sheet by pieces of one thickness."""

    material: str
    price_per_kg: int = 0
    """Minor units; for filament."""
    density_g_cm3: float = 1.24
    sheet_mm: tuple[float, float, float] | None = None
    """Width, depth, thickness; None for filament."""
    price_per_sheet: int = 0


class MachineSpec(Wire):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    driver: str
    process: Process
    volume_mm: tuple[float, float, float]
    """Usable travel: width, depth, height."""
    margin_mm: float = 3.0
    spacing_mm: float = 6.0
    materials: tuple[str, ...]
    """What this machine may be loaded with; each names a `Stock` of the shop."""
    tool_mm: float = 0.4
    """Nozzle, or cutter diameter."""
    attended: bool = False
    """True: somebody must be present from start to end (spindle, beam)."""


class Window(Wire):
    """Hours in which somebody is there, by local weekday (0 = Monday) and minutes of the day."""

    weekday: int = Field(ge=0, le=6)
    start_min: int = Field(ge=0, le=1440)
    end_min: int = Field(ge=0, le=1440)


class Inventory(Wire):
    """A workshop as its owner describes it; replaces what the broker knew."""

    kind: Literal["inventory"] = "inventory"
    workshop: str
    town: str
    country: str = Field(min_length=2, max_length=2)
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    timezone: str = "UTC"
    attended: tuple[Window, ...]
    rates: Rates
    stock: tuple[Stock, ...]
    machines: tuple[MachineSpec, ...]


# Durable events, agent to broker -----------------------------------------------------------------


class ScrapReason(StrEnum):
    ADHESION = "adhesion"
    WARP = "warp"
    LAYER_SHIFT = "layer shift"
    STRINGING = "stringing"
    RUNOUT = "runout"
    DIMENSION = "dimension"
    SURFACE = "surface"
    HANDLING = "handling"
    OTHER = "other"


class Scrap(Wire):
    reason: ScrapReason
    pieces: int = Field(ge=1)


class LotCount(Wire):
    lot: str
    good: int = Field(ge=0)
    scrap: tuple[Scrap, ...] = ()


class SetupRecord(Wire):
    """What an operator confirmed at the machine: single use, bound to machine, run and boot id."""

    id: str
    operator: str
    boot_id: str
    at: AwareDatetime
    bed_clear: bool
    material: str
    tool_mm: float
    sheet_mm: tuple[float, float, float] | None = None
    work_zero_mm: tuple[float, float, float] | None = None
    """Work offset read back from the firmware, machine coordinates; routers and lasers only."""
    clamps_clear: bool | None = None
    extraction_on: bool | None = None


class LotAccepted(Wire):
    kind: Literal["lot_accepted"] = "lot_accepted"
    lot: str
    quantity: int


class LotDeclined(Wire):
    kind: Literal["lot_declined"] = "lot_declined"
    lot: str
    reason: str


class Claimed(Wire):
    kind: Literal["claimed"] = "claimed"


class Rejected(Wire):
    kind: Literal["rejected"] = "rejected"
    reason: str


class Staged(Wire):
    """Program made or fetched, checked line by line, and on the shop's disk."""

    kind: Literal["staged"] = "staged"
    program_sha256: str
    lines: int
    estimate_s: float
    material_g: float = 0.0
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
    lines: int
    seconds: float


class Faulted(Wire):
    kind: Literal["faulted"] = "faulted"
    reason: str
    lines: int = 0
    safe: bool
    """The safe end state was sent and confirmed; False: go and look."""


class Stopped(Wire):
    kind: Literal["stopped"] = "stopped"
    reason: str
    lines: int = 0


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


class Availability(StrEnum):
    FREE = "free"
    BUSY = "busy"
    OCCUPIED = "occupied"
    """A bed or table with parts on it: nobody has cleared it yet."""
    QUARANTINED = "quarantined"
    OWN_WORK = "own work"
    OFFLINE = "offline"


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
ShopBody = Inventory | LotAccepted | LotDeclined | MachineChanged | HandedOver
Body = Annotated[RunBody | ShopBody, Field(discriminator="kind")]


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
    machines: tuple[MachineReport, ...]
    leases: tuple[str, ...] = ()


class Progress(Wire):
    """Lossy; at most one per run per 30 s unless the broker's welcome asks for more."""

    type: Literal["progress"] = "progress"
    run: str
    machine: str
    lines_done: int
    lines_total: int
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
    """`acked`: highest seq of this epoch that the broker holds; the agent sends what comes after."""

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


class Permit(Wire):
    """`version` is the run's version after the grant; it lives `life_s` from when `request` was sent."""

    type: Literal["permit"] = "permit"
    run: str
    fence: int
    version: int
    request: str
    life_s: float = 30.0


class PermitRefused(Wire):
    type: Literal["permit_refused"] = "permit_refused"
    run: str
    request: str
    reason: str


class Withdrawn(Wire):
    """The broker took the run back by raising its fence; nothing below `fence` may act. May come again: leave it be."""

    type: Literal["withdrawn"] = "withdrawn"
    run: str
    fence: int
    reason: str


class StopRequest(Wire):
    """A *remote stop request*: a wish, not an emergency stop; final when the agent confirms."""

    type: Literal["stop_request"] = "stop_request"
    run: str
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
    | Conflict
    | LotOffer
    | RunOffer
    | Permit
    | PermitRefused
    | Withdrawn
    | StopRequest
    | LotReady,
    Field(discriminator="type"),
]


# Documents fetched by hash -----------------------------------------------------------------------


class Recipe(Wire):
    """What the order says of how a part is made; machine settings are the shop's own."""

    layer_mm: float = 0.2
    perimeters: int = 2
    infill: float = 0.2
    """0 to 1."""


class PlatedPart(Wire):
    """One file and where its copies go.

    A copy's matrix is: the part in mm, turned by `rotation` (row-major 3 × 3), dropped to z = 0 with its
    bounding box's low corner at the origin, turned by `angle_deg` about z, then moved by (x, y).
    Drawings have the unit matrix.
    """

    part_sha256: str
    """Normalised file: binary STL in mm, or DXF in mm."""
    name: str
    lot: str
    rotation: tuple[float, float, float, float, float, float, float, float, float] = (1, 0, 0, 0, 1, 0, 0, 0, 1)
    height_mm: float
    outline: tuple[tuple[float, float], ...]
    """Footprint before `angle_deg` and (x, y), mm; counter-clockwise, not closed."""
    placements: tuple[tuple[float, float, float], ...]
    """x, y, angle_deg of each copy, in the machine's bed or sheet coordinates."""


class Plate(Wire):
    """What is made together in one run."""

    process: Process
    material: str
    size_mm: tuple[float, float]
    """Bed or sheet."""
    usable_mm: tuple[float, float, float, float]
    """x0, y0, x1, y1 within which every outline lies."""
    thickness_mm: float = 0.0
    recipe: Recipe = Recipe()
    parts: tuple[PlatedPart, ...]


class Enrolment(Wire):
    """Body of `POST /api/v1/agents/enroll`; `public_key` is base64 of the 32 raw Ed25519 bytes."""

    code: str
    public_key: str


class Enrolled(Wire):
    agent: str
    workshop: str
