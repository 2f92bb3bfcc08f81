"""The plan as it stands: what may move, what must, what is open for it."""

from dataclasses import replace
from datetime import timedelta

from broker.planning.live import without
from broker.planning.live_posing import pose_live, unable
from broker.planning.moving import moves
from broker.planning.task import Task, late, moves_of, task_of
from broker.scheduling.plates.runs import Planned
from broker.scheduling.plates.underway import Change, go_on
from broker.scheduling.stopping import AfterIterations
from broker.wire.tiers import Tier
from tests.broker.planning.lives import live, planned
from tests.broker.planning.situations import NOW, PRINTER, box, line

TWIN = replace(PRINTER, machine_id="mch_twin")
DOWN = replace(PRINTER, idle_because="machine is quarantined: smoke")
A = replace(line("a", box(60, 40, 20), 20), order_id="ord_a", due_at=NOW + timedelta(days=9))
B = replace(line("b", box(60, 40, 20), 4), order_id="ord_b", due_at=NOW + timedelta(days=9))
RUNS = (planned("one", PRINTER, 0, 5, a=12), planned("two", PRINTER, 6, 3, a=8))


def solved(task: Task) -> Change:
    return go_on(task.posed.underway, task.hurried, AfterIterations(20), 1, finish=AfterIterations(2000))


def test_a_line_is_two_lots_where_some_is_planned_and_some_is_open() -> None:
    posed = pose_live(live((PRINTER,), (A,), RUNS, replace(A, pieces=3), B), (replace(B, id="new"),))
    assert posed is not None
    assert [(one.id, one.pieces) for one in posed.posed.lines] == [("a", 20), ("a", 3), ("b", 4), ("new", 4)]
    assert (posed.underway.first, posed.asked) == (1, 3)
    assert posed.underway.runs == (Planned(0, ((0, 12),)), Planned(0, ((0, 8),)))
    assert [one.id for one in posed.open.lines] == ["a", "b", "new"]


def test_runs_are_in_the_order_in_which_they_begin_wherever_they_were_planned() -> None:
    runs = (*RUNS, planned("late", TWIN, 1, 5, b=4))
    posed = pose_live(live((replace(PRINTER, ready_s=7200.0), TWIN), (A, B), runs))
    assert posed is not None
    assert [row.id for row in posed.rows] == ["late", "one", "two"]


def test_what_a_machine_no_longer_makes_is_open_again() -> None:
    whole = live((PRINTER, TWIN), (A, B), (*RUNS, planned("other", TWIN, 0, 2, b=4)), replace(A, pieces=1))
    left = without(whole, lambda run: run.id == "two", reopened=True)
    assert [run.id for run in left.runs] == ["one", "other"]
    assert [(one.id, one.pieces) for one in left.lines] == [("a", 12), ("b", 4)]
    assert [(one.id, one.pieces) for one in left.situation.lines] == [("a", 9)]
    gone = without(whole, lambda run: run.id == "other", reopened=True)
    assert [(one.id, one.pieces) for one in gone.situation.lines] == [("a", 1), ("b", 4)]
    assert without(whole, lambda run: run.id == "two", reopened=False).situation.lines == whole.situation.lines


def test_a_machine_that_has_lost_its_material_can_make_its_runs_no_more() -> None:
    spec = PRINTER.spec.model_copy(update={"materials": ("PETG",)})
    posed = pose_live(live((replace(PRINTER, spec=spec), TWIN), (A,), RUNS))
    assert posed is not None
    assert unable(posed) == {"one", "two"}


def test_a_bar_stands_against_more_not_against_what_is_planned() -> None:
    barred = {PRINTER.machine_id: "refused", TWIN.machine_id: "refused"}
    refused = replace(A, barred_machines=barred)
    posed = pose_live(live((PRINTER, TWIN), (refused,), RUNS, replace(refused, pieces=1)))
    assert posed is not None
    lots = posed.posed.problem.barred
    assert sorted(zip(lots.lot.tolist(), lots.machine.tolist(), strict=True)) == [(0, 1), (1, 0), (1, 1)]


def test_there_is_nothing_to_do_where_nothing_is_open_late_or_down() -> None:
    whole = live((PRINTER, TWIN), (A,), RUNS)
    assert not late(whole)
    assert task_of(whole, ()) is None
    assert task_of(live((DOWN, TWIN), (A,), RUNS), ()) is None
    assert task_of(whole, (), described_anew=True) is not None
    soon = live((PRINTER, TWIN), (replace(A, due_at=NOW + timedelta(hours=25)),), RUNS)
    assert late(soon)
    assert task_of(soon, ()) is not None


def test_what_is_on_a_machine_that_is_down_is_planned_anew() -> None:
    task = task_of(live((DOWN, TWIN), (A,), RUNS), {PRINTER.machine_id})
    assert task is not None
    assert [leaving.run.id for leaving in task.reopened] == ["one", "two"]
    made = moves_of(task, solved(task), NOW)
    assert {new.machine for new in made.new} == {1}
    assert sum(new.pieces["a"] for new in made.new) == 20
    assert {leaving.run.id for leaving in made.leaving} == {"one", "two"}
    assert {new.note for new in made.new} == {"moved from prusa of Taller Uno: machine is quarantined: smoke"}


def test_only_what_has_found_another_place_is_taken_back() -> None:
    task = task_of(live((DOWN, TWIN), (A,), RUNS, B), {PRINTER.machine_id})
    assert task is not None
    change = solved(task)
    some = tuple(run for run in change.fresh if {lot for lot, _ in run.entries} == {0})
    nothing = moves(task.posed, replace(change, fresh=()), task.reopened, task.left, NOW, hurried=False)
    assert (nothing.leaving, nothing.none) == ((), True)
    assert len(moves(task.posed, replace(change, fresh=some), task.reopened, {"a": 9}, NOW, hurried=False).leaving) < 2


def test_express_goes_before_what_can_wait_and_says_so() -> None:
    urgent = replace(B, tier=Tier.EXPRESS, due_at=NOW + timedelta(days=3))
    whole = live((PRINTER,), (A,), RUNS, urgent)
    task = task_of(whole, ())
    assert task is not None
    assert task.hurried == (1,)
    made = moves_of(task, solved(task), NOW)
    assert made.leaving == ()
    [new] = made.new
    assert new.pieces == {"b": 4}
    behind = [shifted for shifted in made.shifted if shifted.start > new.start]
    assert behind
    assert all("later: more urgent work goes first" in shifted.note for shifted in behind)
    calm = task_of(live((PRINTER,), (A,), RUNS, B), ())
    assert calm is not None
    [last] = moves_of(calm, solved(calm), NOW).new
    assert last.start > new.start
