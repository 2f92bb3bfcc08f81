"""What an agent knows of its runs, machines and lots; kept in its journal, changed by `state` alone."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broker.wire.states import RunState
from slicer_bridge.programs.blocks import BlockKind, Effects

Size = tuple[float, float, float]
"""Width, depth, height or thickness; or x, y, z. Millimetres."""


class Mode(StrEnum):
    """Whose work a machine takes: one tap, no reason asked."""

    NORMAL = "normal"
    MINE_NOW = "mine-now"
    """Nothing starts any more: what hasn't started is given back."""
    MINE_AFTER = "mine-after"
    """The run under way, or set up already, is the last one: what nobody set up is given back."""
    NOTHING_NEW = "nothing-new"
    """What was claimed is made, no more is taken."""


class ToolLength(StrEnum):
    """How the length of the tool that is fitted now is known."""

    TOUCHED_OFF = "touched off"
    """The work zero was set with this very tool."""
    PROBED = "probed"
    """On a contact plate, with this very tool."""
    MEASURED = "measured"
    """It stands out as far as the tool that the work zero was set with."""


class Standing(StrEnum):
    """How a machine stands with the shop; the wire's `Availability` has the same words."""

    FREE = "free"
    BUSY = "busy"
    OCCUPIED = "occupied"
    QUARANTINED = "quarantined"
    OWN_WORK = "own work"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Now:
    """`at` is aware UTC and may jump; `mono_s` never does and is the clock of every permit."""

    at: datetime
    mono_s: float


@dataclass(frozen=True, slots=True)
class ProgramBlock:
    """What one of the shop's own approved blocks made of a program. `lines`: first and last of each, from 1."""

    kind: BlockKind
    sha256: str
    """Of the approved template."""
    words: tuple[str, ...]
    effects: Effects
    lines: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A checked program on the shop's disk. `sha256` pins `blocks` too, for these are lines of that very file."""

    path: str
    sha256: str
    lines: int
    estimate_s: float
    material_g: float
    made_by: str
    blocks: tuple[ProgramBlock, ...] = ()
    profile_sha256: str = ""
    """Of the shop's own profile, if it was sliced by one."""


@dataclass(frozen=True, slots=True)
class KeepOut:
    """Where a clamp may stand: a polygon of the sheet, or in machine coordinates; millimetres."""

    name: str
    corners: tuple[tuple[float, float], ...]
    height_mm: float | None = None
    """Above the sheet; None: nothing passes over it."""
    machine: bool = False


