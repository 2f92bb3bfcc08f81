from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from broker.database import Base
from broker.wire.shop import Process
from broker.wire.tiers import Tier


class QuoteState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    EXPIRED = "expired"


class Quote(Base):
    __tablename__ = "quotes"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    state: Mapped[QuoteState] = mapped_column(default=QuoteState.OPEN)
    currency: Mapped[str]
    tier: Mapped[Tier] = mapped_column(default=Tier.STANDARD)
    """Standard until it is accepted, then the one accepted."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class QuoteTier(Base):
    """A lead time that the quote offers: its price and its date, from the plan that both stand on."""

    __tablename__ = "quote_tiers"

    quote_id: Mapped[str] = mapped_column(ForeignKey("quotes.id"), primary_key=True)
    tier: Mapped[Tier] = mapped_column(primary_key=True)
    total: Mapped[int] = mapped_column(BigInteger)
    due_at: Mapped[datetime | None]
    """When the parts are promised."""
    arrival_at: Mapped[datetime | None]
    """When the plan has them arrive, without what is allowed for mishaps; unknown of quotes before tiers."""


class QuoteItem(Base):
    """What is asked for: part × quantity × material × recipe."""

    __tablename__ = "quote_items"

    id: Mapped[str] = mapped_column(primary_key=True)
    quote_id: Mapped[str] = mapped_column(ForeignKey("quotes.id"), index=True)
    position: Mapped[int]
    part_id: Mapped[str] = mapped_column(ForeignKey("parts.id"))
    quantity: Mapped[int]
    process: Mapped[Process]
    material: Mapped[str]
    recipe: Mapped[str]
    """JSON of `broker.wire.plates.Recipe`."""
    share: Mapped[bool] = mapped_column(default=True)
    """May lie on a plate with other pieces."""
    machine_s: Mapped[float]
    """Estimated machine seconds per piece."""
    left_out: Mapped[str] = mapped_column(default="[]")
    """JSON list of `broker.wire.rest.LeftOutView`: machines that can't make it, and why."""


class QuoteLine(Base):
    """One line of a tier's price."""

    __tablename__ = "quote_lines"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    quote_id: Mapped[str] = mapped_column(ForeignKey("quotes.id"), index=True)
    tier: Mapped[Tier]
    item_id: Mapped[str | None] = mapped_column(ForeignKey("quote_items.id"))
    position: Mapped[int]
    kind: Mapped[str]
    """machine, material, setup, labour, shipping, fee."""
    text: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
