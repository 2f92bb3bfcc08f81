"""A problem laid out for compiled loops: a record for each lot, class, machine and workshop."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.network.figures import quickest_s
from broker.scheduling.network.problem import Floats, Ints, Problem

Records = NDArray[Any]
"""A structured array, aligned."""

LOT = np.dtype(
    [
        ("quantity", "i8"),
        ("family", "i8"),
        ("release", "f8"),
        ("due", "f8"),
        ("deadline", "f8"),
        ("weight", "f8"),
        ("rejection", "f8"),
        ("waiting", "f8"),
        ("order", "i8"),
        ("place", "i8"),
        ("share", "i8"),
        ("material", "i8"),
        ("use", "f8"),
        ("barred_first", "i8"),
        ("barred_last", "i8"),
        ("kin_first", "i8"),  # lots of its order and place, in `World.kin`
        ("kin_last", "i8"),
        ("quickest", "f8"),  # machine seconds for all of it, on the class that is quickest
        ("earns", "f8"),  # seconds a piece, on the class that is quickest for one
    ],
    align=True,
)
KIND = np.dtype(
    [
        ("unattended", "i8"),
        ("overhead", "f8"),
        ("hands", "f8"),  # clearing and counting
        ("watch", "f8"),
        ("rate", "f8"),  # minor units a second
        ("first", "i8"),  # its machines, in `World.of_kind`
        ("last", "i8"),
    ],
    align=True,
)
MACHINE = np.dtype(
    [
        ("shop", "i8"),
        ("kind", "i8"),
        ("ready", "f8"),  # inf: takes no work
        ("family", "i8"),
        ("block_first", "i8"),
        ("block_last", "i8"),
    ],
    align=True,
)
SHOP = np.dtype(
    [
        ("crew_first", "i8"),
        ("crew_last", "i8"),
        ("shift_first", "i8"),
        ("shift_last", "i8"),
        ("longest", "f8"),  # shift from now on
        ("rate", "f8"),  # minor units of a person's second
        ("machine_first", "i8"),  # its machines, in `World.of_shop`
        ("machine_last", "i8"),
    ],
    align=True,
)
LIMITS = np.dtype(
    [
        ("now", "f8"),
        ("horizon", "f8"),
        ("priced", "i8"),  # anything costs anything
        ("parcels", "i8"),  # parcels cost
        ("everywhere", "i8"),  # every workshop delivers to every place
        ("stocked", "i8"),  # some workshop's stock is limited
        ("aimed", "i8"),  # at more than tardiness: what follows counts
        ("target", "f8"),  # runs shall end by then
        ("over", "f8"),  # cost of each second after it; inf: they must
        ("lost", "f8"),  # cost of each second that is earned beyond the horizon only
        ("dear", "f8"),  # how many times as much as usual a machine's second is worth
    ],
    align=True,
)


class World(NamedTuple):
    """N lots, C classes, M machines, W workshops; nothing here changes while a plan is sought."""

    lots: Records
    """[N] of `LOT`."""
    piece_s: Floats
    """[N, C]"""
    per_plate: Ints
    """[N, C]"""
    kinds: Records
    """[C] of `KIND`."""
    machines: Records
    """[M] of `MACHINE`."""
    shops: Records
    """[W] of `SHOP`."""
    shift_s: Floats
    """[A, 2]"""
    block_s: Floats
    """[B, 2] by machine, then in order."""
    setup_s: Floats
    """[F + 1, F]"""
    ship_s: Floats
    """[Z, W]"""
    ship_cost: Floats
    """[Z, W]"""
    stock: Floats
    """[W, K]"""
    barred: Ints
    """[X] machines, by lot."""
    kin: Ints
    """[N] lots, by order and place."""
    of_kind: Ints
    """[M'] machines that take work, by class."""
    of_shop: Ints
    """[M'] machines that take work, by workshop."""
    limits: Records
    """[1] of `LIMITS`."""


def world(problem: Problem) -> World:
    """The problem's arrays as records; large tables are shared with it, not copied."""
    lots, barred, kin = _lots(problem)
    machines, block_s = _machines(problem)
    working = np.flatnonzero(_working(problem))
    kinds, of_kind = _kinds(problem, working)
    shops, of_shop = _shops(problem, working)
    return World(
        lots=lots,
        piece_s=_table(problem.lots.piece_s),
        per_plate=_table(_feasible_plates(problem, working)),
        kinds=kinds,
        machines=machines,
        shops=shops,
        shift_s=_table(problem.workshops.shift_s),
        block_s=block_s,
        setup_s=_table(problem.setup_s),
        ship_s=_table(problem.workshops.ship_s),
        ship_cost=_table(problem.workshops.ship_cost),
        stock=_table(problem.workshops.stock),
        barred=barred,
        kin=kin,
        of_kind=of_kind,
        of_shop=of_shop,
        limits=_limits(problem),
    )


def _table(array: NDArray[Any]) -> NDArray[Any]:
    """Of the one type that compiled code is made for: in rows, and writeable."""
    return np.require(array, requirements=["C", "W"])


def _lots(problem: Problem) -> tuple[Records, Ints, Ints]:
    lots = problem.lots
    record = np.zeros(len(lots.quantity), LOT)
    record["quantity"], record["family"] = lots.quantity, lots.family
    record["release"], record["due"], record["deadline"] = lots.release_s, lots.due_s, lots.deadline_s
    record["weight"], record["rejection"], record["waiting"] = lots.weight, lots.rejection, lots.waiting_cost
    record["order"], record["place"], record["share"] = lots.order, lots.place, lots.share
    record["material"], record["use"] = lots.material, lots.use
    record["quickest"], record["earns"] = _quickest_s(problem), quickest_s(problem)
    by_lot = np.argsort(problem.barred.lot, kind="stable")
    number = np.arange(len(record))
    record["barred_first"] = np.searchsorted(problem.barred.lot[by_lot], number, "left")
    record["barred_last"] = np.searchsorted(problem.barred.lot[by_lot], number, "right")
    kin = kin_of(record, len(problem.workshops.ship_s))
    return record, _table(problem.barred.machine[by_lot]), kin


def kin_of(lots: Records, places: int) -> Ints:
    """Lots by order and place; the records are told where theirs stand."""
    parcel = lots["order"] * max(1, places) + lots["place"]
    kin = np.argsort(parcel, kind="stable").astype(np.int64)
    lots["kin_first"] = np.searchsorted(parcel[kin], parcel, "left")
    lots["kin_last"] = np.searchsorted(parcel[kin], parcel, "right")
    return kin


def _quickest_s(problem: Problem) -> Floats:
    lots = problem.lots
    best = np.full(len(lots.quantity), np.inf)
    for kind, overhead in enumerate(problem.classes.overhead_s):
        holds = lots.per_plate[:, kind]
        able = holds > 0
        runs = -(-lots.quantity[able] // holds[able])
        took = lots.quantity[able] * lots.piece_s[able, kind] + runs * overhead
        best[able] = np.minimum(best[able], took)
    return np.where(np.isfinite(best), best, 0.0)


def _feasible_plates(problem: Problem, working: Ints) -> Ints:
    """[N, C] `per_plate`, without lots of more pieces than all machines together make until the horizon.

    Nobody is to look for places for a million pieces one run after the other.
    """
    lots, span_s = problem.lots, max(0.0, problem.horizon_s - problem.now_s)
    number = np.bincount(problem.machines.kind[working], minlength=len(problem.classes.overhead_s))
    able = lots.per_plate > 0
    # The last run may end after the horizon.
    most = np.divide(span_s, lots.piece_s, out=np.zeros_like(lots.piece_s), where=able) + lots.per_plate
    endless = lots.quantity > np.where(able, most, 0.0) @ number
    return np.where(endless[:, None], 0, lots.per_plate) if endless.any() else lots.per_plate


def _working(problem: Problem) -> NDArray[np.bool_]:
    shops = problem.workshops
    shifts = np.diff(shops.shift_first)
    able = (shops.operators > 0) & (shifts > 0)
    return np.isfinite(problem.machines.ready_s) & able[problem.machines.workshop]


def _machines(problem: Problem) -> tuple[Records, Floats]:
    machines = problem.machines
    record = np.zeros(len(machines.kind), MACHINE)
    record["shop"], record["kind"] = machines.workshop, machines.kind
    record["ready"], record["family"] = machines.ready_s, machines.family
    order = np.lexsort((machines.block_s[:, 0], machines.block_machine))
    blocked, number = machines.block_machine[order], np.arange(len(record))
    record["block_first"] = np.searchsorted(blocked, number, "left")
    record["block_last"] = np.searchsorted(blocked, number, "right")
    return record, _table(machines.block_s[order])


def _kinds(problem: Problem, working: Ints) -> tuple[Records, Ints]:
    classes = problem.classes
    record = np.zeros(len(classes.unattended), KIND)
    record["unattended"], record["overhead"] = classes.unattended, classes.overhead_s
    record["hands"], record["watch"] = classes.clear_s + classes.count_s, classes.watch_s
    record["rate"] = classes.cost_per_s
    ordered = working[np.argsort(problem.machines.kind[working], kind="stable")]
    ranges(record, "", problem.machines.kind[ordered])
    return record, _table(ordered)


def _shops(problem: Problem, working: Ints) -> tuple[Records, Ints]:
    shops = problem.workshops
    record = np.zeros(len(shops.operators), SHOP)
    crew = np.concatenate([[0], np.cumsum(shops.operators)])
    record["crew_first"], record["crew_last"] = crew[:-1], crew[1:]
    record["shift_first"], record["shift_last"] = shops.shift_first[:-1], shops.shift_first[1:]
    record["rate"] = shops.operator_cost_per_s
    left = shops.shift_s[:, 1] - np.maximum(shops.shift_s[:, 0], problem.now_s)
    for shop in record:
        shop["longest"] = left[shop["shift_first"] : shop["shift_last"]].max(initial=0.0)
    ordered = working[np.argsort(problem.machines.workshop[working], kind="stable")]
    ranges(record, "machine_", problem.machines.workshop[ordered])
    return record, _table(ordered)


def ranges(record: Records, prefix: str, groups: Ints) -> None:
    """Where each record's part of what is ordered by `groups`, its number, begins and ends."""
    number = np.arange(len(record))
    record[f"{prefix}first"] = np.searchsorted(groups, number, "left")
    record[f"{prefix}last"] = np.searchsorted(groups, number, "right")


def _limits(problem: Problem) -> Records:
    record = np.zeros(1, LIMITS)
    shops, classes = problem.workshops, problem.classes
    record["now"], record["horizon"] = problem.now_s, problem.horizon_s
    parcels = bool(shops.ship_cost.any())
    priced = classes.cost_per_s.any() or shops.operator_cost_per_s.any() or problem.lots.waiting_cost.any()
    record["parcels"], record["priced"] = parcels, parcels or bool(priced)
    record["everywhere"] = bool(np.isfinite(shops.ship_s).all())
    record["stocked"] = bool(np.isfinite(shops.stock).any())
    record["target"], record["dear"] = np.inf, 1.0
    return record
