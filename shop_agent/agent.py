"""The agent: hands events to the shop's mind, commits what follows, and carries it out."""

import asyncio
import logging
import secrets
import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from broker.wire.messages import (
    Availability,
    BrokerFrame,
    Conflict,
    Heartbeat,
    MachineReport,
    PermitRequest,
    Progress,
    Welcome,
)
from shop_agent import translate
from shop_agent.errors import LinkRefused, StagingFailed, StreamerGone, StreamerSaidNo
from shop_agent.identity import Signer
from shop_agent.journal import KEEP, Answer, Journal, Unsent
from shop_agent.link import Link
from shop_agent.settings import AgentConfig, MachinePolicy, MachineSection, Policy, is_router
from shop_agent.staging.fetch import Fetcher
from shop_agent.staging.stage import make_stager
from shop_agent.state import events as ev
from shop_agent.state.instructions import (
    AbandonProgram,
    AskPermit,
    CancelRun,
    ForbidStart,
    Instruction,
    MakeProgram,
    StartRun,
    Tell,
)
from shop_agent.state.memory import AFTER_PERMIT, BEFORE_PERMIT, Memory, Rules
from shop_agent.state.records import MachineFacts, MachineRecord, Now
from shop_agent.state.shop import Shop
from shop_agent.streamer import wire as streamer_wire
from shop_agent.streamers import make_watches

TICK_S = 1.0
TIDY_S = 6 * 3600.0
_LOG = logging.getLogger("llagar.agent")


