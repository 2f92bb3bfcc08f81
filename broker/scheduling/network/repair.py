"""A live plan repaired: runs ejected, their lots put back by regret (Potvin and Rousseau 1993), and what is late moved.

What has begun is never touched; nor is, by the search, a promise that holds.
"""

from typing import NamedTuple

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.adopted import begun, hold, order_lists
from broker.scheduling.network.clock import fitting, left_behind, tell_times
from broker.scheduling.network.dispatch import is_barred
from broker.scheduling.network.insertion import able_machine, able_machines, insert_missing, machine_place
from broker.scheduling.network.lists import add_pieces, add_run, room
from broker.scheduling.network.problem import Floats, Ints
from broker.scheduling.network.state import State, below, keep, touch, undo
from broker.scheduling.network.world import World
from broker.scheduling.network.worth import arrival_s, settle

_EPS = 1e-6
_SCALE = 1e-3
_LOOKS, _LEAST, _MOST = 250, 6, 32
"""Machines looked at for all runs that are placed: the more runs, the fewer for each, within these limits."""
_AT_ONCE = 4
"""Lots put back before it is looked at how many have moved, where all of them move too many."""
_FAILED = 3
"""Lots that would have moved too many, after which the others go behind all runs at once."""


class Ledger(NamedTuple):
    """How lots and runs stood before the event, as far as it has changed them."""

    lots: Ints
    """[N] the first `count[0]`."""
    arrival_s: Floats
    worth: Floats
    """Both by position in `lots`."""
    tried: Ints
    runs: Ints
    """[R] the first `count[1]`."""
    run: Floats
    """[R, 2] machine, begin."""
    lot_mark: Ints
    run_mark: Ints
    counts: Ints
    """[5] lots, runs, event, lots that may move, the state's work at which time is short."""


def empty_ledger(lots: int, runs: int) -> Ledger:
    def zeros(size: int) -> Ints:
        return np.zeros(size, dtype=np.int64)

    return Ledger(
        lots=zeros(lots),
        arrival_s=np.zeros(lots),
        worth=np.zeros(lots),
        tried=zeros(lots),
        runs=zeros(runs),
        run=np.zeros((runs, 2)),
        lot_mark=zeros(lots),
        run_mark=zeros(runs),
        counts=zeros(5),
    )


@compiled
def eject(world: World, state: State, machine: int, from_s: float, until_s: float) -> None:
    """Runs of the machine that haven't begun and would run between these."""
    run = state.machines[machine].head
    while run >= 0:
        following, record = state.runs[run].next, state.runs[run]
        if not begun(world, state, run) and record.begin < until_s and record.end > from_s:
            empty_run(world, state, run)
        run = following


@compiled
def eject_unattended(world: World, state: State, shop: int) -> None:
    """Runs of the workshop that haven't begun, and for which nobody would be there."""
    run = state.shops[shop].head
    while run >= 0:
        following, record = state.runs[run].after, state.runs[run]
        change, running = record.start - record.begin, record.end - record.start
        first = world.shops[shop].shift_first
        begin, _ = fitting(world, shop, record.machine, record.begin, change, running, first)
        if not begun(world, state, run) and begin > record.begin + _EPS:
            empty_run(world, state, run)
        run = following


@compiled
def empty_run(world: World, state: State, run: int) -> None:
    while state.runs[run].machine >= 0:
        entry = state.entries[state.runs[run].entry]
        add_pieces(world, state, run, entry.lot, -entry.pieces)


@compiled
def withdraw(world: World, state: State, lot: int) -> None:
    """All of the lot's pieces whose runs haven't begun."""
    entry = state.tallies[lot].entry
    while entry >= 0:
        record = state.entries[entry]
        following, run, pieces = record.after, record.run, record.pieces
        if not begun(world, state, run):
            add_pieces(world, state, run, lot, -pieces)
        entry = following
    touch(state, lot)


@inlined
def _has_begun(world: World, state: State, lot: int) -> bool:
    entry = state.tallies[lot].entry
    while entry >= 0:
        if begun(world, state, state.entries[entry].run):
            return True
        entry = state.entries[entry].after
    return False


@compiled
def _drop_unmade(world: World, state: State) -> None:
    """Of lots that the draft has changed: runs beyond the horizon or the deadline; and lots that are made in part."""
    while _drop_some(world, state):
        pass


@compiled
def _drop_some(world: World, state: State) -> bool:
    """Those that are so as times are told now; False: there are none. What is left begins earlier, or elsewhere."""
    found, i = False, 0
    while i < state.head[0].tallies:
        lot = state.old_tallies[i].id
        found |= _drop_late(world, state, lot)
        part = state.tallies[lot].pieces < world.lots[lot].quantity and state.tallies[lot].entry >= 0
        if part and not _has_begun(world, state, lot):
            withdraw(world, state, lot)
            found = True
        i += 1
    if found:
        settle(world, state)
    return found


