"""Why pieces are left out, in words."""

import shapely

from broker.scheduling.sheets.cuts import Cutter
from broker.scheduling.sheets.problem import NO_GRAIN

NO_MATERIAL = "no sheet of its material is in stock"
TOO_FEW = "sheets of its material are used up"
CUT_SHORT = "the search was ended before a sheet was opened for it"


def why_it_fits_nowhere(cutter: Cutter, lot: int, kinds: list[int]) -> str:
    """For a lot that fits no sheet of its material; `kinds` are those that are there."""
    if not kinds:
        return NO_MATERIAL
    x0, y0, x1, y1 = shapely.MultiPoint(cutter.problem.lots.outlines[lot]).bounds
    part = f"{x1 - x0:.4g} × {y1 - y0:.4g} mm"
    largest = max(kinds, key=lambda kind: (cutter.engine.space(kind).area, -kind))
    if cutter.engine.space(largest).is_empty:
        return "margin and clamps leave nothing of any sheet of its material"
    low_x, low_y, high_x, high_y = cutter.engine.space(largest).bounds
    room = f"{high_x - low_x:.4g} × {high_y - low_y:.4g} mm"
    bound = ", bound to the grain" if cutter.problem.lots.grained[lot] and _grain(cutter, kinds) else ""
    return f"{part}{bound}, fits no sheet of its material: the largest leaves {room} inside margin and clamps"


def _grain(cutter: Cutter, kinds: list[int]) -> bool:
    return any(int(cutter.problem.stock.grain[kind]) != NO_GRAIN for kind in kinds)
