"""The shop's mind. `handle` takes one event and the time, changes what is remembered, returns what is to be done.

It does no I/O, reads no clock and rolls no dice. Whoever calls it commits `memory.changed` and every `Tell` in
one transaction, and only then carries out the rest. Everything that affects a run is in this package.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from broker.wire.states import RunState
from shop_agent.state import count_rules, lot_rules, machine_rules, mode_rules, restored_rules, spool_rules
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import CancelRun, ForbidStart, Instruction, MakeProgram, Tell
from shop_agent.state.memory import BEFORE_PERMIT, DONE, UNSURE, Changed, Memory, Rules
from shop_agent.state.permit_rules import Permits
from shop_agent.state.records import MachineFacts, Mode, Now, RunRecord
from shop_agent.state.unsettled_rules import unsettled

_S = RunState


class Shop:
    def __init__(self, machines: Iterable[MachineFacts], rules: Rules, token: str) -> None:
        """`token` makes the ids of this process's permit requests unlike any other's."""
        self.memory = Memory(machines, rules)
        self._permits = Permits(self.memory, token)

    def handle(self, event: ev.Event, now: Now) -> list[Instruction]:
        """Raises Refused (a person's answer that can't be taken); nothing has changed then."""
        match event:
            case (
                ev.SetupGiven()
                | ev.AttestGiven()
                | ev.CountGiven()
                | ev.SettleGiven()
                | ev.CorrectionGiven()
                | ev.SpoolGiven()
                | ev.SpoolGone()
                | ev.MachineCleared()
                | ev.MachineReleased()
                | ev.LotAnswered()
                | ev.HandoverGiven()
                | ev.ModeSet()
            ):
                out = self._from_people(event, now)
            case (
                ev.Ticked()
                | ev.ProgramMade()
                | ev.MakingFailed()
                | ev.MachineSeen()
                | ev.MachineGone()
                | ev.StreamerOpened()
                | ev.StreamerWrote()
                | ev.StartRefused()
                | ev.StartUnclear()
                | ev.JournalLost()
                | ev.PolicyRead()
                | ev.PolicyBroken()
            ):
                out = self._from_machinery(event, now)
            case _:
                out = self._from_broker(event, now)
        return [*out, *mode_rules.give_back(self.memory), *self.memory.tell_machines()]

    def take_changed(self) -> Changed:
        """What must be written down since the last call."""
        changed, self.memory.changed = self.memory.changed, Changed()
        return changed

    def unfinished_programs(self) -> list[MakeProgram]:
        """What was being made when the agent ended."""
        claimed = [run for run in self.memory.runs.values() if run.phase is _S.CLAIMED]
        return [MakeProgram(run.id, run.fence, run.machine, run.plate_sha256) for run in claimed]

    def _from_broker(self, event: ev.BrokerEvent, now: Now) -> list[Instruction]:
        match event:
            case ev.Connected() | ev.Disconnected():
                out = self._permits.passed(event, now)
            case ev.LotOffered():
                out = lot_rules.offered(self.memory, event)
            case ev.LotIsReady():
                out = lot_rules.ready(self.memory, event)
            case ev.RunOffered():
                out = self._offered(event)
            case ev.PermitGranted():
                out = self._permits.granted(event, now)
            case ev.PermitDenied():
                out = self._permits.denied(event, now)
            case ev.RunWithdrawn():
                out = restored_rules.withdrawn(self.memory, event)
            case ev.BrokerRestored():
                out = restored_rules.restored(self.memory)
            case ev.RunUnsettled():
                out = unsettled(self.memory, event)
            case ev.RunConflicted():
                out = self._conflicted(event)
            case ev.StopAsked():
                out = self._stop_asked(event)
            case _:
                assert_never(event)
        return out

    def _from_machinery(self, event: ev.MachineEvent, now: Now) -> list[Instruction]:
        match event:
            case ev.Ticked():
                mode_rules.end_of_day(self.memory, now)
                out = self._permits.passed(event, now)
            case ev.ProgramMade() | ev.MakingFailed():
                out = self._made(event)
            case ev.MachineSeen():
                out = machine_rules.seen(self.memory, event)
            case ev.MachineGone():
                out = machine_rules.gone(self.memory, event)
            case ev.StreamerOpened():
                out = machine_rules.streamer_opened(self.memory, event)
            case ev.StreamerWrote():
                out = machine_rules.streamer_wrote(self.memory, event)
            case ev.StartRefused() | ev.StartUnclear():
                out = self._permits.not_taken(event)
            case ev.JournalLost():
                out = machine_rules.journal_lost(self.memory, event)
            case ev.PolicyRead() | ev.PolicyBroken():
                out = self._policy(event)
            case _:
                assert_never(event)
        return out

    def _from_people(self, event: ev.PersonEvent, now: Now) -> list[Instruction]:
        match event:
            case ev.SetupGiven():
                out = self._permits.setup(event, now)
            case ev.AttestGiven():
                out = []
            case ev.CountGiven() | ev.SettleGiven() | ev.CorrectionGiven():
                out = self._about_pieces(event)
            case ev.SpoolGiven():
                out = spool_rules.given(self.memory, event)
            case ev.SpoolGone():
                out = spool_rules.gone(self.memory, event)
            case ev.MachineCleared():
                out = machine_rules.cleared(self.memory, event)
            case ev.MachineReleased():
                out = machine_rules.released(self.memory, event)
            case ev.LotAnswered():
                out = lot_rules.answered(self.memory, event)
            case ev.HandoverGiven():
                out = lot_rules.handed_over(self.memory, event)
            case ev.ModeSet():
                out = mode_rules.mode_set(self.memory, event)
            case _:
                assert_never(event)
        return out

    def _about_pieces(self, event: ev.CountGiven | ev.SettleGiven | ev.CorrectionGiven) -> list[Instruction]:
        match event:
            case ev.CountGiven():
                return count_rules.counted(self.memory, event)
            case ev.SettleGiven():
                return count_rules.settled(self.memory, event)
            case ev.CorrectionGiven():
                return count_rules.corrected(self.memory, event)
        assert_never(event)

    def _policy(self, event: ev.PolicyRead | ev.PolicyBroken) -> list[Instruction]:
        """The shop's owner has the last word, at once."""
        if isinstance(event, ev.PolicyBroken):
            self.memory.policy_fault = event.reason
            return []
        self.memory.policy_fault = ""
        self.memory.rules = event.rules
        self.memory.facts = {machine.name: machine for machine in event.machines}
        return []

    # Offers and programs --------------------------------------------------------------------------

    def _offered(self, event: ev.RunOffered) -> list[Instruction]:
        memory = self.memory
        known = memory.runs.get(event.run)
        if event.fence <= memory.tombstones.get(event.run, -1) or (known is not None and event.fence <= known.fence):
            return []
        out: list[Instruction] = []
        if known is not None and known.phase in BEFORE_PERMIT:
            out += memory.drop(known)
            known = None
        refusal = "it has started here already" if known is not None else self._refusal(event)
        if refusal is not None:
            memory.bury(event.run, event.fence)
            return [*out, Tell(say.Rejected(refusal), event.run, event.fence, event.version)]
        run = RunRecord(
            id=event.run,
            fence=event.fence,
            version=event.version + 1,
            machine=event.machine,
            plate_sha256=event.plate_sha256,
            lots=event.lots,
            material=event.material,
            pieces=event.pieces,
            order=memory.next_order(),
        )
        memory.keep_run(run)
        make = MakeProgram(run.id, run.fence, run.machine, run.plate_sha256)
        return [*out, Tell(say.Claimed(), run.id, run.fence, event.version), make]

    def _refusal(self, event: ev.RunOffered) -> str | None:
        facts = self.memory.facts.get(event.machine)
        if facts is None:
            return f"there is no machine {event.machine} here"
        machine = self.memory.machines[event.machine]
        reason = None
        if facts.router != event.router:
            reason = f"{event.machine} does not do this process"
        elif event.material not in facts.materials or event.material not in self.memory.rules.stock:
            reason = f"{event.material} is not in stock for {event.machine}"
        elif machine.quarantine:
            reason = f"{event.machine} is in quarantine: {machine.quarantine}"
        elif machine.mode is not Mode.NORMAL:
            reason = f"{event.machine} is taken by the shop's own work"
        elif event.machine in self.memory.gone:
            reason = f"{event.machine} is offline: {self.memory.gone[event.machine]}"
        return reason

    def _made(self, event: ev.ProgramMade | ev.MakingFailed) -> list[Instruction]:
        run = self.memory.runs.get(event.run)
        if run is None or run.fence != event.fence or run.phase is not _S.CLAIMED:
            return []
        if isinstance(event, ev.MakingFailed):
            return self.memory.drop(run, say.Released(event.reason))
        staged = replace(run, program=event.program, needs=event.needs)
        return [self.memory.move(staged, _S.STAGED, say.Staged(event.program))]

    # The broker takes back, contradicts, asks to stop ----------------------------------------------

    def _conflicted(self, event: ev.RunConflicted) -> list[Instruction]:
        """The broker took nothing of our last word; what it holds decides what we do next."""
        run = self.memory.runs.get(event.run)
        if run is None or not event.latest:
            return []
        known = replace(run, version=event.version)
        if run.phase in BEFORE_PERMIT:
            return self._conflicted_early(known, event)
        unsettled = event.state in UNSURE or event.state is _S.FINISHED
        reopened = run.phase in DONE and unsettled
        if reopened or (run.phase is _S.FINISHED and event.state in UNSURE):
            known = replace(known, phase=event.state, tries=run.tries + 1, note=event.reason)
        elif event.state in DONE and (run.phase in UNSURE or run.phase is _S.FINISHED):
            known = replace(known, phase=event.state)
        elif event.state in DONE and run.phase in DONE:
            known = count_rules.not_corrected(known, event.reason)
        elif event.state is run.phase:
            known = count_rules.not_skipped(known, event.reason)
        self.memory.keep_run(known)
        return []

    def _conflicted_early(self, run: RunRecord, event: ev.RunConflicted) -> list[Instruction]:
        if event.fence != run.fence:
            return self.memory.drop(run, fence=event.fence - 1)
        if event.state in (_S.PERMITTED, _S.UNKNOWN):
            return self.memory.drop(run, say.NotStarted("it was never started here"))
        if event.state in BEFORE_PERMIT and event.state is not run.phase:
            return self.memory.drop(run, say.Released(f"broker and shop disagree: {event.reason}"))
        if event.state is not run.phase:
            return self.memory.drop(run)
        self.memory.keep_run(run)
        return []

    def _stop_asked(self, event: ev.StopAsked) -> list[Instruction]:
        run = self.memory.runs.get(event.run)
        if run is None or run.phase in UNSURE | DONE | {_S.FINISHED}:
            return []
        if run.phase in BEFORE_PERMIT:
            return self.memory.drop(run, say.Released(event.reason))
        if run.phase is _S.PERMITTED:
            return [ForbidStart(run.machine, run.id, run.fence, event.reason)]
        self.memory.keep_run(replace(run, stop_asked=True))
        return [CancelRun(run.machine, run.id, event.reason)]
