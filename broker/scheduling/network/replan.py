"""A live plan after an event: what has begun stays, promises move as little as may be, and what moved is told.

What the event touches is ejected and put back by regret in the places that cost others least; then, for a while, what
lost most by it is placed anew. Runs of workshops that aren't touched keep machine and time.
"""

from dataclasses import dataclass
from typing import assert_never

import numpy as np

from broker.scheduling.errors import OutOfRange
from broker.scheduling.network.adopted import retell
from broker.scheduling.network.changes import block, replace_shifts, request_of, write_lot
from broker.scheduling.network.events import (
    AgentSilent,
    CancelledOrder,
    ChangedCalendar,
    Event,
    FailedRun,
    MachineTaken,
    Reconsidered,
    RushOrder,
    Scrap,
    Tier,
    TimeGoesOn,
)
from broker.scheduling.network.live import LivePlan, promise
from broker.scheduling.network.problem import Ints
from broker.scheduling.network.repair import (
    anew,
    eject,
    eject_unattended,
    empty_run,
    finish,
    improve,
    moved,
    repair,
    withdraw,
)
from broker.scheduling.network.state import touch, undo
from broker.scheduling.network.tiers import place_tier, refresh
from broker.scheduling.stopping import Stop

MOST_MOVED = 200
MOST_WORK = 5_000
"""Places estimated and runs told their times: some 10 ms."""
_PRICE = 0.1
"""Weighted seconds that a machine's second is worth."""
_SURELY = 0.9
"""Of the lots that may move, those that a search may: a few more do as what can't be made then is dropped."""
_TRIES = 4
_TOLERANCE_S = 60.0


@dataclass(frozen=True, slots=True)
class MovedLot:
    lot: int
    from_s: float
    """Arrival; inf: it wasn't made whole."""
    to_s: float


@dataclass(frozen=True, slots=True)
class MovedRun:
    run: int
    from_machine: int
    from_s: float
    """Begin."""
    to_machine: int
    """-1: it is gone, its pieces are in others."""
    to_s: float


@dataclass(frozen=True, slots=True)
class Replanned:
    lots: tuple[MovedLot, ...]
    """Whose arrival moved by more than the tolerance, the most late first, `most_moved` at most."""
    runs: tuple[MovedRun, ...]
    """On another machine, or beginning at another time beyond the tolerance, `most_moved` at most."""
    lots_moved: int
    """All of them."""
    lots_later: int
    runs_moved: int
    unplanned: tuple[int, ...]
    """Lots changed by the event that aren't made whole now."""
    why: str
    lot: int = -1
    """Of a new lot: its number."""


def replan(
    live: LivePlan,
    event: Event,
    stop: Stop,
    seed: int,
    *,
    most_moved: int = MOST_MOVED,
    most_work: int = MOST_WORK,
    tolerance_s: float = _TOLERANCE_S,
) -> Replanned:
    """`live` changed by the event; always a plan that is feasible, however soon `stop` says so.

    No more than `most_moved` lots move, unless the event itself moves more, or a new lot does that was offered so:
    what has no other place then goes behind all other runs, or isn't planned. So does what is left of an event once
    it has cost `most_work`.

    The same plan, event, seed and number of times that `stop` is asked give the same answer.

    Raises
    ------
    OutOfRange
        For an event about what isn't there: a run that hasn't begun, a time gone by. The plan is as it was.
    """
    ledger = live.ledger
    work = int(live.state.head["work"][0]) + most_work
    ledger.counts[:] = 0, 0, ledger.counts[2] + 1, int(_SURELY * most_moved), work
    random = live.state.head["random"].copy()
    live.state.head["random"] = np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] | np.uint64(1)
    try:
        why, lot = _apply(live, event, seed)
    except OutOfRange:
        live.state.head["random"] = random
        raise
    tries = _TRIES
    while tries > 0 and not stop():
        tries -= 1
        if not improve(live.world, live.state, ledger, live.promised_s, _PRICE):
            break
    return _told(live, why, lot, most_moved, tolerance_s)


