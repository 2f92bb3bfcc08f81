from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from broker.database import Base


class Lead(Base):
    """Which process does what only one may do. Row by row as the database's own clock has it, not a process's."""

    __tablename__ = "leads"

    name: Mapped[str] = mapped_column(primary_key=True)
    """What is led."""
    holder: Mapped[str]
    """The process that leads, or led last."""
    token: Mapped[int]
    """+ 1 with every leader: who wrote under an older one writes no more."""
    until: Mapped[datetime]
