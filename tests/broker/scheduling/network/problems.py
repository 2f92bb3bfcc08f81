"""Small random networks with every feature of the model, and one hand-made workshop to reckon with by head."""

import numpy as np

from broker.scheduling.network.problem import (
    Barred,
    Bools,
    Classes,
    Floats,
    Ints,
    Lots,
    Machines,
    Problem,
    Workshops,
)

HOUR = 3600.0
DAY = 24 * HOUR
REASONS = ("", "the machine is too small", "the material isn't worked there", "the workshop declined")


def ints(*numbers: int) -> Ints:
    return np.array(numbers, dtype=np.int64)


def floats(*numbers: float) -> Floats:
    return np.array(numbers, dtype=np.float64)


def random_problem(
    seed: int,
    *,
    lots: int = 8,
    classes: int = 3,
    machines: int = 4,
    workshops: int = 2,
    families: int = 3,
    days: int = 3,
    plain: bool = False,
) -> Problem:
    """The same for the same arguments. `plain`: no stock, blocks, bars, deadlines, watching or shared plates."""
    rng = np.random.default_rng(seed)
    plates = rng.integers(1, 9, (lots, classes)) * (rng.random((lots, classes)) < 0.75)
    unattended = rng.random(classes) < 0.6
    return Problem(
        lots=_lots(rng, plates.astype(np.int64), families, workshops, days, plain=plain),
        classes=Classes(
            unattended=unattended,
            overhead_s=_minutes(rng, 0, 20, classes),
            clear_s=_minutes(rng, 1, 8, classes),
            count_s=_minutes(rng, 0, 4, classes),
            watch_s=np.zeros(classes) if plain else _minutes(rng, 0, 6, classes),
            cost_per_s=rng.integers(0, 5, classes) / 64,
        ),
        machines=_machines(rng, machines, workshops, classes, families, days, plain=plain),
        workshops=_workshops(rng, workshops, days, plain=plain),
        setup_s=_setups(rng, families),
        horizon_s=days * DAY,
        now_s=0.0 if plain else float(rng.integers(0, 3)) * HOUR,
        barred=Barred.none() if plain else _barred(rng, lots, machines),
        reasons=REASONS,
    )


