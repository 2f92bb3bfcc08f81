"""Violations planted in a good plan are found."""

from dataclasses import replace

import numpy as np
import pytest

from broker.scheduling.errors import Infeasible
from broker.scheduling.network.check import check, require_feasible
from broker.scheduling.network.figures import figures
from broker.scheduling.network.problem import Barred, Bounds, Plan, Problem, Result, Unplanned
from tests.broker.scheduling.network.plans import Run, plan, random_plan
from tests.broker.scheduling.network.problems import DAY, HOUR, floats, ints, random_problem, workshop

EIGHT = 8 * HOUR
FIRST = Run(0, EIGHT, EIGHT + 300, EIGHT + 900 + 4 * HOUR, ((0, 4),))
SECOND = Run(1, EIGHT + 300, EIGHT + 600, EIGHT + 1200 + 4 * HOUR, ((1, 4),))
GOOD = plan([FIRST, SECOND])


def moved(run: Run, by_s: float) -> Run:
    return replace(run, begin_s=run.begin_s + by_s, start_s=run.start_s + by_s, end_s=run.end_s + by_s)


def assert_found(problem: Problem, made: Plan, words: str) -> None:
    found = check(problem, made)
    assert any(words in violation for violation in found), found


def test_a_good_plan_holds() -> None:
    assert check(workshop(), GOOD) == ()


@pytest.mark.parametrize("seed", range(40))
def test_plans_made_plainly_hold(seed: int) -> None:
    problem = random_problem(seed, lots=10)
    assert check(problem, random_plan(problem, seed)) == ()


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([FIRST, moved(SECOND, -300)], "2 people are busy"),
        ([FIRST, replace(moved(FIRST, HOUR), lots=((1, 4),))], "machine 0 is free from"),
        ([moved(FIRST, -1)], "nobody of workshop 0 is there"),
        ([moved(FIRST, 8 * HOUR - 299)], "nobody of workshop 0 is there"),
        ([moved(FIRST, 4 * DAY)], "beyond the horizon"),
        ([replace(FIRST, begin_s=EIGHT + 1)], "for a change that takes 300 s"),
        ([replace(FIRST, end_s=FIRST.end_s - 1)], "lasts"),
        ([replace(FIRST, lots=((0, 5),), end_s=FIRST.end_s + HOUR)], "5 pieces, 4 fit"),
        ([FIRST, replace(moved(FIRST, DAY), machine=1)], "8 pieces are made of 4"),
        ([replace(FIRST, lots=((0, 2), (1, 2)))], "mustn't share this plate"),
        ([replace(FIRST, lots=((0, 2), (0, 2)))], "holds lot 0 twice"),
        ([replace(FIRST, lots=())], "is empty"),
        ([replace(FIRST, machine=2)], "there is none"),
        ([replace(FIRST, lots=((2, 4),))], "there is none"),
        ([replace(FIRST, lots=((0, 0),))], "of 0 pieces"),
        ([replace(FIRST, end_s=np.nan)], "ends at nan"),
    ],
)
def test_a_plan_that_doesn_t_hold(runs: list[Run], words: str) -> None:
    assert_found(workshop(), plan(runs), words)


def test_lots_that_share_are_of_one_family() -> None:
    both = replace(FIRST, lots=((0, 2), (1, 2)))
    assert check(workshop(share=ints(3, 3)), plan([both])) == ()
    assert_found(workshop(share=ints(3, 4)), plan([both]), "mustn't share")
    assert_found(workshop(share=ints(3, 3), family=ints(0, 1)), plan([both]), "is of family 1, not 0")


def test_a_change_of_family_takes_its_time() -> None:
    problem = workshop(family=ints(0, 1), machines=1)
    after = Run(0, FIRST.end_s, FIRST.end_s + 300, FIRST.end_s + 900 + 4 * HOUR, ((1, 4),))
    assert_found(problem, plan([FIRST, after]), "300 s for a change that takes 900 s")


def test_a_run_that_isn_t_unattended_ends_within_the_shift() -> None:
    problem = workshop(unattended=np.zeros(1, dtype=np.bool_))
    assert check(problem, GOOD) == ()
    assert_found(problem, plan([moved(FIRST, 4 * HOUR)]), "nobody of workshop 0 is there")


def test_somebody_watches() -> None:
    problem = workshop()
    watched = replace(problem, classes=replace(problem.classes, watch_s=floats(60)))
    assert_found(watched, GOOD, "2 people are busy")
    assert check(watched, plan([FIRST, moved(SECOND, 60)])) == ()


