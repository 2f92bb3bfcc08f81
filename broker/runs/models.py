from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from broker.database import Base
from broker.wire.messages import ScrapReason
from broker.wire.states import FINAL, Actor, RunState

_FINAL = ", ".join(f"'{state}'" for state in sorted(FINAL))


class PlateRow(Base):
    """A plate that is to be made once; `document` is the exact text whose SHA-256 is offered."""

    __tablename__ = "plates"

    id: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(index=True)
    document: Mapped[str]
    """JSON of `broker.wire.plates.Plate`."""
    created_at: Mapped[datetime]


class PlateLot(Base):
    """How many pieces of a lot a plate holds."""

    __tablename__ = "plate_lots"

    plate_id: Mapped[str] = mapped_column(ForeignKey("plates.id"), primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), primary_key=True, index=True)
    pieces: Mapped[int]


class Run(Base):
    """One attempt to make a plate on one machine."""

    __tablename__ = "runs"
    __table_args__ = (
        Index(
            "uq_runs_live_plate",
            "plate_id",
            unique=True,
            sqlite_where=text(f"state NOT IN ({_FINAL})"),
            postgresql_where=text(f"state NOT IN ({_FINAL})"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    plate_id: Mapped[str] = mapped_column(ForeignKey("plates.id"), index=True)
    machine_id: Mapped[str] = mapped_column(ForeignKey("machines.id"), index=True)
    workshop_id: Mapped[str] = mapped_column(ForeignKey("workshops.id"), index=True)
    state: Mapped[RunState] = mapped_column(default=RunState.PLANNED, index=True)
    version: Mapped[int] = mapped_column(default=1)
    """+ 1 with every transition."""
    fence: Mapped[int] = mapped_column(default=0)
    planned_start: Mapped[datetime]
    planned_end: Mapped[datetime]
    stop_requested: Mapped[str | None]
    """Reason of a remote stop request."""
    exit_at: Mapped[datetime | None]
    """When the state's exit timer runs out (offer, lease, permit, silence)."""
    moved_by: Mapped[Actor] = mapped_column(default=Actor.PLANNER)
    """Whose word made the state."""
    silent_steps: Mapped[int] = mapped_column(default=0)
    """How often the broker set it to unknown."""
    permit_request: Mapped[str | None]
    permit_epoch: Mapped[str | None]
    """Of the journal that was given the permit: only it can say later what the machine did."""
    record_id: Mapped[str | None]
    lines_done: Mapped[int] = mapped_column(default=0)
    lines_total: Mapped[int] = mapped_column(default=0)
    estimate_s: Mapped[float | None]
    note: Mapped[str] = mapped_column(default="")
    """Reason of the last fault, stop or release."""
    first_layer: Mapped[bool] = mapped_column(default=False)
    """Nothing but its first layer failed."""
    restored: Mapped[bool] = mapped_column(default=False)
    """Live in a backup that was restored, or first heard of after that: its agent's numbers count."""

    # Whoever writes a run that another has moved since it was read fails instead of overwriting.
    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}  # noqa: RUF012


class BrokerEpoch(Base):
    """A history that the rows tell; each restore from a backup begins one."""

    __tablename__ = "broker_epochs"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    """Two restores of one backup have the same number, and never the same name."""
    backup_at: Mapped[datetime]
    began_at: Mapped[datetime]


class RunStep(Base):
    """Every state that a run passed through, in order of version."""

    __tablename__ = "run_steps"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[RunState]
    actor: Mapped[Actor]
    at: Mapped[datetime] = mapped_column(index=True)
    note: Mapped[str] = mapped_column(default="")


class UsedRecord(Base):
    """A setup record that a run was armed with: it arms no other, and not that one again."""

    __tablename__ = "used_records"

    id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), index=True)
    at: Mapped[datetime]


class InboxEvent(Base):
    """A durable event as the agent signed it; written in the transaction that applies it."""

    __tablename__ = "inbox"

    agent_id: Mapped[str] = mapped_column(ForeignKey("agents.id"), primary_key=True)
    epoch: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    payload: Mapped[str]
    signature: Mapped[str]
    received_at: Mapped[datetime]
    applied: Mapped[bool]
    note: Mapped[str] = mapped_column(default="")
    """Why it changed nothing, where it didn't."""


class Count(Base):
    """Good pieces of a lot in a run, as a person counted them."""

    __tablename__ = "counts"
    __table_args__ = (UniqueConstraint("run_id", "lot_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), index=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), index=True)
    good: Mapped[int]
    operator: Mapped[str]
    at: Mapped[datetime]


class ScrapCount(Base):
    __tablename__ = "scrap_counts"

    count_id: Mapped[int] = mapped_column(ForeignKey("counts.id"), primary_key=True)
    reason: Mapped[ScrapReason] = mapped_column(primary_key=True)
    pieces: Mapped[int]


class Skip(Base):
    """One piece that was left out while the others went on: scrap since then."""

    __tablename__ = "skips"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    object: Mapped[str] = mapped_column(primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), index=True)
    reason: Mapped[ScrapReason]
    operator: Mapped[str]
    """Empty: the firmware did it by itself."""
    at: Mapped[datetime]


class Correction(Base):
    """A count that was put right: who, when, and what it was before."""

    __tablename__ = "corrections"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    """The run's, after it."""
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), primary_key=True, index=True)
    operator: Mapped[str]
    note: Mapped[str]
    at: Mapped[datetime]
    good_before: Mapped[int]
    good_after: Mapped[int]
    scrap_before: Mapped[int]
    scrap_after: Mapped[int]
