"""What an agent and a streamer say on their Unix socket: one JSON line asks, one answers.

A streamer outlives its agent's upgrade, so the two may be of different versions. Of a request everything must be
understood, else it is refused: what is left out might be what makes it safe. A reply may hold more than is known here,
and what an older streamer doesn't tell has a default; so new fields of either kind have one.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from broker.wire.messages import Faulted, Finished, Paused, Resumed, Running, SetupRecord, Starting, Stopped, Unknown
from drivers.base import State
from shop_agent.state.records import ProgramBlock


class Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ReplyLine(Line):
    model_config = ConfigDict(extra="ignore")


class ObjectSkipped(Line):
    """Left out of the run under way; nobody is named where the firmware did it by itself."""

    kind: Literal["object_skipped"] = "object_skipped"
    object: str
    operator: str = ""
    reason: str = ""


class FirstLayerFailed(Line):
    """The run's end: a person at the machine said so, and it has ended safely."""

    kind: Literal["first_layer_failed"] = "first_layer_failed"
    operator: str
    note: str = ""
    lines: int = 0


StateReport = Starting | Running | Paused | Resumed | Finished | Faulted | Stopped | Unknown
Report = Annotated[StateReport | ObjectSkipped | FirstLayerFailed, Field(discriminator="kind")]
REPORTS: TypeAdapter[Report] = TypeAdapter(Report)
Triple = tuple[float, float, float]

# Requests -----------------------------------------------------------------------------------------


class AskStatus(Line):
    verb: Literal["status"] = "status"


class AskEvents(Line):
    """Entries after `after`; waits up to `wait_s` for the first."""

    verb: Literal["events"] = "events"
    after: int
    wait_s: float = Field(default=2.0, ge=0.0, le=2.0)


class Start(Line):
    """`deadline_s` is on CLOCK_MONOTONIC, which all processes of this computer share."""

    verb: Literal["start"] = "start"
    run: str
    fence: int
    program: str
    sha256: str
    record: SetupRecord
    deadline_s: float
    present_until_s: float | None = Field(default=None, exclude_if=lambda until_s: until_s is None)
    """On the same clock: so long whoever set up an attended machine is believed to be there."""
    blocks: tuple[ProgramBlock, ...] = ()


class Forbid(Line):
    """If this run has not started, it never will."""

    verb: Literal["forbid"] = "forbid"
    run: str
    fence: int
    reason: str


class Hold(Line):
    verb: Literal["hold"] = "hold"
    reason: str


class Resume(Line):
    verb: Literal["resume"] = "resume"
    operator: str


class Cancel(Line):
    """`run`: only if this one is under way; empty: whichever is."""

    verb: Literal["cancel"] = "cancel"
    reason: str
    run: str = ""


class SkipObject(Line):
    """Leave out what is still to come of one object; the others go on."""

    verb: Literal["skip_object"] = "skip_object"
    name: str
    operator: str = ""
    reason: str = ""


class FailFirstLayer(Line):
    """End the run under way in order: its first layer failed, as a person at the machine says."""

    verb: Literal["fail_first_layer"] = "fail_first_layer"
    operator: str
    note: str = ""


Percent = Annotated[int, Field(ge=10, le=100)]
"""Of what a program says; more would carry it past the limits that it was checked against."""


class Override(Line):
    """None leaves one as it is."""

    verb: Literal["override"] = "override"
    feed_percent: Percent | None = None
    rapid_percent: Percent | None = None
    spindle_percent: Percent | None = None


class Probe(Line):
    """Lower the tool onto a contact plate; between runs, or while a run waits for a tool change."""

    verb: Literal["probe"] = "probe"
    travel_mm: float = Field(gt=0, le=200)
    feed_mm_s: float = Field(gt=0, le=50)
    plate_mm: float = Field(ge=0, le=100)


class AttestStarted(Line):
    """Of machines run by hand: it executes the program."""

    verb: Literal["attest_started"] = "attest_started"
    run: str
    operator: str