@inlined
def _drop_late(world: World, state: State, lot: int) -> bool:
    found, entry, facts = False, state.tallies[lot].entry, world.lots[lot]
    while entry >= 0:
        record = state.entries[entry]
        following, run, pieces = record.after, record.run, record.pieces
        made = state.runs[run]
        arrival = made.end + world.ship_s[facts.place, world.machines[made.machine].shop]
        if not begun(world, state, run) and (made.crew < 0 or arrival > facts.deadline):
            add_pieces(world, state, run, lot, -pieces)
            found = True
        entry = following
    return found


@compiled
def repair(world: World, state: State, ledger: Ledger, lots: Ints, price: float) -> None:
    """Missing pieces of `lots` into the plan, those first that have fewest good places; all of it is kept.

    What would move more lots than may move goes behind all other runs, where it moves none.
    """
    settle(world, state)
    runs, keys = 0, np.empty(len(lots))
    for lot in lots:
        runs += _runs(world, state, lot)
    sample = _sample(runs)
    for i in range(len(lots)):
        keys[i] = -_regret(world, state, lots[i], sample, price)
    struck = np.empty(state.head[0].tallies, dtype=np.int64)
    for i in range(len(struck)):
        struck[i] = state.old_tallies[i].id
    _close(world, state, ledger)
    _put_back(world, state, ledger, lots[np.argsort(keys, kind="mergesort")], sample, price)
    _settle_all(world, state, struck)
    _close(world, state, ledger)


