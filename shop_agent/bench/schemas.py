"""What the bench API says and takes; terminal, rig and local page use nothing else."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from broker.wire.messages import LotCount, ScrapReason
from shop_agent.state.records import Mode, Standing, ToolLength
from shop_agent.state.tasks import TaskKind
from shop_agent.streamer.wire import Percent

Triple = tuple[float, float, float]


class Schema(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Expected(Schema):
    """How many pieces of a lot the plate holds."""

    lot: str
    pieces: int


class Zone(Schema):
    """Where a clamp may stand: a polygon of the sheet, or in machine coordinates; millimetres."""

    name: str
    corners: tuple[tuple[float, float], ...]
    height_mm: float | None = None
    machine: bool = False


class SpoolView(Schema):
    """`machine`: where it was loaded last; empty: on the shelf."""

    id: str
    material: str
    colour: str
    left_g: float
    machine: str = ""


class SpoolNow(Schema):
    """A spool as it is now. `id` is what the shop calls it; empty: a new one, and it is numbered."""

    id: str = Field(default="", max_length=40, pattern=r"^[^\s/]*$")
    material: str = Field(min_length=1, max_length=80)
    colour: str = Field(default="", max_length=40)
    left_g: float = Field(ge=0, le=100_000, allow_inf_nan=False)


class SpoolOut(Schema):
    id: str


class TaskView(Schema):
    """What waits for a person. Which fields are filled depends on `kind`."""

    id: str
    kind: TaskKind
    title: str
    note: str = ""
    """Why it is asked again, or what went before."""
    machine: str | None = None
    router: bool = False
    attested: bool = False
    """The machine is run by hand."""
    run: str | None = None
    label: str = ""
    """What stands on the box of the run's pieces."""
    state: str | None = None
    """The run's."""
    material: str | None = None
    tool_mm: float | None = None
    """Nozzle or cutter that the program was made for."""
    colour: str = ""
    surface: str = ""
    """The sheet on a printer's bed; empty: any."""
    material_g: float | None = None
    """What the program takes."""
    spools: tuple[SpoolView, ...] = ()
    """Of this material, as the shop keeps them; the one on this machine first. None: it keeps none."""
    reach_mm: tuple[float, float] | None = None
    """How far from a sheet's low corner its parts reach."""
    keep_out: tuple[Zone, ...] = ()
    """Where clamps may stand on the sheet."""
    thickness_mm: float | None = None
    plate_sha256: str | None = None
    estimate_s: float | None = None
    parts: tuple[str, ...] = ()
    expected: tuple[Expected, ...] = ()
    lot: str | None = None
    part: str | None = None
    quantity: int | None = None
    payout: int | None = None
    currency: str | None = None
    ship_to: str | None = None
    notices: tuple[str, ...] = ()


class SetupAnswer(Schema):
    """The work zero is read back from the machine, not given. `sheet_mm`: as measured."""

    kind: Literal["setup"] = "setup"
    operator: str
    bed_clear: bool
    material: str
    tool_mm: float
    sheet_mm: Triple | None = None
    clamps_clear: bool | None = None
    extraction_on: bool | None = None
    colour: str = ""
    """Left out: that of the first spool."""
    surface: str = ""
    spools: tuple[str, ...] = ()
    """The shop's names: the loaded one, then those that follow when it is empty."""
    stays: bool = False
    """The operator is there until the spool has been changed."""
    tool_length: ToolLength | None = None
    """Routers: how the length of the tool that is fitted now is known."""


class StartedAnswer(Schema):
    """By hand: the machine executes the program; or it won't, and the run is over."""

    kind: Literal["started"] = "started"
    operator: str
    started: bool = True
    note: str = ""


class EndedAnswer(Schema):
    """By hand: the machine is done, cold and still; `finished`: after the whole program."""

    kind: Literal["ended"] = "ended"
    operator: str
    finished: bool
    note: str = ""


class CountAnswer(Schema):
    """Per lot good + scrap = what the plate holds. `cleared`: the parts are off the machine."""

    kind: Literal["count"] = "count"
    operator: str
    counts: tuple[LotCount, ...]
    cleared: bool = False


class ClearAnswer(Schema):
    kind: Literal["clear"] = "clear"
    operator: str


class SettleAnswer(Schema):
    """Per lot good + scrap ≤ what the plate holds: what was never made is neither. The note is needed.

    `first_layer`: nothing but the first layer failed and nothing is good; the plate comes again.
    """

    kind: Literal["settle"] = "settle"
    operator: str
    note: str = ""
    counts: tuple[LotCount, ...] = ()
    first_layer: bool = False


