"""Some sheets are emptied and their parts laid anew, again and again (ruin and recreate: Schrimpf et al. 2000)."""

import numpy as np

from broker.scheduling.sheets.cuts import Cut, Cutter
from broker.scheduling.sheets.opening import Opened, open_sheets
from broker.scheduling.stopping import Stop

NOISE = 0.25
EMPTIED = 3
SAME_COST = 1e-9


def improve(cutter: Cutter, opened: Opened, stock: dict[int, int], stop: Stop, rng: np.random.Generator) -> Opened:
    """Never worse than `opened`; `stock` is what there was before any sheet was opened."""
    worth = cutter.problem.lots.worth
    there = dict(stock)
    for cut, copies in opened.cuts:
        there[cut.stock] -= copies
    while opened.cuts and not stop():
        chosen = _chosen(opened, rng)
        pieces = dict(opened.left)
        back = dict(there)
        for place in chosen:
            cut = opened.cuts[place][0]
            back[cut.stock] += 1
            for lot, number in cut.laid.pieces.items():
                pieces[lot] = pieces.get(lot, 0) + number
        anew = open_sheets(cutter, pieces, back, stop, lambda: float(np.exp(rng.normal(0.0, NOISE))))
        before = sum(opened.cuts[place][0].cost for place in chosen)
        less = opened.worth_left(worth) - anew.worth_left(worth)
        if less > SAME_COST or (less > -SAME_COST and anew.cost <= before + SAME_COST):
            opened = _exchanged(opened, chosen, anew)
            there = back
            for cut, copies in anew.cuts:
                there[cut.stock] -= copies
    return opened


def _chosen(opened: Opened, rng: np.random.Generator) -> list[int]:
    """Kinds of sheets of which one is emptied: the dear ones for their parts more often."""
    rate = np.array([cut.cost / cut.part_mm2 for cut, _ in opened.cuts]) + SAME_COST
    number = min(len(rate), int(rng.integers(1, EMPTIED + 1)))
    return sorted(rng.choice(len(rate), number, replace=False, p=rate / rate.sum()).tolist())


def _exchanged(opened: Opened, chosen: list[int], anew: Opened) -> Opened:
    kept: list[tuple[Cut, int]] = []
    for place, (cut, copies) in enumerate(opened.cuts):
        stay = copies - int(place in chosen)
        if stay:
            kept.append((cut, stay))
    return Opened(kept + anew.cuts, anew.left)