class Agent:
    """One event loop; every change of state goes through `apply`."""

    def __init__(self, config: AgentConfig, config_path: Path, policy: Policy, signer: Signer) -> None:
        self.config = config
        self.policy = policy
        self.journal = Journal(config.data / "agent.sqlite", signer)
        self._shop = Shop(_facts(config, policy), _rules(config, policy), secrets.token_hex(6))
        self.journal.restore(self._shop.memory)
        self.watches = make_watches(config, config_path, self)
        self._stager = make_stager(
            config, policy, Fetcher(config.broker, signer, config.data / "blobs", lambda: datetime.now(UTC))
        )
        self.link = Link(config.broker, signer, self.journal, self)
        self._zone = ZoneInfo(config.shop.timezone)
        self._making: dict[str, asyncio.Task[None]] = {}
        self._doing: set[asyncio.Task[None]] = set()
        self._forbidding: set[str] = set()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def memory(self) -> Memory:
        return self._shop.memory

    async def run(self) -> None:
        """Until cancelled; an unknown error ends it, and the journal recovers."""
        self.journal.tell_inventory(self.config.inventory(), datetime.now(UTC))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_failures())
            group.create_task(self.link.run())
            group.create_task(self._tick())
            group.create_task(self._tidy())
            for watch in self.watches.values():
                group.create_task(watch.run())
            for instruction in self._shop.unfinished_programs():
                self._carry_out(instruction)

    async def close(self) -> None:
        """Streamers go on."""
        for task in [*self._doing, *self._making.values()]:
            task.cancel()
        await asyncio.gather(*self._doing, *self._making.values(), return_exceptions=True)
        self.journal.close()

    async def _watch_failures(self) -> None:
        await self._failed

    async def _tick(self) -> None:
        while True:
            self.apply(ev.Ticked(open=self.policy.is_open(datetime.now(self._zone))))
            await asyncio.sleep(TICK_S)

    async def _tidy(self) -> None:
        while True:
            now = datetime.now(UTC)
            self.journal.forget_old(now)
            self._stager.forget_old(now - KEEP)
            await asyncio.sleep(TIDY_S)

    # Events in, instructions out --------------------------------------------------------------------

    def apply(self, event: ev.Event, answer: Answer | None = None) -> None:
        """Commit what follows from the event, then carry it out. Raises Refused: nothing has changed then."""
        now = Now(datetime.now(UTC), time.monotonic())
        instructions = self._shop.handle(event, now)
        told = [one for one in instructions if isinstance(one, Tell)]
        changed = self._shop.take_changed()
        if told or answer is not None or changed.runs | changed.machines | changed.lots | changed.tombstones:
            unsent = [Unsent(translate.body(one.report), one.run, one.fence, one.version) for one in told]
            self.journal.commit(self.memory, changed, unsent, now.at, answer)
        if told:
            self.link.outbox_grew()
            self.link.beat_now()
        for instruction in instructions:
            self._carry_out(instruction)

    def _carry_out(self, instruction: Instruction) -> None:
        match instruction:
            case Tell():
                pass
            case MakeProgram(run=run):
                self._making[run] = self._begin(self._make(instruction))
            case AbandonProgram(run=run):
                self._abandon(run)
            case AskPermit(run=run, fence=fence, version=version, record=record, request=request):
                ask = PermitRequest(run=run, fence=fence, version=version, record=record, request=request)
                self.link.send(ask)
            case StartRun():
                self._begin(self._start(instruction))
            case ForbidStart(run=run):
                if run not in self._forbidding:
                    self._forbidding.add(run)
                    self._begin(self._forbid(instruction))
            case CancelRun():
                self._begin(self._cancel(instruction))

    def _begin(self, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._doing.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._doing.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self._failed.done():
            self._failed.set_exception(error)

    async def _make(self, order: MakeProgram) -> None:
        event: ev.Event
        try:
            made = await self._stager.stage(order.run, order.machine, order.plate_sha256)
            if made.program is not None and made.needs is not None:
                event = ev.ProgramMade(order.run, order.fence, made.program, made.needs)
            else:
                event = ev.MakingFailed(order.run, order.fence, made.error)
        except StagingFailed as error:
            event = ev.MakingFailed(order.run, order.fence, str(error))
        self._making.pop(order.run, None)
        self.apply(event)

    def _abandon(self, run: str) -> None:
        task = self._making.pop(run, None)
        if task is not None:
            task.cancel()
        self._stager.forget(run)

    async def _start(self, order: StartRun) -> None:
        request = streamer_wire.Start(
            run=order.run,
            fence=order.fence,
            program=order.program.path,
            sha256=order.program.sha256,
            record=translate.setup_record(order.setup),
            deadline_s=order.deadline_s,
            blocks=order.program.blocks,
        )
        try:
            answer = await self.watches[order.machine].ask(request, streamer_wire.StartAnswer)
        except (StreamerGone, StreamerSaidNo) as error:
            _LOG.warning("start of run %s: %s", order.run, error)
            self.apply(ev.StartUnclear(order.run, order.fence))
            return
        self._heed(order.machine, order.run, order.fence, answer)

    async def _forbid(self, order: ForbidStart) -> None:
        request = streamer_wire.Forbid(run=order.run, fence=order.fence, reason=order.reason)
        try:
            answer = await self.watches[order.machine].ask(request, streamer_wire.StartAnswer)
            self._heed(order.machine, order.run, order.fence, answer)
        except (StreamerGone, StreamerSaidNo) as error:
            # The next tick asks again: only the streamer knows.
            _LOG.warning("whether run %s started: %s", order.run, error)
        finally:
            self._forbidding.discard(order.run)

    def _heed(self, machine: str, run: str, fence: int, answer: streamer_wire.StartAnswer) -> None:
        """A journal other than the one we follow can't say that nothing started."""
        if not answer.started and answer.journal_id == self.memory.machines[machine].journal_id:
            self.apply(ev.StartRefused(run, fence, answer.reason))

    async def _cancel(self, order: CancelRun) -> None:
        try:
            cancel = streamer_wire.Cancel(reason=order.reason, run=order.run)
            await self.watches[order.machine].ask(cancel, streamer_wire.Done)
        except (StreamerGone, StreamerSaidNo) as error:
            _LOG.warning("stop of run %s: %s", order.run, error)

    # For the streamers' watches ---------------------------------------------------------------------

    def record(self, machine: str) -> MachineRecord:
        return self.memory.machines[machine]

    def status_changed(self) -> None:
        self.link.beat_now()

    # For the link -----------------------------------------------------------------------------------

    def welcomed(self, welcome: Welcome) -> None:
        """Raises LinkRefused if the broker knows more of this epoch than our journal does."""
        if welcome.acked > self.journal.last_seq:
            self._begin_epoch()
            raise LinkRefused("our journal was rolled back: a new epoch begins")
        if self.journal.meta("broker_epoch") != welcome.broker_epoch:
            self.journal.set_meta("broker_epoch", welcome.broker_epoch)
        self.apply(ev.Connected())

    def _begin_epoch(self) -> None:
        self.journal.new_epoch()
        now = datetime.now(UTC)
        self.journal.tell_inventory(self.config.inventory(), now)
        for machine in list(self.memory.machines.values()):
            self.memory.keep_machine(replace(machine, told=None))
        self.apply(ev.JournalLost("the agent's journal was rolled back: nobody knows how the machine stands"))

    def parted(self) -> None:
        self.apply(ev.Disconnected())

    def on_frame(self, frame: BrokerFrame) -> None:
        latest = isinstance(frame, Conflict) and self.journal.is_latest(frame.seq, frame.run)
        if isinstance(frame, Conflict):
            _LOG.warning("run %s: the broker has it as %s: %s", frame.run, frame.state, frame.reason)
        event = translate.broker_event(frame, latest=latest)
        if event is not None:
            self.apply(event)

    def heartbeat(self) -> Heartbeat:
        memory = self.memory
        reports = []
        for name in memory.machines:
            standing, reason = memory.reported(name)
            live = memory.on(name, AFTER_PERMIT)
            reports.append(
                MachineReport(
                    machine=name,
                    availability=Availability(standing),
                    run=live[0].id if live else None,
                    reason=reason,
                )
            )
        leases = tuple(run.id for run in memory.runs.values() if run.phase in BEFORE_PERMIT)
        return Heartbeat(machines=tuple(reports), leases=leases)

    def progress(self) -> Sequence[Progress]:
        found = []
        for name, watch in self.watches.items():
            status = watch.status
            if status is not None and status.run is not None:
                found.append(
                    Progress(
                        run=status.run,
                        machine=name,
                        lines_done=status.lines_done,
                        lines_total=status.lines_total,
                        hotend_c=status.hotend_c,
                        bed_c=status.bed_c,
                    )
                )
        return found


def _facts(config: AgentConfig, policy: Policy) -> list[MachineFacts]:
    return [_fact(one, policy.machines[one.name]) for one in config.machines]


def _fact(machine: MachineSection, policy: MachinePolicy) -> MachineFacts:
    return MachineFacts(
        name=machine.name,
        router=is_router(machine),
        materials=machine.materials,
        tool_mm=machine.tool_mm,
        attested=machine.attested,
        heat_w=policy.heat_w or 0.0,
        heat_up_s=policy.heat_up_s,
    )


def _rules(config: AgentConfig, policy: Policy) -> Rules:
    stock = frozenset(one.material for one in config.shop.stock)
    return Rules(policy.auto_accept_lots, policy.record_life_s, stock, policy.power_budget_w)
