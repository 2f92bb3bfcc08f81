"""Why this machine, why this date, what would make it earlier."""

from dataclasses import replace

import numpy as np
import pytest

from broker.scheduling.network.check import check
from broker.scheduling.network.explain import Cause, Change, Explanation, LeftOut, explain
from broker.scheduling.network.problem import Barred, Plan, Problem
from broker.scheduling.network.slots import Slots, own_runs
from tests.broker.scheduling.network.plans import Run, plan, random_plan
from tests.broker.scheduling.network.problems import HOUR, floats, ints, random_problem, workshop

EIGHT = 8 * HOUR
FIRST = Run(0, EIGHT, EIGHT + 300, EIGHT + 900 + 4 * HOUR, ((0, 4),))
BEHIND = Run(0, FIRST.end_s, FIRST.end_s + 300, FIRST.end_s + 900 + 4 * HOUR, ((1, 4),))
BESIDE = Run(1, EIGHT + 300, EIGHT + 600, EIGHT + 1200 + 4 * HOUR, ((1, 4),))


def causes(said: Explanation) -> list[Cause]:
    return [wait.cause for wait in said.waits]


def gains(said: Explanation) -> dict[Change, float]:
    return {earlier.change: earlier.gain_s for earlier in said.earlier}


def test_a_lot_behind_another() -> None:
    problem = workshop()
    said = explain(problem, plan([FIRST, BEHIND]), 1)
    assert causes(said) == [Cause.NOBODY, Cause.MACHINE, Cause.CHANGE, Cause.RUN, Cause.TRANSPORT]
    assert said.waits[1].lots == (0,)
    assert said.arrival_s == said.waits[-1].until_s == BEHIND.end_s + 3 * HOUR
    assert all(before.until_s == after.from_s for before, after in zip(said.waits, said.waits[1:], strict=False))
    assert gains(said)[Change.QUEUE] == BEHIND.end_s - (FIRST.end_s + 300)
    assert gains(said)[Change.ELSEWHERE] == BEHIND.end_s - BESIDE.end_s
    assert said.alternatives[0].machine == 1
    assert said.alternatives[0].arrival_s == BESIDE.end_s + 3 * HOUR
    assert said.alternatives[0].cost == pytest.approx((900 + 4 * HOUR) * 0.01 + 300 * 0.02 + 500)
    assert said.cost == pytest.approx(said.alternatives[0].cost)


def test_a_lot_that_waits_for_a_person() -> None:
    said = explain(workshop(), plan([FIRST, BESIDE]), 1)
    assert causes(said) == [Cause.NOBODY, Cause.PEOPLE, Cause.CHANGE, Cause.RUN, Cause.TRANSPORT]
    assert gains(said)[Change.PERSON] == 300
    assert gains(said)[Change.SHIFT] == EIGHT + 300


def test_a_lot_that_waits_for_its_release() -> None:
    problem = workshop()
    late = replace(problem, lots=replace(problem.lots, release_s=floats(0, 10 * HOUR)))
    run = Run(1, 10 * HOUR - 300, 10 * HOUR, 14 * HOUR + 600, ((1, 4),))
    said = explain(late, plan([FIRST, run]), 1)
    assert causes(said)[:2] == [Cause.NOBODY, Cause.RELEASE]
    assert gains(said)[Change.RELEASE] == run.begin_s - BESIDE.begin_s
    assert Change.SHIFT not in gains(said)


def test_a_lot_that_the_plan_left_for_later() -> None:
    run = replace(BESIDE, begin_s=BESIDE.begin_s + HOUR, start_s=BESIDE.start_s + HOUR, end_s=BESIDE.end_s + HOUR)
    assert Cause.LEFT in causes(explain(workshop(), plan([FIRST, run]), 1))


def test_halves_on_two_machines_are_sooner() -> None:
    said = explain(workshop(), plan([FIRST]), 0)
    assert gains(said)[Change.SPLIT] == 2 * HOUR - 300


def test_who_is_left_out_and_why() -> None:
    problem = replace(workshop(), barred=Barred(ints(1), ints(0), ints(3)))
    said = explain(problem, plan([FIRST, BESIDE]), 1)
    assert said.left_out == (LeftOut(0, 0, "the workshop declined"),)
    assert [way.machine for way in said.alternatives] == [1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"per_plate": np.array([[4], [0]]), "reason": np.array([[0], [1]])}, "the machine is too small"),
        ({"deadline_s": np.array([np.inf, HOUR])}, "by its deadline"),
        ({"release_s": np.array([0.0, 80 * HOUR])}, "before the horizon"),
        ({}, "counts more than leaving it out"),
    ],
)
def test_a_lot_that_isn_t_planned(change: dict[str, np.ndarray], words: str) -> None:
    problem = workshop()
    said = explain(replace(problem, lots=replace(problem.lots, **change)), plan([FIRST]), 1)
    assert (said.pieces_left, said.machines, said.waits) == (4, (), ())
    assert words in said.reasons[0]


def with_slot(problem: Problem, made: Plan, lot: int, machine: int) -> Plan | None:
    """The plan with all of the lot moved to one machine."""
    course = Slots(problem, made, own_runs(made, lot)).whole(lot, machine, int(problem.lots.quantity[lot]))
    if not course:
        return None
    most = int(problem.lots.per_plate[lot, problem.machines.kind[machine]])
    runs = []
    for run in range(len(made.machine)):
        rows = slice(made.entry_first[run], made.entry_first[run + 1])
        lots = tuple(zip(made.entry_lot[rows].tolist(), made.entry_pieces[rows].tolist(), strict=True))
        if lots[0][0] != lot:
            begin, start, end = float(made.begin_s[run]), float(made.start_s[run]), float(made.end_s[run])
            runs.append(Run(int(made.machine[run]), begin, start, end, lots))
    left = int(problem.lots.quantity[lot])
    for slot in course:
        pieces = min(left, most)
        runs.append(Run(machine, slot.begin_s, slot.start_s, slot.end_s, ((lot, pieces),)))
        left -= pieces
    return plan(runs)


@pytest.mark.parametrize("seed", range(30))
def test_an_alternative_can_be_had(seed: int) -> None:
    """But that changes of the runs after it may have to begin earlier, for which there was room."""
    problem = random_problem(seed, lots=6, plain=True)
    same = replace(problem, setup_s=np.full_like(problem.setup_s, 600.0))
    made = random_plan(same, seed)
    for lot in range(6):
        for machine in range(4):
            moved = with_slot(same, made, lot, machine)
            assert moved is None or check(same, moved) == ()


@pytest.mark.parametrize("seed", range(20))
def test_every_lot_of_any_plan_can_be_explained(seed: int) -> None:
    problem = random_problem(seed)
    made = random_plan(problem, seed)
    for lot in range(len(problem.lots.quantity)):
        said = explain(problem, made, lot)
        assert (said.pieces_left > 0) == bool(said.reasons)
        assert all(gain.gain_s > 0 for gain in said.earlier)
        if said.waits:
            assert said.waits[-1].until_s == said.arrival_s


def test_a_lot_that_isn_t_there() -> None:
    with pytest.raises(IndexError, match="there are 2"):
        explain(workshop(), plan([FIRST]), 2)
