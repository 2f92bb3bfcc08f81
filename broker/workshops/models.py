from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from broker.database import Base
from broker.wire.messages import Availability
from broker.wire.shop import Process

TAKES_NO_WORK = frozenset({Availability.OFFLINE, Availability.QUARANTINED})
"""How a machine stands for which nothing may be planned, now or after what it does."""


class Workshop(Base):
    __tablename__ = "workshops"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    town: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    inventory: Mapped[str | None]
    """JSON of `broker.wire.shop.Inventory`, as the shop's agent last sent it."""
    created_at: Mapped[datetime]


class Machine(Base):
    __tablename__ = "machines"
    __table_args__ = (UniqueConstraint("workshop_id", "name"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    workshop_id: Mapped[str] = mapped_column(ForeignKey("workshops.id"), index=True)
    name: Mapped[str]
    driver: Mapped[str]
    process: Mapped[Process]
    spec: Mapped[str]
    """JSON of `broker.wire.shop.MachineSpec`."""
    availability: Mapped[Availability] = mapped_column(default=Availability.OFFLINE)
    reason: Mapped[str] = mapped_column(default="")
    retired_at: Mapped[datetime | None]
    """Set when the shop's inventory no longer names it."""


class Agent(Base):
    __tablename__ = "agents"

    id: Mapped[str] = mapped_column(primary_key=True)
    workshop_id: Mapped[str] = mapped_column(ForeignKey("workshops.id"), index=True)
    public_key: Mapped[str]
    """Base64 of the 32 raw Ed25519 bytes."""
    next_public_key: Mapped[str | None]
    """Registered to follow it, and not used yet."""
    former_public_key: Mapped[str | None]
    """What signed before it: taken for events only, and for `rotation.FORMER_LIFE` after `rotated_at`."""
    rotated_at: Mapped[datetime | None]
    epoch: Mapped[str | None]
    acked_seq: Mapped[int] = mapped_column(default=0)
    connection: Mapped[str | None]
    """Its latest connection, at whichever broker process: an earlier one may write no more."""
    behind: Mapped[bool] = mapped_column(default=False)
    """The broker was restored from a backup, and the agent hasn't sent again all that it has said since."""
    behind_until: Mapped[int | None]
    """The seq with which it has; None until its hello."""
    last_seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class EnrolmentCode(Base):
    """A one-time code; only its SHA-256 is kept."""

    __tablename__ = "enrolment_codes"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    workshop_id: Mapped[str] = mapped_column(ForeignKey("workshops.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
