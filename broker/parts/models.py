from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from broker.database import Base


class Part(Base):
    """One uploaded file as measured; the files are in the blob store by hash."""

    __tablename__ = "parts"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    name: Mapped[str]
    source_sha256: Mapped[str]
    normalised_sha256: Mapped[str]
    facts: Mapped[str]
    """JSON of `slicer_bridge.facts.PartFacts`."""
    created_at: Mapped[datetime]
