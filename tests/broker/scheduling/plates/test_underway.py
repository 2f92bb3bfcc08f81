"""A plan under way: what is open finds its place, what may wait gives way, and nothing promised is late for it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from broker.scheduling.network.check import check
from broker.scheduling.network.problem import Plan
from broker.scheduling.plates.check import check_layouts
from broker.scheduling.plates.retime import retimed
from broker.scheduling.plates.runs import Planned
from broker.scheduling.plates.underway import MOST_LATE, Change, Fresh, Underway, go_on, matched
from broker.scheduling.stopping import AfterIterations
from tests.broker.scheduling.plates.town import DAY_S, Part, box, geometry, problem

HOUR_S = 3600.0
SHORT = 8
TRAY = box(60, 40)


def underway(parts: Sequence[Part], runs: Sequence[tuple[int, int, int]], first: int) -> Underway:
    """Runs as (machine, lot, pieces); promised is what is due."""
    asked = problem(parts)
    planned = tuple(Planned(machine, ((lot, pieces),)) for machine, lot, pieces in runs)
    return Underway(asked, geometry(parts), planned, asked.lots.due_s, first)


def changed(plan: Underway, *hurried: int, still: bool = False) -> Change:
    change = go_on(plan, hurried, AfterIterations(SHORT), 1, finish=AfterIterations(50), still=still)
    assert change.faults == ()
    return change


def pieces(plan: Underway, change: Change) -> Counter[int]:
    """By lot, in all runs there are to be."""
    entries = [entry for run in change.fresh for entry in run.entries]
    entries += [entry for number, run in enumerate(plan.runs) if number not in change.gone for entry in run.entries]
    total: Counter[int] = Counter()
    for lot, number in entries:
        total[lot] += number
    return total


def whole(plan: Underway, change: Change) -> Plan:
    """What stays and what is new, by the times that the change tells."""
    rows = [(run.begin_s, run.start_s, run.end_s, run.machine, run.entries) for run in change.fresh]
    classes, machines = plan.problem.classes, plan.problem.machines
    for kept in change.kept:
        run = plan.runs[kept.run]
        hands_s = float((classes.clear_s + classes.count_s)[machines.kind[run.machine]])
        rows.append((kept.start_s - hands_s, kept.start_s, kept.end_s, run.machine, run.entries))
    rows.sort(key=lambda row: (row[0], row[3]))
    entries = [entry for row in rows for entry in row[4]]
    return Plan(
        machine=np.array([row[3] for row in rows], dtype=np.int64),
        begin_s=np.array([row[0] for row in rows]),
        start_s=np.array([row[1] for row in rows]),
        end_s=np.array([row[2] for row in rows]),
        entry_first=np.cumsum([0, *(len(row[4]) for row in rows)]).astype(np.int64),
        entry_lot=np.array([lot for lot, _ in entries], dtype=np.int64),
        entry_pieces=np.array([number for _, number in entries], dtype=np.int64),
    )


def test_what_is_open_goes_beside_what_is_planned() -> None:
    parts = (Part(TRAY, 4, due_s=9 * DAY_S), Part(TRAY, 4, due_s=9 * DAY_S))
    plan = underway(parts, [(0, 0, 4)], first=1)
    change = changed(plan)
    assert (change.gone, change.kept, change.left) == ((), (), ())
    assert pieces(plan, change) == {0: 4, 1: 4}
    queue, _ = retimed(plan.problem, plan.runs)
    behind = [run.begin_s for run in change.fresh if run.machine == 0]
    assert all(begin_s >= queue.end_s[0] for begin_s in behind)


def test_what_may_wait_gives_way_to_who_is_in_a_hurry() -> None:
    parts = (Part(TRAY, 12, piece_s=HOUR_S, due_s=9 * DAY_S), Part(TRAY, 2, piece_s=HOUR_S, due_s=9 * DAY_S))
    plan = underway(parts, [(0, 0, 6), (1, 0, 6)], first=1)
    small = replace(plan.geometry, lot_table=np.where(np.arange(3) == 1, -1, plan.geometry.lot_table))
    lots = plan.problem.lots
    able = np.arange(3) != 1
    lots = replace(lots, per_plate=lots.per_plate * able, reason=np.where(able, lots.reason, 1))
    plan = replace(plan, geometry=small, problem=replace(plan.problem, lots=lots))
    calm, hurried = changed(plan), changed(plan, 1)
    assert max(run.end_s for run in hurried.fresh) < min(run.end_s for run in calm.fresh) - HOUR_S
    assert hurried.gone == ()
    assert max(kept.later_s for kept in hurried.kept) > HOUR_S
    assert check(plan.problem, whole(plan, hurried)) == ()


def test_nobody_is_late_for_who_is_in_a_hurry() -> None:
    parts = (Part(TRAY, 6, piece_s=HOUR_S), Part(TRAY, 6, piece_s=HOUR_S), Part(TRAY, 6, piece_s=HOUR_S))
    plan = underway(parts, [(0, 0, 6), (1, 1, 6)], first=2)
    queue, _ = retimed(plan.problem, plan.runs)
    promised = np.append(queue.end_s + HOUR_S, np.inf)
    lots = replace(plan.problem.lots, due_s=promised)
    plan = replace(plan, promised_s=promised, problem=replace(plan.problem, lots=lots))
    change = changed(plan, 2)
    assert all(kept.later_s <= 0 for kept in change.kept)
    assert pieces(plan, change) == {0: 6, 1: 6, 2: 6}


def test_what_would_be_late_moves_to_another_machine() -> None:
    parts = (Part(TRAY, 6, piece_s=4 * HOUR_S, due_s=26 * HOUR_S), Part(TRAY, 3, piece_s=HOUR_S, due_s=8 * HOUR_S))
    plan = underway(parts, [(0, 0, 6), (0, 1, 3)], first=2)
    change = changed(plan)
    assert change.gone == (1,)
    assert {run.machine for run in change.fresh} & {1, 2}
    assert pieces(plan, change) == {0: 6, 1: 3}
    assert max(run.end_s for run in change.fresh) + HOUR_S <= 8 * HOUR_S
    assert changed(plan, still=True).gone == ()


def test_what_is_late_wherever_it_is_made_stays() -> None:
    parts = (Part(TRAY, 3, piece_s=4 * HOUR_S, due_s=HOUR_S), Part(TRAY, 3, piece_s=4 * HOUR_S, due_s=HOUR_S))
    plan = underway(parts, [(0, 0, 3), (1, 1, 3)], first=2)
    per_plate = np.where(plan.problem.lots.per_plate > 0, 3, 0)
    lots = replace(plan.problem.lots, per_plate=per_plate, reason=np.where(per_plate > 0, 0, 1))
    ready = np.array([0.0, 0.0, np.inf, np.inf])
    machines = replace(plan.problem.machines, ready_s=ready)
    change = changed(replace(plan, problem=replace(plan.problem, lots=lots, machines=machines)))
    assert (change.fresh, change.gone, change.kept) == ((), (), ())


@pytest.mark.parametrize("seed", range(8))
def test_whatever_moves_every_piece_is_made_where_it_can_be(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sides = rng.integers(20, 90, (5, 2)).astype(float)
    parts = tuple(
        Part(box(*side), int(rng.integers(2, 9)), int(rng.integers(0, 2)), 1800.0, due_s=float(due))
        for side, due in zip(sides, rng.uniform(4, 40, 5) * HOUR_S, strict=True)
    )
    runs = [(int(rng.integers(0, 2)), lot, parts[lot].quantity) for lot in range(3)]
    plan = underway(parts, runs, first=3)
    change = changed(plan, 3)
    assert change.left == ()
    assert pieces(plan, change) == {lot: part.quantity for lot, part in enumerate(parts)}
    fresh = whole(plan, replace(change, kept=()))
    assert check_layouts(plan.problem, plan.geometry, fresh, [run.layout for run in in_order(change)]) == ()


def in_order(change: Change) -> list[Fresh]:
    return sorted(change.fresh, key=lambda run: (run.begin_s, run.machine))


def test_runs_alike_are_one_as_good_as_the_other() -> None:
    parts = (Part(TRAY, 6), Part(TRAY, 6))
    plan = underway(parts, [(0, 0, 3), (0, 0, 3), (1, 1, 6)], first=2)
    stands, _ = retimed(plan.problem, plan.runs)
    kept, gone, new = matched(plan.runs, stands, stands)
    assert ([one.run for one in kept], gone, new) == ([0, 1, 2], (), ())
    assert all(one.later_s == 0 for one in kept)
    moved, _ = retimed(plan.problem, (plan.runs[0], replace(plan.runs[1], machine=1), plan.runs[2]))
    kept, gone, new = matched(plan.runs, stands, moved)
    assert ([one.run for one in kept], gone, len(new)) == ([0, 2], (1,), 1)


def test_what_the_nester_would_lay_on_no_plate_stays_on_the_one_it_is_on() -> None:
    parts = (Part(TRAY, 6, piece_s=4 * HOUR_S, due_s=26 * HOUR_S), Part(box(200, 150), 3, piece_s=HOUR_S, due_s=HOUR_S))
    plan = underway(parts, [(0, 0, 6), (0, 1, 3)], first=2)
    change = changed(plan)
    assert (change.fresh, change.gone, change.kept) == ((), (), ())


def test_only_the_latest_are_placed_anew_at_once() -> None:
    many = MOST_LATE + 4
    late = tuple(Part(TRAY, 1, piece_s=HOUR_S, due_s=2 * HOUR_S) for _ in range(many))
    plan = underway(late, [(0, lot, 1) for lot in range(many)], first=many)
    change = changed(plan)
    assert 0 < len(change.gone) <= MOST_LATE
    assert pieces(plan, change) == dict.fromkeys(range(many), 1)
