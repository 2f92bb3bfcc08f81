"""Lots come to share plates, by what nests show, and never for the worse."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from broker.scheduling.nesting.nester import Nester
from broker.scheduling.network.check import check
from broker.scheduling.network.figures import figures
from broker.scheduling.network.problem import Plan, Problem
from broker.scheduling.plates.capacity import fitted
from broker.scheduling.plates.layout import Entries, Lying
from broker.scheduling.plates.learnt import FIRST, Learnt, entries_by_run
from broker.scheduling.plates.runs import Planned, rows_of, runs_of
from broker.scheduling.plates.search import shared
from broker.scheduling.stopping import AfterIterations
from tests.broker.scheduling.plates.town import Part, box, geometry, planned, problem

PAIR = (Part(box(30, 20), 3, piece_s=60), Part(box(25, 25), 2, piece_s=60))
LONG = 40
"""Times that a search asks whether it should stop."""


def posed(parts: Sequence[Part]) -> tuple[Problem, Lying]:
    shapes = geometry(parts)
    nester = Nester(shapes.shapes)
    asked = fitted(problem(parts), shapes, nester)
    return asked, Lying(asked, shapes, nester)


def better_than(asked: Problem, plan: Plan, parts: Sequence[Part], lies: Lying, times: int = LONG) -> Plan:
    found = shared(asked, geometry(parts), plan, lies, AfterIterations(times), 1)
    assert check(asked, found) == ()
    assert all(lies(run.machine, run.entries) for run in runs_of(found))
    return found


def worth(asked: Problem, plan: Plan) -> tuple[float, float]:
    of = figures(asked, plan)
    return round(of.tardiness + of.rejected, 3), round(of.cost, 3)


def on_one_machine(asked: Problem) -> Problem:
    return replace(asked, machines=replace(asked.machines, ready_s=np.array([0.0, np.inf, np.inf, 0.0])))


def test_remainders_of_two_lots_come_to_share_a_plate() -> None:
    asked, lies = posed(PAIR)
    asked = on_one_machine(asked)
    plan = planned(asked, (0, (0, 3)), (0, (1, 2)))
    better = better_than(asked, plan, PAIR, lies)
    assert runs_of(better) == [Planned(0, ((0, 3), (1, 2)))]
    assert worth(asked, better) < worth(asked, plan)


def test_a_plate_that_makes_the_plan_worse_is_not_shared() -> None:
    parts = (replace(PAIR[0], due_s=4300.0), replace(PAIR[1], piece_s=900.0))
    asked, lies = posed(parts)
    asked = on_one_machine(asked)
    plan = planned(asked, (0, (0, 3)), (0, (1, 2)))
    assert len(better_than(asked, plan, parts, lies).machine) == 2


def test_a_plate_whose_lots_do_not_lie_together_is_parted_before_all_else() -> None:
    parts = (Part(box(100, 80), 4), Part(box(100, 80), 4), Part(box(30, 20), 2))
    asked, lies = posed(parts)
    plan = planned(asked, (0, (0, 3), (1, 3), (2, 2)), (1, (0, 1)), (1, (1, 1)))
    assert check(asked, plan) == ()
    assert not lies(0, ((0, 3), (1, 3), (2, 2)))
    found = better_than(asked, plan, parts, lies, times=0)
    assert sorted(entry for run in runs_of(found) for entry in run.entries) == [(0, 1), (0, 3), (1, 1), (1, 3), (2, 2)]


def test_who_is_stopped_at_once_keeps_the_plan() -> None:
    asked, lies = posed(PAIR)
    plan = planned(asked, (0, (0, 3)), (0, (1, 2)))
    assert better_than(asked, plan, PAIR, lies, times=0) is plan


def test_a_barred_machine_takes_nobody_onto_its_plates() -> None:
    asked, lies = posed(PAIR)
    asked = on_one_machine(asked)
    machines = replace(asked.machines, ready_s=np.array([0.0, 0.0, np.inf, 0.0]))
    barred = replace(asked.barred, lot=np.array([0]), machine=np.array([0]), reason=np.array([1]))
    asked = replace(asked, machines=machines, barred=barred, reasons=("", "declined"))
    plan = planned(asked, (0, (1, 2)), (1, (0, 3)))
    assert 0 not in [run.machine for run in runs_of(better_than(asked, plan, PAIR, lies)) if dict(run.entries).get(0)]


def test_what_nests_show_is_told_to_the_search() -> None:
    parts = (Part(box(100, 80), 4), Part(box(120, 90), 4), Part(box(30, 20), 9, share=-1))
    asked, lies = posed(parts)
    learnt = Learnt(asked, geometry(parts), lies)
    company = learnt.company
    assert [company.mates[company.first[lot] : company.last[lot]].tolist() for lot in range(3)] == [[0, 1], [0, 1], [2]]
    known: list[Entries] = [((0, 1), (1, 1)), ((0, 4), (1, 2)), ((0, 2), (1, 1))]
    assert [learnt.lies(0, entries) for entries in known] == [True, False, True]
    assert company.known[0].tolist() == [1, 2]
    assert company.patterns[0, 0, 0, :2].tolist() == [[0, 4], [1, 2]]
    learnt.lies(0, known[0])
    assert company.known[0].tolist() == [1, 2]
    # A plate that isn't near what is tried and doesn't lie was never tried for that.
    assert company.reach[0] == FIRST or abs(company.reach[0] - FIRST) < 0.1


def test_rows_of_shared_plates() -> None:
    asked, _ = posed(PAIR)
    plan = planned(asked, (0, (0, 2), (1, 1)), (1, (0, 1)))
    assert sorted(map(tuple, rows_of(plan).tolist())) == [(-1, 1, 1), (0, 0, 2), (1, 0, 1)]
    rows = np.array([[7, 0, 1, 1], [7, 0, 0, 2]], dtype=np.int64)
    assert entries_by_run(rows) == [(7, 0, ((0, 2), (1, 1)))]
