"""What the agent decides: an event comes in, what follows is committed, and what is to be carried out comes back.

No I/O but the log's; time and tokens come in. Whoever carries out instructions brings what came of them back here.
"""

from collections.abc import Iterable
from dataclasses import replace

from broker.wire.messages import Availability, BrokerFrame, Conflict, Heartbeat, MachineReport, Permit, Welcome
from broker.wire.shop import Inventory
from shop_agent import translate
from shop_agent.errors import JournalTorn, Refused
from shop_agent.shop_log import Answer, ShopLog, Unsent
from shop_agent.state import events as ev
from shop_agent.state.instructions import ForbidStart, Instruction, StartRun, Tell
from shop_agent.state.memory import AFTER_PERMIT, BEFORE_PERMIT, Memory, Rules
from shop_agent.state.records import MachineFacts, MachineRecord, Now
from shop_agent.state.shop import Shop
from shop_agent.streamer.wire import StartAnswer

_BROKER_EPOCHS = "broker_epochs"
_LOST = "the agent's journal was lost: nobody knows how the machine stands"
_ROLLED_BACK = "the agent's journal was rolled back: nobody knows how the machine stands"


class Mind:
    """One thread's. Instructions are to be carried out in their order, a `Tell` by the link alone."""

    def __init__(
        self, machines: Iterable[MachineFacts], rules: Rules, log: ShopLog[object], inventory: Inventory, token: str
    ) -> None:
        """`token` makes the ids of this process's permit requests unlike any other's."""
        self._shop = Shop(machines, rules, token)
        self._log = log
        self._inventory = inventory
        self._torn: BaseException | None = None
        """Why an event was taken in and not committed: memory and log differ."""
        self._forbidding: set[str] = set()
        """Runs whose streamer is being asked for its final word."""
        log.restore(self.memory)

    @property
    def memory(self) -> Memory:
        return self._shop.memory

    def begin(self, now: Now, *, begun_before: bool = False) -> list[Instruction]:
        """What was left undone when the agent ended. Nothing starts by itself.

        `begun_before`: this agent has kept a log here; one that is empty is not its first then, but lost.
        """
        if self._log.last_seq == 0:
            self._tell_machines_anew()
            if begun_before:
                return self.apply(ev.JournalLost(_LOST), now)
        self._log.tell_inventory(self._inventory, now.at)
        return [*self._shop.unfinished_programs()]

    def apply(self, event: ev.Event, now: Now, answer: Answer | None = None) -> list[Instruction]:
        """Commit what follows from the event; what is to be carried out now.

        Raises Refused: nothing has changed then. After any other error memory is ahead of the log, and every
        further call raises JournalTorn: the process must end, and the log recovers.
        """
        if self._torn is not None:
            raise JournalTorn from self._torn
        try:
            return self._applied(event, now, answer)
        except Refused:
            raise
        except BaseException as error:
            self._torn = error
            raise

    def _applied(self, event: ev.Event, now: Now, answer: Answer | None) -> list[Instruction]:
        instructions = self._shop.handle(event, now)
        told = [one for one in instructions if isinstance(one, Tell)]
        unsent = [Unsent(translate.told(one, self.memory), one.run, one.fence, one.version) for one in told]
        changed = self._shop.take_changed()
        if isinstance(event, ev.JournalLost):
            self._log.begin_epoch(self._inventory, self.memory, changed, unsent, now.at)
        elif unsent or answer is not None or changed:
            self._log.commit(self.memory, changed, unsent, now.at, answer)
        return [one for one in instructions if not self._is_asked_already(one)]

    def _is_asked_already(self, instruction: Instruction) -> bool:
        if not isinstance(instruction, ForbidStart):
            return False
        asked = instruction.run in self._forbidding
        self._forbidding.add(instruction.run)
        return asked

    # What came of instructions ----------------------------------------------------------------------

    def start_answered(self, order: StartRun, answer: StartAnswer | None, now: Now) -> list[Instruction]:
        """None: the streamer did not say whether it took the start."""
        if answer is None:
            return self.apply(ev.StartUnclear(order.run, order.fence), now)
        return self._heed(order.machine, order.run, order.fence, answer, now)

    def forbid_answered(self, order: ForbidStart, answer: StartAnswer | None, now: Now) -> list[Instruction]:
        """None: it said nothing; the next tick asks again, for only the streamer knows."""
        self._forbidding.discard(order.run)
        if answer is None:
            return []
        return self._heed(order.machine, order.run, order.fence, answer, now)

    def _heed(self, machine: str, run: str, fence: int, answer: StartAnswer, now: Now) -> list[Instruction]:
        """A journal other than the one we follow can't say that nothing started."""
        if answer.started or answer.journal_id != self.memory.machines[machine].journal_id:
            return []
        return self.apply(ev.StartRefused(run, fence, answer.reason), now)

    def record(self, machine: str) -> MachineRecord:
        return self.memory.machines[machine]

    # The broker ---------------------------------------------------------------------------------------

    def welcomed(self, welcome: Welcome, now: Now) -> list[Instruction]:
        """Where the log was rolled back a new epoch begins: the connection is one of the old epoch then."""
        if welcome.acked > self._log.last_seq:
            return self.rolled_back(now)
        known = self._broker_epochs()
        if welcome.broker_epoch in known:
            return self.apply(ev.Connected(), now)
        self._log.set_meta(_BROKER_EPOCHS, " ".join([*known, welcome.broker_epoch]))
        restored = self.apply(ev.BrokerRestored(), now) if known else []
        return [*restored, *self.apply(ev.Connected(), now)]

    def rolled_back(self, now: Now) -> list[Instruction]:
        """The broker holds events of this epoch that the log lacks: a new epoch begins."""
        self._tell_machines_anew()
        return self.apply(ev.JournalLost(_ROLLED_BACK), now)

    def refuses(self, welcome: Welcome) -> str:
        """Why this broker is not listened to: it goes on with a history that a restore has ended; "": it may speak."""
        known = self._broker_epochs()
        if welcome.broker_epoch in known[:-1]:
            return f"this broker is at epoch {welcome.broker_epoch}, which a restored one has ended with {known[-1]}"
        return ""

    def _broker_epochs(self) -> list[str]:
        """All that we were ever welcomed in, the latest last."""
        return (self._log.meta(_BROKER_EPOCHS) or "").split()

    def _tell_machines_anew(self) -> None:
        """An epoch begins in which nothing was told yet."""
        for machine in list(self.memory.machines.values()):
            self.memory.keep_machine(replace(machine, told=None))

    def parted(self, now: Now) -> list[Instruction]:
        return self.apply(ev.Disconnected(), now)

    def on_frame(self, frame: BrokerFrame, now: Now) -> list[Instruction]:
        if isinstance(frame, Permit) and frame.broker_epoch not in ("", *self._broker_epochs()[-1:]):
            return []
        latest = isinstance(frame, Conflict) and self._log.is_latest(frame.seq, frame.run)
        event = translate.broker_event(frame, latest=latest)
        return [] if event is None else self.apply(event, now)

    def heartbeat(self) -> Heartbeat:
        memory = self.memory
        reports = tuple(self._report(name) for name in memory.machines)
        leases = tuple(run.id for run in memory.runs.values() if run.phase in BEFORE_PERMIT)
        return Heartbeat(machines=reports, leases=leases)

    def _report(self, name: str) -> MachineReport:
        standing, reason = self.memory.reported(name)
        live = self.memory.on(name, AFTER_PERMIT)
        run = live[0].id if live else None
        return MachineReport(machine=name, availability=Availability(standing), run=run, reason=reason)
