from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from broker.database import Base


class Purse(StrEnum):
    """Kinds of ledger accounts; an owner has at most one of each."""

    OUTSIDE = "outside"
    """The world beyond the books: deposits come from it."""
    BALANCE = "balance"
    HELD = "held"
    """A buyer's money for an order under way; the owner is the order."""
    FEES = "fees"


class Transfer(Base):
    """One movement; its entries sum to zero."""

    __tablename__ = "transfers"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """deposit, hold, release, refund."""
    order_id: Mapped[str | None] = mapped_column(index=True)
    note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]


class Entry(Base):
    __tablename__ = "entries"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    transfer_id: Mapped[str] = mapped_column(ForeignKey("transfers.id"), index=True)
    purse: Mapped[Purse]
    owner: Mapped[str] = mapped_column(index=True)
    """Account, workshop or order id; "" for the outside and the fees."""
    amount: Mapped[int] = mapped_column(BigInteger)
    """Minor units; into the purse positive, out of it negative."""
    currency: Mapped[str]
