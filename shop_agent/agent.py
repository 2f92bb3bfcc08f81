"""The agent's process inside: carries out what its mind decides. Clock, tasks, sockets and files are here."""

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from broker.wire.messages import Progress
from shop_agent import translate
from shop_agent.errors import BadConfig, Refused, RotationFailed, StagingFailed, StreamerGone, StreamerSaidNo
from shop_agent.following import Follower
from shop_agent.identity import Signer
from shop_agent.journal import KEEP, Journal
from shop_agent.journal_file import create
from shop_agent.link.conversation import Conversation
from shop_agent.link.polling import polls
from shop_agent.link.socket import Link
from shop_agent.mind import Mind
from shop_agent.policy_files import PolicyFiles
from shop_agent.rotation import KeyRing
from shop_agent.settings import AgentConfig, MachinePolicy, MachineSection, Policy, is_router
from shop_agent.shop_log import Answer
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
from shop_agent.state.memory import Memory, Rules
from shop_agent.state.records import MachineFacts, Now
from shop_agent.streamer import wire as streamer_wire
from shop_agent.streamer.client import Answer as Answered
from shop_agent.streamers import StreamerWatch

TICK_S = 1.0
TIDY_S = 6 * 3600.0
_LOG = logging.getLogger("llagar.agent")


def now() -> Now:
    return Now(datetime.now(UTC), time.monotonic())