def test_limits_of_lots() -> None:
    problem = workshop()
    lots = problem.lots
    arrival = SECOND.end_s + 3 * HOUR
    assert_found(
        replace(problem, lots=replace(lots, release_s=floats(0, EIGHT + 601))), GOOD, "before lot 1 is released"
    )
    assert check(replace(problem, lots=replace(lots, deadline_s=floats(np.inf, arrival))), GOOD) == ()
    early = replace(problem, lots=replace(lots, deadline_s=floats(np.inf, arrival - 1)))
    assert_found(early, GOOD, "lot 1 arrives after its deadline")
    nowhere = replace(problem, workshops=replace(problem.workshops, ship_s=np.full((1, 1), np.inf)))
    assert_found(nowhere, GOOD, "isn't delivered from workshop 0")
    unable = replace(lots, per_plate=np.array([[4], [0]]), reason=np.array([[0], [1]]))
    assert_found(replace(problem, lots=unable), GOOD, "can't be made on machine 1: the machine is too small")
    barred = replace(problem, barred=Barred(ints(1), ints(1), ints(3)))
    assert_found(barred, GOOD, "lot 1 is barred from machine 1")


def test_limits_of_machines_and_stock() -> None:
    problem = workshop()
    taken = replace(problem.machines, block_machine=ints(1), block_s=np.array([[9 * HOUR, 10 * HOUR]]))
    assert_found(replace(problem, machines=taken), GOOD, "machine 1 is taken from 32400 to 36000 s")
    late = replace(problem.machines, ready_s=floats(EIGHT + 1, np.inf))
    assert_found(replace(problem, machines=late), GOOD, "machine 0 is free from")
    assert_found(replace(problem, machines=late), GOOD, "machine 1 is free from inf s")
    assert_found(replace(problem, now_s=EIGHT + 1), GOOD, "before now")
    lots = replace(problem.lots, material=ints(0, 0), use=floats(1, 2))
    for stock, fine in ((12.0, True), (11.9, False)):
        stocked = replace(problem, lots=lots, workshops=replace(problem.workshops, stock=np.full((1, 1), stock)))
        assert (check(stocked, GOOD) == ()) == fine


def test_arrays_that_don_t_match() -> None:
    assert_found(workshop(), replace(GOOD, end_s=GOOD.end_s[:1]), "end_s is float64 of shape (1,)")
    assert_found(workshop(), replace(GOOD, machine=GOOD.machine.astype(np.int32)), "machine is int32")
    assert_found(workshop(), replace(GOOD, entry_first=ints(0, 2, 1)), "entry_first doesn't rise")
    backwards = replace(GOOD, begin_s=GOOD.begin_s[::-1].copy())
    assert_found(workshop(), backwards, "aren't in order")


def result(problem: Problem) -> Result:
    return Result(GOOD, (), figures(problem, GOOD), Bounds(0.0, 0.0, 1.0, 2), ())


def test_a_result_that_says_what_it_is_holds() -> None:
    require_feasible(workshop(), result(workshop()))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tardiness", 5.0),
        ("rejected", 5.0),
        ("cost", 0.0),
        ("makespan_s", np.nan),
        ("lots_done", 1),
        ("machine_use", 0.5),
        ("earned_use", 0.5),
    ],
)
def test_figures_that_flatter(name: str, value: float) -> None:
    good = result(workshop())
    with pytest.raises(Infeasible, match=f"{name} is"):
        require_feasible(workshop(), replace(good, figures=replace(good.figures, **{name: value})))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "bounds", [Bounds(9.0, 0.0, 1.0, 2), Bounds(0.0, 9e9, 1.0, 2), Bounds(0.0, 0.0, 0.0, 2), Bounds(0.0, 0.0, 1.0, 1)]
)
def test_bounds_that_a_plan_beats(bounds: Bounds) -> None:
    with pytest.raises(Infeasible, match="bound"):
        require_feasible(workshop(), replace(result(workshop()), bounds=bounds))


def test_what_is_left_out_is_said_with_a_reason() -> None:
    problem = workshop(quantity=ints(4, 5))
    good = replace(result(problem), figures=figures(problem, GOOD))
    require_feasible(problem, replace(good, unplanned=(Unplanned(1, 1, "no time"),)))
    for unplanned in ((), (Unplanned(1, 1, ""),), (Unplanned(1, 2, "no time"),), (Unplanned(7, 1, "no time"),)):
        with pytest.raises(Infeasible, match=r"asked for|no reason"):
            require_feasible(problem, replace(good, unplanned=unplanned))
