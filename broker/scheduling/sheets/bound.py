"""Lower bound: no plan of these pieces costs less."""

import numpy as np
import shapely

from broker.scheduling.sheets.problem import Ints, Problem


def least_cost(problem: Problem, pieces: Ints) -> float:
    """Minor units, were parts sand and offcuts kept at their full price. `pieces[L]` are those that are made.

    What is kept of a sheet is worth no more than its share of the price, so that a sheet costs its rate by area for
    the area of its parts at least; the cheapest area is taken first.
    """
    area = np.array([shapely.Polygon(outline).area for outline in problem.lots.outlines])
    sheet = np.array([shapely.Polygon(outline).area for outline in problem.stock.outlines])
    total = 0.0
    for material in np.unique(problem.lots.material).tolist():
        mine = problem.lots.material == material
        needed = float((area[mine] * pieces[mine]).sum())
        kinds = np.flatnonzero(problem.stock.material == material)
        for kind in sorted(kinds.tolist(), key=lambda k: problem.stock.price[k] / sheet[k]):
            taken = min(needed, float(sheet[kind] * problem.stock.number[kind]))
            total += taken * float(problem.stock.price[kind]) / float(sheet[kind])
            needed -= taken
    return total
