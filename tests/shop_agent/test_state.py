"""The shop's mind: events in, instructions out, and what it remembers."""

from datetime import timedelta

import pytest

from broker.wire.states import RunState
from shop_agent.errors import Refused
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import (
    AbandonProgram,
    AskPermit,
    CancelRun,
    ForbidStart,
    MakeProgram,
    StartRun,
    Tell,
)
from shop_agent.state.memory import Rules
from shop_agent.state.records import Count, MachineView, Now, Standing
from shop_agent.state.tasks import TaskKind, waiting
from tests.shop_agent.core import BOOT, PROGRAM, RULES, Mind

FREE = say.MachineChanged("printer", Standing.FREE, "")


def kinds(mind: Mind) -> list[TaskKind]:
    return [task.kind for task in waiting(mind.shop.memory)]


def test_an_offer_is_claimed_at_the_version_it_came_with_and_made() -> None:
    mind = Mind()
    assert mind.offer() == [Tell(say.Claimed(), "run1", 1, 2), MakeProgram("run1", 1, "printer", "ab")]
    assert mind.run().version == 3
    assert mind.offer() == []
    assert mind.made() == [Tell(say.Staged(PROGRAM), "run1", 1, 3)]
    assert kinds(mind) == [TaskKind.SETUP]


@pytest.mark.parametrize(
    ("machine", "material", "router", "reason"),
    [
        ("lathe", "PLA", False, "no machine lathe"),
        ("printer", "PLA", True, "does not do this process"),
        ("printer", "ABS", False, "not in stock"),
        ("router", "PLA", True, "not in stock"),
    ],
)
def test_offers_that_the_shop_can_not_make_are_rejected_for_good(
    machine: str, material: str, router: bool, reason: str
) -> None:
    mind = Mind()
    (tell,) = mind.offer(machine=machine, material=material, router=router)
    assert isinstance(tell, Tell)
    assert isinstance(tell.report, say.Rejected)
    assert reason in tell.report.reason
    assert mind.offer() == []
    assert isinstance(mind.offer(fence=3)[0], Tell)


def test_a_failed_program_releases_the_run_and_its_fence_for_ever() -> None:
    mind = Mind().to("claimed")
    out = mind.do(ev.MakingFailed("run1", 1, "does not fit"))
    assert out == [Tell(say.Released("does not fit"), "run1", 1, 3), AbandonProgram("run1")]
    assert mind.offer() == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"material": "PETG"}, "PETG is loaded"),
        ({"tool_mm": 0.6}, "0.6 mm is fitted"),
        ({"bed_clear": False}, "not clear"),
        ({"boot_id": "boot0/0"}, "restarted"),
        ({"operator": " "}, "operator's name"),
    ],
)
def test_a_setup_that_differs_is_refused_and_the_task_stays(changes: dict[str, object], reason: str) -> None:
    mind = Mind().to("staged")
    task = waiting(mind.shop.memory)
    with pytest.raises(Refused, match=reason):
        mind.do(ev.SetupGiven("run1", mind.setup(**changes)))
    assert waiting(mind.shop.memory) == task
    assert not mind.shop.take_changed().runs - {"run1"}


def test_a_permit_is_used_in_time_from_when_it_was_asked_for() -> None:
    mind = Mind().to("staged")
    asked = mind.arm()
    assert asked[1] == AskPermit("run1", 1, 5, "rec-run1", "tok-1")
    mind.at_s = 28.0
    (start,) = [one for one in mind.permit(asked) if isinstance(one, StartRun)]
    assert start.deadline_s == 1030.0
    assert mind.run().phase is RunState.PERMITTED
    assert mind.shop.memory.standing("printer")[0] is Standing.BUSY


@pytest.mark.parametrize("late_s", [29.5, 300.0])
def test_a_permit_that_comes_late_is_signed_off_as_not_started(late_s: float) -> None:
    mind = Mind().to("staged")
    asked = mind.arm()
    mind.at_s = late_s
    out = mind.permit(asked)
    assert out[0] == Tell(say.NotStarted("the permit came too late"), "run1", 1, 6)
    assert not any(isinstance(one, StartRun) for one in out)
    assert mind.offer() == []