def _apply(live: LivePlan, event: Event, seed: int) -> tuple[str, int]:
    """What happened, in words, and the number of a new lot, -1 without one."""
    match event:
        case RushOrder():
            return _add(live, event, seed)
        case TimeGoesOn():
            why = _go_on(live, event)
        case FailedRun():
            why = _fail(live, event)
        case Scrap():
            why = _scrap(live, event)
        case MachineTaken():
            _within("machine", event.machine, len(live.world.machines))
            why = _take(live, (event.machine,), event.from_s, event.until_s, f"machine {event.machine} is taken")
        case AgentSilent():
            _within("workshop", event.workshop, len(live.world.shops))
            of_shop = np.flatnonzero(live.world.machines["shop"] == event.workshop).tolist()
            why = _take(live, of_shop, live.now_s, event.until_s, f"workshop {event.workshop} is silent")
        case CancelledOrder():
            why = _cancel(live, event)
        case ChangedCalendar():
            why = _open(live, event)
        case Reconsidered():
            why = _reconsider(live, event, seed)
        case _:
            assert_never(event)
    return why, -1


def _go_on(live: LivePlan, event: TimeGoesOn) -> str:
    if event.now_s < live.now_s:
        raise OutOfRange("now_s", f"is {event.now_s:.0f}, before {live.now_s:.0f}")
    live.world.limits["now"] = event.now_s
    return "time goes on"


def _fail(live: LivePlan, event: FailedRun) -> str:
    laid, state = live.world, live.state
    run = state.runs[_within("run", event.run, len(state.runs))].copy()
    if run["machine"] < 0 or run["begin"] >= live.now_s or run["end"] <= laid.machines["ready"][run["machine"]]:
        raise OutOfRange("run", f"{event.run} isn't one that has begun")
    machine = int(run["machine"])
    laid.machines["ready"][machine] = max(event.free_s, live.now_s)
    laid.machines["family"][machine] = run["family"]
    empty_run(laid, state, event.run)
    eject(laid, state, machine, live.now_s, event.free_s)
    lots = _touched(live)
    retell(laid, state, int(laid.machines["shop"][machine]))
    _repair(live, lots)
    return f"run {event.run} on machine {machine} came to nothing"


def _scrap(live: LivePlan, event: Scrap) -> str:
    lot = _within("lot", event.lot, live.lots)
    if event.pieces < 1 or event.pieces > live.state.tallies["pieces"][lot]:
        raise OutOfRange("pieces", f"is {event.pieces}, lot {lot} has {live.state.tallies['pieces'][lot]} planned")
    live.world.lots["quantity"][lot] += event.pieces
    touch(live.state, lot)
    _repair(live, _touched(live))
    return f"{event.pieces} of lot {lot} are wanted again"


def _take(live: LivePlan, machines: tuple[int, ...] | list[int], from_s: float, until_s: float, why: str) -> str:
    from_s = max(from_s, live.now_s)
    for machine in machines:
        if until_s > from_s:
            block(live, machine, from_s, until_s)
            eject(live.world, live.state, machine, from_s, until_s)
    _repair(live, _touched(live))
    return why


def _add(live: LivePlan, event: RushOrder, seed: int) -> tuple[str, int]:
    row = write_lot(live, event.request)
    placed = place_tier(live, row, event.request, event.tier, seed) < np.inf
    live.lots, live.places = live.lots + 1, live.places + 1
    live.promised_s[row] = event.promised_s
    if np.isfinite(event.promised_s):
        promise(live.world, live.promised_s, np.array([row]))
    if placed:
        refresh(live.world, live.state, row)
    if placed and (np.isfinite(event.promised_s) or moved(live.state, live.ledger) <= live.ledger.counts[3]):
        finish(live.world, live.state, live.ledger)
    else:
        undo(live.state)
        touch(live.state, row)
        _repair(live, np.array([row], dtype=np.int64))
    return f"lot {row} is new", row


