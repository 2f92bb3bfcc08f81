"""A plan that is being sought: workshops' lists of runs, what they make, what lots are worth; and how it was before.

A workshop's list says who goes first: in its order each run begins as early as its machine and a free person allow
(`clock`). Each machine's runs are linked in the same order. A run holds entries, each some pieces of a lot; a lot's
entries are linked too. Links are indices, -1 where they end.

Whatever changes is saved first (`save_*`), once in a draft. `keep` makes the draft the plan; `undo` takes it back.
"""

from typing import NamedTuple

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.draws import following, fraction
from broker.scheduling.network.problem import Ints
from broker.scheduling.network.world import Records, World

RUN = np.dtype(
    [
        ("id", "i8"),
        ("saved", "i8"),  # draft in which it was saved last
        ("machine", "i8"),  # -1: free, and `after` is the next free one
        ("family", "i8"),
        ("share", "i8"),
        ("entry", "i8"),  # first of its entries
        ("before", "i8"),  # in the workshop's list
        ("after", "i8"),
        ("last", "i8"),  # on the machine
        ("next", "i8"),
        ("crew", "i8"),  # who sets it up; -1: not done within the horizon; `HELD`
        ("stale", "i8"),  # its times may be wrong, and so those of others that follow
        ("load", "f8"),  # Σ pieces / per_plate
        ("making", "f8"),  # Σ pieces × piece_s
        ("release", "f8"),
        ("begin", "f8"),
        ("start", "f8"),
        ("end", "f8"),  # inf: not done within the horizon
        ("cost", "f8"),
    ],
    align=True,
)
ENTRY = np.dtype(
    [
        ("id", "i8"),
        ("saved", "i8"),
        ("run", "i8"),
        ("lot", "i8"),
        ("pieces", "i8"),
        ("other", "i8"),  # next of the run; next free one
        ("before", "i8"),  # of the lot
        ("after", "i8"),
    ],
    align=True,
)
TALLY = np.dtype(
    [
        ("id", "i8"),
        ("saved", "i8"),
        ("entry", "i8"),  # first of its entries
        ("pieces", "i8"),  # in runs
        ("touched", "i8"),  # draft in which its worth has to be found anew
        ("arrival", "f8"),  # of the last piece; inf: not made whole
        ("worth", "f8"),  # weighted tardiness or rejection
        ("cost", "f8"),  # waiting
        ("parcels", "f8"),  # of its order; held by the order's first lot
    ],
    align=True,
)
CHAIN = np.dtype(
    [
        ("id", "i8"),
        ("saved", "i8"),
        ("head", "i8"),
        ("tail", "i8"),
        ("stale", "i8"),  # of a workshop: how many of its runs are
        ("listed", "i8"),  # `head.told` when it was put on the list of stale workshops
        ("seen", "i8"),
    ],
    align=True,
)
SHELF = np.dtype([("id", "i8"), ("saved", "i8"), ("used", "f8")], align=True)
HEAD = np.dtype(
    [
        ("draft", "i8"),
        ("free_run", "i8"),
        ("free_entry", "i8"),
        ("kept_run", "i8"),  # as they were before this draft
        ("kept_entry", "i8"),
        ("runs", "i8"),  # numbers saved in this draft
        ("entries", "i8"),
        ("tallies", "i8"),
        ("shops", "i8"),
        ("machines", "i8"),
        ("shelves", "i8"),
        ("touched", "i8"),  # lots, workshops on the lists of what has to be looked at
        ("stale", "i8"),
        ("seen", "i8"),
        ("told", "i8"),  # times that times have been told
        ("work", "i8"),  # places estimated and runs told their times, ever
        ("worth", "f8"),  # Σ tally worth
        ("cost", "f8"),
        ("kept_worth", "f8"),
        ("kept_cost", "f8"),
        ("random", "u8"),
    ],
    align=True,
)
HELD = -2
"""Crew of a run that is not put off once: those behind it wait, though they could begin meanwhile."""