def test_a_setup_that_ages_while_its_permit_is_awaited_starts_nothing_late() -> None:
    """Record life holds to the first byte: a permit that it outlives is used for as long as the record holds."""
    life_s = RULES.record_life_s
    mind = Mind().to("staged")
    mind.arm()
    mind.do(ev.Disconnected())
    mind.at_s = life_s - 10.0
    asked = mind.do(ev.Connected())
    (start,) = [one for one in mind.permit(asked) if isinstance(one, StartRun)]
    assert start.deadline_s == 1000.0 + life_s

    mind = Mind().to("staged")
    mind.arm()
    mind.do(ev.Disconnected())
    mind.at_s = life_s - 10.0
    asked = mind.do(ev.Connected())
    mind.at_s = life_s - 0.5
    [tell, *_] = mind.permit(asked)
    assert isinstance(tell, Tell)
    assert tell.report == say.NotStarted("its setup record is too old: look again")


def test_a_permit_for_a_voided_record_or_an_unknown_run_is_not_used() -> None:
    mind = Mind().to("staged")
    asked = mind.arm()
    mind.do(ev.MachineSeen("printer", MachineView(True, "boot2/0")))
    assert mind.run().phase is RunState.STAGED
    assert isinstance(mind.permit(asked)[0], Tell)
    (tell,) = mind.do(ev.PermitGranted("runX", 1, 9, "r", 30.0))
    assert tell == Tell(say.NotStarted("this run is not held here"), "runX", 1, 9)


def test_a_permit_is_asked_again_and_after_a_lost_answer_given_up() -> None:
    mind = Mind().to("staged")
    mind.arm()
    mind.at_s = 9.0
    assert mind.do(ev.Ticked()) == []
    mind.at_s = 11.0
    assert mind.do(ev.Ticked()) == [AskPermit("run1", 1, 5, "rec-run1", "tok-1")]
    mind.at_s = 22.0
    assert mind.do(ev.Ticked()) == [AskPermit("run1", 1, 5, "rec-run1", "tok-2")]
    out = mind.do(ev.PermitDenied("run1", "tok-2", "the run is permitted, not armed"))
    assert isinstance(out[0], Tell)
    assert isinstance(out[0].report, say.Lapsed)
    conflict = ev.RunConflicted("run1", RunState.PERMITTED, 6, 1, "permitted")
    assert mind.do(conflict)[0] == Tell(say.NotStarted("it was never started here"), "run1", 1, 6)


def test_a_process_that_took_no_setup_gives_it_up_when_it_is_denied_a_permit() -> None:
    """The one before may have asked, and its permit may have been granted to nobody."""
    before = Mind().to("armed")
    mind = Mind()
    mind.shop.memory.keep_run(before.run())
    assert mind.do(ev.Connected()) == [AskPermit("run1", 1, 5, "rec-run1", "tok-1")]
    (tell,) = mind.do(ev.PermitDenied("run1", "tok-1", "the run is permitted, not armed"))
    assert isinstance(tell, Tell)
    assert isinstance(tell.report, say.Lapsed)
    conflict = ev.RunConflicted("run1", RunState.UNKNOWN, 7, 1, "unknown")
    assert mind.do(conflict)[0] == Tell(say.NotStarted("it was never started here"), "run1", 1, 7)


def test_a_denied_permit_is_asked_for_anew_later() -> None:
    mind = Mind().to("staged")
    mind.arm()
    assert mind.do(ev.PermitDenied("run1", "tok-1", "too many heaters")) == []
    mind.at_s = 4.0
    assert mind.do(ev.Ticked()) == []
    mind.at_s = 6.0
    assert mind.do(ev.Ticked()) == [AskPermit("run1", 1, 5, "rec-run1", "tok-2")]


