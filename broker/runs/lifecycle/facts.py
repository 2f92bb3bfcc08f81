"""A run as its rules see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from broker.wire.states import Actor, RunState

ON_MACHINE = frozenset({RunState.STARTING, RunState.RUNNING, RunState.PAUSED})
LEASED = frozenset({RunState.CLAIMED, RunState.STAGED, RunState.ARMED})
_NO_PIECES: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class PlateFacts:
    material: str = ""
    prints: bool = True
    """On a bed; else a sheet is cut."""
    pieces: Mapping[str, int] = field(default_factory=lambda: _NO_PIECES)
    """By lot, without those that were skipped."""
    skipped: frozenset[str] = frozenset()
    """Objects of the program."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    state: RunState
    version: int
    fence: int
    moved_by: Actor = Actor.PLANNER
    """Whose word made the state."""
    silent_steps: int = 0
    """How often the broker set it to unknown; the agent's numbers needn't count these."""
    exit_at: datetime | None = None
    expected: timedelta = timedelta(0)
    """How long it will be on the machine."""
    record: str | None = None
    """The setup record that it was armed with."""
    permit_request: str | None = None
    permit_epoch: str | None = None
    """Of the journal that was given the permit."""
    lines_done: int = 0
    lines_total: int = 0
    stop_requested: str | None = None
    restored: bool = False
    """Live in a backup that was restored, or first heard of after that."""
    plate: PlateFacts = PlateFacts()
    """Known where the event speaks of it."""
