"""Everything that can happen to a run."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The run events of `broker.wire.messages`, by their `kind`."""

    CLAIMED = "claimed"
    REJECTED = "rejected"
    STAGED = "staged"
    RELEASED = "released"
    ARMED = "armed"
    LAPSED = "lapsed"
    NOT_STARTED = "not_started"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    RESUMED = "resumed"
    FINISHED = "finished"
    FAULTED = "faulted"
    STOPPED = "stopped"
    UNKNOWN = "unknown"
    COUNTED = "counted"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Program:
    """As it was staged."""

    lines: int
    estimate_s: float


@dataclass(frozen=True, slots=True)
class Record:
    """What an operator confirmed at the machine."""

    id: str
    material: str
    bed_clear: bool = True
    clamps_clear: bool = False
    extraction_on: bool = False
    was_used: bool = False
    """Some run was armed with it before."""


@dataclass(frozen=True, slots=True)
class Done:
    """How far the program came."""

    lines: int


@dataclass(frozen=True, slots=True)
class Pieces:
    lot: str
    good: int
    scrap: int


@dataclass(frozen=True, slots=True)
class Counts:
    operator: str
    lots: tuple[Pieces, ...]
    whole: bool = True
    """Every piece of the plate is good or scrap; else some may never have been made."""


@dataclass(frozen=True, slots=True)
class Said:
    """An agent's durable event: the run before it as the agent saw it, and what it tells."""

    kind: Kind
    version: int
    fence: int
    epoch: str = ""
    note: str = ""
    told: Program | Record | Done | Counts | None = None
    first_layer: bool = False
    """Nothing but the first layer failed."""


@dataclass(frozen=True, slots=True)
class PieceSkipped:
    """One piece of a run under way is left out."""

    lot: str
    object: str


@dataclass(frozen=True, slots=True)
class Remarked:
    """An agent's durable event about a run that doesn't move it: a piece skipped, or counts put right."""

    version: int
    fence: int
    epoch: str
    told: PieceSkipped | Counts


@dataclass(frozen=True, slots=True)
class PermitAsked:
    request: str
    record: str
    version: int
    fence: int
    epoch: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A heartbeat names the run: on a machine, or as a lease that the agent wants to keep."""

    leased: bool


@dataclass(frozen=True, slots=True)
class Progressed:
    lines_done: int
    lines_total: int


@dataclass(frozen=True, slots=True)
class TimeIsUp:
    """The broker looked at the exit timer."""


@dataclass(frozen=True, slots=True)
class JournalLost:
    """The agent's journal began anew."""


@dataclass(frozen=True, slots=True)
class Restored:
    """The rows are those of a backup: only the workshop knows what has happened since."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The planner sends it to its agent."""


@dataclass(frozen=True, slots=True)
class TakeBack:
    reason: str


@dataclass(frozen=True, slots=True)
class StopAsked:
    reason: str


AgentEvent = Said | Remarked | PermitAsked | Heard | Progressed
BrokerEvent = TimeIsUp | JournalLost | Restored | Offer | TakeBack | StopAsked
Event = AgentEvent | BrokerEvent
