"""Instances of a whole network for a fortnight, as arrays by name: the common ground on which planners are compared."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.network.problem import Classes, Floats, Ints, Lots, Machines, Problem, Workshops

FORTNIGHT_S = 14 * 86_400.0
_CANT = "this class of machine can't make it"


def fortnight(arrays: Mapping[str, NDArray[np.generic]]) -> Problem:
    """The problem of an instance's arrays: S shops, M machines, C classes, F families, N lots.

    Raises
    ------
    KeyError
        For an array that is missing.
    ProblemError
        For one that is wrong.
    """
    per_plate = _ints(arrays["per_plate"])
    able = per_plate > 0
    number, classes = able.shape
    weight = _floats(arrays["weight"])
    shift_first, shift_s = _shifts(_floats(arrays["attended_s"]))
    shops = len(arrays["operators"])
    lots = Lots(
        quantity=_ints(arrays["quantity"]),
        family=_ints(arrays["family"]),
        release_s=_floats(arrays["release_s"]),
        due_s=_floats(arrays["due_s"]),
        deadline_s=np.full(number, np.inf),
        weight=weight,
        rejection=weight * FORTNIGHT_S,
        waiting_cost=np.zeros(number),
        order=np.arange(number, dtype=np.int64),
        place=np.arange(number, dtype=np.int64),
        share=np.full(number, -1, dtype=np.int64),
        material=np.full(number, -1, dtype=np.int64),
        use=np.zeros(number),
        piece_s=_floats(arrays["piece_s"]),
        per_plate=per_plate,
        reason=np.where(able, 0, 1).astype(np.int64),
    )
    return Problem(
        lots=lots,
        classes=Classes(
            unattended=np.ascontiguousarray(arrays["unattended"], dtype=np.bool_),
            overhead_s=_floats(arrays["overhead_s"]),
            clear_s=np.full(classes, float(arrays["clear_s"])),
            count_s=np.zeros(classes),
            watch_s=np.zeros(classes),
            cost_per_s=np.zeros(classes),
        ),
        machines=Machines(
            workshop=_ints(arrays["machine_shop"]),
            kind=_ints(arrays["machine_class"]),
            ready_s=np.zeros(len(arrays["machine_shop"])),
            family=np.full(len(arrays["machine_shop"]), len(arrays["setup_s"]) - 1, dtype=np.int64),
            block_machine=np.zeros(0, dtype=np.int64),
            block_s=np.zeros((0, 2)),
        ),
        workshops=Workshops(
            operators=_ints(arrays["operators"]),
            shift_first=shift_first,
            shift_s=shift_s,
            ship_s=_floats(arrays["ship_s"]),
            ship_cost=np.zeros_like(arrays["ship_s"], dtype=np.float64),
            operator_cost_per_s=np.zeros(shops),
            stock=np.zeros((shops, 0)),
        ),
        setup_s=_floats(arrays["setup_s"]),
        horizon_s=FORTNIGHT_S,
        reasons=("", _CANT),
    )


def _shifts(attended_s: Floats) -> tuple[Ints, Floats]:
    """From [S, days, 2] to rows of those that last."""
    lasting = attended_s[..., 1] > attended_s[..., 0]
    first = np.concatenate([[0], np.cumsum(lasting.sum(axis=1))]).astype(np.int64)
    return first, np.ascontiguousarray(attended_s[lasting])


def _ints(array: NDArray[np.generic]) -> Ints:
    return np.ascontiguousarray(array, dtype=np.int64)


def _floats(array: NDArray[np.generic]) -> Floats:
    return np.ascontiguousarray(array, dtype=np.float64)
