"""What a streamer must not forget: what its machine did, and which runs may never start on it (again)."""

from typing import Protocol

from shop_agent.streamer.wire import Entry, Report

ENDS = frozenset({"finished", "faulted", "stopped", "unknown", "first_layer_failed"})
"""Kinds of entries after which nothing more comes of a run."""


class RunUsed(Exception):
    """This run has started before, or may never start, or its setup record was used; the text says which."""


class RunLog(Protocol):
    """Every write is one transaction, and lasts when its method returns; one that raises has kept nothing."""

    @property
    def journal_id(self) -> str:
        """Another one is another journal: what this one held is lost."""
        ...

    def start(self, run: str, fence: int, record: str, program_sha256: str) -> None:
        """That this run starts: at most once, whatever is asked again. Raises RunUsed."""
        ...

    def forbid(self, run: str, fence: int, reason: str) -> bool:
        """True if it had started before; else it never will."""
        ...

    def has_started(self, run: str) -> bool: ...

    def append(self, run: str, report: Report) -> None: ...

    def after(self, seq: int, at_most: int = 200) -> tuple[Entry, ...]:
        """In order; numbers are 1, 2, 3 …"""
        ...

    @property
    def last_seq(self) -> int: ...

    def unended(self) -> str | None:
        """The run whose last entry is no end: whoever streamed it died."""
        ...

    def quarantine(self) -> str:
        """What went wrong since the last local reset; empty if nothing."""
        ...

    def reset(self) -> None:
        """A person has looked: what went wrong so far is over."""
        ...