@dataclass(frozen=True, slots=True)
class PlateNeeds:
    """What plate and program ask of operator and machine. `pieces`: lot and how many of it the plate holds."""

    pieces: tuple[tuple[str, int], ...]
    parts: tuple[str, ...]
    thickness_mm: float = 0.0
    tool_mm: float = 0.0
    """Nozzle or cutter that the program was made for; 0: as the machine's."""
    colour: str = ""
    """Empty: any."""
    surface: str = ""
    """The sheet on the bed that the shop's profile is for; empty: any."""
    reach_mm: tuple[float, float] = (0.0, 0.0)
    """How far from the sheet's low corner the parts reach."""
    keep_out: tuple[KeepOut, ...] = ()
    objects: tuple[tuple[str, str], ...] = ()
    """Name in the program and lot of each piece; empty: the program names none."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What an operator confirmed at the machine: single use, bound to machine, run and boot id."""

    id: str
    operator: str
    boot_id: str
    at: datetime
    bed_clear: bool
    material: str
    tool_mm: float
    sheet_mm: Size | None = None
    work_zero_mm: Size | None = None
    clamps_clear: bool | None = None
    extraction_on: bool | None = None
    colour: str = ""
    surface: str = ""
    spools: tuple[str, ...] = ()
    """Of the shop's: the one that is loaded, then those that follow when it is empty."""
    stays: bool = False
    """The operator is there until the spool has been changed."""
    tool_length: ToolLength | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """`scrap`: reason and pieces."""

    lot: str
    good: int
    scrap: tuple[tuple[str, int], ...] = ()

    @property
    def total(self) -> int:
        return self.good + sum(pieces for _, pieces in self.scrap)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One attempt to make a plate. `version` is the broker's number that our next event carries.

    `phase` follows `broker.wire.states`; ACCEPTED means counted, SCRAPPED settled, for the shop.
    """

    id: str
    fence: int
    version: int
    machine: str
    plate_sha256: str
    lots: tuple[str, ...]
    material: str
    order: int
    """Runs are set up in the order in which they came."""
    armed: int = 0
    """Permits are asked for in the order in which the runs were armed."""
    phase: RunState = RunState.CLAIMED
    needs: PlateNeeds | None = None
    program: Program | None = None
    setup: Setup | None = None
    tries: int = 0
    """Rises with every task that had to be asked again."""
    stop_asked: bool = False
    note: str = ""
    skipped: tuple[tuple[str, str], ...] = ()
    """Object and lot of each piece that was left out while the program ran: scrap since then."""
    counts: tuple[Count, ...] = ()
    """As last attested, once it was counted or settled."""
    counted_by: str = ""
    """Whose word the counts are."""
    whole: bool = True
    """The counts account for every piece; not so where a person settled what was never finished."""
    uncorrected: tuple[Count, ...] | None = None
    """What the last correction took the place of."""

    pieces: tuple[tuple[str, int], ...] = ()
    """What was offered: lots, and how many of each."""

    def left(self) -> dict[str, int]:
        """Pieces by lot that a count has still to account for."""
        held = dict(self.needs.pieces) if self.needs else {}
        for _, lot in self.skipped:
            held[lot] -= 1
        return held


@dataclass(frozen=True, slots=True)
class SpoolRecord:
    """A spool of the shop's. `machine`: where it was loaded last; empty: on the shelf. `gone`: used up, or put away."""

    id: str
    material: str
    colour: str
    left_g: float
    machine: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class MachineRecord:
    """`cursor`: last entry of the streamer's journal `journal_id` that was taken over."""

    name: str
    mode: Mode = Mode.NORMAL
    mode_until: datetime | None = None
    """When the mode ends by itself; None: when a person ends it."""
    quarantine: str = ""
    """Why it may not be used; empty: it may."""
    troubles: int = 0
    """How often it came into quarantine: each time somebody has to release it."""
    occupied_by: str = ""
    """The run whose parts lie on it."""
    journal_id: str = ""
    cursor: int = 0
    told: Standing | None = None
    """What the broker was told last."""
    told_reason: str = ""


@dataclass(frozen=True, slots=True)
class LotRecord:
    """A lot offer: `accepted` pieces of `quantity`; `ready_pieces` once the broker asked for the handover."""

    id: str
    part: str
    material: str
    quantity: int
    payout: int
    currency: str
    accepted: int = 0
    asked: int = 0
    """How often it was offered anew: each time somebody has to answer."""
    declined: bool = False
    ready_pieces: int | None = None
    ship_to: str = ""
    notices: tuple[str, ...] = ()
    handed_over: bool = False
    packed_by: str = ""
    reference: str = ""
    """The parcel's number, as whoever handed it over said."""
    line: str = ""


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """What the owner's files say of a machine."""

    name: str
    router: bool
    """Cuts sheet: work zero, clamps and extraction belong to its setup."""
    materials: tuple[str, ...]
    tool_mm: float
    attested: bool = False
    """Run by hand: what becomes of a run is what a person says of it."""
    heat_w: float = 0.0
    """Counted against the power budget while it heats up."""
    heat_up_s: float = 900.0
    """Longest that a heat-up is counted."""
    attended: bool = False
    """Somebody must be there while it works; routers always."""

    @property
    def needs_presence(self) -> bool:
        return self.router or self.attended


@dataclass(frozen=True, slots=True)
class MachineView:
    """A streamer's last word. `boot_id` changes with everything that voids a setup record."""

    ready: bool
    """A program could start."""
    boot_id: str
    reason: str = ""
    work_offset_mm: Size | None = None
    quarantine: str = ""
    """Why its streamer starts nothing before a local reset."""
    warm: str = ""
    """The run under way whose heaters have once reached their targets."""
    homed: bool = False
    """Routers: homed since the firmware began."""
    zeroed: bool = False
    """… and its work zero set or probed after that."""
    probed: bool = False
    """… the last time by a contact plate."""