class State(NamedTuple):
    """R runs and E entries at most, N lots, M machines, W workshops, K materials."""

    runs: Records
    """[R] of `RUN`."""
    entries: Records
    """[E] of `ENTRY`."""
    tallies: Records
    """[N] of `TALLY`."""
    shops: Records
    """[W] of `CHAIN`: each workshop's list."""
    machines: Records
    """[M] of `CHAIN`: each machine's part of it."""
    shelves: Records
    """[W × K] of `SHELF`."""
    head: Records
    """[1] of `HEAD`."""
    old_runs: Records
    """[R] as saved, the first `head.runs` of them."""
    old_entries: Records
    old_tallies: Records
    old_shops: Records
    old_machines: Records
    old_shelves: Records
    touched: Ints
    """[N] lots."""
    stale: Ints
    """[W] workshops."""
    free_s: Records
    """[M] scratch of the clock: when each machine's last run ends."""
    loaded: Ints
    """[M] scratch: what is loaded then."""
    changed: Ints
    """[M] scratch: whether these differ from what it was when times were told last."""
    crew_s: Records
    """[people] scratch: when each is free."""
    crew_was_s: Records
    """[people] scratch: when each was, at the same place of the list, when times were told last; nan: unknown."""
    lost: Ints
    """[people] `head.told` when a run of theirs was last taken out of its place."""


def empty_state(world: World, runs: int, seed: int) -> State:
    """With room for `runs` runs and as many entries; no lot is made."""
    lots, machines, shops = len(world.lots), len(world.machines), len(world.shops)
    shelves, people = world.stock.size, int(world.shops["crew_last"].max(initial=0))
    state = State(
        runs=_numbered(runs, RUN),
        entries=_numbered(runs, ENTRY),
        tallies=_numbered(lots, TALLY),
        shops=_numbered(shops, CHAIN),
        machines=_numbered(machines, CHAIN),
        shelves=_numbered(shelves, SHELF),
        head=np.zeros(1, HEAD),
        old_runs=np.zeros(runs, RUN),
        old_entries=np.zeros(runs, ENTRY),
        old_tallies=np.zeros(lots, TALLY),
        old_shops=np.zeros(shops, CHAIN),
        old_machines=np.zeros(machines, CHAIN),
        old_shelves=np.zeros(shelves, SHELF),
        touched=np.zeros(lots, dtype=np.int64),
        stale=np.zeros(shops, dtype=np.int64),
        free_s=np.zeros(machines),
        loaded=np.zeros(machines, dtype=np.int64),
        changed=np.zeros(machines, dtype=np.int64),
        crew_s=np.zeros(people),
        crew_was_s=np.zeros(people),
        lost=np.full(people, -1, dtype=np.int64),
    )
    _emptied(world, state, seed)
    return state


def _numbered(size: int, kind: np.dtype) -> Records:
    records = np.zeros(size, kind)
    records["id"] = np.arange(size)
    return records


def _emptied(world: World, state: State, seed: int) -> None:
    for free, link in ((state.runs, "after"), (state.entries, "other")):
        free[link] = np.arange(1, len(free) + 1)
        free[link][-1:] = -1
    state.runs["machine"] = -1
    state.tallies["entry"] = -1
    for chains in (state.shops, state.machines):
        chains["head"] = chains["tail"] = -1
    whole = world.lots["quantity"] == 0
    state.tallies["arrival"] = np.where(whole, -np.inf, np.inf)
    state.tallies["worth"] = np.where(whole, 0.0, world.lots["rejection"])
    head = state.head[0]
    head["free_run"] = head["free_entry"] = head["kept_run"] = head["kept_entry"] = 0 if len(state.runs) else -1
    head["worth"] = head["kept_worth"] = state.tallies["worth"].sum()
    head["random"] = np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] | np.uint64(1)
    head["draft"] = head["told"] = 1


@inlined
def save_run(state: State, run: int) -> None:
    record, head = state.runs[run], state.head[0]
    if record.saved != head.draft:
        state.old_runs[head.runs] = record
        head.runs += 1
        record.saved = head.draft


