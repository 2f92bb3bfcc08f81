"""Every kind of event on small random networks: what is left is feasible, what had begun is as it was."""

from collections.abc import Callable

import numpy as np
import pytest

from broker.scheduling.errors import OutOfRange
from broker.scheduling.network.check import check
from broker.scheduling.network.events import (
    AgentSilent,
    CancelledOrder,
    ChangedCalendar,
    Event,
    FailedRun,
    MachineTaken,
    Reconsidered,
    RushOrder,
    Scrap,
    Tier,
    TimeGoesOn,
)
from broker.scheduling.network.export import plan_of
from broker.scheduling.network.live import LivePlan
from broker.scheduling.network.posed import posed
from broker.scheduling.network.problem import Plan
from broker.scheduling.network.replan import Replanned, replan
from broker.scheduling.network.whatif import what_if
from broker.scheduling.stopping import AfterIterations
from tests.broker.scheduling.network.live_plans import begun_runs, later, live, request
from tests.broker.scheduling.network.problems import DAY, HOUR

SEEDS = range(12)
EVENTS: dict[str, Callable[[LivePlan], Event]] = {
    "time goes on": lambda plan: TimeGoesOn(plan.now_s + 5 * HOUR),
    "failed run": lambda plan: FailedRun(begun_runs(plan)[-1], plan.now_s + 3 * HOUR),
    "scrap": lambda plan: Scrap(int(plan.state.tallies["pieces"].argmax())),
    "machine down": lambda plan: MachineTaken(0, plan.now_s, plan.now_s + 8 * HOUR),
    "machine down for good": lambda plan: MachineTaken(1, plan.now_s, np.inf),
    "own work": lambda plan: MachineTaken(0, plan.now_s + 2 * HOUR, plan.now_s + 6 * HOUR),
    "agent silent": lambda plan: AgentSilent(0, plan.now_s + 12 * HOUR),
    "rush order": lambda plan: RushOrder(request(plan)),
    "cancelled order": lambda plan: CancelledOrder((0, 3)),
    "changed calendar": lambda plan: ChangedCalendar(
        0, np.array([[plan.now_s + HOUR, plan.now_s + 9 * HOUR], [2 * DAY + 6 * HOUR, 2 * DAY + 20 * HOUR]])
    ),
    "late lots": lambda plan: Reconsidered(tuple(range(plan.lots))),
    "lots in a hurry": lambda plan: Reconsidered((1, 3, 5), Tier.EXPRESS),
}


def _replanned(plan: LivePlan, event: Event) -> Replanned:
    return replan(plan, event, AfterIterations(4), seed=5)


def _until_something_runs(plan: LivePlan) -> None:
    if not begun_runs(plan):
        first_s = min(begin for begin in plan_of(plan.state).begin_s.tolist() if begin >= plan.now_s)
        _replanned(plan, TimeGoesOn(first_s + 1.0))
    assert begun_runs(plan)


def _begun(plan: LivePlan, at_s: float) -> list[tuple[float, ...]]:
    whole = plan_of(plan.state)
    rows = zip(whole.machine, whole.begin_s, whole.start_s, whole.end_s, strict=True)
    return [tuple(map(float, row)) for row in rows if row[1] < at_s]


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_left_is_feasible_and_nothing_is_lost(seed: int, name: str) -> None:
    plan = live(seed)
    if name == "failed run":
        _until_something_runs(plan)
    answer = _replanned(plan, EVENTS[name](plan))
    problem, left = posed(plan)
    assert check(problem, left) == ()
    tallies = plan.state.tallies
    held = np.bincount(left.entry_lot, left.entry_pieces, minlength=plan.lots)
    missing = plan.world.lots["quantity"][: plan.lots] - tallies["pieces"][: plan.lots]
    assert (held + missing == problem.lots.quantity).all()
    assert (missing >= 0).all()
    assert set(answer.unplanned) <= set(np.flatnonzero(missing).tolist())


@pytest.mark.parametrize("name", [name for name in EVENTS if name != "failed run"])
@pytest.mark.parametrize("seed", SEEDS)
def test_what_has_begun_stays(seed: int, name: str) -> None:
    plan = live(seed)
    before = _begun(plan, plan.now_s)
    now = plan.now_s
    _replanned(plan, EVENTS[name](plan))
    assert _begun(plan, now) == before


@pytest.mark.parametrize("seed", SEEDS)
def test_one_event_after_the_other(seed: int) -> None:
    plan = live(seed)
    for name, event in EVENTS.items():
        if name != "failed run" or begun_runs(plan):
            _replanned(plan, event(plan))
        problem, left = posed(plan)
        assert check(problem, left) == (), name


@pytest.mark.parametrize("tier", [Tier.STANDARD, Tier.EXPRESS])
@pytest.mark.parametrize("seed", SEEDS)
def test_lots_are_placed_anew_only_where_that_is_better(seed: int, tier: Tier) -> None:
    plan = live(seed)
    size = plan.lots
    worth, arrival = float(plan.state.head["worth"][0]), plan.state.tallies["arrival"][:size].copy()
    lots = tuple(range(1, size, 2))
    _replanned(plan, Reconsidered(lots, tier))
    now = plan.state.tallies["arrival"][:size]
    assert (now <= np.maximum(plan.promised_s[:size], arrival) + 1e-6).all()
    if tier is Tier.STANDARD:
        assert plan.state.head["worth"][0] <= worth + 1e-6


