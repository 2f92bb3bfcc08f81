"""Everything that can happen to a shop, as the pure core takes it in."""

from dataclasses import dataclass
from datetime import datetime

from broker.wire.states import RunState
from shop_agent.state.memory import Rules
from shop_agent.state.records import Count, MachineFacts, MachineView, Mode, PlateNeeds, Program, Setup
from shop_agent.state.reports import MachineReport

# From the broker ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker has said welcome."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    pass


@dataclass(frozen=True, slots=True)
class BrokerRestored:
    """The broker's rows are a backup's: another history begins."""


@dataclass(frozen=True, slots=True)
class LotOffered:
    lot: str
    part: str
    material: str
    quantity: int
    payout: int
    currency: str
    line: str = ""


@dataclass(frozen=True, slots=True)
class RunOffered:
    run: str
    fence: int
    version: int
    machine: str
    plate_sha256: str
    lots: tuple[str, ...]
    router: bool
    material: str
    pieces: tuple[tuple[str, int], ...] = ()
    """What the plate holds of each lot."""


@dataclass(frozen=True, slots=True)
class PermitGranted:
    run: str
    fence: int
    version: int
    request: str
    life_s: float


@dataclass(frozen=True, slots=True)
class PermitDenied:
    run: str
    request: str
    reason: str


@dataclass(frozen=True, slots=True)
class RunWithdrawn:
    """With a `version` the broker needs our word on whether the run has started."""

    run: str
    fence: int
    reason: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class RunConflicted:
    """`latest`: we have said nothing of this run since; else a later answer tells more of it."""

    run: str
    state: RunState
    version: int
    fence: int
    reason: str
    latest: bool = True


@dataclass(frozen=True, slots=True)
class RunUnsettled:
    """The broker has a run of this shop whose permit is older than our journal. `pieces`: lot and how many of it."""

    run: str
    fence: int
    version: int
    state: RunState
    machine: str
    material: str
    plate_sha256: str
    pieces: tuple[tuple[str, int], ...]
    reason: str


@dataclass(frozen=True, slots=True)
class StopAsked:
    run: str
    reason: str


@dataclass(frozen=True, slots=True)
class LotIsReady:
    lot: str
    pieces: int
    ship_to: str
    notices: tuple[str, ...]


# From the shop's own machinery --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ticked:
    """A second has gone by; `open` is whether the policy's hours allow starts."""

    open: bool = True


@dataclass(frozen=True, slots=True)
class ProgramMade:
    run: str
    fence: int
    program: Program
    needs: PlateNeeds


@dataclass(frozen=True, slots=True)
class MakingFailed:
    run: str
    fence: int
    reason: str


@dataclass(frozen=True, slots=True)
class MachineSeen:
    machine: str
    view: MachineView


@dataclass(frozen=True, slots=True)
class MachineGone:
    """No streamer answers, or it has no link to its machine."""

    machine: str
    reason: str


@dataclass(frozen=True, slots=True)
class StreamerWrote:
    """One entry of a streamer's journal; `seq` is 1, 2, 3 … within `journal_id`."""

    machine: str
    journal_id: str
    seq: int
    run: str
    report: MachineReport


@dataclass(frozen=True, slots=True)
class StreamerOpened:
    """The streamer's journal, as it is read for the first time since we or it began."""

    machine: str
    journal_id: str
    last_seq: int


@dataclass(frozen=True, slots=True)
class StartRefused:
    """The streamer's journal says for good that this run will never start there."""

    run: str
    fence: int
    reason: str


@dataclass(frozen=True, slots=True)
class StartUnclear:
    """The streamer did not say whether it took the start."""

    run: str
    fence: int


@dataclass(frozen=True, slots=True)
class PolicyRead:
    """The owner has changed the policy's file, and it is in order."""

    rules: Rules
    machines: tuple[MachineFacts, ...]


@dataclass(frozen=True, slots=True)
class PolicyBroken:
    """The policy's file can't be read as one: the last good one stays in force, and nothing new starts."""

    reason: str


# From people at the bench -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetupGiven:
    run: str
    setup: Setup


@dataclass(frozen=True, slots=True)
class AttestGiven:
    """A person's word on a run by hand; its streamer has it, and writes what follows."""

    run: str


@dataclass(frozen=True, slots=True)
class CountGiven:
    run: str
    operator: str
    counts: tuple[Count, ...]
    cleared: bool


@dataclass(frozen=True, slots=True)
class SettleGiven:
    """`first_layer`: nothing but the first layer failed; the plate is to come again."""

    run: str
    operator: str
    note: str
    counts: tuple[Count, ...]
    first_layer: bool = False


@dataclass(frozen=True, slots=True)
class CorrectionGiven:
    """All counts of a run anew, those that stay as they were too."""

    run: str
    operator: str
    note: str
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class SpoolGiven:
    """A spool as it is now; an empty `spool` is a new one."""

    spool: str
    material: str
    colour: str
    left_g: float


@dataclass(frozen=True, slots=True)
class SpoolGone:
    """Used up, or not to be used any more."""

    spool: str


@dataclass(frozen=True, slots=True)
class MachineCleared:
    machine: str


@dataclass(frozen=True, slots=True)
class MachineReleased:
    """A person has looked at it, and its streamer has reset it."""

    machine: str


@dataclass(frozen=True, slots=True)
class LotAnswered:
    lot: str
    accept: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HandoverGiven:
    lot: str
    operator: str
    reference: str


@dataclass(frozen=True, slots=True)
class ModeSet:
    """`machine` empty: all of the shop. `until`: when it ends by itself."""

    machine: str
    mode: Mode
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class JournalLost:
    """This journal is new and the shop's agent isn't: nobody knows how the machines stand."""

    reason: str


BrokerEvent = (
    Connected
    | Disconnected
    | BrokerRestored
    | LotOffered
    | RunOffered
    | PermitGranted
    | PermitDenied
    | RunWithdrawn
    | RunConflicted
    | RunUnsettled
    | StopAsked
    | LotIsReady
)
MachineEvent = (
    Ticked
    | ProgramMade
    | MakingFailed
    | MachineSeen
    | MachineGone
    | StreamerOpened
    | StreamerWrote
    | StartRefused
    | StartUnclear
    | JournalLost
    | PolicyRead
    | PolicyBroken
)
PersonEvent = (
    SetupGiven
    | AttestGiven
    | CountGiven
    | SettleGiven
    | CorrectionGiven
    | SpoolGiven
    | SpoolGone
    | MachineCleared
    | MachineReleased
    | LotAnswered
    | HandoverGiven
    | ModeSet
)
Event = BrokerEvent | MachineEvent | PersonEvent
