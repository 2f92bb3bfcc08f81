"""From names to arrays: the problem of a file, and what its indices are called."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from broker.scheduling.files.errors import WrongFile
from broker.scheduling.files.problem_file import Lot, ProblemFile, Workshop
from broker.scheduling.network.problem import (
    Barred,
    Classes,
    Floats,
    Ints,
    Lots,
    Machines,
    Problem,
    Workshops,
)

UNSAID = "the file names no way of making it there"


@dataclass(frozen=True, slots=True)
class Names:
    """What each index of a problem is called."""

    lots: Sequence[str]
    machines: Sequence[str]
    classes: Sequence[str]
    workshops: Sequence[str]
    families: Sequence[str]

    @staticmethod
    def numbers(problem: Problem) -> "Names":
        """Where nobody gave names."""
        return Names(
            _numbers(len(problem.lots.quantity)),
            _numbers(len(problem.machines.kind)),
            _numbers(len(problem.classes.unattended)),
            _numbers(len(problem.workshops.operators)),
            _numbers(problem.setup_s.shape[1]),
        )


def _numbers(count: int) -> tuple[str, ...]:
    return tuple(map(str, range(count)))


class _Table:
    """Positions by name."""

    def __init__(self, what: str, names: Iterable[str]) -> None:
        self.what = what
        self.names = tuple(names)
        self._at = {name: position for position, name in enumerate(self.names)}
        if len(self._at) < len(self.names):
            twice = next(name for position, name in enumerate(self.names) if self._at[name] != position)
            raise WrongFile(f"{what}: {twice!r} stands there twice; give each a name of its own")

    def at(self, name: str, where: str) -> int:
        try:
            return self._at[name]
        except KeyError:
            raise WrongFile(f"{where}: {name!r} isn't among the {self.what}; add it there or name another") from None


@dataclass(frozen=True, slots=True)
class _Tables:
    lots: _Table
    machines: _Table
    classes: _Table
    workshops: _Table
    families: _Table
    places: _Table
    materials: _Table
    reasons: _Table


def named_problem(file: ProblemFile) -> tuple[Problem, Names]:
    """The problem as arrays.

    Raises
    ------
    WrongFile
        For a name that stands twice, or is spoken of and isn't there.
    ProblemError
        For times that can't be planned with.
    """
    tables = _tables(file)
    problem = Problem(
        lots=_lots(file, tables),
        classes=_classes(file),
        machines=_machines(file, tables),
        workshops=_workshops(file, tables),
        setup_s=_setups(file, tables),
        horizon_s=file.horizon_s,
        now_s=file.now_s,
        barred=_barred(file, tables),
        reasons=tables.reasons.names,
    )
    names = (tables.lots, tables.machines, tables.classes, tables.workshops, tables.families)
    return problem, Names(*(table.names for table in names))


def _tables(file: ProblemFile) -> _Tables:
    reasons = ["", UNSAID]
    reasons += [excluded.reason for lot in file.lots for excluded in lot.excluded]
    reasons += [bar.reason for lot in file.lots for bar in lot.barred]
    return _Tables(
        lots=_Table("lots", (lot.id for lot in file.lots)),
        machines=_Table("machines", (machine.id for machine in file.machines)),
        classes=_Table("classes", (kind.id for kind in file.classes)),
        workshops=_Table("workshops", (shop.id for shop in file.workshops)),
        families=_Table("families", file.families),
        places=_Table("places", dict.fromkeys(lot.place for lot in file.lots)),
        materials=_Table("materials", dict.fromkeys(lot.material for lot in file.lots if lot.material is not None)),
        reasons=_Table("reasons", dict.fromkeys(reasons)),
    )


def _lots(file: ProblemFile, tables: _Tables) -> Lots:
    lots = file.lots
    orders = _codes(lot.order if lot.order is not None else (lot.id,) for lot in lots)
    shares = _codes(lot.share for lot in lots)
    piece_s, per_plate, reason = _ways(file, tables)
    return Lots(
        quantity=_ints([lot.quantity for lot in lots]),
        family=_ints([tables.families.at(lot.family, _of(lot)) for lot in lots]),
        release_s=_floats([lot.release_s for lot in lots]),
        due_s=_floats([np.inf if lot.due_s is None else lot.due_s for lot in lots]),
        deadline_s=_floats([np.inf if lot.deadline_s is None else lot.deadline_s for lot in lots]),
        weight=_floats([lot.weight for lot in lots]),
        rejection=_floats([lot.weight * file.horizon_s if lot.rejection is None else lot.rejection for lot in lots]),
        waiting_cost=_floats([lot.waiting_cost for lot in lots]),
        order=_ints(orders),
        place=_ints([tables.places.at(lot.place, _of(lot)) for lot in lots]),
        share=_ints([-1 if lot.share is None else code for lot, code in zip(lots, shares, strict=True)]),
        material=_ints([-1 if lot.material is None else tables.materials.at(lot.material, _of(lot)) for lot in lots]),
        use=_floats([lot.use for lot in lots]),
        piece_s=piece_s,
        per_plate=per_plate,
        reason=reason,
    )


def _ways(file: ProblemFile, tables: _Tables) -> tuple[Floats, Ints, Ints]:
    shape = (len(file.lots), len(file.classes))
    piece_s, per_plate = np.zeros(shape), np.zeros(shape, dtype=np.int64)
    reason = np.full(shape, tables.reasons.at(UNSAID, ""), dtype=np.int64)
    for row, lot in enumerate(file.lots):
        for excluded in lot.excluded:
            kind = tables.classes.at(excluded.machine_class, f"{_of(lot)}, excluded")
            reason[row, kind] = tables.reasons.at(excluded.reason, _of(lot))
        for way in lot.ways:
            kind = tables.classes.at(way.machine_class, f"{_of(lot)}, ways")
            piece_s[row, kind], per_plate[row, kind], reason[row, kind] = way.piece_s, way.per_plate, 0
    return piece_s, per_plate, reason


def _barred(file: ProblemFile, tables: _Tables) -> Barred:
    rows = [
        (lot, tables.machines.at(bar.machine, f"{_of(entry)}, barred"), tables.reasons.at(bar.reason, _of(entry)))
        for lot, entry in enumerate(file.lots)
        for bar in entry.barred
    ]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return Barred(columns[:, 0].copy(), columns[:, 1].copy(), columns[:, 2].copy())


def _classes(file: ProblemFile) -> Classes:
    return Classes(
        unattended=np.array([kind.unattended for kind in file.classes], dtype=np.bool_),
        overhead_s=_floats([kind.overhead_s for kind in file.classes]),
        clear_s=_floats([kind.clear_s for kind in file.classes]),
        count_s=_floats([kind.count_s for kind in file.classes]),
        watch_s=_floats([kind.watch_s for kind in file.classes]),
        cost_per_s=_floats([kind.cost_per_s for kind in file.classes]),
    )


def _machines(file: ProblemFile, tables: _Tables) -> Machines:
    blocks = [(number, span) for number, machine in enumerate(file.machines) for span in sorted(machine.blocks)]
    loaded = [
        len(file.families) if machine.loaded is None else tables.families.at(machine.loaded, f"machine {machine.id!r}")
        for machine in file.machines
    ]
    return Machines(
        workshop=_ints([tables.workshops.at(machine.workshop, f"machine {machine.id!r}") for machine in file.machines]),
        kind=_ints([tables.classes.at(machine.machine_class, f"machine {machine.id!r}") for machine in file.machines]),
        ready_s=_floats([machine.ready_s for machine in file.machines]),
        family=_ints(loaded),
        block_machine=_ints([number for number, _ in blocks]),
        block_s=_floats([span for _, span in blocks]).reshape(-1, 2),
    )


def _workshops(file: ProblemFile, tables: _Tables) -> Workshops:
    shops = file.workshops
    shifts = [span for shop in shops for span in sorted(shop.shifts)]
    legs = [[shop.ship.get(place) for shop in shops] for place in tables.places.names]
    shape = (len(legs), len(shops))
    return Workshops(
        operators=_ints([shop.operators for shop in shops]),
        shift_first=_ints([0, *np.cumsum([len(shop.shifts) for shop in shops]).tolist()]),
        shift_s=_floats(shifts).reshape(-1, 2),
        ship_s=_floats([[np.inf if leg is None else leg.seconds for leg in row] for row in legs]).reshape(shape),
        ship_cost=_floats([[0.0 if leg is None else leg.cost for leg in row] for row in legs]).reshape(shape),
        operator_cost_per_s=_floats([shop.operator_cost_per_s for shop in shops]),
        stock=_floats([_stock(shop, tables.materials) for shop in shops]).reshape(
            len(shops), len(tables.materials.names)
        ),
    )


def _stock(shop: Workshop, materials: _Table) -> list[float]:
    return [shop.stock.get(material, np.inf) for material in materials.names]


def _setups(file: ProblemFile, tables: _Tables) -> Floats:
    families = len(file.families)
    table = np.full((families + 1, families), file.setups.other_s)
    np.fill_diagonal(table, file.setups.same_s)
    for pair in file.setups.pairs:
        row = families if pair.from_family is None else tables.families.at(pair.from_family, "setups")
        table[row, tables.families.at(pair.to, "setups")] = pair.seconds
    return table


def _codes(labels: Iterable[object]) -> list[int]:
    """A number for each different label."""
    seen: dict[object, int] = {}
    return [seen.setdefault(label, len(seen)) for label in labels]


def _of(lot: Lot) -> str:
    return f"lot {lot.id!r}"


def _ints(numbers: list[int]) -> Ints:
    return np.array(numbers, dtype=np.int64)


def _floats(numbers: Sequence[object]) -> Floats:
    return np.array(numbers, dtype=np.float64)
