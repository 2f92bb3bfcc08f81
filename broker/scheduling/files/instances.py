"""Problems from arrays by name: jobs on unrelated machines, or a network for a fortnight."""

import numpy as np

from broker.scheduling.files.arrays import Arrays
from broker.scheduling.files.errors import WrongFile
from broker.scheduling.network.fortnight import fortnight
from broker.scheduling.network.problem import Problem
from broker.scheduling.unrelated import UnrelatedMachines

MOST_WHOLE = 2**53
_DIMENSIONS = {
    "attended_s": 3,
    "operators": 1,
    "machine_shop": 1,
    "machine_class": 1,
    "unattended": 1,
    "setup_s": 2,
    "clear_s": 0,
    "overhead_s": 1,
    "family": 1,
    "quantity": 1,
    "weight": 1,
    "piece_s": 2,
    "per_plate": 2,
    "release_s": 1,
    "due_s": 1,
    "ship_s": 2,
}
_WHOLE = ("operators", "machine_shop", "machine_class", "family", "quantity", "per_plate")


def is_network(arrays: Arrays) -> bool:
    return "p" not in arrays and any(name in arrays for name in _DIMENSIONS)


def unrelated_machines(arrays: Arrays) -> UnrelatedMachines:
    """From `p[n, m]` and, if there, `s[m, n, n]`.

    Raises
    ------
    WrongFile
        Where there is no `p`.
    ProblemError
        Where a number can't be planned with.
    """
    if "p" not in arrays:
        there = ", ".join(sorted(arrays)) or "nothing"
        raise WrongFile(f"holds {there}; needs p[n, m] (and s[m, n, n]), or a network's arrays")
    time = np.ascontiguousarray(arrays["p"], dtype=np.float64)
    setup = np.ascontiguousarray(arrays["s"], dtype=np.float64) if "s" in arrays else None
    return UnrelatedMachines(time, setup)


def network(arrays: Arrays) -> Problem:
    """From the arrays of an instance.

    Raises
    ------
    WrongFile
        For an array that is missing, or of another shape than the others ask for.
    ProblemError
        Where a number can't be planned with.
    """
    for name, dimensions in _DIMENSIONS.items():
        if name not in arrays:
            raise WrongFile(f"has no array {name!r}; a network needs {', '.join(_DIMENSIONS)}")
        if arrays[name].ndim != dimensions:
            raise WrongFile(f"array {name!r} has {arrays[name].ndim} dimensions, needs {dimensions}")
    _check_lengths(arrays)
    for name in _WHOLE:
        _check_whole(name, np.asarray(arrays[name], dtype=np.float64))
    if not np.isfinite(np.asarray(arrays["attended_s"], dtype=np.float64)).all():
        raise WrongFile("array 'attended_s' holds NaN or an infinity; give seconds from Monday 00:00")
    return fortnight(arrays)


def _check_lengths(arrays: Arrays) -> None:
    lots, classes = arrays["per_plate"].shape
    shops, families = len(arrays["operators"]), arrays["setup_s"].shape[1]
    for name, shape in {
        "attended_s": (shops, arrays["attended_s"].shape[1], 2),
        "machine_class": arrays["machine_shop"].shape,
        "unattended": (classes,),
        "setup_s": (families + 1, families),
        "overhead_s": (classes,),
        "family": (lots,),
        "quantity": (lots,),
        "weight": (lots,),
        "piece_s": (lots, classes),
        "release_s": (lots,),
        "due_s": (lots,),
        "ship_s": (lots, shops),
    }.items():
        if arrays[name].shape != shape:
            raise WrongFile(f"array {name!r} is of shape {arrays[name].shape}, needs {shape} as other arrays have it")


def _check_whole(name: str, array: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    wrong = ~(np.abs(array) <= MOST_WHOLE) | (array != np.floor(np.where(np.isfinite(array), array, 0.0)))
    if wrong.any():
        place = [int(index) for index in np.argwhere(wrong)[0]]
        raise WrongFile(f"array {name!r} {place} is {array[tuple(place)]}; it needs whole numbers")
