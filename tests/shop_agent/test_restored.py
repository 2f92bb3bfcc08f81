"""A broker that was restored from a backup, as an agent meets it."""

from collections.abc import Sequence

import pytest

from broker.wire.messages import Claimed, LotAccepted, LotOffer, Permit, RunOffer, Welcome
from broker.wire.shop import Process
from shop_agent.mind import Mind as AgentMind
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import AbandonProgram, ForbidStart, Instruction, Tell
from shop_agent.state.records import MachineFacts, MachineView, Now
from tests.shop_agent.core import INVENTORY, RULES, START, Mind
from tests.simulation.journals import MemoryJournal, ShopDisk

_NOW = Now(START, 0.0)


def _asked(run: str = "run1", version: int | None = 9) -> ev.RunWithdrawn:
    return ev.RunWithdrawn(run, 2, "restored", version)


def _reports(out: Sequence[Instruction]) -> list[tuple[object, int, int]]:
    return [(type(one.report), one.fence, one.version) for one in out if isinstance(one, Tell)]


@pytest.mark.parametrize("state", ["claimed", "staged", "armed"])
def test_a_run_that_was_not_permitted_is_given_up_for_good(state: str) -> None:
    mind = Mind().to(state)
    out = mind.do(_asked())
    assert _reports(out)[0] == (say.NotStarted, 1, 9)
    assert AbandonProgram("run1") in out
    assert mind.offer(fence=1) == []
    assert "run1" not in mind.shop.memory.runs


def test_a_run_that_nobody_heard_of_is_forbidden_and_said_so_each_time() -> None:
    mind = Mind()
    for _ in range(2):
        assert _reports(mind.do(_asked())) == [(say.NotStarted, 1, 9)]
    assert mind.offer(fence=1) == []
    assert mind.do(_asked("run2", version=None)) == []


def test_of_a_permitted_run_only_the_streamer_knows() -> None:
    mind = Mind().to("permitted")
    [forbid] = mind.do(_asked())
    assert isinstance(forbid, ForbidStart)
    assert mind.run().phase == "permitted"
    out = mind.do(ev.StartRefused("run1", 1, "forbidden"))
    assert _reports(out)[0][0] is say.NotStarted


@pytest.mark.parametrize("state", ["starting", "running", "finished"])
def test_a_run_that_has_started_goes_on(state: str) -> None:
    mind = Mind().to(state)
    assert mind.do(_asked()) == []
    assert mind.run().phase == state


def test_permits_of_before_are_void() -> None:
    mind = Mind().to("permitted")
    [forbid] = mind.do(ev.BrokerRestored())
    assert isinstance(forbid, ForbidStart)
    assert Mind().to("armed").do(ev.BrokerRestored()) == []


def _mind(journal: MemoryJournal | None = None) -> AgentMind:
    journal = journal or MemoryJournal(ShopDisk(), "agt_1", lambda: "epoch1")
    mind = AgentMind([MachineFacts("printer", False, ("PLA",), 0.4)], RULES, journal, INVENTORY, "tok")
    mind.begin(_NOW)
    return mind


def _welcome(epoch: str) -> Welcome:
    return Welcome(broker_epoch=epoch, acked=0)


def test_a_broker_that_goes_on_with_an_ended_history_is_not_listened_to() -> None:
    mind = _mind()
    for epoch in ("1", "1", "2-his_a", "2-his_a", "2-his_b"):
        assert mind.refuses(_welcome(epoch)) == ""
        mind.welcomed(_welcome(epoch), _NOW)
    for ended in ("1", "2-his_a"):
        assert "which a restored one has ended" in mind.refuses(_welcome(ended))
    assert mind.refuses(_welcome("2-his_b")) == ""


def test_a_permit_of_another_history_is_none() -> None:
    mind = _mind()
    mind.welcomed(_welcome("1"), _NOW)
    mind.welcomed(_welcome("2-his_a"), _NOW)
    assert mind.on_frame(Permit(run="run9", fence=1, version=5, request="r", broker_epoch="1"), _NOW) == []
    [told] = mind.on_frame(Permit(run="run9", fence=1, version=5, request="r", broker_epoch="2-his_a"), _NOW)
    assert isinstance(told, Tell)
    assert isinstance(told.report, say.NotStarted)


def test_what_was_offered_is_said_back() -> None:
    """By it a restored broker knows lots and runs that it has never heard of."""
    journal = MemoryJournal(ShopDisk(), "agt_1", lambda: "epoch1")
    mind = _mind(journal)
    lot = LotOffer(
        lot="lot1", order="ord1", line="lin1", part="box", process=Process.FDM, material="PLA", quantity=4, payout=1,
        currency="EUR",
    )  # fmt: skip
    offer = RunOffer(
        run="run1", fence=1, version=2, machine="printer", plate_sha256="ab", lots=("lot1",), process=Process.FDM,
        material="PLA", pieces=(("lot1", 4),),
    )  # fmt: skip
    mind.apply(ev.MachineSeen("printer", MachineView(True, "boot1/0")), _NOW)
    mind.on_frame(lot, _NOW)
    mind.on_frame(offer, _NOW)
    said = {event.body.kind: event.body for _, event in journal.events_after(0)}
    assert said["lot_accepted"] == LotAccepted(lot="lot1", quantity=4, line="lin1")
    assert said["claimed"] == Claimed(machine="printer", pieces=(("lot1", 4),))
