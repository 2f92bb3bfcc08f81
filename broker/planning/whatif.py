"""What quotes ask: how would this be made, beside everything already promised?"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from broker.clock import Clock
from broker.database import Database, new_id
from broker.planning.left_out import left_out
from broker.planning.live import Live, take_live
from broker.planning.live_posing import LivePosed, pose_live
from broker.planning.posing import SHIPPING_S
from broker.planning.situation import OpenLine
from broker.planning.solving import Solver
from broker.quotes.live_plan import Opinion, Share, Wanted
from broker.scheduling.network import events
from broker.scheduling.network.whatif import Offer
from broker.scheduling.plates.asked import Answer, Question
from broker.wire.tiers import Tier

_WITHIN_S = 2.0
BACK_AFTER_S = 3600.0
"""A machine that takes no work now counts as back by then: a price doesn't hang on a lunch break."""
_KEPT = timedelta(seconds=30)
"""So long a plan to which nothing happens is asked as it was laid out; then progress of runs counts anew."""
_NEW_ORDER = "the new order"
_TIERS = {events.Tier.EXPRESS: Tier.EXPRESS, events.Tier.ECONOMY: Tier.ECONOMY}


@dataclass(frozen=True, slots=True)
class _Laid:
    """A plan that was asked, and whose workers may still know it."""

    live: Live
    families: tuple[object, ...]
    token: str


class WhatIf:
    """Fills `quotes.live_plan.LivePlan`."""

    def __init__(self, database: Database, clock: Clock, solver: Solver) -> None:
        self._database = database
        self._clock = clock
        self._solver = solver
        self._laid: _Laid | None = None

    async def consider(self, wanted: Sequence[Wanted]) -> Mapping[Tier, tuple[Opinion, ...]]:
        """Raises Infeasible for a fault of the solver's."""
        async with self._database.reading() as session:
            now = await take_live(session, self._clock.now())
        asked = tuple(line_of(number, item) for number, item in enumerate(wanted))
        laid = self._same(now, asked)
        posed = await asyncio.to_thread(pose_live, laid.live, asked, later_s=BACK_AFTER_S)
        if posed is None:
            return {Tier.STANDARD: tuple(_nobody(item) for item in wanted)}
        # Somebody who asked a moment later may have laid it out.
        since_s = max(0.0, _age(laid.live, now).total_seconds())
        question = Question(posed.underway, posed.asked, laid.token, since_s)
        return opinions(posed, question, await self._solver.answer(question, _WITHIN_S))

    def _same(self, now: Live, asked: Sequence[OpenLine]) -> _Laid:
        """The plan as it was laid out for the last question, unless something has happened to it."""
        families = tuple((line.process, line.material.casefold(), line.recipe) for line in asked)
        old = self._laid
        if old is None or old.families != families or old.live.mark != now.mark or abs(_age(old.live, now)) > _KEPT:
            self._laid = old = _Laid(now, families, new_id("plan"))
        return old


def _age(one: Live, other: Live) -> timedelta:
    return other.situation.taken_at - one.situation.taken_at


def line_of(number: int, item: Wanted) -> OpenLine:
    return OpenLine(
        id=f"{_NEW_ORDER} {number}",
        order_id=_NEW_ORDER,
        name=item.name,
        facts=item.facts,
        pieces=item.quantity,
        process=item.process,
        material=item.material,
        recipe=item.recipe,
        share=item.share,
        due_at=None,
        barred_workshops={},
        barred_machines={},
    )


def _nobody(item: Wanted) -> Opinion:
    return Opinion((), (), item.quantity, "no workshop has joined yet", 0.0, 0.0)


def opinions(posed: LivePosed, question: Question, answer: Answer) -> dict[Tier, tuple[Opinion, ...]]:
    """By tier, one for each item."""
    lots = range(question.asked, len(posed.posed.lines))
    standard = tuple(_opinion(posed, question, answer, lot) for lot in lots)
    found = {Tier.STANDARD: standard}
    for tier, offers in answer.others.items():
        found[_TIERS[tier]] = tuple(
            replace(
                opinion,
                shares=_offered(posed, offer),
                ready_s=max(offer.ready_s - question.now_s, SHIPPING_S),
            )
            for opinion, offer in zip(standard, offers, strict=True)
        )
    return found


def _opinion(posed: LivePosed, question: Question, answer: Answer, lot: int) -> Opinion:
    """The standard tier's."""
    judged, own = answer.standard.judged, lot - posed.underway.first
    missing = [left for left in answer.standard.left if left.lot == lot]
    seconds = judged.lots.piece_s[own][judged.lots.per_plate[own] > 0]
    return Opinion(
        shares=_shares(posed, answer, lot),
        left_out=left_out(posed.open, judged, own),
        unplanned=sum(left.pieces for left in missing),
        unplanned_reason="; ".join(left.reason for left in missing),
        piece_s=float(seconds.min(initial=np.inf)) if len(seconds) else 0.0,
        ready_s=max(_arrival_s(posed, answer, lot) - question.now_s, SHIPPING_S),
    )


def _arrival_s(posed: LivePosed, answer: Answer, lot: int) -> float:
    problem = posed.posed.problem
    ship_s = problem.workshops.ship_s[problem.lots.place[lot]]
    runs = (run for run in answer.standard.fresh if lot in dict(run.entries))
    return max((run.end_s + float(ship_s[problem.machines.workshop[run.machine]]) for run in runs), default=0.0)


def _shares(posed: LivePosed, answer: Answer, lot: int) -> tuple[Share, ...]:
    problem = posed.posed.problem
    shares: dict[int, Share] = {}
    for run in answer.standard.fresh:
        pieces, kind = dict(run.entries).get(lot, 0), int(problem.machines.kind[run.machine])
        if not pieces:
            continue
        of_plate = pieces / sum(number for _, number in run.entries)
        seconds = pieces * float(problem.lots.piece_s[lot, kind]) + of_plate * float(problem.classes.overhead_s[kind])
        _add(shares, posed, run.machine, pieces, seconds, of_plate)
    return tuple(shares.values())


def _offered(posed: LivePosed, offer: Offer) -> tuple[Share, ...]:
    """Every plate is the item's own."""
    shares: dict[int, Share] = {}
    for run in offer.runs:
        _add(shares, posed, run.machine, run.pieces, run.end_s - run.start_s, 1.0)
    return tuple(shares.values())


def _add(
    shares: dict[int, Share], posed: LivePosed, machine: int, pieces: int, machine_s: float, plates: float
) -> None:
    station = posed.posed.stations[machine]
    before = shares.get(machine, Share(station.workshop_id, station.machine_id, 0, 0.0, 0.0))
    shares[machine] = replace(
        before,
        pieces=before.pieces + pieces,
        machine_s=before.machine_s + machine_s,
        plates=before.plates + plates,
    )
