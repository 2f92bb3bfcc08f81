"""The problem's own rules: types, shapes, ranges, order of shifts and blocks, reasons."""

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.errors import NotFinite, OutOfRange, ProblemError, UnreasonedExclusion, WrongArray
from broker.scheduling.network.problem import Floats, Ints, Problem
from broker.scheduling.validate import MAX_PIECES, MAX_SECONDS

MAX_VALUE = 1e15
"""Weighted seconds of a single lot: sums of a million of them still resolve a millisecond's share of each."""
_ABOVE_ZERO = float(np.finfo(np.float64).tiny)


def check_problem(problem: Problem) -> None:
    """Raise the `ProblemError` that names what is wrong, or return."""
    _check_scalars(problem)
    lots, machines, workshops = _lengths(problem)
    classes = len(problem.classes.unattended)
    families = _check_setups(problem.setup_s)
    _check_classes(problem, classes)
    _check_machines(problem, machines, workshops, classes, families)
    places = _check_workshops(problem, workshops)
    _check_lots(problem, lots, families, places)
    _check_capability(problem, lots, classes)
    _check_barred(problem, lots, machines)


def _lengths(problem: Problem) -> tuple[int, int, int]:
    """Lots, machines, workshops; the other arrays are measured by these."""
    lengths = []
    for name, array in (
        ("lots.quantity", problem.lots.quantity),
        ("machines.workshop", problem.machines.workshop),
        ("workshops.operators", problem.workshops.operators),
        ("classes.unattended", problem.classes.unattended),
    ):
        if array.ndim != 1:
            raise WrongArray(name, f"has {array.ndim} dimensions, needs 1")
        lengths.append(len(array))
    return lengths[0], lengths[1], lengths[2]


def _check_scalars(problem: Problem) -> None:
    for name, value in (("horizon_s", problem.horizon_s), ("now_s", problem.now_s)):
        if not np.isfinite(value):
            raise NotFinite(name, f"is {value}; give seconds from the plan's zero")
        if not 0 <= value <= MAX_SECONDS:
            raise OutOfRange(name, f"is {value:g}, must lie in 0 to {MAX_SECONDS:g}")
    if not problem.reasons or problem.reasons[0]:
        raise UnreasonedExclusion("reasons", "must begin with an empty one, for what can be made")
    if not all(problem.reasons[1:]):
        raise UnreasonedExclusion("reasons", f"[{problem.reasons.index('', 1)}] is empty; say why in words")


def _check_setups(setup_s: Floats) -> int:
    families = setup_s.shape[-1] if setup_s.ndim == 2 else 0
    _amount("setup_s", setup_s, (families + 1, families), MAX_SECONDS)
    return families


def _check_classes(problem: Problem, classes: int) -> None:
    kinds = problem.classes
    if kinds.unattended.dtype != np.bool_:
        raise WrongArray("classes.unattended", f"is {kinds.unattended.dtype}, needs bool")
    for name, array in (
        ("overhead_s", kinds.overhead_s),
        ("clear_s", kinds.clear_s),
        ("count_s", kinds.count_s),
        ("watch_s", kinds.watch_s),
        ("cost_per_s", kinds.cost_per_s),
    ):
        _amount(f"classes.{name}", array, (classes,), MAX_SECONDS)


def _check_machines(problem: Problem, machines: int, workshops: int, classes: int, families: int) -> None:
    own = problem.machines
    _index("machines.workshop", own.workshop, (machines,), 0, workshops - 1)
    _index("machines.kind", own.kind, (machines,), 0, classes - 1)
    _index("machines.family", own.family, (machines,), 0, families)
    _amount("machines.ready_s", own.ready_s, (machines,), MAX_SECONDS, infinite=True)
    _index("machines.block_machine", own.block_machine, (len(own.block_s),), 0, machines - 1)
    _amount("machines.block_s", own.block_s, (len(own.block_s), 2), MAX_SECONDS, low=-MAX_SECONDS)
    _check_spans("machines.block_s", own.block_s, own.block_machine, "machine")


def _check_workshops(problem: Problem, workshops: int) -> int:
    """How many places there are."""
    own = problem.workshops
    _index("workshops.operators", own.operators, (workshops,), 0, MAX_PIECES)
    rows = len(own.shift_s)
    _amount("workshops.shift_s", own.shift_s, (rows, 2), MAX_SECONDS, low=-MAX_SECONDS)
    _index("workshops.shift_first", own.shift_first, (workshops + 1,), 0, rows)
    if own.shift_first[0] != 0 or own.shift_first[-1] != rows or (np.diff(own.shift_first) < 0).any():
        raise OutOfRange("workshops.shift_first", f"must rise from 0 to {rows}, the number of rows of shift_s")
    workshop = np.repeat(np.arange(workshops), np.diff(own.shift_first))
    _check_spans("workshops.shift_s", own.shift_s, workshop, "workshop")
    places = own.ship_s.shape[0] if own.ship_s.ndim == 2 else 0
    _amount("workshops.ship_s", own.ship_s, (places, workshops), MAX_SECONDS, infinite=True)
    _amount("workshops.ship_cost", own.ship_cost, (places, workshops), MAX_SECONDS)
    _amount("workshops.operator_cost_per_s", own.operator_cost_per_s, (workshops,), MAX_SECONDS)
    stocked = own.stock.shape[1] if own.stock.ndim == 2 else 0
    _amount("workshops.stock", own.stock, (workshops, stocked), MAX_SECONDS, infinite=True)
    return places