def _cancel(live: LivePlan, event: CancelledOrder) -> str:
    for lot in event.lots:
        _within("lot", lot, live.lots)
    for lot in event.lots:
        withdraw(live.world, live.state, lot)
        live.world.lots["quantity"][lot] = live.state.tallies["pieces"][lot]
        live.world.lots["waiting"][lot] = 0.0
    _repair(live, np.zeros(0, dtype=np.int64))
    return f"lots {', '.join(map(str, event.lots))} are cancelled"


def _open(live: LivePlan, event: ChangedCalendar) -> str:
    replace_shifts(live, _within("workshop", event.workshop, len(live.world.shops)), event.shift_s)
    eject_unattended(live.world, live.state, event.workshop)
    _repair(live, _touched(live))
    return f"workshop {event.workshop} has another calendar"


def _reconsider(live: LivePlan, event: Reconsidered, seed: int) -> str:
    for lot in event.lots:
        _within("lot", lot, live.lots)
    for lot in event.lots:
        if live.world.lots["quantity"][lot] == 0:
            continue
        if event.tier is Tier.STANDARD:
            anew(live.world, live.state, live.ledger, live.promised_s, lot, _PRICE)
        else:
            _hasten(live, lot, event.tier, seed)
    return f"lots {', '.join(map(str, event.lots))} are placed anew"


def _hasten(live: LivePlan, lot: int, tier: Tier, seed: int) -> None:
    """To where the tier has it, if it arrives earlier there by more than the tolerance."""
    before = float(live.state.tallies["arrival"][lot])
    placed = place_tier(live, lot, request_of(live, lot), tier, seed) < np.inf
    if placed and live.state.tallies["arrival"][lot] < before - _TOLERANCE_S:
        refresh(live.world, live.state, lot)
        finish(live.world, live.state, live.ledger)
    else:
        undo(live.state)


def _within(name: str, number: int, size: int) -> int:
    if not 0 <= number < size:
        raise OutOfRange(name, f"is {number}, must lie in 0 to {size - 1}")
    return number


def _touched(live: LivePlan) -> Ints:
    """Lots of which the draft has taken something."""
    return live.state.touched[: int(live.state.head["touched"][0])].copy()


def _repair(live: LivePlan, lots: Ints) -> None:
    repair(live.world, live.state, live.ledger, lots, _PRICE)


def _told(live: LivePlan, why: str, lot: int, most: int, tolerance_s: float) -> Replanned:
    ledger, state = live.ledger, live.state
    lots = ledger.lots[: ledger.counts[0]]
    before, after = ledger.arrival_s[: len(lots)], state.tallies["arrival"][lots]
    with np.errstate(invalid="ignore"):
        later = np.where(before == after, 0.0, after - before)
    moved = np.flatnonzero((np.abs(later) > tolerance_s) & (lots != lot))
    listed = moved[np.lexsort((lots[moved], -later[moved]))][:most]
    runs = ledger.runs[: ledger.counts[1]]
    was, now = ledger.run[: len(runs)], state.runs[runs]
    with np.errstate(invalid="ignore"):
        other = (now["machine"] != was[:, 0]) | (np.abs(now["begin"] - was[:, 1]) > tolerance_s)
    gone = np.flatnonzero((was[:, 0] >= 0) & other)
    missing = live.world.lots["quantity"][lots] > state.tallies["pieces"][lots]
    return Replanned(
        lots=tuple(MovedLot(int(lots[i]), float(before[i]), float(after[i])) for i in listed),
        runs=tuple(
            MovedRun(int(runs[i]), int(was[i, 0]), float(was[i, 1]), int(now["machine"][i]), float(now["begin"][i]))
            for i in gone[:most]
        ),
        lots_moved=len(moved),
        lots_later=int(np.count_nonzero(later[moved] > 0)),
        runs_moved=len(gone),
        unplanned=tuple(lots[missing].tolist()),
        why=why,
        lot=lot,
    )
