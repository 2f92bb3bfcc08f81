"""What a plan with plates offers for lots that aren't ordered yet, by lead time; the plan stays as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from broker.scheduling.network.events import Request, Tier, TimeGoesOn
from broker.scheduling.network.live import LivePlan, live_plan
from broker.scheduling.network.offers import offers
from broker.scheduling.network.problem import Problem
from broker.scheduling.network.replan import replan
from broker.scheduling.network.whatif import Offer
from broker.scheduling.plates.retime import retimed
from broker.scheduling.plates.underway import Change, Fresh, Underway, go_on, together
from broker.scheduling.stopping import Stop

ECONOMY_TIMES = 3.0
ECONOMY_LATER_S = 14 * 24 * 3600.0
"""Of the standard lead time, and later than it: within the lesser of both a cheap machine may be waited for."""

_SPARE_LOTS = 250
"""More than an order has lines; with room for four times as many runs, without making a copy slow."""


@dataclass(frozen=True, slots=True)
class Question:
    plan: Underway
    """Its last lots are asked about."""
    asked: int
    """The first of them."""
    token: str
    """The same for questions of the same plan, laid out at the same moment, whatever they ask about."""
    now_s: float
    """Since then."""


@dataclass(frozen=True, slots=True)
class Answer:
    standard: Change
    ready_s: float
    """When the last of what the standard tier makes has arrived."""
    others: Mapping[Tier, tuple[Offer, ...]]
    """By asked lot, where every piece finds a place."""


class Memory:
    """The plan that was asked last, laid out; questions of the same plan find it ready."""

    def __init__(self) -> None:
        self._token = ""
        self._live: LivePlan | None = None

    def plan(self, question: Question, standard: Change, seed: int) -> LivePlan:
        if self._live is None or self._token != question.token:
            self._live, self._token = _laid_out(question, standard, seed), question.token
        if question.now_s > self._live.now_s:
            replan(self._live, TimeGoesOn(question.now_s), lambda: True, seed)
        return self._live


def answer(question: Question, memory: Memory, stop: Stop, seed: int, *, finish: Stop) -> Answer:
    """The standard tier by the search that plans orders, the others by what a live plan offers.

    A search finds better standard plans than insertion does: it shares plates among items, and spreads a lot over as
    many machines as its waiting is worth. What goes before others, or waits for a cheap machine, it can't weigh.

    Raises
    ------
    Infeasible
        For a fault of the solver's.
    """
    problem = replace(question.plan.problem, now_s=question.now_s)
    standard = go_on(replace(question.plan, problem=problem), (), stop, seed, finish=finish, still=True)
    ready_s = _ready_s(problem, standard.fresh, question.asked)
    if any(left.lot >= question.asked for left in standard.left):
        return Answer(standard, ready_s, {})
    live = memory.plan(question, standard, seed)
    within_s = question.now_s + min(
        ECONOMY_TIMES * (ready_s - question.now_s), ready_s - question.now_s + ECONOMY_LATER_S
    )
    express = offers(live, _requests(question, standard, np.inf), Tier.EXPRESS, seed=seed)
    economy = offers(live, _requests(question, standard, within_s), Tier.ECONOMY, seed=seed)
    found: dict[Tier, tuple[Offer, ...]] = {}
    if express and max(one.ready_s for one in express) < ready_s:
        found[Tier.EXPRESS] = express
    if economy:
        found[Tier.ECONOMY] = economy
    return Answer(standard, ready_s, found)


def _ready_s(problem: Problem, fresh: Sequence[Fresh], asked: int) -> float:
    """Arrival of the last asked piece that is planned."""
    arrivals = [
        run.end_s + float(problem.workshops.ship_s[problem.lots.place[lot], problem.machines.workshop[run.machine]])
        for run in fresh
        for lot, _ in run.entries
        if lot >= asked
    ]
    return max(arrivals, default=0.0)


def _laid_out(question: Question, standard: Change, seed: int) -> LivePlan:
    """The plan without what is asked, but with what is open: that is ordered."""
    plan = question.plan
    quantity = plan.problem.lots.quantity.copy()
    quantity[question.asked :] = 0
    problem = replace(plan.problem, lots=replace(plan.problem.lots, quantity=quantity))
    ordered = [
        replace(run, entries=entries)
        for run in standard.fresh
        if (entries := tuple(entry for entry in run.entries if entry[0] < question.asked))
    ]
    stands, _ = together(problem, retimed(problem, plan.runs)[0], ordered)
    return live_plan(problem, stands, plan.promised_s, seed, spare_lots=_SPARE_LOTS)


def _requests(question: Question, standard: Change, deadline_s: float) -> tuple[Request, ...]:
    """The asked lots, as their shapes were judged."""
    plan, judged = question.plan, standard.judged.lots
    lots, shops = plan.problem.lots, plan.problem.workshops
    return tuple(
        Request(
            family=int(lots.family[lot]),
            quantity=int(lots.quantity[lot]),
            piece_s=judged.piece_s[lot - plan.first],
            per_plate=judged.per_plate[lot - plan.first],
            ship_s=shops.ship_s[lots.place[lot]],
            ship_cost=shops.ship_cost[lots.place[lot]],
            release_s=0.0,
            due_s=plan.problem.horizon_s,
            weight=float(lots.weight[lot]),
            rejection=float(lots.rejection[lot]),
            deadline_s=deadline_s,
        )
        for lot in range(question.asked, len(lots.quantity))
    )
