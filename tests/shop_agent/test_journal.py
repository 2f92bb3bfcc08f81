"""The agent's journal: whatever moment it dies at, what it reads again is what it had committed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.wire.messages import Envelope
from broker.wire.shop import Inventory, Rates
from broker.wire.states import RunState
from shop_agent import translate
from shop_agent.identity import Identity, Signer, own_key
from shop_agent.journal import Journal
from shop_agent.shop_log import Answer, Unsent
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import Tell
from shop_agent.state.memory import Memory
from shop_agent.state.records import Count, MachineView
from tests.shop_agent.core import BOOT, NEEDS, PROGRAM, START, Mind

EVENTS: list[ev.Event] = [
    ev.LotOffered("lot1", "cube", "PLA", 2, 500, "EUR"),
    ev.RunOffered("run1", 1, 2, "printer", "ab", ("lot1",), False, "PLA"),
    ev.ProgramMade("run1", 1, PROGRAM, NEEDS),
    ev.SpoolGiven("1", "PLA", "white", 900.0),
    ev.SetupGiven("run1", Mind().setup(spools=("1",), colour="white")),
    ev.PermitGranted("run1", 1, 6, "tok-1", 30.0),
    ev.StreamerWrote("printer", "j1", 1, "run1", say.Starting()),
    ev.StreamerWrote("printer", "j1", 2, "run1", say.Running("heating")),
    ev.StreamerWrote("printer", "j1", 3, "run1", say.ObjectSkipped("cube.stl copy 0", "Ana", "warp")),
    ev.StreamerWrote("printer", "j1", 4, "run1", say.Finished(100, 60.0)),
    ev.CountGiven("run1", "Ana", (Count("lot1", 1),), True),
    ev.CorrectionGiven("run1", "Eva", "looked again", (Count("lot1", 0, (("warp", 1),)),)),
]


def signer(tmp_path: Path, agent: str = "agt_1") -> Signer:
    return Signer(Identity(agent=agent, workshop="Nava", broker="http://127.0.0.1"), own_key(tmp_path))


def apply(mind: Mind, journal: Journal, event: ev.Event) -> None:
    """As the agent does it."""
    instructions = mind.do(event)
    told = [one for one in instructions if isinstance(one, Tell)]
    unsent = [Unsent(translate.body(one.report), one.run, one.fence, one.version) for one in told]
    journal.commit(mind.shop.memory, mind.shop.take_changed(), unsent, mind.now.at)


def reopened(mind: Mind) -> Mind:
    """Another process with the same files."""
    fresh = Mind()
    fresh.shop.take_changed()
    fresh.at_s = mind.at_s
    return fresh


def kinds(journal: Journal) -> list[str]:
    return [Envelope.model_validate_json(event.payload).body.kind for _, event in journal.events_after(0)]


@pytest.mark.parametrize("crash", range(len(EVENTS)))
def test_a_crash_between_any_two_steps_loses_and_doubles_nothing(tmp_path: Path, crash: int) -> None:
    mind, path = Mind(), tmp_path / "agent.sqlite"
    journal = Journal(path, signer(tmp_path))
    for number, event in enumerate(EVENTS):
        apply(mind, journal, event)
        if number == crash:
            before = mind.shop.memory
            journal.close()
            journal, mind = Journal(path, signer(tmp_path)), reopened(mind)
            journal.restore(mind.shop.memory)
            assert _known(mind.shop.memory) == _known(before)
            if isinstance(event, ev.SetupGiven):
                mind.do(ev.Connected())
            apply(mind, journal, ev.MachineSeen("printer", MachineView(True, BOOT)))
            apply(mind, journal, event) if isinstance(event, ev.StreamerWrote) else None
    run_kinds = [kind for kind in kinds(journal) if kind not in ("machine", "lot_accepted")]
    assert run_kinds == [
        "claimed",
        "staged",
        "armed",
        "starting",
        "running",
        "skipped",
        "finished",
        "counted",
        "corrected",
    ]
    assert [seq for seq, _ in journal.events_after(0)] == list(range(1, journal.last_seq + 1))
    assert mind.run().phase is RunState.ACCEPTED
    journal.close()


def _known(memory: Memory) -> tuple[object, ...]:
    return memory.runs, memory.machines, memory.lots, memory.spools, memory.tombstones


def test_answers_are_kept_with_what_followed_from_them(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a.sqlite", signer(tmp_path))
    mind = Mind()
    journal.commit(mind.shop.memory, mind.shop.take_changed(), [], START, Answer("setup-1", "{}"))
    assert journal.answer_to("setup-1") == "{}"
    assert journal.answer_to("setup-2") is None
    journal.close()


def test_an_epoch_begins_at_one_and_tells_the_inventory_once(tmp_path: Path) -> None:
    inventory = Inventory(
        workshop="Nava", town="Nava", country="ES", latitude=0, longitude=0, attended=(), rates=Rates(), stock=(),
        machines=(),
    )  # fmt: skip
    journal = Journal(tmp_path / "a.sqlite", signer(tmp_path))
    assert journal.tell_inventory(inventory, START)
    assert not journal.tell_inventory(inventory, START)
    assert journal.tell_inventory(inventory.model_copy(update={"town": "Oviedo"}), START)
    first = journal.epoch
    journal.acknowledge(first, 2)
    mind = Mind()
    journal.begin_epoch(inventory, mind.shop.memory, mind.shop.take_changed(), [], START)
    assert journal.last_seq == 1
    assert journal.epoch != first
    assert not journal.tell_inventory(inventory, START)
    journal.close()
    other = Journal(tmp_path / "a.sqlite", signer(tmp_path, "agt_2"))
    assert other.last_seq == 0
    other.close()


def test_what_is_acknowledged_and_old_is_forgotten_but_the_numbers_go_on(tmp_path: Path) -> None:
    journal, mind = Journal(tmp_path / "a.sqlite", signer(tmp_path)), Mind()
    for event in EVENTS:
        apply(mind, journal, event)
    last = journal.last_seq
    journal.forget_old(datetime.now(UTC) + timedelta(days=400))
    assert len(journal.events_after(0)) == last
    journal.acknowledge(journal.epoch, last)
    journal.forget_old(datetime.now(UTC) + timedelta(days=400))
    assert [seq for seq, _ in journal.events_after(0)] == [last]
    fresh = reopened(mind)
    journal.restore(fresh.shop.memory)
    assert fresh.shop.memory.runs == {}
    journal.close()


def test_only_the_newest_word_on_a_run_is_heeded(tmp_path: Path) -> None:
    journal, mind = Journal(tmp_path / "a.sqlite", signer(tmp_path)), Mind()
    for event in EVENTS[:3]:
        apply(mind, journal, event)
    assert not journal.is_latest(2, "run1")
    assert journal.is_latest(3, "run1")
    journal.close()
