"""What the pure core wants done. `Tell` is committed with the state; the others are carried out after that commit."""

from dataclasses import dataclass

from shop_agent.state.records import Program, Setup
from shop_agent.state.reports import RunReport, ShopReport


@dataclass(frozen=True, slots=True)
class Tell:
    """A durable event for the broker; `run` is None for what concerns the shop."""

    report: RunReport | ShopReport
    run: str | None = None
    fence: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class MakeProgram:
    run: str
    fence: int
    machine: str
    plate_sha256: str


@dataclass(frozen=True, slots=True)
class AbandonProgram:
    """Stop making it and forget its files."""

    run: str


@dataclass(frozen=True, slots=True)
class AskPermit:
    run: str
    fence: int
    version: int
    record: str
    request: str


@dataclass(frozen=True, slots=True)
class StartRun:
    """`deadline_s` is on the monotonic clock; so is `present_until_s`, for a machine that nobody may leave."""

    machine: str
    run: str
    fence: int
    program: Program
    setup: Setup
    deadline_s: float
    present_until_s: float | None = None


@dataclass(frozen=True, slots=True)
class ForbidStart:
    """Get the streamer's final word on whether this run started; if it hasn't, it never will."""

    machine: str
    run: str
    fence: int
    reason: str


@dataclass(frozen=True, slots=True)
class CancelRun:
    machine: str
    run: str
    reason: str


Instruction = Tell | MakeProgram | AbandonProgram | AskPermit | StartRun | ForbidStart | CancelRun
