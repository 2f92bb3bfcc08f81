"""First fit: each piece on the first plate that has room, however its far edge lies lowest."""

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.compiled import compiled
from broker.scheduling.nesting.layout import Layout, lightest, settle
from broker.scheduling.nesting.reach import Ints
from broker.scheduling.nesting.ways import Ways

FAR = 1 << 40


@compiled
def first_fit(ways: Ways, layout: Layout, order: Ints, full: NDArray[np.bool_], plates: int) -> int:
    """Lay the pieces of `order` down; the number of plates then in use, `plates` before.

    `full[P, T]`: on which plates no place is left for a type; filled in as that is found out.
    """
    for piece in order:
        kind = layout.kind[piece]
        plate = 0
        while full[plate, kind] or not _laid_low(ways, layout, piece, plate):
            full[plate, kind] = True
            plate += 1
        plates = max(plates, plate + 1)
    return plates


@compiled
def _laid_low(ways: Ways, layout: Layout, piece: int, plate: int) -> bool:
    kind = layout.kind[piece]
    best, best_variant, best_row, best_column = FAR, -1, 0, 0
    for variant in range(ways.first[kind], ways.first[kind + 1]):
        weight, row, column = lightest(ways, layout, piece, plate, variant, False)
        edge = row + ways.far[variant, 0]
        if weight == 0 and edge < best:
            best, best_variant, best_row, best_column = edge, variant, row, column
    if best_variant < 0:
        return False
    settle(layout, piece, plate, best_variant, best_row, best_column)
    return True
