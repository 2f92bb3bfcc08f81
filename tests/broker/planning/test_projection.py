"""When what machines were given will be made, and how that is drawn for one order."""

from dataclasses import replace
from datetime import timedelta

from broker.drawing.network import network_svg
from broker.planning.estimates import CHANGE_S, CLEAR_S, COUNT_S
from broker.planning.order_chart import order_chart
from broker.planning.posing import Posed, pose
from broker.planning.projection import Held, projected
from broker.planning.situation import Situation, Station
from broker.planning.standing import Standing
from broker.runs.models import Run
from broker.wire.shop import Process, Window
from broker.wire.states import RunState
from tests.broker.planning.situations import NOW, PRINTER, box, line

HOUR = timedelta(hours=1)
HOUR_S = 3600.0
CLEARING_S = CLEAR_S[Process.FDM] + COUNT_S[Process.FDM]
MINE, THEIRS = 0, 1


def posed(*stations: Station) -> Posed:
    lines = (line("mine", box(20, 10, 5)), line("theirs", box(20, 10, 5), material="PETG"))
    found = pose(Situation(NOW, lines, stations))
    assert found is not None
    return found


def held(lot: int, state: RunState, starts: timedelta, *, done: int = 0, machine: str = "mch_prusa") -> Held:
    """A run of two hours."""
    run = Run(
        id=f"run_{lot}_{starts}", machine_id=machine, state=state, planned_start=NOW + starts,
        planned_end=NOW + starts + 2 * HOUR, lines_done=done, lines_total=100, estimate_s=None,
    )  # fmt: skip
    return Held(run, {lot: 4})


def test_what_waits_begins_when_it_was_planned_to() -> None:
    plan = projected(posed(PRINTER), [held(MINE, RunState.PLANNED, 3 * HOUR)], NOW)
    assert plan.start_s.tolist() == [3 * HOUR_S]
    assert plan.begin_s.tolist() == [3 * HOUR_S - CLEARING_S - CHANGE_S]
    assert plan.end_s.tolist() == [5 * HOUR_S]


def test_what_is_under_way_ends_by_its_progress_and_what_follows_comes_after_it() -> None:
    work = [held(THEIRS, RunState.OFFERED, HOUR), held(MINE, RunState.RUNNING, -2 * HOUR, done=25)]
    plan = projected(posed(PRINTER), work, NOW)
    assert plan.entry_lot.tolist() == [MINE, THEIRS]
    assert plan.start_s[0] == -0.5 * HOUR_S
    assert plan.end_s[0] == 1.5 * HOUR_S
    assert plan.begin_s[1] == 1.5 * HOUR_S
    assert plan.start_s[1] == 1.5 * HOUR_S + CLEARING_S + CHANGE_S


def test_what_is_overdue_waits_for_somebody_to_be_there() -> None:
    """At NOW it is Monday, 9:00."""
    hours = (Window(weekday=0, start_min=13 * 60, end_min=18 * 60),)
    shop = replace(PRINTER, inventory=PRINTER.inventory.model_copy(update={"attended": hours, "timezone": "UTC"}))
    plan = projected(posed(shop), [held(MINE, RunState.PLANNED, -5 * HOUR)], NOW)
    assert plan.begin_s.tolist() == [4 * HOUR_S]


def test_a_machine_that_is_no_more_makes_nothing() -> None:
    plan = projected(posed(PRINTER), [held(MINE, RunState.PLANNED, HOUR, machine="mch_gone")], NOW)
    assert (len(plan.machine), plan.entry_first.tolist()) == (0, [0])


def test_the_chart_holds_the_orders_machines_and_names_its_parts_alone() -> None:
    spare = replace(PRINTER, machine_id="mch_spare", spec=PRINTER.spec.model_copy(update={"name": "spare"}))
    both = posed(PRINTER, spare)
    work = [
        held(MINE, RunState.PLANNED, 3 * HOUR, machine="mch_spare"),
        held(THEIRS, RunState.PLANNED, 6 * HOUR, machine="mch_spare"),
        held(THEIRS, RunState.PLANNED, HOUR),
    ]
    chart = order_chart(Standing(both, projected(both, work, NOW), own=1, taken_at=NOW))
    assert chart is not None
    assert (chart.machine_names, chart.family_names) == (("spare",), ("mine", "other work"))
    assert chart.runs.machine.tolist() == [0, 0]
    assert chart.runs.family.tolist() == [0, 1]
    drawn = network_svg(chart)
    assert "mine" in drawn
    assert "theirs" not in drawn


def test_without_runs_of_the_order_there_is_no_chart() -> None:
    both = posed(PRINTER)
    for work in ([], [held(THEIRS, RunState.PLANNED, HOUR)]):
        assert order_chart(Standing(both, projected(both, work, NOW), own=1, taken_at=NOW)) is None