def test_nothing_is_asked_while_the_link_is_down_or_the_shop_is_closed() -> None:
    mind = Mind().to("staged")
    mind.do(ev.Disconnected())
    assert not any(isinstance(one, AskPermit) for one in mind.arm())
    assert mind.do(ev.Ticked(open=False)) == []
    assert mind.do(ev.Connected()) == []
    assert isinstance(mind.do(ev.Ticked(open=True))[0], AskPermit)


def test_an_old_record_lapses() -> None:
    mind = Mind().to("armed")
    mind.at_s = 3601.0
    (tell,) = mind.do(ev.Ticked())
    assert isinstance(tell, Tell)
    assert isinstance(tell.report, say.Lapsed)
    assert mind.run().tries == 1
    assert kinds(mind) == [TaskKind.SETUP]


@pytest.mark.parametrize(
    "event",
    [
        ev.MachineSeen("printer", MachineView(True, "boot1/1")),
        ev.MachineGone("printer", "unplugged"),
    ],
)
def test_a_record_is_void_once_the_machine_changed(event: ev.Event) -> None:
    mind = Mind().to("armed")
    out = mind.do(event)
    assert isinstance(out[0], Tell)
    assert isinstance(out[0].report, say.Lapsed)
    assert mind.run().phase is RunState.STAGED


def test_a_start_without_an_answer_is_asked_for_and_forbidden() -> None:
    mind = Mind().to("permitted")
    forbid = ForbidStart("printer", "run1", 1, "the start was not confirmed")
    assert mind.do(ev.StartUnclear("run1", 1)) == [forbid]
    mind.at_s = 31.0
    assert isinstance(mind.do(ev.Ticked())[0], ForbidStart)
    out = mind.do(ev.StartRefused("run1", 1, "lapsed"))
    assert out[0] == Tell(say.NotStarted("lapsed"), "run1", 1, 6)
    assert "run1" not in mind.shop.memory.runs


def test_a_run_goes_its_way_and_is_counted() -> None:
    mind = Mind().to("finished")
    assert mind.reports[-2:] == [
        say.Finished(100, 60.0),
        say.MachineChanged("printer", Standing.OCCUPIED, "the parts of run run1 lie on it"),
    ]
    versions = [tell.version for tell in mind.told if tell.run == "run1"]
    assert versions == [2, 3, 4, 6, 7, 8]
    with pytest.raises(Refused, match="plate holds 2"):
        mind.do(ev.CountGiven("run1", "Ana", (Count("lot1", 1),), cleared=True))
    counts = (Count("lot1", 1, (("warp", 1),)),)
    assert mind.do(ev.CountGiven("run1", "Ana", counts, cleared=True)) == [
        Tell(say.Counted("Ana", counts), "run1", 1, 9),
        Tell(FREE),
    ]
    with pytest.raises(Refused, match="counted already"):
        mind.do(ev.CountGiven("run1", "Ana", counts, cleared=True))
    assert kinds(mind) == []


def test_a_machine_is_cleared_for_its_next_run_and_its_pieces_are_counted_later() -> None:
    mind = Mind().to("finished")
    mind.to("staged", "run2")
    assert kinds(mind) == [TaskKind.CLEAR, TaskKind.COUNT]
    with pytest.raises(Refused, match="lie on it"):
        mind.do(ev.SetupGiven("run2", mind.setup()))
    mind.do(ev.MachineCleared("printer"))
    assert kinds(mind) == [TaskKind.SETUP, TaskKind.COUNT]
    mind.permit(mind.arm("run2"))
    mind.wrote(say.Starting(), "run2")
    mind.wrote(say.Running("heating"), "run2")
    mind.wrote(say.Finished(100, 60.0), "run2")
    assert kinds(mind) == [TaskKind.CLEAR, TaskKind.COUNT, TaskKind.COUNT]
    mind.do(ev.CountGiven("run2", "Ana", mind.all_good(), cleared=True))
    mind.do(ev.CountGiven("run1", "Ana", mind.all_good(), cleared=False))
    assert kinds(mind) == []


