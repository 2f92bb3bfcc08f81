from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from broker.database import Base
from broker.wire.shop import Process
from broker.wire.tiers import Tier


class OrderState(StrEnum):
    ACCEPTED = "accepted"
    """Money held; being planned and made."""
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class LotState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    MADE = "made"
    """Good pieces equal the lot's quantity."""
    DELIVERED = "delivered"
    WITHDRAWN = "withdrawn"


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    quote_id: Mapped[str] = mapped_column(ForeignKey("quotes.id"), unique=True)
    tier: Mapped[Tier]
    state: Mapped[OrderState] = mapped_column(default=OrderState.ACCEPTED, index=True)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]


class Line(Base):
    __tablename__ = "lines"

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), index=True)
    quote_item_id: Mapped[str] = mapped_column(ForeignKey("quote_items.id"), unique=True)
    position: Mapped[int]
    part_id: Mapped[str] = mapped_column(ForeignKey("parts.id"))
    quantity: Mapped[int]
    process: Mapped[Process]
    material: Mapped[str]
    recipe: Mapped[str]
    share: Mapped[bool] = mapped_column(default=True)
    """May lie on a plate with other pieces."""
    machine_s: Mapped[float]
    amount: Mapped[int] = mapped_column(BigInteger)
    """What the shops that make it are paid in all: its quote lines without the broker's fee."""


class Lot(Base):
    """What one shop makes of one line; once it has gone, the shop makes more of that line in another."""

    __tablename__ = "lots"
    __table_args__ = (
        Index(
            "uq_lots_here",
            "line_id",
            "workshop_id",
            unique=True,
            sqlite_where=text(f"state <> '{LotState.DELIVERED}'"),
            postgresql_where=text(f"state <> '{LotState.DELIVERED}'"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    line_id: Mapped[str] = mapped_column(ForeignKey("lines.id"), index=True)
    workshop_id: Mapped[str] = mapped_column(ForeignKey("workshops.id"), index=True)
    state: Mapped[LotState] = mapped_column(default=LotState.OFFERED, index=True)
    quantity: Mapped[int]
    accepted_quantity: Mapped[int] = mapped_column(default=0)
    good: Mapped[int] = mapped_column(default=0)
    scrap: Mapped[int] = mapped_column(default=0)
    surplus: Mapped[int] = mapped_column(default=0)
    """Good pieces over and above what was ordered; `good` leaves them out."""
    reason: Mapped[str] = mapped_column(default="")
    delivered_at: Mapped[datetime | None]