class AttestEnded(Line):
    """Of machines run by hand: it is done, cold and still."""

    verb: Literal["attest_ended"] = "attest_ended"
    run: str
    operator: str
    finished: bool
    note: str = ""


class StopNow(Line):
    verb: Literal["stop_now"] = "stop_now"
    reason: str


class Home(Line):
    verb: Literal["home"] = "home"


class SetWorkZero(Line):
    verb: Literal["set_work_zero"] = "set_work_zero"
    machine_mm: Triple


class LocalReset(Line):
    """A person at the machine has looked at it; open it anew."""

    verb: Literal["local_reset"] = "local_reset"
    operator: str


class Presence(Line):
    verb: Literal["presence"] = "presence"
    operator: str


class Shutdown(Line):
    verb: Literal["shutdown"] = "shutdown"


Request = Annotated[
    AskStatus
    | AskEvents
    | Start
    | Forbid
    | Hold
    | Resume
    | Cancel
    | SkipObject
    | FailFirstLayer
    | Override
    | Probe
    | AttestStarted
    | AttestEnded
    | StopNow
    | Home
    | SetWorkZero
    | LocalReset
    | Presence
    | Shutdown,
    Field(discriminator="verb"),
]
REQUESTS: TypeAdapter[Request] = TypeAdapter(Request)

# Replies ------------------------------------------------------------------------------------------


class MachineStatus(ReplyLine):
    """`boot_id` changes with everything that voids a setup record."""

    kind: Literal["status"] = "status"
    machine: str
    journal_id: str
    last_seq: int
    state: State
    reason: str
    quarantine: str
    """Why nothing may start before a local reset; empty: nothing is wrong."""
    boot_id: str
    run: str | None
    attended: bool
    presence_left_s: float | None = None
    present: str = ""
    """Who said last that they are there."""
    lapsed: bool = False
    """Held because nobody said that they are there; only the machine's own control goes on with it."""
    firmware: str = ""
    lost_link: str = ""
    attested: bool = False
    """What becomes of its runs is what a person says."""
    hotend_c: float | None = None
    bed_c: float | None = None
    heating: bool = False
    """The run's heaters have not yet reached their targets for the first time."""
    position_mm: Triple | None = None
    work_offset_mm: Triple | None = None
    lines_done: int = 0
    lines_total: int = 0
    time_left_s: float | None = None
    objects: tuple[str, ...] = ()
    """Of the run's program, by the names that `skip` takes."""
    skipped: tuple[str, ...] = ()
    prompt: str = ""
    """What the machine asks a person at it; `resume` answers."""
    homed: bool = False
    """Since its firmware began."""
    zeroed: bool = False
    """Its work zero was set or probed after that."""
    probed: bool = False
    """… the last time by a contact plate."""
    details: dict[str, str] = Field(default_factory=dict)
    """What else it tells, for people."""
    pid: int
    version: str = ""
    """Of the program that the streamer runs; older ones don't tell."""


class Entry(ReplyLine):
    seq: int
    at: datetime
    run: str
    report: Report


class Entries(ReplyLine):
    kind: Literal["entries"] = "entries"
    journal_id: str
    entries: tuple[Entry, ...]


class StartAnswer(ReplyLine):
    """`started`: this run has started here, now or before. Otherwise it never will."""

    kind: Literal["start"] = "start"
    journal_id: str
    started: bool
    reason: str = ""


class WorkOffset(ReplyLine):
    kind: Literal["work_offset"] = "work_offset"
    work_offset_mm: Triple


class Done(ReplyLine):
    kind: Literal["done"] = "done"


class No(ReplyLine):
    """The request can't be done now; `reason` is for people."""

    kind: Literal["no"] = "no"
    reason: str


Reply = Annotated[
    MachineStatus | Entries | StartAnswer | WorkOffset | Done | No,
    Field(discriminator="kind"),
]
REPLIES: TypeAdapter[Reply] = TypeAdapter(Reply)