def _lots(rng: np.random.Generator, plates: Ints, families: int, workshops: int, days: int, *, plain: bool) -> Lots:
    lots, classes = len(plates), int(plates.shape[1])
    release: Floats = (
        np.where(rng.random(lots) < 0.5, rng.integers(0, 24 * days // 2, lots), 0).astype(np.float64) * HOUR
    )
    due = release + rng.integers(2, 24 * days, lots) * HOUR
    weight = rng.integers(1, 5, lots).astype(np.float64)
    some = np.zeros(lots, dtype=np.bool_) if plain else rng.random(lots) < 0.3
    stocked = np.zeros(lots, dtype=np.bool_) if plain else rng.random(lots) < 0.5
    return Lots(
        quantity=rng.integers(0 if not plain else 1, 20, lots),
        family=rng.integers(0, families, lots),
        release_s=release,
        due_s=np.where(rng.random(lots) < 0.1, np.inf, due),
        deadline_s=np.where(some, due + rng.integers(0, 48, lots) * HOUR, np.inf),
        weight=weight,
        rejection=weight * days * DAY,
        waiting_cost=rng.integers(0, 3, lots) / 1024,
        order=rng.integers(0, max(1, lots // 2), lots),
        place=rng.integers(0, 2, lots),
        share=np.full(lots, -1, dtype=np.int64) if plain else rng.integers(-1, 2, lots),
        material=np.where(stocked, rng.integers(0, 2, lots), -1),
        use=stocked * rng.integers(1, 5, lots) / 4,
        piece_s=np.where(plates > 0, _minutes(rng, 5, 90, (lots, classes)), 0.0),
        per_plate=plates,
        reason=np.where(plates > 0, 0, rng.integers(1, 3, (lots, classes))),
    )


def _machines(
    rng: np.random.Generator, machines: int, workshops: int, classes: int, families: int, days: int, *, plain: bool
) -> Machines:
    blocked = np.zeros(0, dtype=np.int64) if plain else np.unique(rng.integers(0, max(machines, 1), machines // 2))
    begin = rng.integers(0, 24 * days, len(blocked)) * HOUR
    busy = np.zeros(machines) if plain else rng.integers(0, 12, machines) * (rng.random(machines) < 0.4)
    ready: Floats = busy.astype(np.float64) * HOUR
    if not plain and machines > 2:
        ready[-1] = np.inf if rng.random() < 0.3 else ready[-1]
    return Machines(
        workshop=rng.integers(0, workshops, machines),
        kind=np.resize(rng.permutation(classes), machines),
        ready_s=ready,
        family=rng.integers(0, families + 1, machines),
        block_machine=blocked,
        block_s=np.stack([begin, begin + rng.integers(1, 8, len(blocked)) * HOUR], axis=1).reshape(-1, 2),
    )


def _workshops(rng: np.random.Generator, workshops: int, days: int, *, plain: bool) -> Workshops:
    shifts: list[list[float]] = []
    first = [0]
    for _ in range(workshops):
        opens, closes = int(rng.integers(6, 10)), int(rng.integers(14, 21))
        for day in range(days):
            if rng.random() < 0.15:
                continue
            noon = day * DAY + 12 * HOUR
            if rng.random() < 0.3:
                shifts += [[day * DAY + opens * HOUR, noon], [noon + HOUR, day * DAY + closes * HOUR]]
            else:
                shifts.append([day * DAY + opens * HOUR, day * DAY + closes * HOUR])
        first.append(len(shifts))
    ship = rng.integers(1, 20, (2, workshops)) * HOUR
    return Workshops(
        operators=rng.integers(1, 3, workshops),
        shift_first=np.array(first, dtype=np.int64),
        shift_s=np.array(shifts, dtype=np.float64).reshape(-1, 2),
        ship_s=np.where(rng.random((2, workshops)) < (0.0 if plain else 0.1), np.inf, ship),
        ship_cost=rng.integers(0, 900, (2, workshops)).astype(np.float64),
        operator_cost_per_s=rng.integers(0, 4, workshops) / 128,
        stock=np.where(
            rng.random((workshops, 2)) < 0.5, np.inf, rng.integers(0, 25, (workshops, 2)).astype(np.float64)
        ),
    )


def _setups(rng: np.random.Generator, families: int) -> Floats:
    table = _minutes(rng, 3, 25, (families + 1, families))
    np.fill_diagonal(table, _minutes(rng, 0, 3, families))
    return table


def _barred(rng: np.random.Generator, lots: int, machines: int) -> Barred:
    pairs = np.argwhere(rng.random((lots, machines)) < 0.08).astype(np.int64)
    return Barred(pairs[:, 0].copy(), pairs[:, 1].copy(), np.full(len(pairs), 3, dtype=np.int64))


def _minutes(rng: np.random.Generator, low: int, high: int, shape: int | tuple[int, ...]) -> Floats:
    """Whole minutes: sums of them are exact."""
    return rng.integers(low, high, shape).astype(np.float64) * 60.0


def workshop(
    *,
    quantity: Ints | None = None,
    due_s: Floats | None = None,
    family: Ints | None = None,
    share: Ints | None = None,
    machines: int = 2,
    operators: int = 1,
    unattended: Bools | None = None,
) -> Problem:
    """One workshop open 8–16 h on three days, with printers that hold four pieces of an hour.

    Clearing takes 300 s, changing the family 600 s, heating 600 s; a parcel 3 h. Lots are wanted after 2 days.
    """
    wanted = ints(4, 4) if quantity is None else quantity
    return Problem(
        lots=_plain_lots(wanted, due_s, family, share),
        classes=Classes(
            unattended=np.ones(1, dtype=np.bool_) if unattended is None else unattended,
            overhead_s=floats(600),
            clear_s=floats(300),
            count_s=floats(0),
            watch_s=floats(0),
            cost_per_s=floats(0.01),
        ),
        machines=Machines(
            workshop=np.zeros(machines, dtype=np.int64),
            kind=np.zeros(machines, dtype=np.int64),
            ready_s=np.zeros(machines),
            family=np.zeros(machines, dtype=np.int64),
            block_machine=ints(),
            block_s=np.zeros((0, 2)),
        ),
        workshops=Workshops(
            operators=ints(operators),
            shift_first=ints(0, 3),
            shift_s=np.array([[d * DAY + 8 * HOUR, d * DAY + 16 * HOUR] for d in range(3)]),
            ship_s=np.full((1, 1), 3 * HOUR),
            ship_cost=np.full((1, 1), 500.0),
            operator_cost_per_s=floats(0.02),
            stock=np.zeros((1, 0)),
        ),
        setup_s=np.array([[0.0, 600.0], [600.0, 0.0], [600.0, 600.0]]),
        horizon_s=3 * DAY,
        reasons=REASONS,
    )


def _plain_lots(quantity: Ints, due_s: Floats | None, family: Ints | None, share: Ints | None) -> Lots:
    lots = len(quantity)
    return Lots(
        quantity=quantity,
        family=np.zeros(lots, dtype=np.int64) if family is None else family,
        release_s=np.zeros(lots),
        due_s=np.full(lots, 2 * DAY) if due_s is None else due_s,
        deadline_s=np.full(lots, np.inf),
        weight=np.ones(lots),
        rejection=np.full(lots, 3 * DAY),
        waiting_cost=np.zeros(lots),
        order=np.arange(lots, dtype=np.int64),
        place=np.zeros(lots, dtype=np.int64),
        share=np.full(lots, -1, dtype=np.int64) if share is None else share,
        material=np.full(lots, -1, dtype=np.int64),
        use=np.zeros(lots),
        piece_s=np.full((lots, 1), HOUR),
        per_plate=np.full((lots, 1), 4, dtype=np.int64),
        reason=np.zeros((lots, 1), dtype=np.int64),
    )
