"""The shop's own work: mine now, mine after this run, nothing new."""

from datetime import timedelta

import pytest

from broker.wire.states import RunState
from shop_agent.errors import Refused
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import AbandonProgram, AskPermit, ForbidStart, StartRun, Tell
from shop_agent.state.records import MachineView, Mode, Standing
from shop_agent.state.tasks import TaskKind, waiting
from tests.shop_agent.core import Mind

WHY = "the shop needs the machine for its own work"
EARLY = ["claimed", "staged", "armed"]
LATE = ["permitted", "starting", "running"]


def changed(standing: Standing, reason: str) -> Tell:
    return Tell(say.MachineChanged("printer", standing, reason))


@pytest.mark.parametrize("mode", [Mode.MINE_NOW, Mode.MINE_AFTER, Mode.NOTHING_NEW])
def test_whatever_the_mode_no_offer_is_taken_until_it_is_normal_again(mode: Mode) -> None:
    mind = Mind()
    assert mind.do(ev.ModeSet("printer", mode)) == [changed(Standing.OWN_WORK, "")]
    (tell,) = mind.offer()
    assert tell == Tell(say.Rejected("printer is taken by the shop's own work"), "run1", 1, 2)
    assert mind.do(ev.ModeSet("printer", Mode.NORMAL)) == [changed(Standing.FREE, "")]
    assert mind.offer("run2")[0] == Tell(say.Claimed(), "run2", 1, 2)


@pytest.mark.parametrize(("state", "version"), [("claimed", 3), ("staged", 4), ("armed", 5)])
def test_mine_now_gives_back_at_once_what_has_not_started(state: str, version: int) -> None:
    mind = Mind().to(state)
    assert mind.do(ev.ModeSet("printer", Mode.MINE_NOW)) == [
        Tell(say.Released(WHY), "run1", 1, version),
        AbandonProgram("run1"),
        changed(Standing.OWN_WORK, ""),
    ]
    assert waiting(mind.shop.memory) == []


def test_mine_now_lets_no_permit_start_anything() -> None:
    mind = Mind().to("staged")
    asked = mind.arm()
    mind.do(ev.ModeSet("printer", Mode.MINE_NOW))
    assert not any(isinstance(one, StartRun) for one in mind.permit(asked))
    permitted = Mind().to("permitted")
    assert permitted.do(ev.ModeSet("printer", Mode.MINE_NOW)) == [ForbidStart("printer", "run1", 1, WHY)]
    out = permitted.do(ev.StartRefused("run1", 1, WHY))
    assert out[0] == Tell(say.NotStarted(WHY), "run1", 1, 6)
    assert out[-1] == changed(Standing.OWN_WORK, "")


@pytest.mark.parametrize("mode", [Mode.MINE_NOW, Mode.MINE_AFTER, Mode.NOTHING_NEW])
def test_what_has_started_goes_on_and_is_counted(mode: Mode) -> None:
    mind = Mind().to("running")
    assert mind.do(ev.ModeSet("printer", mode)) == []
    mind.wrote(say.Finished(100, 60.0))
    assert [task.kind for task in waiting(mind.shop.memory)] == [TaskKind.CLEAR, TaskKind.COUNT]
    assert mind.shop.memory.standing("printer")[0] is Standing.OCCUPIED


@pytest.mark.parametrize("state", ["claimed", "staged"])
def test_mine_after_gives_back_what_nobody_has_set_up(state: str) -> None:
    mind = Mind().to(state)
    out = mind.do(ev.ModeSet("printer", Mode.MINE_AFTER))
    assert isinstance(out[0], Tell)
    assert out[0].report == say.Released(WHY)
    assert out[-1] == changed(Standing.OWN_WORK, "")


def test_mine_after_lets_the_run_that_is_set_up_start_and_finish_and_gives_back_the_next() -> None:
    mind = Mind().to("staged")
    mind.to("staged", "run2")
    asked = mind.arm()
    out = mind.do(ev.ModeSet("printer", Mode.MINE_AFTER))
    assert out[0] == Tell(say.Released(WHY), "run2", 1, 4)
    assert mind.run().phase is RunState.ARMED
    assert any(isinstance(one, StartRun) for one in mind.permit(asked))
    mind.wrote(say.Starting())
    mind.wrote(say.Running("heating"))
    mind.wrote(say.Finished(100, 60.0))
    mind.do(ev.CountGiven("run1", "Ana", mind.all_good(), cleared=True))
    assert mind.shop.memory.standing("printer") == (Standing.OWN_WORK, "")


def test_mine_after_gives_back_a_run_whose_record_lapses() -> None:
    mind = Mind().to("armed")
    mind.do(ev.ModeSet("printer", Mode.MINE_AFTER))
    out = mind.do(ev.MachineSeen("printer", MachineView(True, "boot2/0")))
    assert [type(one.report) for one in out[:2] if isinstance(one, Tell)] == [say.Lapsed, say.Released]
    assert [one.version for one in out[:2] if isinstance(one, Tell)] == [5, 6]
    assert "run1" not in mind.shop.memory.runs


@pytest.mark.parametrize("state", [*EARLY, *LATE])
def test_nothing_new_makes_what_was_claimed(state: str) -> None:
    mind = Mind().to(state)
    assert mind.do(ev.ModeSet("printer", Mode.NOTHING_NEW)) == []
    assert mind.run().phase is RunState(state)
    if state == "claimed":
        mind.made()
    if state in ("claimed", "staged"):
        assert any(isinstance(one, AskPermit) for one in mind.arm())


def test_a_mode_is_of_one_machine() -> None:
    mind = Mind().to("staged")
    mind.do(ev.ModeSet("router", Mode.MINE_NOW))
    assert mind.run().phase is RunState.STAGED


def test_a_mode_is_set_for_the_whole_shop_and_ends_by_itself() -> None:
    mind = Mind()
    mind.do(ev.MachineSeen("router", MachineView(True, "b")))
    until = mind.now.at + timedelta(seconds=100)
    mind.do(ev.ModeSet("", Mode.NOTHING_NEW, until))
    assert {one.mode for one in mind.shop.memory.machines.values()} == {Mode.NOTHING_NEW}
    mind.at_s = 99.0
    assert mind.do(ev.Ticked()) == []
    mind.at_s = 100.0
    assert mind.do(ev.Ticked()) == [
        changed(Standing.FREE, ""),
        Tell(say.MachineChanged("router", Standing.FREE, "")),
    ]
    with pytest.raises(Refused, match="no machine lathe"):
        mind.do(ev.ModeSet("lathe", Mode.MINE_NOW))


def test_the_broker_hears_of_busy_time_and_of_nothing_else() -> None:
    """No mode, no reason: nothing that is told differs between them."""
    told = []
    for mode in (Mode.MINE_NOW, Mode.MINE_AFTER, Mode.NOTHING_NEW):
        mind = Mind()
        mind.do(ev.ModeSet("printer", mode))
        mind.offer()
        told.append(mind.told)
    assert told[0] == told[1] == told[2]
