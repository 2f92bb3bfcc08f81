"""From boxes to builds."""

import numpy as np

from broker.scheduling.builds.bound import builds_needed, least_height
from broker.scheduling.builds.check import check
from broker.scheduling.builds.layers import Plan, planned_in_rows
from broker.scheduling.builds.problem import Boxes, Builds
from broker.scheduling.builds.search import flattest, searched
from broker.scheduling.builds.stock import Stock, stock
from broker.scheduling.rectangles.grid import in_mm
from broker.scheduling.stopping import Stop


def pack(problem: Boxes, stop: Stop, seed: int) -> Builds:
    """Place all parts in as few builds, then in as little height, as is found.

    Parts stand in layers: none reaches from one layer into another.

    Parameters
    ----------
    problem
        Parts and builds.
    stop
        Asked once a plan; once true, the best so far is the answer. The search ends before only where a plan meets
        both bounds.
    seed
        Of the search: the same problem, seed and number of questions to `stop` give the same builds.

    Returns
    -------
    Builds
        Feasible by `check`.

    Raises
    ------
    Infeasible
        A fault of this program: the result failed its own check.
    """
    parts = stock(problem)
    bound = builds_needed(parts)
    plan = planned_in_rows(parts, flattest(parts))
    if len(parts.item):
        plan = searched(parts, plan, bound, stop, np.random.default_rng(seed))
    builds = _builds(parts, plan, bound)
    check(problem, builds)
    return builds


def _builds(parts: Stock, plan: Plan, bound: int) -> Builds:
    layer = plan.layout.bin
    return Builds(
        item=parts.item,
        pose=plan.way,
        build=plan.build[layer],
        at=in_mm(np.stack([plan.layout.x, plan.layout.y, plan.z[layer]], axis=1)),
        turned=plan.layout.turned,
        number=plan.number,
        height=float(in_mm(np.array([plan.height]))[0]),
        bound=bound,
        bound_height=least_height(parts, plan.number),
        left_out=parts.left_out,
    )