@inlined
def _runs(world: World, state: State, lot: int) -> int:
    """That the lot's missing pieces need at least."""
    missing = world.lots[lot].quantity - state.tallies[lot].pieces
    return int(-(-missing // max(1, world.per_plate[lot].max())))


@inlined
def _sample(runs: int) -> int:
    return int(min(max(_LOOKS // max(1, runs), _LEAST), _MOST))


@compiled
def _put_back(world: World, state: State, ledger: Ledger, lots: Ints, sample: int, price: float) -> None:
    """All at once; where that would move too many lots, some of them, then one by one; where it takes long, behind."""
    at, number, failed = 0, max(1, len(lots)), 0
    while at < len(lots):
        behind = failed >= _FAILED or _spent(state, ledger)
        if behind:
            number = len(lots)
        some = lots[at : at + number]
        for lot in some:
            if behind:
                _append(world, state, lot, sample)
            else:
                insert_missing(world, state, lot, world.lots[lot].quantity, sample, price)
        _touch_all(state, some)
        settle(world, state)
        if behind:
            _drop_unmade(world, state)
        elif not _cleared(world, state, ledger):
            undo(state)
            if number > 1:
                number = _AT_ONCE if number > _AT_ONCE else 1
                continue
            failed += 1
            _append(world, state, lots[at], sample)
            _settle_all(world, state, some)
        _close(world, state, ledger)
        at += len(some)


@compiled
def _settle_all(world: World, state: State, lots: Ints) -> None:
    """Of the draft, and of these lots besides."""
    _touch_all(state, lots)
    settle(world, state)
    _drop_unmade(world, state)


@compiled
def _cleared(world: World, state: State, ledger: Ledger) -> bool:
    """What can't be made is dropped; False: too many lots have moved on the way, or it takes too long."""
    while True:
        if moved(state, ledger) > ledger.counts[3] or _spent(state, ledger):
            return False
        if not _drop_some(world, state):
            return True


@inlined
def _spent(state: State, ledger: Ledger) -> bool:
    return bool(state.head[0].work > ledger.counts[4])


@inlined
def _touch_all(state: State, lots: Ints) -> None:
    for lot in lots:
        touch(state, lot)


@compiled
def _append(world: World, state: State, lot: int, sample: int) -> None:
    """Missing pieces behind all runs of those workshops whose machines are free soonest, as far as there is time."""
    machines, place = able_machines(world, lot), world.lots[lot].place
    while state.tallies[lot].pieces < world.lots[lot].quantity:
        missing = world.lots[lot].quantity - state.tallies[lot].pieces
        soonest, best, held = world.limits[0].horizon, -1, 0
        for i in range(min(sample, machines)):
            machine = able_machine(world, lot, i if machines <= sample else below(state, machines))
            shop, kind = world.machines[machine].shop, world.machines[machine].kind
            pieces = min(missing, world.per_plate[lot, kind], room(world, state, lot, shop))
            free, _ = left_behind(world, state, machine, state.machines[machine].tail)
            delivered = world.ship_s[place, shop] < np.inf and not is_barred(world, lot, machine)
            if free < soonest and pieces > 0 and delivered:
                soonest, best, held = free, machine, pieces
        if best < 0:
            return
        run = add_run(world, state, lot, held, best, state.shops[world.machines[best].shop].tail, np.inf)
        if run < 0:
            return
        tell_times(world, state)
        if state.runs[run].crew < 0:
            return


@compiled
def finish(world: World, state: State, ledger: Ledger) -> None:
    """The draft, whose times are told, becomes the plan: what can't be done is dropped, lists are in order again."""
    _drop_unmade(world, state)
    _close(world, state, ledger)


@compiled
def _close(world: World, state: State, ledger: Ledger) -> None:
    order_lists(world, state)
    hold(state)
    note(state, ledger)
    keep(state)


@inlined
def _regret(world: World, state: State, lot: int, sample: int, price: float) -> float:
    """How much more the second best machine costs than the best."""
    missing = world.lots[lot].quantity - state.tallies[lot].pieces
    machines, arrival = able_machines(world, lot), arrival_s(world, state, lot)
    best, second = np.inf, np.inf
    if missing <= 0:
        return 0.0
    for i in range(min(sample, machines)):
        machine = able_machine(world, lot, i if machines <= sample else below(state, machines))
        score = machine_place(world, state, lot, machine, missing, missing, arrival, price, second).score
        if score < best:
            best, second = score, best
        elif score < second:
            second = score
    return world.lots[lot].rejection if second == np.inf else second - best


@compiled
def note(state: State, ledger: Ledger) -> None:
    """What the draft has changed, as it was before the event."""
    counts = ledger.counts
    for i in range(state.head[0].tallies):
        old = state.old_tallies[i]
        if ledger.lot_mark[old.id] != counts[2]:
            ledger.lot_mark[old.id] = counts[2]
            ledger.lots[counts[0]], ledger.tried[counts[0]] = old.id, 0
            ledger.arrival_s[counts[0]], ledger.worth[counts[0]] = old.arrival, old.worth
            counts[0] += 1
    for i in range(state.head[0].runs):
        old_run = state.old_runs[i]
        if ledger.run_mark[old_run.id] != counts[2]:
            ledger.run_mark[old_run.id] = counts[2]
            ledger.runs[counts[1]] = old_run.id
            ledger.run[counts[1], 0], ledger.run[counts[1], 1] = old_run.machine, old_run.begin
            counts[1] += 1


@compiled
def improve(world: World, state: State, ledger: Ledger, promised_s: Floats, price: float) -> bool:
    """The lot that has lost most by the event is placed anew, if that is better for all; False: none, or no time."""
    worst, at = _EPS, -1
    if _spent(state, ledger):
        return False
    for i in range(ledger.counts[0]):
        harm = state.tallies[ledger.lots[i]].worth - ledger.worth[i]
        if not ledger.tried[i] and harm > worst:
            worst, at = harm, i
    if at < 0:
        return False
    ledger.tried[at] = 1
    anew(world, state, ledger, promised_s, ledger.lots[at], price)
    return True


@compiled
def anew(world: World, state: State, ledger: Ledger, promised_s: Floats, lot: int, price: float) -> bool:
    """What of the lot hasn't begun, in the best places as they are now; False: that is no better, nothing changes."""
    withdraw(world, state, lot)
    insert_missing(world, state, lot, world.lots[lot].quantity, _sample(_runs(world, state, lot)), price)
    settle(world, state)
    if _worse(state, ledger, promised_s):
        undo(state)
        return False
    _drop_unmade(world, state)
    if _worse(state, ledger, promised_s):
        undo(state)
        return False
    _close(world, state, ledger)
    return True


@compiled
def _worse(state: State, ledger: Ledger, promised_s: Floats) -> bool:
    head = state.head[0]
    change = head.worth - head.kept_worth + _SCALE * (head.cost - head.kept_cost)
    return change >= -_EPS or broken(state, promised_s, -1) or moved(state, ledger) > ledger.counts[3]


@compiled
def broken(state: State, promised_s: Floats, but: int) -> bool:
    """Whether a lot other than `but` arrives later for the draft, and after its promise."""
    for i in range(state.head[0].tallies):
        old = state.old_tallies[i]
        if old.id != but and state.tallies[old.id].arrival > max(promised_s[old.id], old.arrival) + _EPS:
            return True
    return False


@compiled
def moved(state: State, ledger: Ledger) -> int:
    """Lots that arrive at another time than before the event."""
    count = 0
    for i in range(ledger.counts[0]):
        count += _apart(state.tallies[ledger.lots[i]].arrival, ledger.arrival_s[i])
    for i in range(state.head[0].tallies):
        old = state.old_tallies[i]
        if ledger.lot_mark[old.id] != ledger.counts[2]:
            count += _apart(state.tallies[old.id].arrival, old.arrival)
    return count


@inlined
def _apart(one_s: float, other_s: float) -> bool:
    return one_s != other_s and not abs(one_s - other_s) <= 1.0
