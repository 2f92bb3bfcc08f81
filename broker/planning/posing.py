"""`Situation` → a network's problem and its geometry: arrays, and what their indices stand for."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from broker.planning.attendance import attended
from broker.planning.estimates import CHANGE_S, CLEAR_S, COUNT_S, OVERHEAD_S, WATCH_S
from broker.planning.kinds import Kind, kinds_of
from broker.planning.making import Making, making
from broker.planning.situation import OpenLine, Situation, Station
from broker.scheduling.network.problem import Barred, Classes, Floats, Ints, Lots, Machines, Problem, Workshops
from broker.scheduling.plates.geometry import Geometry
from broker.wire.shop import Inventory, Process
from broker.wire.tiers import Tier

DAY_S = 24 * 3600.0
SHIPPING_S = DAY_S
"""A parcel's way to the buyer, whichever shop it is from: neither says where a buyer lives but in words."""
HORIZON_S = 56 * DAY_S
_LONGEST_RUN_S = 7 * DAY_S
"""Shifts are known for so long after the last start."""
REJECTION_S = 10 * HORIZON_S
"""Lateness than which leaving a lot out is worse."""
PATIENCE = 10.0
"""Machine seconds that may be paid for each second by which an order arrives earlier: idle machines are used."""
WEIGHT = {Tier.EXPRESS: 4.0, Tier.STANDARD: 1.0, Tier.ECONOMY: 0.5}
"""Of a second after the promised date: whose goes first where not all can be kept."""
IMPATIENCE = {Tier.EXPRESS: 4.0, Tier.STANDARD: 1.0, Tier.ECONOMY: 0.05}
"""What each second until an order arrives costs, as a factor of `PATIENCE`: express takes the soonest machines, economy
waits for the cheapest within its date."""
_LEAST_RATE = 100 / 3600
"""Minor units a second where machines cost less, lest waiting costs nothing."""


@dataclass(frozen=True, slots=True)
class Posed:
    """A problem, and what its indices mean."""

    lines: tuple[OpenLine, ...]
    """By lot."""
    stations: tuple[Station, ...]
    """By machine."""
    kinds: tuple[Kind, ...]
    """By class."""
    problem: Problem
    """Its `per_plate` is 1 or more where nothing but the shape may stand against a lot."""
    geometry: Geometry

    def kind(self, machine: int) -> Kind:
        return self.kinds[int(self.problem.machines.kind[machine])]


def pose(situation: Situation, *, later_s: float | None = None) -> Posed | None:
    """The problem of a situation; None if there are no lines or no machines.

    `later_s`: a machine that takes no work now is ready after so long; None: it isn't at all.
    """
    lines, stations = situation.lines, situation.stations
    if not lines or not stations:
        return None
    kinds, of = kinds_of(stations)
    alone = np.array([not station.inventory.share_plates for station in stations])
    makes = making(lines, kinds, alone)
    reasons = {words: number for number, words in enumerate(makes.reasons)}
    barred = _barred(lines, stations, reasons)
    families, setup_s, loaded = _families(lines, stations)
    shops = {station.workshop_id: station.inventory for station in stations}
    numbers = {workshop: number for number, workshop in enumerate(shops)}
    problem = Problem(
        lots=_lots(lines, families, makes, situation.taken_at, _patience(stations)),
        classes=_classes(kinds),
        machines=Machines(
            workshop=_ints(numbers[station.workshop_id] for station in stations),
            kind=_ints(of),
            ready_s=_floats(_ready_s(station, later_s) for station in stations),
            family=loaded,
            block_machine=_ints(()),
            block_s=np.zeros((0, 2)),
        ),
        workshops=_workshops(list(shops.values()), situation.taken_at),
        setup_s=setup_s,
        horizon_s=HORIZON_S,
        barred=barred,
        reasons=tuple(reasons),
    )
    return Posed(lines, stations, kinds, problem, makes.geometry)


def _lots(lines: Sequence[OpenLine], families: Ints, makes: Making, now: datetime, patience: float) -> Lots:
    orders = [line.order_id for line in lines]
    sizes = Counter(orders)
    numbers = {order: number for number, order in enumerate(sizes)}
    number = len(lines)
    return Lots(
        quantity=_ints(line.pieces for line in lines),
        family=families,
        release_s=np.zeros(number),
        due_s=_floats(_due_s(line.due_at, now) for line in lines),
        deadline_s=np.full(number, np.inf),
        weight=_floats(WEIGHT[line.tier] for line in lines),
        rejection=np.full(number, REJECTION_S),
        waiting_cost=_floats(patience * IMPATIENCE[line.tier] / sizes[line.order_id] for line in lines),
        order=_ints(numbers[order] for order in orders),
        place=np.zeros(number, dtype=np.int64),
        share=_ints(0 if line.share else -1 for line in lines),
        material=np.full(number, -1, dtype=np.int64),
        use=np.zeros(number),
        piece_s=makes.piece_s,
        per_plate=makes.per_plate,
        reason=makes.reason,
    )


