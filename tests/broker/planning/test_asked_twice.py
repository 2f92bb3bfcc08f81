"""A plan that was asked is asked again as it was laid out, until something happens to it or it is old."""

from dataclasses import replace

from broker.database import Database
from broker.planning.solving import Solver
from broker.planning.whatif import WhatIf
from broker.quotes.live_plan import Wanted
from broker.scheduling.plates.asked import Answer, Question
from broker.wire.messages import Availability
from broker.wire.plates import Recipe
from broker.wire.shop import Process
from broker.wire.tiers import Tier
from tests.broker.conftest import HandClock, Town
from tests.broker.planning.floor import Floor
from tests.broker.planning.situations import box
from tests.broker.runs.conftest import KeptSolver

BOX = Wanted("box", box(40, 30, 10), 4, Process.FDM, "PLA", Recipe())


class Listening(KeptSolver):
    """Keeps the questions that it was asked."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self.questions: list[Question] = []

    async def answer(self, question: Question, within_s: float, seed: int = 1) -> Answer:
        self.questions.append(question)
        return await self._solver.answer(question, within_s, seed)


async def test_a_plan_is_laid_out_once_while_nothing_happens_to_it(
    quiet: Town, floor: Floor, database: Database, clock: HandClock, solver: KeptSolver
) -> None:
    await floor.order(quiet, 4)
    listening = Listening(solver)
    plan = WhatIf(database, clock, listening)
    first = await plan.consider([BOX])
    clock.forward(seconds=10)
    again = await plan.consider([replace(BOX, quantity=2)])
    await plan.consider([replace(BOX, material="PETG")])
    await floor.set("tres", Availability.FREE)
    await plan.consider([BOX])
    clock.forward(seconds=31)
    await plan.consider([BOX])
    tokens = [question.token for question in listening.questions]
    assert tokens[0] == tokens[1]
    assert len(set(tokens)) == 4
    assert [question.now_s for question in listening.questions] == [0, 10, 0, 0, 0]
    assert again[Tier.STANDARD][0].ready_s < first[Tier.STANDARD][0].ready_s


async def test_who_asked_first_and_was_overtaken_is_answered_too(
    quiet: Town, floor: Floor, database: Database, clock: HandClock, solver: KeptSolver
) -> None:
    """And so is who asks after the broker's clock was put back."""
    await floor.order(quiet, 4)
    listening = Listening(solver)
    plan = WhatIf(database, clock, listening)
    for seconds in (0.0, -0.004, -86400.0):
        clock.forward(seconds=seconds)
        assert (await plan.consider([BOX]))[Tier.STANDARD][0].shares
    assert [question.now_s for question in listening.questions] == [0, 0, 0]
    tokens = [question.token for question in listening.questions]
    assert tokens[0] == tokens[1] != tokens[2]