class ReleaseAnswer(Schema):
    """The machine was looked at and cleared; its streamer opens it anew."""

    kind: Literal["release"] = "release"
    operator: str


class LotAnswer(Schema):
    kind: Literal["lot"] = "lot"
    operator: str
    accept: bool
    reason: str = ""


class HandoverAnswer(Schema):
    kind: Literal["handover"] = "handover"
    operator: str
    reference: str = ""


Answer = Annotated[
    SetupAnswer
    | StartedAnswer
    | EndedAnswer
    | CountAnswer
    | ClearAnswer
    | SettleAnswer
    | ReleaseAnswer
    | LotAnswer
    | HandoverAnswer,
    Field(discriminator="kind"),
]


class MachineView(Schema):
    """A machine as it stands; from `state` on as its streamer last said."""

    name: str
    standing: Standing
    reason: str
    mode: Mode
    mode_until: datetime | None = None
    """When it ends by itself."""
    run: str | None = None
    waits: str = ""
    """What a run that is set up waits for before it may start."""
    attested: bool = False
    """Run by hand: what becomes of its runs is what a person says."""
    attended: bool = False
    state: str | None = None
    state_reason: str | None = None
    firmware: str | None = None
    lost_link: str | None = None
    """What can be done about the machine once its cable is gone."""
    hotend_c: float | None = None
    bed_c: float | None = None
    position_mm: Triple | None = None
    work_offset_mm: Triple | None = None
    heating: bool = False
    lines_done: int = 0
    lines_total: int = 0
    time_left_s: float | None = None
    objects: tuple[str, ...] = ()
    """Of the program under way; one can be skipped by its name."""
    skipped: tuple[str, ...] = ()
    prompt: str = ""
    """What the machine asks a person at it; `resume` answers."""
    details: dict[str, str] = Field(default_factory=dict)
    """What else it tells, such as its overrides."""
    homed: bool = False
    """Routers: since the firmware began."""
    zeroed: bool = False
    """… and its work zero set after that."""
    probed: bool = False
    presence_left_s: float | None = None
    present: str = ""
    """Who said last that they are there."""
    lapsed: bool = False
    """Held because nobody said so; only the machine's own control goes on with it."""
    pid: int | None = None
    """Of its streamer."""


class ModeChange(Schema):
    mode: Mode


class Act(Schema):
    """`operator` is needed by `resume` and `presence`: it names who is there."""

    operator: str = ""
    reason: str = ""


class Skip(Schema):
    """`object`: one of the machine's `objects`; it is scrap for this reason."""

    operator: str
    object: str
    reason: ScrapReason = ScrapReason.OTHER


class OverrideTo(Schema):
    """Percent of what the program says, never over what was checked; None leaves one as it is."""

    operator: str
    feed_percent: Percent | None = None
    rapid_percent: Percent | None = None
    spindle_percent: Percent | None = None


class ProbeBy(Schema):
    """Down onto a contact plate of this thickness, by at most `travel_mm`; the work zero's Z goes under the plate."""

    travel_mm: float = Field(gt=0, le=200)
    feed_mm_s: float = Field(gt=0, le=50)
    plate_mm: float = Field(ge=0, le=100)


class ZeroAt(Schema):
    """Where the work's zero is, in machine coordinates (touched off after homing)."""

    machine_mm: Triple


class Offset(Schema):
    """Read back from the firmware."""

    work_offset_mm: Triple


class CountedRun(Schema):
    """A run that was counted or settled; its counts may be put right while its lots are here."""

    run: str
    label: str
    machine: str
    state: str
    material: str
    parts: tuple[str, ...]
    expected: tuple[Expected, ...]
    """What a count accounts for."""
    counts: tuple[LotCount, ...]
    note: str = ""
    handed_over: tuple[str, ...] = ()
    """Lots that are out of the door: their counts stand."""


class Correction(Schema):
    """All counts of a run anew, and why."""

    operator: str
    note: str
    counts: tuple[LotCount, ...]


class ShopView(Schema):
    """`alarm`: why nothing new starts, until somebody has put it right; empty: all is well."""

    alarm: str = ""


class Taken(Schema):
    task: str
    repeated: bool = False
    """The same answer had come before; nothing was done again."""


class Problem(Schema):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Address(Schema):
    """`bench.json` in the data folder, readable by its owner alone."""

    url: str
    token: str
    pid: int