def test_a_lot_in_a_hurry_goes_before_others() -> None:
    earlier = 0
    for seed in SEEDS:
        plan = live(seed)
        for lot in range(1, plan.lots, 2):
            before = float(plan.state.tallies["arrival"][lot])
            _replanned(plan, Reconsidered((lot,), Tier.EXPRESS))
            earlier += float(plan.state.tallies["arrival"][lot]) < before
    assert earlier >= 5


def test_the_same_seed_gives_the_same_answer() -> None:
    answers = []
    for _ in range(2):
        plan = live(4)
        answers.append([_replanned(plan, EVENTS[name](plan)) for name in ("machine down", "rush order", "scrap")])
    assert answers[0] == answers[1]


def test_a_failed_run_alone_leaves_the_others_that_have_begun() -> None:
    plan = next(plan for seed in SEEDS if begun_runs(plan := live(seed)))
    run = begun_runs(plan)[-1]
    failed = tuple(float(plan.state.runs[name][run]) for name in ("machine", "begin", "start", "end"))
    before = _begun(plan, plan.now_s)
    _replanned(plan, FailedRun(run, plan.now_s))
    assert _begun(plan, plan.now_s) == [row for row in before if row != failed]


def test_what_moved_is_told() -> None:
    plan = live(2)
    before = plan.state.tallies["arrival"].copy()
    answer = replan(plan, EVENTS["agent silent"](plan), AfterIterations(4), 1, tolerance_s=0.0)
    after = plan.state.tallies["arrival"]
    moved = set(np.flatnonzero(before != after).tolist())
    assert {row.lot for row in answer.lots} == moved
    assert all(row.from_s == before[row.lot] and row.to_s == after[row.lot] for row in answer.lots)
    assert len(replan(live(2), EVENTS["agent silent"](plan), AfterIterations(4), 1, most_moved=0).lots) == 0


@pytest.mark.parametrize("name", [name for name in EVENTS if name != "failed run"])
def test_an_event_that_may_cost_nothing_more_leaves_a_plan_that_holds(name: str) -> None:
    for seed in SEEDS[:6]:
        plan, hurried = live(seed), live(seed)
        replan(plan, EVENTS[name](plan), AfterIterations(4), 5)
        replan(hurried, EVENTS[name](hurried), AfterIterations(4), 5, most_work=0)
        assert check(*posed(hurried)) == ()
        spent = [int(one.state.head["work"][0]) for one in (hurried, plan)]
        assert spent[0] <= spent[1]


@pytest.mark.parametrize("name", ["machine down for good", "agent silent", "changed calendar", "scrap", "own work"])
def test_no_more_lots_move_than_may_or_than_the_event_itself_takes_away(name: str) -> None:
    for seed in SEEDS[:6]:
        plan = live(seed)
        struck = replan(plan, EVENTS[name](plan), lambda: True, 5, most_moved=0).lots_moved
        for most in (0, 2, 4):
            plan = live(seed)
            answer = replan(plan, EVENTS[name](plan), AfterIterations(4), 5, most_moved=most)
            assert answer.lots_moved <= max(most, struck)
            assert check(*posed(plan)) == ()


@pytest.mark.parametrize(
    "event",
    [
        FailedRun(10_000, 0.0),
        TimeGoesOn(0.0),
        Scrap(0, 10_000),
        MachineTaken(99, 0.0, 1.0),
        Reconsidered((0, 10_000)),
    ],
)
def test_an_event_about_what_is_not_there_is_refused(event: Event) -> None:
    plan = live(1)
    before = later(plan)
    with pytest.raises(OutOfRange):
        _replanned(plan, event)
    assert later(plan) == before


@pytest.mark.parametrize("seed", SEEDS)
def test_a_question_changes_nothing_and_its_answer_holds(seed: int) -> None:
    plan = live(seed, spare_time=True)
    before = later(plan)
    offers = what_if(plan, request(plan), tuple(Tier), seed=3)
    assert later(plan) == before
    assert what_if(plan, request(plan), tuple(Tier), seed=3) == offers
    for offer in offers:
        plan = live(seed, spare_time=True)
        promises = plan.promised_s[: plan.lots].copy()
        arrival = plan.state.tallies["arrival"][: plan.lots].copy()
        rush = RushOrder(request(plan), offer.tier, promised_s=offer.ready_s)
        answer = replan(plan, rush, AfterIterations(4), seed=3)
        tallies = plan.state.tallies
        assert tallies["arrival"][answer.lot] <= offer.ready_s + 1e-6
        kept = tallies["arrival"][: len(promises)] <= np.maximum(promises, arrival) + 1e-6
        assert kept.all()
        assert sum(run.pieces for run in offer.runs) == request(plan).quantity
        assert check(*posed(plan)) == ()


def test_some_questions_are_answered() -> None:
    answered = [what_if(live(seed, spare_time=True), request(live(seed)), tuple(Tier)) for seed in range(4)]
    assert any(len(offers) == len(Tier) for offers in answered)
    for offers in answered:
        for offer in offers:
            assert offer.plates == len(offer.runs)
            assert offer.tier is Tier.EXPRESS or offer.tardiness_caused <= 1e-3


def test_an_empty_plan_can_be_asked() -> None:
    plan = live(1, empty=True)
    left: Plan = posed(plan)[1]
    assert len(left.machine) == 0
    assert len(what_if(plan, request(plan), (Tier.EXPRESS,))) == 1
