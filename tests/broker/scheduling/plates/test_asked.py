"""What isn't ordered yet, by lead time."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from broker.scheduling.network.events import Tier
from broker.scheduling.plates.asked import ECONOMY_TIMES, Answer, Memory, Question, answer
from broker.scheduling.stopping import AfterIterations
from tests.broker.scheduling.plates.test_underway import HOUR_S, TRAY, underway
from tests.broker.scheduling.plates.town import DAY_S, LARGE, SMALL, Part, box

BUSY = Part(TRAY, 12, piece_s=2 * HOUR_S, due_s=12 * DAY_S)
NEW = Part(TRAY, 4, piece_s=HOUR_S)
OTHER = Part(box(50, 50), 3, piece_s=HOUR_S)


def question(*asked: Part, busy: bool = True, now_s: float = 0.0) -> Question:
    """The small printer is the cheap one."""
    plan = underway((BUSY, *asked), [(0, 0, 6), (1, 0, 6)] if busy else [], first=1 if busy else 0)
    costs = np.array([0.1, 0.02, 0.1])
    lots = (
        plan.problem.lots
        if busy
        else replace(plan.problem.lots, quantity=plan.problem.lots.quantity * np.array([0, 1]))
    )
    classes = replace(plan.problem.classes, cost_per_s=costs)
    plan = replace(plan, problem=replace(plan.problem, classes=classes, lots=lots))
    return Question(plan, asked=1, token="one", now_s=now_s)


def answered(asked: Question, memory: Memory | None = None) -> Answer:
    return answer(asked, memory or Memory(), AfterIterations(8), 1, finish=AfterIterations(50))


def _kinds(asked: Question, found: Answer, tier: Tier) -> set[int]:
    kind = asked.plan.problem.machines.kind
    return {int(kind[run.machine]) for offer in found.others[tier] for run in offer.runs}


def test_the_express_goes_before_what_may_wait_and_the_economy_takes_the_cheap_machine() -> None:
    asked = question(NEW)
    found = answered(asked)
    assert found.standard.left == ()
    [express], [economy] = found.others[Tier.EXPRESS], found.others[Tier.ECONOMY]
    assert express.ready_s < found.ready_s
    assert express.tardiness_caused == 0
    assert LARGE in _kinds(asked, found, Tier.EXPRESS)
    assert _kinds(asked, found, Tier.ECONOMY) == {SMALL}
    assert economy.ready_s <= ECONOMY_TIMES * found.ready_s
    assert sum(run.pieces for run in economy.runs) == NEW.quantity


def test_there_is_no_express_where_nothing_stands_in_the_way() -> None:
    assert Tier.EXPRESS not in answered(question(NEW, busy=False)).others


def test_items_of_one_order_are_placed_beside_each_other() -> None:
    asked = question(NEW, OTHER)
    found = answered(asked)
    for offers in found.others.values():
        runs = sorted((run.machine, run.begin_s, run.end_s) for offer in offers for run in offer.runs)
        assert [sum(run.pieces for run in offer.runs) for offer in offers] == [NEW.quantity, OTHER.quantity]
        for one, other in pairwise(runs):
            assert one[0] != other[0] or one[2] <= other[1]


def test_what_nobody_can_make_has_the_standard_tier_alone() -> None:
    found = answered(question(replace(NEW, shape=box(900, 900))))
    assert [(left.lot, left.pieces) for left in found.standard.left] == [(1, NEW.quantity)]
    assert found.others == {}


def test_a_plan_that_was_asked_is_asked_again() -> None:
    memory = Memory()
    first, second, alone = answered(question(NEW), memory), answered(question(NEW), memory), answered(question(NEW))
    assert first.others == second.others == alone.others
    later = answered(question(NEW, now_s=2 * HOUR_S), memory)
    assert all(run.begin_s >= 2 * HOUR_S for offers in later.others.values() for run in offers[0].runs)
    assert all(run.begin_s >= 2 * HOUR_S for run in later.standard.fresh)
