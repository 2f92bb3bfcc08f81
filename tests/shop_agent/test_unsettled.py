"""Runs that the broker knows and this journal doesn't: a person settles or counts them."""

from broker.wire.states import RunState
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.records import Count
from shop_agent.state.tasks import TaskKind, waiting
from tests.shop_agent.core import Mind


def _unsettled(state: RunState = RunState.UNKNOWN, machine: str = "printer") -> ev.RunUnsettled:
    return ev.RunUnsettled("run9", 3, 7, state, machine, "PLA", "ab", (("lot1", 2),), "the journal began anew")


def _kinds(mind: Mind) -> list[TaskKind]:
    return [task.kind for task in waiting(mind.shop.memory)]


def test_an_unknown_run_is_settled_once_at_the_brokers_version() -> None:
    mind = Mind()
    mind.do(_unsettled())
    assert TaskKind.SETTLE in _kinds(mind)
    mind.do(ev.SettleGiven("run9", "Ana", "two lay there", (Count("lot1", 2),)))
    [told] = [tell for tell in mind.told if isinstance(tell.report, say.Settled)]
    assert (told.run, told.fence, told.version) == ("run9", 3, 7)
    assert TaskKind.SETTLE not in _kinds(mind)


def test_its_machine_is_looked_at_before_anything_starts_there() -> None:
    mind = Mind()
    mind.do(_unsettled())
    mind.do(ev.SettleGiven("run9", "Ana", "two lay there", (Count("lot1", 2),)))
    assert _kinds(mind) == [TaskKind.RELEASE]


def test_a_finished_run_is_counted() -> None:
    mind = Mind()
    mind.do(_unsettled(RunState.FINISHED))
    assert TaskKind.COUNT in _kinds(mind)


def test_a_run_of_an_older_journal_never_starts_any_more() -> None:
    mind = Mind().to("staged")
    mind.do(ev.RunUnsettled("run1", 1, 6, RunState.UNKNOWN, "printer", "PLA", "ab", (("lot1", 2),), "lost"))
    assert mind.run().phase is RunState.UNKNOWN
    assert TaskKind.SETUP not in _kinds(mind)


def test_it_is_repeated_without_being_asked_anew() -> None:
    mind = Mind()
    mind.do(_unsettled())
    before = [task.id for task in waiting(mind.shop.memory)]
    mind.do(_unsettled())
    assert [task.id for task in waiting(mind.shop.memory)] == before


def test_a_machine_that_is_no_longer_here_has_nobody_who_could_look() -> None:
    mind = Mind()
    mind.do(_unsettled(machine="elsewhere"))
    assert mind.shop.memory.runs == {}


def test_what_was_attested_is_told_again_where_the_broker_has_lost_it() -> None:
    mind = Mind()
    mind.do(_unsettled())
    mind.do(ev.SettleGiven("run9", "Ana", "two lay there", (Count("lot1", 2),)))
    mind.told.clear()
    mind.do(ev.RunUnsettled("run9", 5, 12, RunState.UNKNOWN, "printer", "PLA", "ab", (("lot1", 2),), "restored"))
    [told] = mind.told
    assert isinstance(told.report, say.Settled)
    assert (told.report.operator, told.report.counts) == ("Ana", (Count("lot1", 2),))
    assert (told.fence, told.version) == (5, 12)
    assert TaskKind.SETTLE not in _kinds(mind)
