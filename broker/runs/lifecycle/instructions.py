"""What follows from an event: the rows that change, and what is answered. Carried out in order."""

from dataclasses import dataclass
from datetime import datetime

from broker.wire.availability import Availability
from broker.wire.states import Actor, RunState


@dataclass(frozen=True, slots=True)
class Move:
    """The run is in this state from now on."""

    state: RunState
    actor: Actor
    version: int
    fence: int
    silent_steps: int
    exit_at: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class SetTimer:
    exit_at: datetime


@dataclass(frozen=True, slots=True)
class CallPerson:
    why: str


@dataclass(frozen=True, slots=True)
class SetMachine:
    availability: Availability
    reason: str


@dataclass(frozen=True, slots=True)
class KeepProgram:
    lines: int
    estimate_s: float


@dataclass(frozen=True, slots=True)
class KeepProgress:
    lines_done: int
    lines_total: int


@dataclass(frozen=True, slots=True)
class UseRecord:
    """No run is ever armed with it again."""

    id: str


@dataclass(frozen=True, slots=True)
class KeepRemark:
    """It raises the version, and no more; its rows are the event's."""

    version: int


@dataclass(frozen=True, slots=True)
class Renumber:
    """The agent's numbers are the run's."""

    version: int
    fence: int


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The same plate on the same machine, as another run."""


@dataclass(frozen=True, slots=True)
class AddCounts:
    """To their lots, as the event tells them."""


@dataclass(frozen=True, slots=True)
class KeepStop:
    reason: str


@dataclass(frozen=True, slots=True)
class KeepPermit:
    request: str
    epoch: str


@dataclass(frozen=True, slots=True)
class Grant:
    version: int
    fence: int


@dataclass(frozen=True, slots=True)
class Refuse:
    reason: str


Instruction = (
    Move
    | SetTimer
    | CallPerson
    | SetMachine
    | KeepProgram
    | KeepProgress
    | UseRecord
    | KeepRemark
    | Renumber
    | TryAgain
    | AddCounts
    | KeepStop
    | KeepPermit
    | Grant
    | Refuse
)
