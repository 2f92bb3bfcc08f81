"""From the setup record to the start: ask for a permit, use it in time, or say for good that it was not used."""

from dataclasses import replace
from datetime import timedelta

from broker.wire.states import Actor, RunState
from shop_agent.errors import Refused
from shop_agent.state import events as ev
from shop_agent.state import heat_rules, spool_rules
from shop_agent.state import reports as say
from shop_agent.state.instructions import AskPermit, ForbidStart, Instruction, StartRun, Tell
from shop_agent.state.memory import BEFORE_PERMIT, Asked, Memory
from shop_agent.state.records import Now, RunRecord, Setup
from shop_agent.state.setup_rules import require_setup

_S = RunState
ANSWER_S = 10.0
"""A permit request without an answer is sent again after this."""
SAME_REQUEST_S = 15.0
"""… with the same id up to this age, since the first answer may have been lost."""
DENIED_S = 5.0
"""After a refusal another request is made this much later."""
START_MARGIN_S = 1.0
"""A permit with less life than this isn't used."""


class Permits:
    def __init__(self, memory: Memory, token: str) -> None:
        """`token` makes the ids of this process's requests unlike any other's."""
        self._memory = memory
        self._token = token
        self._made = 0
        self._connected = False
        self._open = True

    def setup(self, event: ev.SetupGiven, now: Now) -> list[Instruction]:
        """Raises Refused."""
        memory = self._memory
        run = memory.runs.get(event.run)
        if run is None or run.phase is not _S.STAGED:
            raise Refused("this run does not wait for a setup any more")
        if memory.next_setup(run.machine) != run:
            why = memory.standing(run.machine)[1] or "another run is first"
            raise Refused(f"{run.machine} is not free for this run: {why}")
        if memory.policy_fault:
            raise Refused(f"nothing starts while the policy can't be read: {memory.policy_fault}")
        require_setup(memory, run, event.setup)
        spool_rules.load(memory, run, event.setup)
        ready = replace(run, setup=event.setup, note="", armed=heat_rules.next_armed(memory))
        memory.set_up_s[run.id] = now.mono_s
        armed = memory.move(ready, _S.ARMED, say.Armed(event.setup), Actor.PERSON)
        return [armed, *self._ask_in_turn(now)]

    def passed(self, event: ev.Connected | ev.Disconnected | ev.Ticked, now: Now) -> list[Instruction]:
        """Time or the link has moved: what is due now."""
        if isinstance(event, ev.Ticked):
            self._open = event.open
        else:
            self._connected = isinstance(event, ev.Connected)
        out: list[Instruction] = []
        for run in list(self._memory.runs.values()):
            if run.phase is _S.ARMED and run.setup is not None:
                if self._is_too_old(run, run.setup, now):
                    out.append(self._memory.lapse(run, "the setup record is too old: look again"))
                elif now.mono_s >= self._present_until_s(run):
                    out.append(self._memory.lapse(run, "whoever set it up may have left: look again"))
            elif run.phase is _S.PERMITTED and now.mono_s > self._memory.deadlines.get(run.id, float("-inf")):
                out.append(ForbidStart(run.machine, run.id, run.fence, "the permit lapsed unused"))
        return [*out, *self._ask_in_turn(now, resend=isinstance(event, ev.Connected))]

    def _is_too_old(self, run: RunRecord, setup: Setup, now: Now) -> bool:
        return now.mono_s >= self._record_until_s(run, setup, now)

    def _record_until_s(self, run: RunRecord, setup: Setup, now: Now) -> float:
        """By the clock that never jumps. A setup that an earlier process took is judged by the time of day, and one
        from the future is as good as none: the clock was put back."""
        life_s, made_s = self._memory.rules.record_life_s, self._memory.set_up_s.get(run.id)
        if made_s is not None:
            return made_s + life_s
        if setup.at > now.at:
            return float("-inf")
        return now.mono_s + (setup.at + timedelta(seconds=life_s) - now.at).total_seconds()

    def _present_until_s(self, run: RunRecord) -> float:
        """Who set up a machine that nobody may leave is there for one interval; of a setup that an earlier process
        took nobody knows how long it is ago."""
        memory = self._memory
        stays = run.setup is not None and run.setup.stays
        if not (memory.facts[run.machine].needs_presence or stays):
            return float("inf")
        return memory.set_up_s.get(run.id, float("-inf")) + memory.rules.presence_interval_s

    def _ask_in_turn(self, now: Now, *, resend: bool = False) -> list[Instruction]:
        """Whoever was armed first asks first; one that waits for a heat-up slot keeps those behind it waiting."""
        memory = self._memory
        heat_rules.follow(memory, now)
        due = [run for run in memory.runs.values() if run.phase is _S.ARMED and self._is_due(run, now, resend=resend)]
        out: list[Instruction] = []
        first: RunRecord | None = None
        for run in sorted(due, key=lambda run: run.armed):
            if heat_rules.must_wait(memory, run, now, first):
                first = first or run
            else:
                out.append(self._ask(run, now))
        return out

    def _is_due(self, run: RunRecord, now: Now, *, resend: bool) -> bool:
        """A permit may be asked for now, or again."""
        if not self._connected or not self._open or self._memory.policy_fault or run.setup is None:
            return False
        tries = self._memory.asked.get(run.id)
        if not tries or resend:
            return True
        last = tries[-1]
        return now.mono_s >= (last.sent_s + ANSWER_S if last.denied_s is None else last.denied_s + DENIED_S)

    def _ask(self, run: RunRecord, now: Now) -> AskPermit:
        """For a permit, or again for the same one."""
        tries = self._memory.asked.setdefault(run.id, [])
        again = tries and tries[-1].denied_s is None and now.mono_s < tries[-1].made_s + SAME_REQUEST_S
        if again:
            tries[-1].sent_s = now.mono_s
        else:
            self._made += 1
            tries.append(Asked(f"{self._token}-{self._made}", now.mono_s, now.mono_s))
        record = run.setup.id if run.setup is not None else ""
        return AskPermit(run.id, run.fence, run.version, record, tries[-1].request)

    def denied(self, event: ev.PermitDenied, now: Now) -> list[Instruction]:
        """A refusal after an unanswered request, of this process or maybe of one before: that one may have been
        granted. The record is given up, and the broker's answer to that says how the run stands."""
        tries = self._memory.asked.get(event.run, [])
        for asked in tries:
            if asked.request == event.request:
                asked.denied_s = now.mono_s
        run = self._memory.runs.get(event.run)
        if run is None or run.phase is not _S.ARMED:
            return []
        if run.id not in self._memory.set_up_s or any(asked.denied_s is None for asked in tries):
            return [self._memory.lapse(run, f"an earlier request for a permit may be granted: {event.reason}")]
        self._memory.keep_run(replace(run, note=event.reason))
        return []

    def granted(self, event: ev.PermitGranted, now: Now) -> list[Instruction]:
        """The permit's life counts from when its request was made, on the monotonic clock."""
        memory = self._memory
        run = memory.runs.get(event.run)
        if run is None or run.fence != event.fence:
            return [Tell(say.NotStarted("this run is not held here"), event.run, event.fence, event.version)]
        if run.phase not in BEFORE_PERMIT:
            return []
        tries = {asked.request: asked.made_s for asked in memory.asked.pop(run.id, [])}
        deadline_s = tries.get(event.request, float("-inf")) + event.life_s
        permitted = replace(run, phase=_S.PERMITTED, version=event.version)
        if run.phase is not _S.ARMED or run.setup is None or run.program is None:
            return memory.drop(permitted, say.NotStarted("its setup record had lapsed"))
        record_until_s = self._record_until_s(run, run.setup, now)
        too_late = self._too_late(deadline_s, record_until_s, now)
        if too_late:
            return memory.drop(permitted, say.NotStarted(too_late))
        memory.keep_run(permitted)
        memory.deadlines[run.id] = deadline_s = min(deadline_s, record_until_s)
        until_s = self._present_until_s(run)
        present_until_s = None if until_s == float("inf") else until_s
        return [StartRun(run.machine, run.id, run.fence, run.program, run.setup, deadline_s, present_until_s)]

    def _too_late(self, deadline_s: float, record_until_s: float, now: Now) -> str:
        """Why nothing may start any more, or nothing."""
        if self._memory.policy_fault:
            return f"the policy can't be read: {self._memory.policy_fault}"
        if now.mono_s > deadline_s - START_MARGIN_S:
            return "the permit came too late"
        if now.mono_s > record_until_s - START_MARGIN_S:
            return "its setup record is too old: look again"
        return ""

    def not_taken(self, event: ev.StartRefused | ev.StartUnclear) -> list[Instruction]:
        run = self._memory.runs.get(event.run)
        if run is None or run.fence != event.fence or run.phase is not _S.PERMITTED:
            return []
        if isinstance(event, ev.StartUnclear):
            return [ForbidStart(run.machine, run.id, run.fence, "the start was not confirmed")]
        return self._memory.drop(run, say.NotStarted(event.reason))
