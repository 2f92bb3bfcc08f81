"""What could be wrong with the production code: each a small change of it, and the promise that it breaks."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from broker.orders import lots
from broker.orders.models import Lot
from broker.runs import briefing, permits, timers
from broker.runs.book import Book
from broker.runs.inbox import EventStream, Inbox, Opened, Received
from broker.runs.lifecycle import content
from broker.runs.models import Run, RunStep
from broker.shipping import service as shipping
from broker.wire.messages import Permit, PermitRefused, PermitRequest
from broker.wire.states import AFTER_PERMIT, Actor, RunState
from broker.workshops.models import Agent, Machine
from shop_agent.link.conversation import Conversation
from shop_agent.mind import Mind
from shop_agent.state import events as ev
from shop_agent.state import permit_rules
from shop_agent.state.instructions import CancelRun, ForbidStart, Instruction, StartRun
from shop_agent.state.memory import ON_MACHINE, Memory
from shop_agent.state.permit_rules import Permits
from shop_agent.state.records import Now
from shop_agent.state.shop import Shop
from shop_agent.streamer.presence import PresenceWatch
from shop_agent.streamer.run_log import RunUsed
from shop_agent.streamer.supervision import Supervision
from shop_agent.streamer.wire import Report, StartAnswer
from shop_agent.streamer.worker import Worker
from tests.simulation import broker as sim_broker
from tests.simulation.books import MemoryBook
from tests.simulation.faults import Kind
from tests.simulation.journals import MemoryJournal, MemoryRunLog, RunDisk

K = Kind
ALL = tuple(Kind)
FAR = float("inf")


@dataclass(frozen=True, slots=True)
class Defect:
    """`among`: the faults under which it shows."""

    name: str
    invariant: str
    among: tuple[Kind, ...]
    changes: tuple[tuple[Any, str, Any], ...]
    """Of what, which name, what instead."""

    @contextmanager
    def planted(self) -> Iterator[None]:
        with ExitStack() as stack:
            for owner, name, instead in self.changes:
                stack.enter_context(patch.object(owner, name, instead))
            yield


# Starts -------------------------------------------------------------------------------------------------


def _start_again(self: Permits, event: ev.StartRefused | ev.StartUnclear) -> list[Instruction]:
    run = self._memory.runs.get(event.run)
    if run is None or run.phase is not RunState.PERMITTED or run.program is None or run.setup is None:
        return []
    return [StartRun(run.machine, run.id, run.fence, run.program, run.setup, FAR, None)]


def _start_anyway(self: MemoryRunLog, run: str, fence: int, record: str, program_sha256: str) -> None:
    from broker.wire.messages import Starting

    with self.disk.writing():
        self._append(run, Starting())


def _not_started(self: MemoryRunLog, run: str) -> bool:
    return False


_FORGETS_STARTS = ((MemoryRunLog, "start", _start_anyway), (MemoryRunLog, "has_started", _not_started))
_begin = Mind.begin


def _begin_with_starts(self: Mind, now: Now, *, begun_before: bool = False) -> list[Instruction]:
    out = _begin(self, now, begun_before=begun_before)
    for run in list(self.memory.runs.values()):
        if run.phase in AFTER_PERMIT and run.program is not None and run.setup is not None:
            out.append(StartRun(run.machine, run.id, run.fence, run.program, run.setup, FAR, None))
    return out


_lapse_one = timers.Timers._lapse


async def _requeue(self: timers.Timers, run_id: str, now: datetime) -> bool:
    async with self._books.writing() as book:
        run = await book.locked_run(run_id)
        if run is not None and run.state in AFTER_PERMIT:
            await _elsewhere(book, run, now)
            return True
    return await _lapse_one(self, run_id, now)


async def _elsewhere(book: Book, run: Run, now: datetime) -> None:
    here = await book.machine(run.machine_id)
    others = [one for one in await book.machines_in(None) if one.process is here.process and one.id != here.id]
    other: Machine = others[0] if others else here
    assert isinstance(book, MemoryBook)
    book.tables.moved(run, "workshop_id", other.workshop_id)
    run.machine_id = other.id
    run.state, run.fence, run.version, run.exit_at = RunState.PLANNED, run.fence + 1, run.version + 1, None
    book.add(RunStep(run_id=run.id, version=run.version, state=run.state, actor=Actor.BROKER, at=now, note="again"))
    await book.flush()


_grant = permits.grant


async def _grant_for_seconds(book: Book, agent: Agent, request: PermitRequest, now: datetime) -> Permit | PermitRefused:
    answer = await _grant(book, agent, request, now)
    run = await book.locked_run(request.run)
    if run is not None and isinstance(answer, Permit):
        run.exit_at = now + timedelta(seconds=5)
    return answer


# Ends ---------------------------------------------------------------------------------------------------


async def _nothing_unsettled(_book: Book, _workshop_id: str) -> list[Any]:
    return []


def _not_heeded(_self: Shop, _event: ev.RunConflicted) -> list[Instruction]:
    return []


_welcome = Conversation._welcomed


def _all_was_sent(self: Conversation[Any], welcome: Any, now: Now) -> list[Instruction]:
    out = _welcome(self, welcome, now)
    self._sent = self._acked = self._log.last_seq
    return out


_forbid_answered = Mind.forbid_answered


def _asked_once(self: Mind, order: ForbidStart, answer: StartAnswer | None, now: Now) -> list[Instruction]:
    return [] if answer is None else _forbid_answered(self, order, answer, now)


# Setups -------------------------------------------------------------------------------------------------


def _anything_goes(*_: object) -> None:
    return


def _not_void(_self: Memory, _machine: str, _stale: object, _reason: str) -> list[Instruction]:
    return []


# Counts -------------------------------------------------------------------------------------------------

_count = lots.count


def _scrap_is_good(lot: Lot, good: int, scrap: int) -> None:
    _count(lot, good + scrap, 0)


_log_start, _log_append = MemoryRunLog.start, MemoryRunLog.append


def _start_later(self: MemoryRunLog, run: str, fence: int, record: str, program_sha256: str) -> None:
    vars(self)["late"] = (run, fence, record, program_sha256)


def _append_both(self: MemoryRunLog, run: str, report: Report) -> None:
    late = vars(self).pop("late", None)
    if late is not None:
        with suppress(RunUsed):
            _log_start(self, *late)
    _log_append(self, run, report)


_run_disk = RunDisk.__init__


def _unsynced_run_disk(self: RunDisk, journal_id: str, *, synchronous: bool = False) -> None:
    _run_disk(self, journal_id, synchronous=False)


def _always(*_: object, **__: object) -> bool:
    return True


def _for_ever(*_: object, **__: object) -> float:
    return FAR


def _never(*_: object, **__: object) -> bool:
    return False


async def _hand_over_now(book: Book, lot: Lot, now: datetime) -> None:
    lots.hand_over(lot, now)
    await book.flush()
    line = await book.line(lot.line_id)
    order = await book.locked_order(line.order_id)
    await shipping._deliver(book, order, await book.lines_of_order(order.id), await book.lots_of_order(order.id), now)


# Faults -------------------------------------------------------------------------------------------------


def _no_quarantine(_self: Memory, _name: str, _reason: str) -> None:
    return


def _nothing_was_wrong(_self: MemoryRunLog) -> str:
    return ""


_parted = Mind.parted


def _stop_all(self: Mind) -> list[Instruction]:
    runs = self.memory.runs.values()
    return [CancelRun(run.machine, run.id, "nobody watches") for run in runs if run.phase in ON_MACHINE]


def _stop_when_alone(self: Mind, now: Now) -> list[Instruction]:
    return [*_parted(self, now), *_stop_all(self)]


def _stop_at_first(self: Mind, now: Now, *, begun_before: bool = False) -> list[Instruction]:
    return [*_begin(self, now, begun_before=begun_before), *_stop_all(self)]


# Permits and events -------------------------------------------------------------------------------------


async def _grant_anything(book: Book, workshop_id: str, request: PermitRequest, now: datetime) -> Permit:
    return Permit(run=request.run, fence=request.fence, version=request.version + 1, request=request.request)


_take = Inbox.take


async def _ack_first(self: Inbox, stream: EventStream, events: Sequence[Opened]) -> Received:
    """What came before is stored now."""
    late, events = vars(self).setdefault("late", {}), tuple(events)
    received = await _take(self, stream, late.pop(stream.agent_id, ()))
    late[stream.agent_id] = events
    return Received(max([received.acked, *(one.envelope.seq for one in events)]), received.conflicts)


async def _take_beyond(self: Inbox, stream: EventStream, events: Sequence[Opened]) -> Received:
    async with self._books.writing() as book:
        agent = await book.locked_agent(stream.agent_id)
        agent.acked_seq = max([agent.acked_seq, *(one.envelope.seq - 1 for one in events[:1])])
    return await _take(self, stream, events)


_acknowledge = MemoryJournal.acknowledge


def _acknowledge_and_drop(self: MemoryJournal, epoch: str, seq: int) -> None:
    _acknowledge(self, epoch, seq)
    outbox = self.disk.outbox[epoch]
    with self.disk.writing():
        for number in [number for number in outbox.rows if number <= seq]:
            outbox.drop(number)


def _present_for_ever(_self: Permits, _run: object) -> float:
    return FAR


_begin_presence = PresenceWatch.begin


def _whole_interval(self: PresenceWatch, until_s: float | None, operator: str, *, stays: bool = False) -> None:
    _begin_presence(self, None, operator, stays=stays)


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "a start without an answer is sent again, and no log says that it was taken",
        "I1",
        (K.LOSE_START, K.KILL_AGENT, K.SLOW),
        ((Permits, "not_taken", _start_again), *_FORGETS_STARTS),
    ),
    Defect(
        "an agent that comes back starts what was permitted, and no log says that it has started",
        "I1",
        (K.KILL_AGENT, K.SLOW, K.CUT_LINK),
        ((Mind, "begin", _begin_with_starts), *_FORGETS_STARTS),
    ),
    Defect(
        "a permitted run that is silent is offered again, to another machine",
        "I1",
        (K.DELAY, K.LOSE, K.HALF_OPEN),
        ((timers.Timers, "_lapse", _requeue), (sim_broker, "grant", _grant_for_seconds)),
    ),
    Defect(
        "runs that a journal has lost are told to nobody",
        "I2",
        (K.LOSE_AGENT_DISK, K.ROLL_BACK_AGENT, K.SLOW),
        ((briefing, "_unsettled", _nothing_unsettled),),
    ),
    Defect("a conflict is not heeded", "I2", ALL, ((Shop, "_conflicted", _not_heeded),)),
    Defect(
        "what was sent once is never sent again",
        "I2",
        (K.CUT_LINK, K.LOSE, K.KILL_BROKER, K.PARTITION),
        ((Conversation, "_welcomed", _all_was_sent),),
    ),
    Defect(
        "a streamer that doesn't answer is not asked again whether a run started",
        "I2",
        (K.LOSE_START, K.KILL_STREAMER, K.DELAY, K.LOSE),
        ((Mind, "forbid_answered", _asked_once),),
    ),
    Defect(
        "a streamer that died in mid-run says nothing of it",
        "I2",
        (K.KILL_STREAMER, K.SLOW, K.CUT_LINK),
        ((Worker, "begin", _anything_goes),),
    ),
    Defect(
        "any setup will do",
        "I3",
        (K.WRONG, K.SLOW, K.CUT_LINK),
        ((permit_rules, "require_setup", _anything_goes), (content, "require_record", _anything_goes)),
    ),
    Defect(
        "a setup outlives its machine's restart",
        "I3",
        (K.TOUCH, K.RESTART_FIRMWARE, K.PARTITION),
        ((Memory, "void", _not_void), (Worker, "boot_id", "boot")),
    ),
    Defect(
        "a setup never ages",
        "I3",
        (K.PARTITION, K.CLOSED),
        ((Permits, "_record_until_s", _for_ever),),
    ),
    Defect("scrap is counted as good", "I4", (K.SLOW, K.CUT_LINK, K.CANCEL), ((lots, "count", _scrap_is_good),)),
    Defect(
        "the first byte goes before its start is written down",
        "I4",
        (K.KILL_STREAMER, K.POWER_CUT, K.SLOW),
        ((MemoryRunLog, "start", _start_later), (MemoryRunLog, "append", _append_both)),
    ),
    Defect(
        "a streamer's log is not synced",
        "I4",
        (K.POWER_CUT,),
        ((RunDisk, "__init__", _unsynced_run_disk),),
    ),
    Defect(
        "a lot is delivered before its line is complete",
        "I5",
        (K.SLOW, K.CUT_LINK, K.CANCEL),
        ((briefing, "is_complete", _always), (shipping, "hand_over", _hand_over_now)),
    ),
    Defect(
        "a fault is forgotten without anybody's reset",
        "I6",
        (K.RESTART_FIRMWARE, K.UNPLUG, K.SLOW),
        ((Memory, "quarantine", _no_quarantine), (MemoryRunLog, "quarantine", _nothing_was_wrong)),
    ),
    Defect(
        "what runs is stopped when the link breaks",
        "I7",
        (K.CUT_LINK, K.KILL_BROKER, K.SLOW),
        ((Mind, "parted", _stop_when_alone),),
    ),
    Defect(
        "an agent that comes back stops what runs",
        "I7",
        (K.KILL_AGENT, K.SLOW, K.CUT_LINK),
        ((Mind, "begin", _stop_at_first),),
    ),
    Defect(
        "a permit is granted at any fence", "I8", (K.REPLAN, K.DELAY, K.SLOW), ((sim_broker, "grant", _grant_anything),)
    ),
    Defect(
        "a permit lives for a day",
        "I8",
        (K.DELAY, K.KILL_AGENT, K.SLOW),
        ((permits, "PERMIT_LIFE", timedelta(days=1)),),
    ),
    Defect(
        "an event is acknowledged before it is kept",
        "I9",
        (K.KILL_BROKER, K.BROKER_POWER_CUT, K.CUT_LINK),
        ((Inbox, "take", _ack_first), (MemoryJournal, "acknowledge", _acknowledge_and_drop)),
    ),
    Defect(
        "what comes beyond a gap is taken as if nothing were missing",
        "I9",
        (K.REORDER, K.LOSE, K.DELAY),
        ((Inbox, "take", _take_beyond),),
    ),
    Defect(
        "a lapse is noticed, and nothing is held",
        "I10",
        (K.ABSENT, K.WRONG, K.SLOW),
        ((Supervision, "_hold_alone", _anything_goes),),
    ),
    Defect("a presence never lapses", "I10", (K.ABSENT, K.WRONG, K.SLOW), ((PresenceWatch, "lapsed", _never),)),
    Defect(
        "whoever set a machine up is there for ever",
        "I10",
        (K.PARTITION, K.CLOSED),
        ((Permits, "_present_until_s", _present_for_ever), (PresenceWatch, "begin", _whole_interval)),
    ),
)