def _classes(kinds: Sequence[Kind]) -> Classes:
    processes = [kind.spec.process for kind in kinds]
    return Classes(
        # A router's time lies within attended hours, whatever its shop says of it.
        unattended=np.array([not (kind.spec.attended or kind.spec.process is Process.CUT2D) for kind in kinds]),
        overhead_s=_floats(OVERHEAD_S[process] for process in processes),
        clear_s=_floats(CLEAR_S[process] for process in processes),
        count_s=_floats(COUNT_S[process] for process in processes),
        watch_s=_floats(WATCH_S[process] for process in processes),
        cost_per_s=_floats(kind.first.inventory.rates.machine_per_h / 3600 for kind in kinds),
    )


def _workshops(shops: Sequence[Inventory], now: datetime) -> Workshops:
    until_s = HORIZON_S + _LONGEST_RUN_S
    shifts = [attended(shop.attended, shop.timezone, now, until_s) for shop in shops]
    return Workshops(
        operators=_ints(shop.operators for shop in shops),
        shift_first=_ints(np.concatenate([[0], np.cumsum([len(spans) for spans in shifts])]).tolist()),
        shift_s=np.array([span for spans in shifts for span in spans], dtype=np.float64).reshape(-1, 2),
        ship_s=np.full((1, len(shops)), SHIPPING_S),
        ship_cost=_floats(shop.rates.shipping for shop in shops).reshape(1, -1),
        operator_cost_per_s=_floats(shop.rates.labour_per_h / 3600 for shop in shops),
        stock=np.zeros((len(shops), 0)),
    )


def _families(lines: Sequence[OpenLine], stations: Sequence[Station]) -> tuple[Ints, Floats, Ints]:
    """Of each lot, what may share a plate: process, material and recipe, a sheet's thickness being its material's;
    what a person needs from one to the next; and what each machine has loaded."""
    keys = [(line.process, line.material.casefold(), line.recipe) for line in lines]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    loads = [(process, material) for process, material, _ in numbers]
    change = np.array([[CHANGE_S if one != other else 0.0 for other in loads] for one in [*loads, None]])
    first = {load: number for number, load in reversed(list(enumerate(loads)))}
    loaded = [(station.spec.process, (station.loaded or "").casefold()) for station in stations]
    return (
        _ints(numbers[key] for key in keys),
        change,
        _ints(first.get(load, len(loads)) for load in loaded),
    )


def _barred(lines: Sequence[OpenLine], stations: Sequence[Station], reasons: dict[str, int]) -> Barred:
    """Whom a shop's or an agent's no rules out. Adds to `reasons`."""
    rows = [
        (lot, machine, reasons.setdefault(words, len(reasons)))
        for lot, line in enumerate(lines)
        if line.barred_workshops or line.barred_machines
        for machine, station in enumerate(stations)
        if (words := barred_because(line, station))
    ]
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return Barred(*(np.ascontiguousarray(column) for column in table.T))


def barred_because(line: OpenLine, station: Station) -> str:
    """Why this very machine mustn't make the line; "" if it may."""
    return line.barred_workshops.get(station.workshop_id) or line.barred_machines.get(station.machine_id) or ""


def _patience(stations: Sequence[Station]) -> float:
    """Minor units for a second of an order's waiting."""
    rates = [station.inventory.rates.machine_per_h / 3600 for station in stations]
    return PATIENCE * max(sum(rates) / len(rates), _LEAST_RATE)


def _ready_s(station: Station, later_s: float | None) -> float:
    if not station.idle_because:
        return station.ready_s
    return float("inf") if later_s is None else station.ready_s + later_s


def _due_s(due_at: datetime | None, now: datetime) -> float:
    return float("inf") if due_at is None else (due_at - now).total_seconds()


def _ints(values: Iterable[int]) -> Ints:
    return np.array(list(values), dtype=np.int64)


def _floats(values: Iterable[float]) -> Floats:
    return np.array(list(values), dtype=np.float64)
