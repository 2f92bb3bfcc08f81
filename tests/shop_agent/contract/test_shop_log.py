"""The agent's journal: the same on the disk and in memory, whatever is written, asked, killed and opened again."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.wire.messages import Envelope, Signed
from broker.wire.shop import Inventory
from broker.wire.states import RunState
from shop_agent import translate
from shop_agent.errors import Refused
from shop_agent.shop_log import Answer, ShopLog, Unsent
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import Tell
from shop_agent.state.memory import Memory
from shop_agent.state.records import Standing
from tests.shop_agent.contract.places import (
    Killed,
    MemoryShop,
    ShopPlace,
    SqliteShop,
    dying,
    envelopes,
)
from tests.shop_agent.core import INVENTORY, START, Mind
from tests.shop_agent.test_journal import EVENTS
from tests.shop_agent.test_state_any_order import EVENTS as ANY_EVENT

TASKS = ("setup-1", "count-1")
OTHER_TOWN = INVENTORY.model_copy(update={"town": "Oviedo"})


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ShopPlace]:
    place: ShopPlace = MemoryShop() if request.param == "memory" else SqliteShop(tmp_path)
    yield place
    place.close()


@dataclass
class Writer:
    """A shop's mind that writes to several journals at once, as the agent writes to one."""

    places: list[ShopPlace]
    mind: Mind = field(default_factory=Mind)
    logs: list[ShopLog[Envelope | Signed]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.mind.shop.take_changed()
        self.reopen()

    def reopen(self) -> None:
        """Another process: what it knows is what the first of the journals holds."""
        self.logs = [place.open() for place in self.places]
        fresh = Mind(at_s=self.mind.at_s)
        fresh.shop.take_changed()
        self.logs[0].restore(fresh.shop.memory)
        self.mind = fresh

    def apply(self, event: ev.Event, answer: Answer | None = None, *, killed: bool = False) -> None:
        try:
            told = [one for one in self.mind.do(event) if isinstance(one, Tell)]
        except Refused:
            return
        unsent = [Unsent(translate.body(one.report), one.run, one.fence, one.version) for one in told]
        changed = self.mind.shop.take_changed()
        for log in self.logs:
            if killed:
                with pytest.raises(Killed):
                    log.commit(self.mind.shop.memory, changed, dying(unsent), self.mind.now.at, answer)
            else:
                log.commit(self.mind.shop.memory, changed, unsent, self.mind.now.at, answer)
        if killed:
            self.reopen()


def known(memory: Memory) -> tuple[object, ...]:
    return memory.runs, memory.machines, memory.lots, memory.tombstones


def restored(log: ShopLog[Envelope | Signed]) -> tuple[object, ...]:
    fresh = Mind()
    log.restore(fresh.shop.memory)
    return known(fresh.shop.memory)


# What is expected ---------------------------------------------------------------------------------------


def test_numbers_go_on_without_gaps_over_restarts(place: ShopPlace) -> None:
    writer = Writer([place])
    for event in EVENTS:
        writer.apply(event)
        writer.reopen()
        if isinstance(event, ev.SetupGiven):
            writer.mind.do(ev.Connected())
    events = envelopes(writer.logs[0])
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert {event.epoch for event in events} == {writer.logs[0].epoch}
    assert [event.seq for event in envelopes(writer.logs[0], after=2, at_most=2)] == [3, 4]


def test_a_body_that_raises_leaves_nothing(place: ShopPlace) -> None:
    writer = Writer([place])
    writer.apply(EVENTS[0])
    before = restored(writer.logs[0]), writer.logs[0].last_seq
    writer.apply(EVENTS[1], Answer("setup-1", "{}"), killed=True)
    assert (restored(writer.logs[0]), writer.logs[0].last_seq) == before
    assert writer.logs[0].answer_to("setup-1") is None
    writer.apply(EVENTS[1], Answer("setup-1", "{}"))
    assert writer.mind.run().phase is RunState.CLAIMED
    assert envelopes(writer.logs[0])[-1].body.kind == "claimed"


def test_an_answer_is_taken_once(place: ShopPlace) -> None:
    writer = Writer([place])
    writer.apply(ev.MachineCleared("printer"), Answer("clear-1", "first"))
    seq = writer.logs[0].last_seq
    with pytest.raises(Exception, match=r"answer|UNIQUE"):
        writer.apply(EVENTS[0], Answer("clear-1", "second"))
    assert writer.logs[0].answer_to("clear-1") == "first"
    assert writer.logs[0].last_seq == seq


def test_an_epoch_begins_with_the_inventory_and_what_is_told(place: ShopPlace) -> None:
    writer = Writer([place])
    log = writer.logs[0]
    assert log.tell_inventory(INVENTORY, START)
    assert not log.tell_inventory(INVENTORY, START)
    assert log.tell_inventory(OTHER_TOWN, START)
    first = log.epoch
    log.set_meta("broker_epoch", "b1")
    told = Unsent(translate.body(say.MachineChanged("printer", Standing.FREE, "")))
    memory = writer.mind.shop.memory
    log.begin_epoch(INVENTORY, memory, writer.mind.shop.take_changed(), [told], START)
    assert log.epoch != first
    assert [event.body.kind for event in envelopes(log)] == ["inventory", "machine"]
    assert not log.tell_inventory(INVENTORY, START)
    again = place.open()
    assert (again.last_seq, again.meta("broker_epoch")) == (2, "b1")
    assert place.open("agt_2").last_seq == 0


def test_an_epoch_that_dies_halfway_has_not_begun(place: ShopPlace) -> None:
    writer = Writer([place])
    log = writer.logs[0]
    log.tell_inventory(INVENTORY, START)
    before, memory = log.epoch, writer.mind.shop.memory
    with pytest.raises(Killed):
        log.begin_epoch(OTHER_TOWN, memory, writer.mind.shop.take_changed(), dying([]), START)
    log = place.open()
    assert (log.epoch, log.last_seq) == (before, 1)
    assert not log.tell_inventory(INVENTORY, START)


def test_what_is_acknowledged_and_old_is_forgotten_but_no_fence(place: ShopPlace) -> None:
    writer = Writer([place])
    for event in EVENTS:
        writer.apply(event)
    log, late = writer.logs[0], START + timedelta(days=31)
    last = log.last_seq
    log.acknowledge("another epoch", last)
    log.acknowledge(log.epoch, 2)
    log.forget_old(START + timedelta(days=29))
    assert [event.seq for event in envelopes(log)] == list(range(1, last + 1))
    log.forget_old(late)
    assert [event.seq for event in envelopes(log)] == list(range(3, last + 1))
    log.acknowledge(log.epoch, last)
    log.forget_old(late)
    assert [event.seq for event in envelopes(log)] == [last]
    writer.reopen()
    assert writer.mind.shop.memory.runs == {}
    assert writer.mind.shop.memory.tombstones == {"run1": 1}
    writer.apply(EVENTS[1])
    assert writer.mind.shop.memory.runs == {}
    assert writer.logs[0].last_seq == last


# The same everywhere ------------------------------------------------------------------------------------

STEPS = st.one_of(
    *[st.tuples(st.just("next"), st.integers(0, len(EVENTS) - 1))] * 3,
    *[st.tuples(st.just("apply"), ANY_EVENT.filter(lambda event: not isinstance(event, str)))] * 2,
    st.tuples(st.just("killed"), ANY_EVENT.filter(lambda event: not isinstance(event, str))),
    st.tuples(st.just("answer"), st.sampled_from(TASKS)),
    st.tuples(st.just("acknowledge"), st.integers(0, 30)),
    st.tuples(st.just("epoch"), st.none()),
    st.tuples(st.just("inventory"), st.sampled_from([INVENTORY, OTHER_TOWN])),
    st.tuples(st.just("forget"), st.integers(0, 60)),
    st.tuples(st.just("reopen"), st.none()),
    st.tuples(st.just("days"), st.integers(0, 20)),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_disk_and_memory_tell_the_same(steps: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        places: list[ShopPlace] = [MemoryShop(), SqliteShop(Path(folder))]
        writer = Writer(places)
        for kind, what in steps:
            _step(writer, kind, what)
            memory, disk = (observed(log) for log in writer.logs)
            assert memory == disk
        assert restored(writer.logs[0]) == restored(writer.logs[1])
        for place in places:
            place.close()


def _step(writer: Writer, kind: str, what: object) -> None:
    memory = writer.mind.shop.memory
    match kind, what:
        case "next", int():
            writer.apply(EVENTS[what])
        case "apply", ev.Connected() | ev.Ticked() | ev.Disconnected():
            writer.mind.do(what)
        case "apply" | "killed", _:
            writer.apply(what, killed=kind == "killed")  # type: ignore[arg-type]
        case "answer", str() if writer.logs[0].answer_to(what) is None:
            writer.apply(ev.MachineCleared("printer"), Answer(what, "{}"))
        case "epoch", None:
            changed = writer.mind.shop.take_changed()
            for log in writer.logs:
                log.begin_epoch(INVENTORY, memory, changed, [], writer.mind.now.at)
        case "reopen", None:
            writer.reopen()
        case "days", int():
            writer.mind.at_s += what * 86400.0
        case _:
            told = {_on_log(log, kind, what, writer) for log in writer.logs}
            assert len(told) == 1


def _on_log(log: ShopLog[Envelope | Signed], kind: str, what: object, writer: Writer) -> bool:
    match kind, what:
        case "acknowledge", int():
            log.acknowledge(log.epoch, what)
        case "inventory", Inventory():
            return log.tell_inventory(what, writer.mind.now.at)
        case "forget", int():
            log.forget_old(writer.mind.now.at + timedelta(days=what))
    return False


def observed(log: ShopLog[Envelope | Signed]) -> tuple[object, ...]:
    """All that can be asked; names of epochs differ."""
    told = [event.model_copy(update={"epoch": ""}) for event in envelopes(log)]
    latest = [log.is_latest(seq, run) for seq in range(log.last_seq + 1) for run in ("run1", "run2")]
    answers = [log.answer_to(task) for task in TASKS]
    return log.last_seq, told, latest, answers