@inlined
def save_entry(state: State, entry: int) -> None:
    record, head = state.entries[entry], state.head[0]
    if record.saved != head.draft:
        state.old_entries[head.entries] = record
        head.entries += 1
        record.saved = head.draft


@inlined
def save_tally(state: State, lot: int) -> None:
    record, head = state.tallies[lot], state.head[0]
    if record.saved != head.draft:
        state.old_tallies[head.tallies] = record
        head.tallies += 1
        record.saved = head.draft


@inlined
def save_shop(state: State, shop: int) -> None:
    record, head = state.shops[shop], state.head[0]
    if record.saved != head.draft:
        state.old_shops[head.shops] = record
        head.shops += 1
        record.saved = head.draft


@inlined
def save_machine(state: State, machine: int) -> None:
    record, head = state.machines[machine], state.head[0]
    if record.saved != head.draft:
        state.old_machines[head.machines] = record
        head.machines += 1
        record.saved = head.draft


@inlined
def save_shelf(state: State, shelf: int) -> None:
    record, head = state.shelves[shelf], state.head[0]
    if record.saved != head.draft:
        state.old_shelves[head.shelves] = record
        head.shelves += 1
        record.saved = head.draft


@compiled
def touch(state: State, lot: int) -> None:
    """Its worth has to be found anew."""
    save_tally(state, lot)
    head = state.head[0]
    if state.tallies[lot].touched != head.draft:
        state.tallies[lot].touched = head.draft
        state.touched[head.touched] = lot
        head.touched += 1


@inlined
def outdate(state: State, shop: int, run: int) -> None:
    """The run's times may be wrong; -1: there is none."""
    if run >= 0 and not state.runs[run].stale:
        save_run(state, run)
        save_shop(state, shop)
        state.runs[run].stale = 1
        state.shops[shop].stale += 1
        head = state.head[0]
        if state.shops[shop].listed != head.told:
            state.shops[shop].listed = head.told
            state.stale[head.stale] = shop
            head.stale += 1


@inlined
def renew(state: State, shop: int, run: int) -> None:
    """Its times are right, or of no account any more."""
    if state.runs[run].stale:
        save_run(state, run)
        save_shop(state, shop)
        state.runs[run].stale = 0
        state.shops[shop].stale -= 1


@compiled
def keep(state: State) -> None:
    """The draft is the plan now."""
    head = state.head[0]
    head.kept_run, head.kept_entry = head.free_run, head.free_entry
    head.kept_worth, head.kept_cost = head.worth, head.cost
    _begun(state)


@compiled
def undo(state: State) -> None:
    """All is as it was when the draft began."""
    head = state.head[0]
    for i in range(head.runs):
        state.runs[state.old_runs[i].id] = state.old_runs[i]
    for i in range(head.entries):
        state.entries[state.old_entries[i].id] = state.old_entries[i]
    for i in range(head.tallies):
        state.tallies[state.old_tallies[i].id] = state.old_tallies[i]
    for i in range(head.shops):
        state.shops[state.old_shops[i].id] = state.old_shops[i]
    for i in range(head.machines):
        state.machines[state.old_machines[i].id] = state.old_machines[i]
    for i in range(head.shelves):
        state.shelves[state.old_shelves[i].id] = state.old_shelves[i]
    head.free_run, head.free_entry = head.kept_run, head.kept_entry
    head.worth, head.cost = head.kept_worth, head.kept_cost
    _begun(state)


@inlined
def _begun(state: State) -> None:
    head = state.head[0]
    head.draft += 1
    head.runs = head.entries = head.tallies = head.shops = head.machines = head.shelves = 0
    head.touched = head.stale = 0
    head.told += 1


@inlined
def draw(state: State) -> float:
    """From 0 up to 1."""
    head = state.head[0]
    head.random = following(head.random)
    return fraction(head.random)


@inlined
def below(state: State, number: int) -> int:
    """From 0 up to `number` - 1."""
    return int(draw(state) * number)
