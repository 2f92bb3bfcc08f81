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
    """`first_layer`: nothing but the first layer failed; the machine is in order, and needs clearing."""

    reason: str
    lines: int
    safe: bool
    first_layer: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    reason: str
    lines: int


@dataclass(frozen=True, slots=True)
class Unknown:
    reason: str


@dataclass(frozen=True, slots=True)
class ObjectSkipped:
    """Left out while the program ran: by an operator, or by the firmware itself (then nobody is named)."""

    object: str
    operator: str
    reason: str


@dataclass(frozen=True, slots=True)
class FirstLayerFailed:
    """A person at the machine said so, and it has ended safely."""

    operator: str
    note: str
    lines: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """One piece of a lot is scrap while the others go on."""

    lot: str
    object: str
    reason: str
    operator: str


@dataclass(frozen=True, slots=True)
class Counted:
    operator: str
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """`first_layer`: only that failed; the broker sends the same plate again."""

    operator: str
    note: str
    counts: tuple[Count, ...]
    first_layer: bool = False


@dataclass(frozen=True, slots=True)
class Corrected:
    """Of a run that was counted or settled: these counts take the place of the earlier ones."""

    operator: str
    note: str
    counts: tuple[Count, ...]


StateReport = Starting | Running | Paused | Resumed | Finished | Faulted | Stopped | Unknown
"""What becomes of a run on its machine."""
MachineReport = StateReport | ObjectSkipped | FirstLayerFailed
"""What a streamer's journal may hold of a run."""
RunReport = (
    Claimed
    | Rejected
    | Staged
    | Released
    | Armed
    | Lapsed
    | NotStarted
    | StateReport
    | Skipped
    | Counted
    | Settled
    | Corrected
)
ShopReport = LotAccepted | LotDeclined | HandedOver | MachineChanged