@pytest.mark.parametrize(
    "report",
    [say.Faulted("runaway", 12, False), say.Stopped("asked", 12), say.Unknown("restarted")],
)
def test_what_ended_badly_is_settled_and_the_machine_released(report: say.MachineReport) -> None:
    mind = Mind().to("running")
    mind.wrote(report)
    assert mind.shop.memory.standing("printer")[0] is Standing.QUARANTINED
    assert kinds(mind) == [TaskKind.SETTLE]
    with pytest.raises(Refused, match="became of its last run"):
        mind.do(ev.MachineReleased("printer"))
    with pytest.raises(Refused, match="plate holds 2"):
        mind.do(ev.SettleGiven("run1", "Ana", "gone", (Count("lot1", 3),)))
    with pytest.raises(Refused, match="say what you found"):
        mind.do(ev.SettleGiven("run1", "Ana", " ", ()))
    mind.do(ev.SettleGiven("run1", "Ana", "gone", (Count("lot1", 0, (("other", 1),)),)))
    assert kinds(mind) == [TaskKind.RELEASE]
    assert mind.do(ev.MachineReleased("printer")) == [Tell(FREE)]
    with pytest.raises(Refused, match="not in quarantine"):
        mind.do(ev.MachineReleased("printer"))


def test_each_entry_of_a_streamer_counts_once() -> None:
    mind = Mind().to("running")
    again = ev.StreamerWrote("printer", "j1", mind.seq, "run1", say.Running("heating"))
    assert mind.do(again) == []
    assert mind.do(ev.StreamerWrote("printer", "other", 99, "run1", say.Finished(1, 1.0))) == []


def test_a_lost_streamer_journal_makes_the_run_unknown() -> None:
    mind = Mind().to("running")
    out = mind.do(ev.StreamerOpened("printer", "j2", 0))
    assert isinstance(out[0], Tell)
    assert isinstance(out[0].report, say.Unknown)
    assert mind.shop.memory.standing("printer")[0] is Standing.QUARANTINED
    mind = Mind().to("running")
    assert mind.do(ev.StreamerOpened("printer", "j1", mind.seq)) == []
    assert isinstance(mind.do(ev.StreamerOpened("printer", "j1", 0))[0], Tell)


def test_work_that_nobody_ordered_quarantines_the_machine() -> None:
    mind = Mind()
    mind.wrote(say.Starting(), "stranger")
    standing, reason = mind.shop.memory.standing("printer")
    assert standing is Standing.QUARANTINED
    assert "stranger" in reason


def test_what_the_broker_takes_back_never_acts_again() -> None:
    mind = Mind().to("armed")
    assert mind.do(ev.RunWithdrawn("run1", 2, "replanned")) == [AbandonProgram("run1")]
    assert mind.do(ev.RunWithdrawn("run1", 2, "replanned")) == []
    assert mind.offer() == []
    assert mind.offer(fence=2) != []
    running = Mind().to("running")
    assert running.do(ev.RunWithdrawn("run1", 2, "replanned")) == []
    assert running.run().phase is RunState.RUNNING


def test_stop_requests_are_wishes_until_the_streamer_confirms() -> None:
    mind = Mind().to("running")
    assert mind.do(ev.StopAsked("run1", "buyer")) == [CancelRun("printer", "run1", "buyer")]
    assert mind.run().phase is RunState.RUNNING
    mind.wrote(say.Stopped("buyer", 5))
    assert mind.run().phase is RunState.STOPPED
    assert mind.do(ev.StopAsked("run1", "buyer")) == []
    early = Mind().to("staged")
    assert isinstance(early.do(ev.StopAsked("run1", "buyer"))[0], Tell)
    permitted = Mind().to("permitted")
    assert permitted.do(ev.StopAsked("run1", "buyer")) == [ForbidStart("printer", "run1", 1, "buyer")]