def _check_lots(problem: Problem, lots: int, families: int, places: int) -> None:
    own, shape = problem.lots, (lots,)
    _index("lots.quantity", own.quantity, shape, 0, MAX_PIECES)
    _index("lots.family", own.family, shape, 0, families - 1)
    _index("lots.order", own.order, shape, 0, MAX_PIECES)
    _index("lots.place", own.place, shape, 0, places - 1)
    _index("lots.share", own.share, shape, -1, MAX_PIECES)
    _index("lots.material", own.material, shape, -1, problem.workshops.stock.shape[1] - 1)
    _amount("lots.release_s", own.release_s, shape, MAX_SECONDS)
    _amount("lots.due_s", own.due_s, shape, MAX_SECONDS, low=-MAX_SECONDS, infinite=True)
    _amount("lots.deadline_s", own.deadline_s, shape, MAX_SECONDS, low=-MAX_SECONDS, infinite=True)
    _amount("lots.weight", own.weight, shape, MAX_SECONDS, low=_ABOVE_ZERO)
    _amount("lots.rejection", own.rejection, shape, MAX_VALUE)
    _amount("lots.waiting_cost", own.waiting_cost, shape, MAX_SECONDS)
    _amount("lots.use", own.use, shape, MAX_SECONDS)


def _check_capability(problem: Problem, lots: int, classes: int) -> None:
    own, shape = problem.lots, (lots, classes)
    _index("lots.per_plate", own.per_plate, shape, 0, MAX_PIECES)
    _index("lots.reason", own.reason, shape, 0, len(problem.reasons) - 1)
    _amount("lots.piece_s", own.piece_s, shape, MAX_SECONDS, infinite=True)
    able = own.per_plate > 0
    odd = able != (own.reason == 0)
    if odd.any():
        place = _first(odd)
        fault = f"{list(place)} is {own.reason[place]} where per_plate is {own.per_plate[place]}"
        raise UnreasonedExclusion("lots.reason", f"{fault}; 0 where the class can make the lot, else why it can't")
    wrong = able & ~((own.piece_s > 0) & np.isfinite(own.piece_s))
    if wrong.any():
        place = _first(wrong)
        raise OutOfRange("lots.piece_s", f"{list(place)} is {own.piece_s[place]:g}; a piece takes finite time, over 0")


def _check_barred(problem: Problem, lots: int, machines: int) -> None:
    own = problem.barred
    if own.lot.ndim != 1:
        raise WrongArray("barred.lot", f"has {own.lot.ndim} dimensions, needs 1")
    shape = own.lot.shape
    _index("barred.lot", own.lot, shape, 0, lots - 1)
    _index("barred.machine", own.machine, shape, 0, machines - 1)
    _index("barred.reason", own.reason, shape, 1, len(problem.reasons) - 1)


def _check_spans(name: str, span_s: Floats, owner: Ints, word: str) -> None:
    """Each of positive length; each owner's together, in order, apart from each other."""
    empty = np.flatnonzero(span_s[:, 1] <= span_s[:, 0])
    if empty.size:
        raise OutOfRange(
            name, f"[{empty[0]}] is {span_s[empty[0]].tolist()}: ends no later than it begins; leave it out"
        )
    step = np.diff(owner)
    wrong = np.flatnonzero((step < 0) | ((step == 0) & (span_s[1:, 0] < span_s[:-1, 1])))
    if wrong.size:
        row = int(wrong[0]) + 1
        here = f"[{row}] is {span_s[row].tolist()} of {word} {owner[row]}"
        before = f"after {span_s[row - 1].tolist()} of {word} {owner[row - 1]}"
        raise OutOfRange(name, f"{here} {before}; sort by {word}, then time, and merge what overlaps")


def _index(name: str, array: Ints, shape: tuple[int, ...], low: int, high: int) -> None:
    if array.dtype != np.int64 or array.shape != shape:
        raise WrongArray(name, f"is {array.dtype} of shape {array.shape}, needs int64 of shape {shape}")
    if array.size and (array.min() < low or array.max() > high):
        place = _first((array < low) | (array > high))
        lie = f"must lie in {low} to {high}" if low <= high else "but there is nothing to point at"
        raise OutOfRange(name, f"{list(place)} is {array[place]}, {lie}")


def _amount(
    name: str, array: Floats, shape: tuple[int, ...], high: float, *, low: float = 0.0, infinite: bool = False
) -> None:
    if array.dtype != np.float64 or array.shape != shape:
        raise WrongArray(name, f"is {array.dtype} of shape {array.shape}, needs float64 of shape {shape}")
    # A NaN makes both comparisons false: one pass each over what may be a gigabyte.
    if not array.size or (array.min() >= low and _below(array, high, infinite=infinite)):
        return
    fault = _fault(name, array, high, low, infinite=infinite)
    if fault is not None:
        raise fault


def _below(array: Floats, high: float, *, infinite: bool) -> bool:
    if array.max() <= high:
        return True
    return infinite and np.count_nonzero(array <= high) + np.count_nonzero(array == np.inf) == array.size


def _fault(name: str, array: Floats, high: float, low: float, *, infinite: bool) -> ProblemError | None:
    missing = np.isnan(array) | np.isneginf(array) | (np.isposinf(array) if not infinite else False)
    if missing.any():
        place = _first(missing)
        return NotFinite(name, f"{list(place)} is {array[place]}; give a number{', or inf' if infinite else ''}")
    wrong = (array < low) | ((array > high) & np.isfinite(array))
    if wrong.any():
        place = _first(wrong)
        return OutOfRange(name, f"{list(place)} is {array[place]:g}, must lie in {low:g} to {high:g}")
    return None


def _first(wrong: NDArray[np.bool_]) -> tuple[int, ...]:
    """Where the first true one stands."""
    return tuple(int(index) for index in np.unravel_index(int(wrong.argmax()), wrong.shape))
