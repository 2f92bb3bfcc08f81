"""What every rule may do to rows, whatever keeps them."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from broker.database import Base


class Rows(Protocol):
    """The rows as one transaction sees them. Rows that were got from it are its own: what they are set to is kept."""

    def new_id(self, prefix: str) -> str: ...

    def add(self, row: Base) -> None:
        """Columns that weren't set get their defaults by the next flush."""
        ...

    async def flush(self) -> None:
        """What was changed so far is what is looked up from here on. Raises IntegrityError."""
        ...

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """What was done in it is undone if it ends with an exception."""
        ...
