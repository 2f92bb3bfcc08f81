"""What the agent makes of a streamer's words: its journal's entries in order, its status, its silence."""

from collections.abc import Sequence

from broker.wire.messages import Progress
from broker.wire.states import RunState
from drivers.base import State
from shop_agent.mind import Mind
from shop_agent.state import events as ev
from shop_agent.state.instructions import Instruction
from shop_agent.state.memory import AFTER_PERMIT
from shop_agent.state.records import MachineView, Now
from shop_agent.streamer import wire
from shop_agent.translate import machine_report, view
from shop_agent.version import VERSION

GONE_S = 10.0
"""A machine without link for longer than this is offline."""
WAIT_S = 1.0
"""A streamer with nothing new to tell answers after so long."""


class Follower:
    """One machine's. `status` is its streamer's last word, None while it says nothing."""

    def __init__(self, machine: str, mind: Mind, now: Now, version: str = VERSION) -> None:
        """`version`: which one its streamer should have."""
        self.machine = machine
        self.status: wire.MachineStatus | None = None
        self._mind = mind
        self._linked_s = now.mono_s
        self._seen: MachineView | None = None
        self._version = version
        self._renewed = False

    def ask(self) -> wire.AskEvents:
        """For what was written since."""
        return wire.AskEvents(after=self._mind.record(self.machine).cursor, wait_s=WAIT_S)

    def read(self, entries: wire.Entries, now: Now) -> list[Instruction]:
        out: list[Instruction] = []
        for entry in entries.entries:
            report = machine_report(entry.report)
            out += self._mind.apply(
                ev.StreamerWrote(self.machine, entries.journal_id, entry.seq, entry.run, report), now
            )
        return out

    def see(self, status: wire.MachineStatus, now: Now, *, first: bool = False) -> list[Instruction]:
        """`first`: since it or we began; its journal may be another."""
        self.status = status
        out: list[Instruction] = []
        if first:
            out += self._mind.apply(ev.StreamerOpened(self.machine, status.journal_id, status.last_seq), now)
        if status.state is State.CLOSED:
            return out + self._missing(status.reason, now)
        self._linked_s = now.mono_s
        found = view(status)
        if found != self._seen and not self._is_behind(status):
            self._seen = found
            out += self._mind.apply(ev.MachineSeen(self.machine, found), now)
        return out

    def silent(self, reason: str, now: Now) -> list[Instruction]:
        """No streamer answers."""
        self.status = None
        return self._missing(reason, now)

    def _is_behind(self, status: wire.MachineStatus) -> bool:
        """Entries come first: they say which run a quarantine is about."""
        return self._mind.record(self.machine).cursor < status.last_seq

    def _missing(self, reason: str, now: Now) -> list[Instruction]:
        if now.mono_s - self._linked_s <= GONE_S:
            return []
        self._seen = None
        return self._mind.apply(ev.MachineGone(self.machine, reason), now)

    def renews(self) -> bool:
        """Whether the streamer is to make room now for one of our version: once, and only while nothing is set up."""
        status = self.status
        if status is None or status.version == self._version or status.run is not None or self._renewed:
            return False
        self._renewed = not self._mind.memory.on(self.machine, AFTER_PERMIT | {RunState.ARMED})
        return self._renewed

    def progress(self) -> Sequence[Progress]:
        """Of the run under way; empty if there is none."""
        status = self.status
        if status is None or status.run is None:
            return ()
        return (
            Progress(
                run=status.run,
                machine=self.machine,
                lines_done=status.lines_done,
                lines_total=status.lines_total,
                hotend_c=status.hotend_c,
                bed_c=status.bed_c,
            ),
        )
