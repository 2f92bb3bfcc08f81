"""What agents say in the contract: a body for every kind of event about a run."""

from datetime import UTC, datetime

from broker.wire.messages import (
    Armed,
    Claimed,
    Counted,
    Faulted,
    Finished,
    Lapsed,
    LotCount,
    NotStarted,
    Paused,
    Rejected,
    Released,
    Resumed,
    RunBody,
    Running,
    Scrap,
    ScrapReason,
    Settled,
    SetupRecord,
    Staged,
    Starting,
    Stopped,
    Unknown,
)
from tests.broker.runs.contract.seeded import MACHINES, MATERIAL, RUNS, WORKSHOPS

KINDS = (
    "claimed", "rejected", "staged", "released", "armed", "lapsed", "not_started", "starting", "running", "paused",
    "resumed", "finished", "faulted", "stopped", "unknown", "counted", "settled",
)  # fmt: skip


def agent_of(run: str) -> str:
    return WORKSHOPS[MACHINES[RUNS[run][0]][0]]


def record(run: str, name: str = "") -> SetupRecord:
    """With no name it is the run's own; "wrong" and "dirty" are refused."""
    return SetupRecord(
        id=name or f"record-{run}",
        operator="eva",
        boot_id="b1",
        at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        bed_clear=name != "dirty",
        material="ABS" if name == "wrong" else MATERIAL[MACHINES[RUNS[run][0]][1]],
        tool_mm=0.4,
        clamps_clear=True,
        extraction_on=True,
    )


def counts(run: str, good: int) -> tuple[LotCount, ...]:
    """So many good pieces of each lot; the rest of it is scrap."""
    found = []
    for lot, pieces in RUNS[run][1].items():
        scrap = (Scrap(reason=ScrapReason.WARP, pieces=pieces - good),) if pieces > good else ()
        found.append(LotCount(lot=lot, good=good, scrap=scrap))
    return tuple(found)


def body(run: str, kind: str, good: int = 0, record_name: str = "") -> RunBody:
    bodies: tuple[RunBody, ...] = (
        Claimed(),
        Rejected(reason="no"),
        Staged(program_sha256="0" * 64, lines=1000, estimate_s=600.0, made_by="slicer"),
        Released(reason="own work"),
        Armed(record=record(run, record_name)),
        Lapsed(reason="door"),
        NotStarted(reason="lapsed"),
        Starting(),
        Running(evidence="M73"),
        Paused(reason="filament"),
        Resumed(),
        Finished(lines=1000, seconds=590.0),
        Faulted(reason="thermal", lines=10, safe=True),
        Stopped(reason="asked", lines=20),
        Unknown(reason="gap"),
        Counted(operator="eva", counts=counts(run, good)),
        Settled(operator="eva", note="looked", counts=counts(run, good)),
    )
    return next(one for one in bodies if one.kind == kind)