def test_a_contradiction_reopens_what_a_person_must_say() -> None:
    mind = Mind().to("finished")
    mind.do(ev.CountGiven("run1", "Ana", (Count("lot1", 2),), cleared=True))
    mind.do(ev.RunConflicted("run1", RunState.UNKNOWN, 12, 1, "settle it"))
    assert kinds(mind) == [TaskKind.SETTLE]
    (tell,) = mind.do(ev.SettleGiven("run1", "Ana", "looked", (Count("lot1", 2),)))
    assert isinstance(tell, Tell)
    assert tell.version == 12
    mind.do(ev.RunConflicted("run1", RunState.UNKNOWN, 13, 1, "old news", latest=False))
    assert kinds(mind) == []


def test_lots_by_standing_rule_by_hand_and_handed_over_once() -> None:
    offer = ev.LotOffered("lot1", "cube", "PLA", 5, 900, "EUR")
    mind = Mind()
    assert mind.do(offer) == [Tell(say.LotAccepted("lot1", 5))]
    assert mind.do(offer) == []
    grown = ev.LotOffered("lot1", "cube", "PLA", 7, 1200, "EUR")
    assert mind.do(grown) == [Tell(say.LotAccepted("lot1", 7))]
    assert isinstance(mind.do(ev.LotOffered("lot2", "x", "ABS", 1, 1, "EUR"))[0], Tell)
    ready = ev.LotIsReady("lot1", 7, "Oviedo", ("CC-BY",))
    mind.do(ready)
    mind.do(ready)
    assert kinds(mind) == [TaskKind.HANDOVER]
    assert mind.do(ev.HandoverGiven("lot1", "Ana", "P1")) == [Tell(say.HandedOver("lot1", "Ana", "P1"))]
    assert kinds(mind) == []
    assert mind.do(ready) == [Tell(say.HandedOver("lot1", "Ana", "P1"))], "a restored broker has lost it"
    assert kinds(mind) == []
    manual = Mind(Rules(False, 3600.0, frozenset({"PLA"})))
    assert manual.do(offer) == []
    assert kinds(manual) == [TaskKind.LOT]
    assert manual.do(ev.LotAnswered("lot1", False, "busy")) == [Tell(say.LotDeclined("lot1", "busy"))]
    assert kinds(manual) == []


def test_a_lost_journal_quarantines_every_machine() -> None:
    mind = Mind()
    mind.do(ev.MachineSeen("router", MachineView(True, BOOT)))
    mind.do(ev.JournalLost("rolled back"))
    assert {mind.shop.memory.standing(name)[0] for name in ("printer", "router")} == {Standing.QUARANTINED}


def test_a_clock_that_is_put_back_or_forward_neither_keeps_nor_ends_a_setup() -> None:
    mind = Mind(rules=RULES).to("armed")
    jumped = Now(mind.now.at - timedelta(days=1), mind.now.mono_s + RULES.record_life_s - 1.0)
    assert not any(isinstance(one, Tell) for one in mind.shop.handle(ev.Ticked(), jumped))
    jumped = Now(mind.now.at - timedelta(days=1), mind.now.mono_s + RULES.record_life_s)
    assert [one.report for one in mind.shop.handle(ev.Ticked(), jumped) if isinstance(one, Tell)] == [
        say.Lapsed("the setup record is too old: look again")
    ]


@pytest.mark.parametrize(("days", "lapses"), [(-1, True), (0, False), (1, True)])
def test_a_setup_of_an_earlier_process_holds_by_the_time_of_day_alone(days: int, lapses: bool) -> None:
    mind = Mind(rules=RULES).to("armed")
    mind.shop.memory.set_up_s.clear()
    now = Now(mind.now.at + timedelta(days=days), 0.0)
    told = [one.report for one in mind.shop.handle(ev.Ticked(), now) if isinstance(one, Tell)]
    assert bool(told) == lapses


def test_a_permit_of_an_earlier_process_is_asked_about_and_never_used() -> None:
    mind = Mind().to("permitted")
    fresh = Mind()
    fresh.shop.memory.runs = dict(mind.shop.memory.runs)
    assert fresh.shop.unfinished_programs() == []
    assert ForbidStart in {type(one) for one in fresh.do(ev.Ticked())}
    assert fresh.do(ev.PermitGranted("run1", 1, 6, "tok-1", 30.0)) == []
