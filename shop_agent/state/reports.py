"""What the shop tells the broker for good, as the pure core says it; `translate` puts it into the wire's words."""

from dataclasses import dataclass

from shop_agent.state.records import Count, Program, Setup, Standing


@dataclass(frozen=True, slots=True)
class LotAccepted:
    lot: str
    quantity: int


@dataclass(frozen=True, slots=True)
class LotDeclined:
    lot: str
    reason: str


@dataclass(frozen=True, slots=True)
class HandedOver:
    lot: str
    operator: str
    reference: str


@dataclass(frozen=True, slots=True)
class MachineChanged:
    machine: str
    standing: Standing
    reason: str


@dataclass(frozen=True, slots=True)
class Claimed:
    pass


@dataclass(frozen=True, slots=True)
class Rejected:
    reason: str


@dataclass(frozen=True, slots=True)
class Staged:
    program: Program


@dataclass(frozen=True, slots=True)
class Released:
    reason: str


@dataclass(frozen=True, slots=True)
class Armed:
    setup: Setup


@dataclass(frozen=True, slots=True)
class Lapsed:
    reason: str


@dataclass(frozen=True, slots=True)
class NotStarted:
    reason: str


@dataclass(frozen=True, slots=True)
class Starting:
    pass


@dataclass(frozen=True, slots=True)
class Running:
    evidence: str


@dataclass(frozen=True, slots=True)
class Paused:
    reason: str


@dataclass(frozen=True, slots=True)
class Resumed:
    pass


@dataclass(frozen=True, slots=True)
class Finished:
    lines: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Faulted:
    reason: str
    lines: int
    safe: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    reason: str
    lines: int


@dataclass(frozen=True, slots=True)
class Unknown:
    reason: str


@dataclass(frozen=True, slots=True)
class Counted:
    operator: str
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    operator: str
    note: str
    counts: tuple[Count, ...]


MachineReport = Starting | Running | Paused | Resumed | Finished | Faulted | Stopped | Unknown
"""What a streamer's journal may hold of a run."""
RunReport = Claimed | Rejected | Staged | Released | Armed | Lapsed | NotStarted | MachineReport | Counted | Settled
ShopReport = LotAccepted | LotDeclined | HandedOver | MachineChanged
