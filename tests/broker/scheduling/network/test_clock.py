"""Times told only where they change are those that a whole list, gone through by the plainest code, gives."""

from dataclasses import replace

import numpy as np
import pytest

from broker.scheduling.network.clock import fitting
from broker.scheduling.network.dispatch import Rule, dispatch
from broker.scheduling.network.insertion import insert_missing
from broker.scheduling.network.lists import move_run, remove_lot
from broker.scheduling.network.load import load, rows_of
from broker.scheduling.network.moves import move_pieces
from broker.scheduling.network.problem import Problem
from broker.scheduling.network.ruin import ruin_and_recreate
from broker.scheduling.network.state import HELD, State, empty_state, keep, undo
from broker.scheduling.network.world import World, world
from broker.scheduling.network.worth import settle
from tests.broker.scheduling.network.problems import HOUR, floats, ints, random_problem, workshop


@pytest.mark.parametrize("seed", range(30))
def test_times_hold_after_every_draft(seed: int) -> None:
    laid, state = _loaded(_problem(seed))
    for draft in range(25):
        ruin_and_recreate(laid, state, 4, 3)
        _check_times(laid, state)
        keep(state) if draft % 3 else undo(state)
        _check_times(laid, state)


@pytest.mark.parametrize("seed", range(10))
def test_times_hold_after_runs_have_moved(seed: int) -> None:
    laid, state = _loaded(_problem(seed))
    rng = np.random.default_rng(seed)
    for _ in range(20):
        runs = np.flatnonzero(state.runs["machine"] >= 0)
        if len(runs) < 2:
            break
        run, other = rng.choice(runs, 2, replace=False)
        move_run(laid, state, run, state.runs[other]["machine"], other, np.inf)
        settle(laid, state)
        _check_times(laid, state)
        keep(state)


@pytest.mark.parametrize("seed", range(20))
def test_a_state_after_single_moves_is_one_made_anew(seed: int) -> None:
    laid, state = _loaded(_problem(seed))
    for move in range(60):
        before = _records(state) if move % 4 == 0 else []
        move_pieces(laid, state)
        _check_times(laid, state)
        if move % 4:
            keep(state)
        else:
            undo(state)
            assert _records(state) == before
    anew = empty_state(laid, len(state.runs), 1)
    load(laid, anew, rows_of(state))
    _check_times(laid, anew)
    assert anew.tallies["arrival"].tolist() == pytest.approx(state.tallies["arrival"].tolist())
    assert anew.head[0]["worth"] == pytest.approx(state.head[0]["worth"])
    assert anew.head[0]["cost"] == pytest.approx(state.head[0]["cost"])


@pytest.mark.parametrize("held", [True, False])
def test_a_run_that_is_held_makes_others_wait_for_its_people(held: bool) -> None:
    """Six minutes go by until its machine is free, in which the other run could begin a change of more than an hour."""
    problem = workshop(quantity=ints(1, 1), family=ints(1, 1))
    machines = replace(problem.machines, ready_s=floats(8.1 * HOUR, 0))
    laid = world(replace(problem, machines=machines, setup_s=problem.setup_s * 6))
    state = empty_state(laid, 3, 1)
    load(laid, state, np.array([[1, 0, 1], [0, 1, 1]], dtype=np.int64))
    late = int(state.runs[state.shops[0]["tail"]]["id"])
    assert state.runs[late]["machine"] == 0
    move_run(laid, state, late, 0, -1, np.inf)
    if held:
        state.runs["crew"][late] = HELD
    settle(laid, state)
    assert (state.shops[0]["head"] == late) == held
    _check_times(laid, state)
    assert state.runs[late]["begin"] == (8.1 * HOUR if held else 8 * HOUR + 3_900.0)


@pytest.mark.parametrize("seed", range(10))
def test_undo_restores_every_record(seed: int) -> None:
    laid, state = _loaded(_problem(seed))
    before = _records(state)
    for lot in range(0, len(laid.lots), 3):
        remove_lot(laid, state, lot)
        insert_missing(laid, state, lot, 3, 3, 0.1)
    settle(laid, state)
    undo(state)
    for was, now in zip(before, _records(state), strict=True):
        assert was == now


def _problem(seed: int) -> Problem:
    return random_problem(seed, lots=25, machines=9, workshops=2, days=5)


def _loaded(problem: Problem) -> tuple[World, State]:
    laid = world(problem)
    rows = dispatch(laid, Rule(5.0, 200.0, 15.0), np.ones(len(laid.lots), dtype=np.int64))
    state = empty_state(laid, int(laid.lots["quantity"].sum()) + 1, 1)
    load(laid, state, rows)
    return laid, state


def _records(state: State) -> list[list[tuple[object, ...]]]:
    """What a plan consists of, without the drafts' marks."""
    found = []
    for records in (state.runs, state.entries, state.tallies, state.shops, state.machines, state.shelves):
        names = [name for name in records.dtype.names or () if name not in ("saved", "seen", "listed", "touched")]
        found.append(records[names].tolist())
    head = state.head[0]
    found.append([(head["free_run"], head["free_entry"], head["worth"], head["cost"], 0.0)])
    return found


def _check_times(laid: World, state: State) -> None:
    for shop in range(len(laid.shops)):
        facts = laid.shops[shop]
        crew = {int(person): float(laid.limits[0]["now"]) for person in range(facts["crew_first"], facts["crew_last"])}
        free: dict[int, tuple[float, int]] = {}
        assert state.shops[shop]["stale"] == 0
        run = int(state.shops[shop]["head"])
        while run >= 0:
            _check_run(laid, state, run, crew, free)
            run = int(state.runs[run]["after"])


def _check_run(laid: World, state: State, run: int, crew: dict[int, float], free: dict[int, tuple[float, int]]) -> None:
    record = state.runs[run]
    machine = int(record["machine"])
    facts = laid.machines[machine]
    kind = laid.kinds[facts["kind"]]
    ready, loaded = free.get(machine, (max(facts["ready"], laid.limits[0]["now"]), facts["family"]))
    change = kind["hands"] + laid.setup_s[loaded, record["family"]]
    running = kind["overhead"] + record["making"]
    earliest = max(ready, record["release"] - change)
    idle = [person for person, since in crew.items() if since <= earliest]
    person = max(idle, key=lambda one: crew[one]) if idle else min(crew, key=lambda one: crew[one])
    shop = int(facts["shop"])
    shift = int(laid.shops[shop]["shift_first"])
    begin, _ = fitting(laid, shop, machine, max(earliest, crew[person]), change, running, shift)
    if begin + change >= laid.limits[0]["horizon"]:
        assert record["end"] == np.inf
        return
    assert (record["begin"], record["start"], record["end"]) == (begin, begin + change, begin + change + running)
    assert record["crew"] == person
    free[machine] = float(record["end"]), int(record["family"])
    crew[person] = float(record["start"] + kind["watch"])