class Agent:
    """One event loop; every change of state goes through its mind."""

    def __init__(
        self,
        config: AgentConfig,
        config_path: Path,
        policy: Policy,
        signer: Signer,
        clock: Callable[[], Now] = now,
    ) -> None:
        self.config = config
        self._policy_files = PolicyFiles(config, policy)
        self._clock = clock
        self.journal = Journal(config.data / "agent.sqlite", signer)
        self._begun = config.data / "agent.began"
        self.mind = Mind(
            _facts(config, policy), _rules(config, policy), self.journal, config.inventory(), secrets.token_hex(6)
        )
        self._followers = {one.name: Follower(one.name, self.mind, clock()) for one in config.machines}
        self.watches = {
            name: StreamerWatch(config, config_path, follower, self._carry_out_all, clock)
            for name, follower in self._followers.items()
        }
        self._stager = make_stager(
            config, policy, Fetcher(config.broker, signer, config.data / "blobs", lambda: clock().at)
        )
        conversation = Conversation(
            signer.identity.agent, signer.sign, self.journal, self.mind, self._progress, random.uniform
        )
        self._keys = KeyRing(config.data, signer)
        self.link = Link(config.broker, conversation, self._carry_out_all, clock, instead=polls(config.broker))
        self.link.renewed = self._register_key
        self.zone = ZoneInfo(config.shop.timezone)
        self._making: dict[str, asyncio.Task[None]] = {}
        self._doing: set[asyncio.Task[None]] = set()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def policy(self) -> Policy:
        """The last one that was in order."""
        return self._policy_files.policy

    @property
    def memory(self) -> Memory:
        return self.mind.memory

    async def run(self) -> None:
        """Until cancelled; an unknown error ends it, and the journal recovers."""
        if self._failed.done():
            self._failed.result()
        unfinished = self.begin()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_failures())
            group.create_task(self.link.run())
            group.create_task(self._tick())
            group.create_task(self._tidy())
            for watch in self.watches.values():
                group.create_task(watch.run())
            self._carry_out_all(unfinished)

    def begin(self) -> list[Instruction]:
        """What an earlier process left undone; a journal that is gone is told from the first."""
        unfinished = self.mind.begin(self._clock(), begun_before=self._begun.exists())
        create(self._begun)
        return unfinished

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
            self.follow_policy()
            if self._keys.followed():
                self.link.begin_anew("another key signs from now on")
            self.apply(ev.Ticked(open=self.policy.is_open(self._clock().at.astimezone(self.zone))))
            await asyncio.sleep(TICK_S)

    async def _register_key(self) -> bool:
        """After a refusal: whether the broker may now know the key that signs."""
        try:
            await asyncio.to_thread(self._keys.register_again, self._clock().at)
        except RotationFailed as error:
            _LOG.debug("the key was not registered again: %s", error)
            return False
        _LOG.info("the key before this one has vouched for it")
        return True

    def follow_policy(self) -> None:
        """The owner may have changed it. One that is not in order starts nothing, until it is."""
        try:
            policy = self._policy_files.changed()
        except BadConfig as error:
            _LOG.error("nothing new starts: %s", error)
            self.apply(ev.PolicyBroken(str(error)))
            return
        if policy is not None:
            self._stager.policy = policy
            self.apply(ev.PolicyRead(_rules(self.config, policy), tuple(_facts(self.config, policy))))

    async def _tidy(self) -> None:
        while True:
            at = self._clock().at
            self.journal.forget_old(at)
            self._stager.forget_old(at - KEEP)
            self._keys.forget_former()
            await asyncio.sleep(TIDY_S)

    # Events in, instructions out --------------------------------------------------------------------

    def apply(self, event: ev.Event, answer: Answer | None = None) -> None:
        """Commit what follows from the event, then carry it out. Raises Refused: nothing has changed then.

        Whatever else goes wrong ends the agent, whoever called: its memory is ahead of its journal.
        """
        try:
            instructions = self.mind.apply(event, self._clock(), answer)
        except Refused:
            raise
        except Exception as error:
            self._fail(error)
            raise
        self._carry_out_all(instructions)

    def _fail(self, error: BaseException) -> None:
        if not self._failed.done():
            self._failed.set_exception(error)

    def _carry_out_all(self, instructions: list[Instruction]) -> None:
        if any(isinstance(one, Tell) for one in instructions):
            self.link.told()
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
            case AskPermit():
                self.link.send(translate.permit_request(instruction))
            case StartRun():
                self._begin(self._start(instruction))
            case ForbidStart():
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
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

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
        answer = await self._ask(order, streamer_wire.StartAnswer)
        self._carry_out_all(self.mind.start_answered(order, answer, self._clock()))

    async def _forbid(self, order: ForbidStart) -> None:
        answer = await self._ask(order, streamer_wire.StartAnswer)
        self._carry_out_all(self.mind.forbid_answered(order, answer, self._clock()))

    async def _cancel(self, order: CancelRun) -> None:
        await self._ask(order, streamer_wire.Done)

    async def _ask(self, order: StartRun | ForbidStart | CancelRun, answer: type[Answered]) -> Answered | None:
        """The streamer's word; None if it says nothing, or no."""
        try:
            return await self.watches[order.machine].ask(translate.streamer_request(order), answer)
        except (StreamerGone, StreamerSaidNo) as error:
            _LOG.warning("%s of run %s: %s", type(order).__name__, order.run, error)
            return None

    def _progress(self) -> Sequence[Progress]:
        return [one for follower in self._followers.values() for one in follower.progress()]


def _facts(config: AgentConfig, policy: Policy) -> list[MachineFacts]:
    return [_fact(one, policy.machines[one.name]) for one in config.machines]


def _fact(machine: MachineSection, policy: MachinePolicy) -> MachineFacts:
    return MachineFacts(
        name=machine.name,
        router=is_router(machine),
        materials=machine.materials,
        tool_mm=machine.tool_mm,
        attested=machine.attested,
        attended=machine.attended,
        heat_w=policy.heat_w or 0.0,
        heat_up_s=policy.heat_up_s,
    )


def _rules(config: AgentConfig, policy: Policy) -> Rules:
    stock = frozenset(one.material for one in config.shop.stock)
    return Rules(
        policy.auto_accept_lots, policy.record_life_s, stock, policy.power_budget_w, policy.presence_interval_s
    )
