"""Rows of the broker's own classes in dictionaries, with what a transaction needs to take back."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from broker.database import Base
from broker.orders.models import Line, Lot, LotState
from broker.runs.models import Correction, Count, PlateLot, Run, RunStep, ScrapCount, Skip
from broker.wire.states import LIVE
from broker.workshops.models import Machine

Row = TypeVar("Row", bound=Base)
Key = tuple[object, ...]
_INDEXED: dict[type[Base], tuple[str, ...]] = {
    Run: ("plate_id", "workshop_id"),
    RunStep: ("run_id",),
    PlateLot: ("plate_id", "lot_id"),
    Lot: ("line_id", "workshop_id"),
    Line: ("order_id",),
    Machine: ("workshop_id",),
    Count: ("run_id",),
    ScrapCount: ("count_id",),
    Skip: ("run_id", "lot_id"),
    Correction: ("run_id",),
}
"""By columns that never change."""
_UNIQUE: dict[type[Base], tuple[str, ...]] = {
    Machine: ("workshop_id", "name"),
    Count: ("run_id", "lot_id"),
}


@dataclass(slots=True)
class Undo:
    """What a transaction, or a savepoint in it, has changed."""

    before: dict[int, tuple[Base, dict[str, Any]]] = field(default_factory=dict)
    """Rows that were handed out, as they were then."""
    steps: list[Callable[[], None]] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    """Those that were added or handed out."""

    def saw(self, row: Base) -> None:
        if id(row) not in self.before:
            self.before[id(row)] = row, dict(row.__dict__)
            if isinstance(row, Run):
                self.runs.append(row)

    def go_back(self) -> None:
        for row, before in self.before.values():
            row.__dict__.clear()
            row.__dict__.update(before)
        for step in reversed(self.steps):
            step()


class Tables:
    def __init__(self) -> None:
        self._rows: dict[type[Base], dict[Key, Base]] = defaultdict(dict)
        self._by: dict[tuple[type[Base], str], dict[object, list[Base]]] = defaultdict(lambda: defaultdict(list))
        self._taken: dict[type[Base], set[Key]] = defaultdict(set)
        self._numbers = 0

    def copy(self) -> "Tables":
        """A backup, made now."""
        copy, undo = Tables(), Undo()
        for kind, rows in self._rows.items():
            for row in rows.values():
                twin = kind()
                vars(twin).update({name: value for name, value in vars(row).items() if name != "_sa_instance_state"})
                copy.add(twin, undo)
        return copy

    def count_on(self, other: "Tables") -> None:
        """Names that the other gave are never given again."""
        self._numbers = max(self._numbers, other._numbers)

    def next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def get(self, kind: type[Row], *key: object) -> Row | None:
        found = self._rows[kind].get(key)
        assert found is None or isinstance(found, kind)
        return found

    def all(self, kind: type[Row]) -> Iterable[Row]:
        return self._rows[kind].values()  # type: ignore[return-value]  # rows are kept by their class

    def by(self, kind: type[Row], column: str, value: object) -> Sequence[Row]:
        return self._by[kind, column].get(value, ())  # type: ignore[return-value]  # rows are kept by their class

    def add(self, row: Base, undo: Undo) -> None:
        """From here on its attributes are plain ones. Raises IntegrityError for a key that is taken."""
        kind = type(row)
        row.__class__ = _plain(kind)
        _fill(kind, row, self)
        key = tuple(getattr(row, name) for name in _key(kind))
        unique = tuple(getattr(row, name) for name in _UNIQUE.get(kind, ())) or key
        if key in self._rows[kind] or unique in self._taken[kind] or (isinstance(row, Lot) and self._is_here(row)):
            raise _broken(f"{kind.__name__} {key} is there already")
        self._rows[kind][key] = row
        self._taken[kind].add(unique)
        lists = [self._by[kind, column][getattr(row, column)] for column in _INDEXED.get(kind, ())]
        for one in lists:
            one.append(row)
        if isinstance(row, Run):
            undo.runs.append(row)

        def remove() -> None:
            del self._rows[kind][key]
            self._taken[kind].discard(unique)
            for one in lists:
                one.remove(row)

        undo.steps.append(remove)

    def _is_here(self, lot: Lot) -> bool:
        """Its shop has another of its line that hasn't gone, as the partial unique index sees it."""
        others = [one for one in self.by(Lot, "line_id", lot.line_id) if one.workshop_id == lot.workshop_id]
        return lot.state is not LotState.DELIVERED and any(one.state is not LotState.DELIVERED for one in others)

    def moved(self, row: Row, column: str, value: object) -> None:
        """What else never happens: an indexed column changes. It can't be undone."""
        lists = self._by[type(row).__mro__[1], column]
        lists[getattr(row, column)].remove(row)
        setattr(row, column, value)
        lists[value].append(row)

    def require_one_live_run_a_plate(self, runs: Iterable[Run]) -> None:
        """Raises IntegrityError, as the partial unique index does."""
        for run in runs:
            if run.state in LIVE and sum(other.state in LIVE for other in self.by(Run, "plate_id", run.plate_id)) > 1:
                raise _broken(f"plate {run.plate_id} has two live runs")


def _broken(what: str) -> IntegrityError:
    return IntegrityError(what, None, ValueError(what))


@cache
def _plain(kind: type[Base]) -> type[Base]:
    """The same class with plain attributes for columns: a session's bookkeeping is most of what reading them costs."""
    columns = dict.fromkeys(str(column.key) for column in inspect(kind).columns)
    return type(kind.__name__, (kind,), {"__abstract__": True, "__module__": kind.__module__, **columns})


def _fill(kind: type[Base], row: Base, tables: Tables) -> None:
    """What a database gives columns that weren't set."""
    for name, default, is_number in _columns(kind):
        if row.__dict__.get(name) is None:
            value = tables.next_number() if is_number else default
            if value is not None:
                setattr(row, name, value)


@cache
def _key(kind: type[Base]) -> tuple[str, ...]:
    return tuple(str(column.key) for column in inspect(kind).primary_key)


@cache
def _columns(kind: type[Base]) -> tuple[tuple[str, Any, bool], ...]:
    """Name, default and whether it counts by itself, of columns that have either."""
    found = []
    for column in inspect(kind).columns:
        counts = column.primary_key and column.autoincrement is True
        default = column.default.arg if isinstance(column.default, ScalarElementColumnDefault) else None
        if counts or default is not None:
            found.append((column.key, default, counts))
    return tuple(found)
