"""From rectangles to bins."""

from broker.scheduling.draws import seeded
from broker.scheduling.rectangles.bound import bins_needed
from broker.scheduling.rectangles.check import check
from broker.scheduling.rectangles.construct import constructed
from broker.scheduling.rectangles.grid import in_mm, on_grid
from broker.scheduling.rectangles.layout import unlaid
from broker.scheduling.rectangles.problem import Bins, Rectangles
from broker.scheduling.rectangles.search import emptied
from broker.scheduling.stopping import Stop


def pack(problem: Rectangles, stop: Stop, seed: int) -> Bins:
    """Place all pieces on as few bins as are found.

    Parameters
    ----------
    problem
        Pieces and bins.
    stop
        Asked every few milliseconds; once true, the best packing so far is the answer. The search ends before only
        where the packing meets its bound.
    seed
        Of the search: the same problem, seed and number of questions to `stop` give the same bins.

    Returns
    -------
    Bins
        Feasible by `check`.

    Raises
    ------
    Infeasible
        A fault of this program: the result failed its own check.
    """
    pieces, kind, left_out = on_grid(problem)
    bound = bins_needed(pieces)
    best = constructed(pieces, bound, stop) if len(kind) else unlaid(0)
    state = seeded(seed)
    while best.bins() > bound:
        better = emptied(pieces, best, state, stop)
        if better is None:
            break
        best = better
    bins = Bins(
        item=kind,
        bin=best.bin,
        x=in_mm(best.x),
        y=in_mm(best.y),
        turned=best.turned,
        number=best.bins(),
        bound=bound,
        left_out=left_out,
    )
    check(problem, bins)
    return bins
